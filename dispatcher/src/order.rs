//! The order in which one batch's transfers go to a FIFO lane. Pure.
//!
//! S3's events have no order, so neither have the messages that bring them. Two rules are left to keep, for one batch:
//! - versions of one source key go in the order of their sequencers, so that the older is delivered and then replaced;
//! - when the file before it could not be queued, a customer's file waits for the next delivery of both events.

use std::collections::BTreeMap;

use common::transfer::Transfer;

/// Puts the versions of each source key into the order of their sequencers. Everything else stays where it is.
pub(crate) fn by_sequencer<T>(sends: Vec<T>, transfer: impl Fn(&T) -> &Transfer) -> Vec<T> {
    let mut places: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (at, send) in sends.iter().enumerate() {
        let source = &transfer(send).source;
        if source.sequencer.is_some() {
            places.entry((&source.bucket, &source.key)).or_default().push(at);
        }
    }
    let mut order: Vec<usize> = (0..sends.len()).collect();
    for places in places.into_values().filter(|places| places.len() > 1) {
        let mut sorted = places.clone();
        sorted.sort_by_key(|at| sends.get(*at).and_then(|send| transfer(send).source.sequencer.clone()));
        for (place, from) in places.into_iter().zip(sorted) {
            if let Some(slot) = order.get_mut(place) {
                *slot = from;
            }
        }
    }
    let mut sends: Vec<Option<T>> = sends.into_iter().map(Some).collect();
    order.into_iter().filter_map(|from| sends.get_mut(from).and_then(Option::take)).collect()
}

#[cfg(test)]
mod tests {
    use common::transfer::{CopyOptions, Sequencer, SourceVersion, Target, TransferId};
    use proptest::prelude::*;

    use super::*;

    fn transfer(key: &str, sequencer: Option<u64>) -> Transfer {
        let source = SourceVersion {
            bucket: "landing".to_owned(),
            key: key.to_owned(),
            size_bytes: 1,
            etag: "e".to_owned(),
            version_id: None,
            sequencer: sequencer.map(|number| Sequencer::parse(&format!("{number:016X}")).unwrap()),
        };
        let target = Target { bucket: "delivered".to_owned(), key: key.to_owned() };
        Transfer {
            id: TransferId::derive(&source, &target),
            source,
            target,
            customer: "acme".to_owned(),
            rule: "all".to_owned(),
            options: CopyOptions::default(),
            uploaded_at: "2026-11-23T07:21:47.000Z".to_owned(),
        }
    }

    fn shown(sends: &[Transfer]) -> Vec<(String, Option<String>)> {
        let one = |transfer: &Transfer| {
            let number =
                transfer.source.sequencer.as_ref().map(|s| s.as_str().trim_start_matches('0').to_owned());
            (transfer.source.key.clone(), number)
        };
        sends.iter().map(one).collect()
    }

    #[test]
    fn versions_of_a_key_change_places_and_nothing_else_does() {
        let sends = vec![
            transfer("a", Some(3)),
            transfer("b", Some(9)),
            transfer("a", None),
            transfer("a", Some(1)),
            transfer("c", Some(1)),
            transfer("a", Some(2)),
        ];
        let order = by_sequencer(sends, |transfer| transfer);
        let expected = [
            ("a", Some("1")),
            ("b", Some("9")),
            ("a", None),
            ("a", Some("2")),
            ("c", Some("1")),
            ("a", Some("3")),
        ];
        let expected = expected.map(|(key, number)| (key.to_owned(), number.map(str::to_owned)));
        assert_eq!(shown(&order), expected);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_keys_keep_their_places(of in prop::collection::vec(("[ab]", 1u64..5), 0..12)) {
            let sends: Vec<_> = of.iter().map(|(key, number)| transfer(key, Some(*number))).collect();
            let (before, after) = (shown(&sends), shown(&by_sequencer(sends, |transfer| transfer)));
            let keys = |shown: &[(String, Option<String>)]| shown.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
            prop_assert_eq!(keys(&before), keys(&after));
            for key in ["a", "b"] {
                let of = |shown: &[(String, Option<String>)]| {
                    shown.iter().filter(|(found, _)| found == key).map(|(_, number)| number.clone()).collect::<Vec<_>>()
                };
                let (mut sorted, found) = (of(&before), of(&after));
                sorted.sort();
                prop_assert_eq!(sorted, found);
            }
        }
    }
}
