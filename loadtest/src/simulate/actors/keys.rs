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
    let prefix = match (number, draws.u8(0..20)) {
        (0, 0..=2) => "acme/audit/",
        (0, 3..=5) => "acme/",
        (0, 6..=10) => "globex/",
        (0, 11..=13) => "initech/",
        (0, _) => "umbrella/",
        (_, 0) => "nobody/",
        (_, 1..=4) => "acme/audit/",
        (_, 5..=9) => "acme/",
        (_, 10..=14) => "globex/",
        (_, 15..=17) => "initech/",
        _ => "umbrella/",
    };
    let mut key = format!("{prefix}{number}-{KEY_CANARY}/{}", HOSTILE[draws.usize(0..HOSTILE.len())]);
    if draws.u8(0..20) == 0 {
        let missing = 1_024_usize.saturating_sub(key.len());
        key.push_str(&"x".repeat(missing));
    }
    key
}
