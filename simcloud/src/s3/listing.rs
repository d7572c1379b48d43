//! Lists of names: prefix, delimiter, pages. The same rules serve objects and uploads.

use std::collections::BTreeMap;
use std::ops::Bound;

/// What to list.
#[derive(Debug, Default)]
pub(super) struct Query<'a> {
    pub(super) prefix: &'a str,
    /// Names that share what precedes the first one after the prefix are rolled up. Empty: none.
    pub(super) delimiter: &'a str,
    /// Only what comes after this name or rolled-up prefix.
    pub(super) after: Option<&'a str>,
    /// Names and rolled-up prefixes together.
    pub(super) max: usize,
}

/// One page.
#[derive(Debug)]
pub(super) struct Page<'a, T> {
    pub(super) items: Vec<(&'a str, &'a T)>,
    pub(super) common_prefixes: Vec<String>,
    /// The last name or rolled-up prefix of this page, when there is more to come.
    pub(super) next: Option<String>,
}

/// The page of `entries` that `query` asks for, in the order of the UTF-8 bytes. What `is_shown` says no to is as if it were not there:
/// no name is rolled up for its sake.
pub(super) fn page<'a, T>(
    entries: &'a BTreeMap<String, T>,
    query: &Query<'_>,
    is_shown: impl Fn(&T) -> bool,
) -> Page<'a, T> {
    let mut page = Page { items: Vec::new(), common_prefixes: Vec::new(), next: None };
    if query.max == 0 {
        return page;
    }
    let mut last: Option<String> = None;
    let mut from = start(query);
    'seek: loop {
        let range = entries.range::<str, _>((as_str(&from), Bound::Unbounded));
        let with_prefix = range.take_while(|(name, _)| name.starts_with(query.prefix));
        for (name, entry) in with_prefix.filter(|(_, entry)| is_shown(entry)) {
            let rolled = roll_up(name, query);
            let shown = rolled.unwrap_or(name);
            let is_listed = query.after.is_none_or(|after| shown > after);
            if is_listed {
                if page.items.len() + page.common_prefixes.len() == query.max {
                    page.next = last;
                    return page;
                }
                last = Some(shown.to_owned());
                match rolled {
                    None => page.items.push((name, entry)),
                    Some(prefix) => page.common_prefixes.push(prefix.to_owned()),
                }
            }
            if let Some(prefix) = rolled {
                // On to the first name that does not have this prefix, instead of through all that do.
                match successor(prefix) {
                    Some(next) => from = Bound::Included(next),
                    None => return page,
                }
                continue 'seek;
            }
        }
        return page;
    }
}

fn start(query: &Query<'_>) -> Bound<String> {
    match query.after {
        Some(after) if after >= query.prefix => Bound::Excluded(after.to_owned()),
        _ => Bound::Included(query.prefix.to_owned()),
    }
}

fn as_str(bound: &Bound<String>) -> Bound<&str> {
    match bound {
        Bound::Included(name) => Bound::Included(name),
        Bound::Excluded(name) => Bound::Excluded(name),
        Bound::Unbounded => Bound::Unbounded,
    }
}

/// The prefix that `name` is rolled up into, if it is.
fn roll_up<'n>(name: &'n str, query: &Query<'_>) -> Option<&'n str> {
    if query.delimiter.is_empty() {
        return None;
    }
    let at = name[query.prefix.len()..].find(query.delimiter)?;
    Some(&name[..query.prefix.len() + at + query.delimiter.len()])
}

/// The first text after all that start with `prefix`: its last character that has a successor, counted up.
fn successor(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        // The next character; surrogates are none.
        let next = match last {
            '\u{D7FF}' => Some('\u{E000}'),
            last => char::from_u32(u32::from(last) + 1),
        };
        if let Some(next) = next {
            text.push(next);
            return Some(text);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn all(
        names: &BTreeMap<String, bool>,
        prefix: &str,
        delimiter: &str,
        max: usize,
    ) -> (Vec<String>, Vec<String>) {
        let (mut items, mut prefixes, mut after) = (Vec::new(), Vec::new(), None::<String>);
        loop {
            let query = Query { prefix, delimiter, after: after.as_deref(), max };
            let page = page(names, &query, |shown| *shown);
            assert!(page.items.len() + page.common_prefixes.len() <= max);
            items.extend(page.items.iter().map(|(name, _)| (*name).to_owned()));
            prefixes.extend(page.common_prefixes);
            match page.next {
                Some(next) => after = Some(next),
                None => return (items, prefixes),
            }
        }
    }

    proptest! {
        #[test]
        fn pages_add_up_to_the_whole(
            map in prop::collection::btree_map("[ab/\u{10FFFF}\u{D7FF}]{0,5}", prop::bool::weighted(0.7), 0..30),
            prefix in "[ab/]{0,2}",
            delimiter in "/?",
            max in 1_usize..5,
        ) {
            let (mut expected, mut rolled) = (Vec::new(), BTreeSet::new());
            let shown = map.iter().filter(|(_, shown)| **shown).map(|(name, _)| name);
            for name in shown.filter(|name| name.starts_with(&prefix)) {
                match name[prefix.len()..].find('/').filter(|_| !delimiter.is_empty()) {
                    Some(at) => { rolled.insert(name[..=prefix.len() + at].to_owned()); }
                    None => expected.push(name.clone()),
                }
            }
            let (items, prefixes) = all(&map, &prefix, &delimiter, max);
            prop_assert_eq!(items, expected);
            prop_assert_eq!(prefixes, rolled.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_successor_is_after_everything_with_the_prefix() {
        assert_eq!(successor("a/").as_deref(), Some("a0"));
        assert_eq!(successor("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(successor("\u{D7FF}").as_deref(), Some("\u{E000}"));
        assert_eq!(successor("\u{10FFFF}"), None);
    }

    #[test]
    fn nothing_is_asked_for() {
        let names = BTreeMap::from([("a".to_owned(), ())]);
        let page = page(&names, &Query { max: 0, ..Query::default() }, |()| true);
        assert!(page.items.is_empty() && page.next.is_none());
    }
}
