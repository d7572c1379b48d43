//! What is to be done with one message: pure, from its events and the rules.

use common::lane::Lane;
use common::ledger::Reason;
use common::routes::Routes;
use common::transfer::{Transfer, source_key_hash};

use crate::event::Event;

/// What is to be done with one message. A message with several records may be all of it at once.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) transfers: Vec<(Lane, Transfer)>,
    /// Why the raw message goes to the dead-letter queue as well.
    pub(crate) park: Option<Reason>,
    pub(crate) created: usize,
    pub(crate) malformed: usize,
    pub(crate) ignored: Vec<&'static str>,
    pub(crate) unrouted: Vec<Unrouted>,
}

/// A file that no rule wants, and why: without its key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unrouted {
    pub(crate) bucket: String,
    pub(crate) source_key_hash: String,
    pub(crate) explanation: String,
}

impl Plan {
    pub(crate) fn of(events: Vec<Event>, routes: &Routes) -> Self {
        let mut plan = Self::default();
        for event in events {
            match event {
                Event::Ignored(why) => plan.ignored.push(why),
                Event::Malformed(malformed) => {
                    plan.malformed += 1;
                    plan.park = Some(Reason::new("malformed_event", malformed.to_string()));
                }
                Event::Created(created) => {
                    plan.created += 1;
                    let routing = routes.route(&created.source, &created.uploaded_at);
                    if let Some(misfit) = routing.misfit() {
                        let message = format!("rule {}: {}", misfit.rule, misfit.decision);
                        plan.park = Some(Reason::new("unusable_target_key", message));
                    } else if routing.transfers.is_empty() {
                        plan.unrouted.push(Unrouted {
                            bucket: created.source.bucket.clone(),
                            source_key_hash: source_key_hash(&created.source),
                            explanation: routing.explain(),
                        });
                    }
                    plan.transfers.extend(routing.transfers);
                }
            }
        }
        plan
    }
}
