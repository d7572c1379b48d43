//! A query string, as far as the front reads and changes it.

use http::Uri;
use percent_encoding::percent_decode_str;

/// Names and values, decoded.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

/// The first value of a parameter.
pub(super) fn value(uri: &Uri, name: &str) -> Option<String> {
    pairs(uri.query()?).find_map(|(other, value)| (other == name).then_some(value))
}

/// Takes off the parameters that `keep` does not name. The others stay as they are written.
pub(super) fn retain(uri: &mut Uri, keep: impl Fn(&str) -> bool) {
    let Some(query) = uri.query() else { return };
    let name = |pair: &str| decoded(pair.split('=').next().unwrap_or_default());
    let kept: Vec<&str> = query.split('&').filter(|pair| keep(&name(pair))).collect();
    if kept.len() == query.split('&').count() {
        return;
    }
    let path = uri.path();
    let target = if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) };
    if let Ok(changed) = Uri::try_from(target) {
        *uri = changed;
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}
