//! S7: a message is deleted only after what follows from it is durable.

use simcloud::Event;

use super::{Moment, What};
use crate::simulate::facts::{Facts, MessageContent, is_service, is_unusable};

pub(super) const NAME: &str = "S7 delete comes last";

pub(super) fn broken(past: &Facts, moment: Moment<'_>) -> Option<String> {
    let What::Event(Event::MessageDeleted { queue, number }) = moment.what else { return None };
    if !is_service(&moment.caller.actor) {
        return None;
    }
    let message = past.messages.get(&((*queue).to_owned(), *number))?;
    let is_parked = past.parked.contains(&message.body);
    match &message.content {
        MessageContent::Transfer(id) => match past.items.get(id) {
            Some(item) if item.status == "failed" && !is_parked => {
                Some(format!("the message of failed transfer {id} was deleted and not parked"))
            }
            Some(item) if item.is_terminal() => None,
            item => {
                let status = item.map_or("absent", |item| item.status.as_str());
                Some(format!("the message of transfer {id} was deleted while its item is {status}"))
            }
        },
        MessageContent::Poison => {
            (!is_parked).then(|| "a message that nobody understands was deleted".to_owned())
        }
        MessageContent::Events(events) => events.iter().find_map(|(key, sequencer)| {
            if is_unusable(key) && !is_parked {
                return Some("an event whose target cannot be was deleted and not parked".to_owned());
            }
            past.version(key, sequencer)?.transfers.iter().find_map(|id| match past.items.get(id) {
                None => Some(format!("an event was deleted, and its transfer {id} has no item")),
                Some(item) if item.status == "queued" && !past.sent.contains(id) => {
                    Some(format!("an event was deleted, and its transfer {id} was never sent"))
                }
                Some(_) => None,
            })
        }),
    }
}
