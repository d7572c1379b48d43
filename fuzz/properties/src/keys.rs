//! Key templates and sequencers, each beside a second, naive reading of what they mean.

use common::routes::KeyTemplate;
use common::transfer::{Sequencer, SourceVersion};

use crate::fields::lines;

/// A template, a prefix, a customer and a key:
/// - braces written twice are braces, and text goes through as it is;
/// - what is rendered is what replacing each variable by its value gives: nothing is normalised, added or lost;
/// - parts of a key put together again are the key.
pub fn template(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let [template, prefix, customer, key] = lines(&text);
    let source = SourceVersion {
        bucket: "landing".to_owned(),
        key: key.to_owned(),
        size_bytes: 1,
        etag: "etag".to_owned(),
        version_id: None,
        sequencer: None,
    };
    let render = |template: &str| Some(KeyTemplate::parse(template).ok()?.render(&source, prefix, customer));
    let escaped = key.replace('{', "{{").replace('}', "}}");
    assert_eq!(render(&escaped), (!key.is_empty()).then(|| key.to_owned()));
    assert_eq!(render("{dir}{name}").as_deref(), Some(key));
    let rest = render("{rest}").unwrap_or_default();
    assert!(key == rest || key.strip_prefix(prefix) == Some(rest.as_str()));
    if key.rsplit('/').next().is_some_and(|name| name.contains('.')) {
        assert_eq!(render("{dir}{stem}.{ext}").as_deref(), Some(key));
    }
    assert_eq!(render(template), naive(template, |name| value(name, key, &rest, customer)));
}

fn value(name: &str, key: &str, rest: &str, customer: &str) -> Option<String> {
    let name_of_file = key.rsplit('/').next().unwrap_or_default();
    let dot = name_of_file.rfind('.');
    let value = match name {
        "key" => key,
        "rest" => rest,
        "dir" => &key[..key.len() - name_of_file.len()],
        "name" => name_of_file,
        "stem" => &name_of_file[..dot.unwrap_or(name_of_file.len())],
        "ext" => dot.map_or("", |dot| &name_of_file[dot + 1..]),
        "bucket" => "landing",
        "customer" => customer,
        _ => return None,
    };
    Some(value.to_owned())
}

/// Character by character.
fn naive(template: &str, value: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut made = String::new();
    let mut rest = template.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '{' | '}' if rest.peek() == Some(&c) => made.extend(rest.next()),
            '{' => {
                let mut name = String::new();
                loop {
                    match rest.next()? {
                        '}' => break,
                        c => name.push(c),
                    }
                }
                made.push_str(&value(&name)?);
            }
            '}' => return None,
            c => made.push(c),
        }
    }
    (!template.is_empty()).then_some(made)
}

/// Three texts: those that are sequencers are ordered totally, as text padded with zeros, and come back from their text.
pub fn sequencer(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let [a, b, c] = lines::<3>(&text).map(|line| Sequencer::parse(line).ok());
    for sequencer in [&a, &b, &c].into_iter().flatten() {
        assert_eq!(Sequencer::parse(sequencer.as_str()).as_ref(), Ok(sequencer));
        assert!((1..=64).contains(&sequencer.as_str().len()));
    }
    let (Some(a), Some(b)) = (a, b) else { return };
    let padded = |sequencer: &Sequencer| format!("{:0<64}", sequencer.as_str().to_ascii_uppercase());
    assert_eq!(a.cmp(&b), padded(&a).cmp(&padded(&b)));
    assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
    assert_eq!(a == b, a.cmp(&b).is_eq());
    if let Some(c) = c {
        let mut sorted = [&a, &b, &c];
        sorted.sort();
        assert!(sorted[0] <= sorted[1] && sorted[1] <= sorted[2] && sorted[0] <= sorted[2]);
    }
}
