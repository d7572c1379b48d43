//! S8: tenants never mix: a transfer's message and item carry the tenant whose prefix its source lies under.

use simcloud::Event;

use super::{Moment, What};
use crate::simulate::facts::{Facts, Item};

pub(super) const NAME: &str = "S8 tenants never mix";

pub(super) fn broken(past: &Facts, moment: Moment<'_>) -> Option<String> {
    match moment.what {
        What::Item(_, new) => item(past, new),
        What::Event(Event::MessageSent { queue: "fast" | "bulk", body, group, .. }) => {
            let transfer = common::wire::decode(body).ok()?;
            let expected = past.expected.get(transfer.id.as_str())?;
            let right = *group == Some(expected.customer) && transfer.customer == expected.customer;
            (!right).then(|| {
                format!("transfer {} was sent for {group:?}, not {}", expected.id, expected.customer)
            })
        }
        _ => None,
    }
}

fn item(past: &Facts, item: &Item) -> Option<String> {
    let expected = past.expected.get(&item.id)?;
    (item.customer != expected.customer)
        .then(|| format!("item {} is for {}, not {}", item.id, item.customer, expected.customer))
}
