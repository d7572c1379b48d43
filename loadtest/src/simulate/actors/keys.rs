//! Object keys that have made other systems stumble, under the tenants' prefixes.

use crate::simulate::facts::KEY_CANARY;

const HOSTILE: [&str; 14] = [
    "plain.csv",
    "a b+c%20d.csv",
    "../../etc/passwd",
    "./x//y/",
    "/leading",
    "ünïcødé-文件-🚚",
    "e\u{301}",
    "%2e%2e%2f",
    "quote\"'<&>",
    "back\\slash",
    "tab\tand\u{1}control\u{7f}",
    "\u{feff}\u{ffff}",
    "?query=1&uploads#fragment",
    "trailing ",
];

/// The key of the `number`th file. Nobody owns a few of them; a few are as long as a key may be. The first file is the large one, and
/// goes where large files are copied in different ways.
pub(crate) fn key(draws: &mut fastrand::Rng, number: usize) -> String {
    let draw = draws.u8(0..20);
    let of_first = |draw| match draw {
        0..=2 => "acme/audit/",
        3..=5 => "acme/",
        6..=10 => "globex/",
        11..=13 => "initech/",
        _ => "umbrella/",
    };
    let of_others = |draw| match draw {
        0 => "nobody/",
        1..=4 => "acme/audit/",
        5..=9 => "acme/",
        10..=14 => "globex/",
        15..=17 => "initech/",
        _ => "umbrella/",
    };
    let prefix = if number == 0 { of_first(draw) } else { of_others(draw) };
    let mut key = format!("{prefix}{number}-{KEY_CANARY}/{}", HOSTILE[draws.usize(0..HOSTILE.len())]);
    if draws.u8(0..20) == 0 {
        let missing = 1_024_usize.saturating_sub(key.len());
        key.push_str(&"x".repeat(missing));
    }
    key
}
