//! Lists of what there may be several of under one name: the uploads of a key, its versions. Pure.

use std::collections::BTreeMap;

use super::listing::{Query, page};

/// One page.
#[derive(Debug)]
pub(super) struct Found<M> {
    pub(super) members: Vec<M>,
    pub(super) common_prefixes: Vec<String>,
    /// Name and id of the last member of this page, when there is more to come; a rolled-up prefix has no id.
    pub(super) next: Option<(String, Option<String>)>,
}

impl<M> Found<M> {
    fn count(&self) -> usize {
        self.members.len() + self.common_prefixes.len()
    }
}

/// `query` is about names, except that its `max` counts members and rolled-up prefixes. A page starts after everything that is under
/// `query.after`; with `id_after`, after that member of it. `members` gives those of a name with their ids, in the order of the list,
/// from the one after an id on.
pub(super) fn find<'a, T, M>(
    by_name: &'a BTreeMap<String, T>,
    query: &Query<'_>,
    id_after: Option<&str>,
    members: impl Fn(&'a str, &'a T, Option<&str>) -> Vec<(String, M)>,
) -> Found<M> {
    let mut found = Found { members: Vec::new(), common_prefixes: Vec::new(), next: None };
    let mut last = None;
    // What is left of the name where the last page ended comes first.
    let resumed = query.after.filter(|name| name.starts_with(query.prefix)).zip(id_after);
    let resumed = resumed.and_then(|(name, id)| {
        by_name.get_key_value(name).map(|(name, entry)| (name, members(name, entry, Some(id))))
    });
    if let Some((name, rest)) = resumed {
        for (id, member) in rest {
            if found.count() == query.max {
                return Found { next: last, ..found };
            }
            last = Some((name.clone(), Some(id)));
            found.members.push(member);
        }
    }
    // One more, to see whether there is more.
    let rest = Query { max: query.max - found.count() + 1, ..*query };
    let page = page(by_name, &rest, |_| true);
    let names = page.items.into_iter().map(|(name, entry)| (name.to_owned(), Some((name, entry))));
    let prefixes = page.common_prefixes.into_iter().map(|prefix| (prefix, None));
    let merged: BTreeMap<String, Option<(&str, &T)>> = names.chain(prefixes).collect();
    for (shown, entry) in merged {
        let Some((name, entry)) = entry else {
            if found.count() == query.max {
                return Found { next: last, ..found };
            }
            last = Some((shown.clone(), None));
            found.common_prefixes.push(shown);
            continue;
        };
        for (id, member) in members(name, entry, None) {
            if found.count() == query.max {
                return Found { next: last, ..found };
            }
            last = Some((shown.clone(), Some(id)));
            found.members.push(member);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Names = BTreeMap<String, u32>;

    /// Each name has so many members, numbered from 0.
    fn members<'a>(name: &'a str, count: &'a u32, after: Option<&str>) -> Vec<(String, String)> {
        let first = after.and_then(|id| id.parse::<u32>().ok()).map_or(0, |id| id + 1);
        (first..*count).map(|id| (id.to_string(), format!("{name}#{id}"))).collect()
    }

    fn all(names: &Names, prefix: &str, delimiter: &str, max: usize) -> (Vec<String>, Vec<String>) {
        let (mut seen, mut prefixes, mut next) = (Vec::new(), Vec::new(), None::<(String, Option<String>)>);
        loop {
            let after = next.as_ref().map(|(name, _)| &**name);
            let id_after = next.as_ref().and_then(|(_, id)| id.as_deref());
            let found = find(names, &Query { prefix, delimiter, after, max }, id_after, members);
            assert!(found.count() <= max);
            seen.extend(found.members);
            prefixes.extend(found.common_prefixes);
            next = found.next;
            if next.is_none() {
                return (seen, prefixes);
            }
        }
    }

    proptest! {
        #[test]
        fn pages_add_up_to_the_whole(
            names in prop::collection::btree_map("[ab/]{0,3}", 1..4_u32, 0..10),
            prefix in "[ab/]{0,1}",
            delimiter in "/?",
            max in 1_usize..5,
        ) {
            let whole = find(&names, &Query { prefix: &prefix, delimiter: &delimiter, after: None, max: 1000 }, None, members);
            prop_assert!(whole.next.is_none());
            let (seen, prefixes) = all(&names, &prefix, &delimiter, max);
            prop_assert_eq!(seen, whole.members);
            prop_assert_eq!(prefixes, whole.common_prefixes);
        }
    }

    #[test]
    fn a_full_last_page_says_that_it_is_the_last() {
        let names = Names::from([("a".to_owned(), 2)]);
        let query = Query { max: 2, ..Query::default() };
        assert!(find(&names, &query, None, members).next.is_none());
        assert!(find(&names, &Query { max: 0, ..query }, None, members).next.is_none());
    }
}
