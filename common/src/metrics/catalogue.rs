//! Every metric that there is. Instruments are made from these entries and from nothing else, so what is exported is in here;
//! `drayage metrics` prints it, and docs/metrics.md is its copy.

use super::entry::{Entry, Kind, Label, Stability, Values};
use super::label as l;
use Kind::{Counter, Gauge, Histogram, UpDownCounter};
use Stability::{Development, Stable};

/// Defines the entries and, from the same list, [`ALL`].
macro_rules! catalogue {
    ($($name:ident: $kind:ident $otel:literal in $unit:literal by $labels:expr, $bounds:expr, $stability:ident, $help:literal;)*) => {
        $(
            #[doc = $help]
            pub const $name: Entry = Entry {
                name: $otel,
                kind: $kind,
                unit: $unit,
                labels: &$labels,
                bounds: &$bounds,
                stability: $stability,
                help: $help,
            };
        )*

        /// The whole catalogue.
        pub const ALL: &[Entry] = &[$($name),*];
    };
}

const fn one_of(name: &'static str, values: &'static [&'static str]) -> Label {
    Label { name, values: Values::Of(values) }
}

const fn few(name: &'static str, what: &'static str) -> Label {
    Label { name, values: Values::Few(what) }
}

const LANE: Label = few(l::LANE, "the lanes of --lanes");
const QUEUE: Label = few(l::QUEUE, "the queues of --ingest-queue and --lanes");
const CUSTOMER: Label = few(
    l::CUSTOMER,
    "customers of the rules, at most --metric-customers in one process; the rest are `other`",
);
const REASON: Label = one_of(l::REASON, l::REASONS);

/// From a heartbeat within the same second to a copy of hours.
const SECONDS: [f64; 18] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3_600.0,
    14_400.0,
];
const REQUESTS_OF_ATTEMPT: [f64; 14] =
    [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 25.0, 50.0, 100.0, 1_000.0, 10_000.0];

catalogue! {
    FILES: Counter "drayage.files" in "{file}" by [one_of(l::STATE, l::STATES), LANE, CUSTOMER], [], Stable,
        "Transfers that reached a state in the ledger; `processing` with each claim";
    DELIVERED: Counter "drayage.delivered" in "By" by [LANE, CUSTOMER], [], Stable,
        "Bytes of completed transfers";
    FILE_LATENCY: Histogram "drayage.file.latency" in "s" by [LANE], SECONDS, Stable,
        "From the event's time to `completed`. EventBridge gives whole seconds, so this is up to 1 s too long";
    QUEUE_WAIT: Histogram "drayage.queue.wait" in "s" by [QUEUE], SECONDS, Stable,
        "From a message's sending, by SQS's clock, to its first receive";
    OLDEST_MESSAGE_AGE: Gauge "drayage.queue.oldest_message.age" in "s" by [QUEUE], [], Stable,
        "Age of the oldest message that this process has received and not ended, poison included; take the maximum over all processes";
    MESSAGES: Counter "drayage.messages" in "{message}" by [QUEUE, one_of(l::ACTION, l::ACTIONS)], [], Stable,
        "Messages, by what was done with them";
    PARKED: Counter "drayage.messages.parked" in "{message}" by [QUEUE, REASON], [], Stable,
        "Messages put into the dead-letter queue, by reason";
    RECEIVES: Counter "drayage.receives" in "{receive}" by [QUEUE, one_of(l::OUTCOME, l::RECEIVES)], [], Stable,
        "Receives, by what they brought";
    EVENTS: Counter "drayage.events" in "{event}" by [one_of(l::OUTCOME, l::EVENTS)], [], Stable,
        "Events of the ingest queue, by what they turned out to be";
    ATTEMPTS: Counter "drayage.attempts" in "{attempt}" by [LANE, one_of(l::OUTCOME, l::ATTEMPTS), REASON], [], Stable,
        "Attempts that ended, by how and why";
    COPY_DURATION: Histogram "drayage.copy.duration" in "s" by [LANE, one_of(l::OUTCOME, l::COPIES)], SECONDS, Stable,
        "From the claim to the end of the copy";
    ATTEMPT_REQUESTS: Histogram "drayage.attempt.requests" in "{request}" by [LANE], REQUESTS_OF_ATTEMPT, Development,
        "AWS requests of one attempt, retries included; requests shared between files (receives, deletes, heartbeats) are not";
    IN_FLIGHT: UpDownCounter "drayage.in_flight" in "{message}" by [QUEUE], [], Stable,
        "Messages that are being worked on";
    IN_FLIGHT_LIMIT: UpDownCounter "drayage.in_flight.limit" in "{message}" by [QUEUE], [], Stable,
        "How many may be";
    STREAMS: Gauge "drayage.streams" in "{stream}" by [], [], Stable,
        "Bodies on their way from a source to a target";
    STREAMS_LIMIT: Gauge "drayage.streams.limit" in "{stream}" by [], [], Stable,
        "How many may be: --streams-max";
    STREAMS_WAITING: Gauge "drayage.streams.waiting" in "{stream}" by [], [], Stable,
        "Streams that wait for a permit";
    BUFFERS: Gauge "drayage.buffers" in "By" by [], [], Stable,
        "Byte budget in use: what streams under way may have in buffers";
    BUFFERS_LIMIT: Gauge "drayage.buffers.limit" in "By" by [], [], Stable,
        "The byte budget: --buffer-bytes";
    HEARTBEATS: Counter "drayage.heartbeats" in "{heartbeat}" by [QUEUE, one_of(l::OUTCOME, l::HEARTBEATS)], [], Stable,
        "Heartbeats sent, by what came back";
    LEASE_MARGIN: Histogram "drayage.lease.margin" in "s" by [QUEUE], SECONDS, Stable,
        "What was left of a lease when the heartbeat that extends it was answered";
    LEASES_LOST: Counter "drayage.leases.lost" in "{lease}" by [QUEUE, one_of(l::REASON, l::LOSSES)], [], Stable,
        "Leases that were lost, and stopped their work";
    TASK_PROTECTION: Counter "drayage.task_protection" in "{request}" by [one_of(l::OUTCOME, l::PROTECTIONS)], [], Stable,
        "Requests that ECS protect this task, or end its protection, by what became of them; none outside of ECS";
    LEDGER_WRITES: Counter "drayage.ledger.writes" in "{write}" by [one_of(l::STEP, l::STEPS), one_of(l::OUTCOME, l::WRITES)], [], Stable,
        "Ledger writes by step, tries of the SDK counted as one";
    LEDGER_CAPACITY: Counter "drayage.ledger.capacity" in "{unit}" by [one_of(l::STEP, l::STEPS)], [], Development,
        "Write request units of the ledger, indexes included, as DynamoDB reports them";
    REQUESTS: Counter "drayage.aws.requests" in "{request}" by
        [one_of(l::SERVICE, l::SERVICES), few(l::OPERATION, "the AWS operations that Drayage calls"), one_of(l::OUTCOME, l::REPLIES)], [], Stable,
        "Requests sent to AWS, each try of the SDK by itself";
    REQUEST_COST: Counter "drayage.request.cost" in "{USD}" by [one_of(l::SERVICE, l::SERVICES)], [], Development,
        "Estimated cost of requests at us-east-1 list prices; storage, transfer and compute are not in it";
    FAULTS: Counter "drayage.faults" in "{fault}" by
        [few(l::OPERATION, "the AWS operations that Drayage calls"), one_of(l::CLASS, l::CLASSES)], [], Stable,
        "Requests that failed after the SDK's tries, by what that calls for. A condition that did not hold is one too";
    GUARDS: Counter "drayage.guards" in "{event}" by [one_of(l::INVARIANT, l::INVARIANTS)], [], Development,
        "How often a guard of an invariant (docs/observability.md) held something back";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_every_entry_is_well_formed() {
        let names: BTreeSet<&str> = ALL.iter().map(|entry| entry.name).collect();
        let prometheus: BTreeSet<String> = ALL.iter().map(Entry::prometheus).collect();
        assert_eq!((names.len(), prometheus.len()), (ALL.len(), ALL.len()));
        for entry in ALL {
            let plain = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'.' | b'_'));
            assert!(entry.name.starts_with("drayage.") && plain(entry.name), "{}", entry.name);
            let counted = entry.unit.starts_with('{') && entry.unit.ends_with('}');
            assert!(matches!(entry.unit, "s" | "By") || counted, "{}: unit {}", entry.name, entry.unit);
            assert_eq!(entry.kind == Histogram, !entry.bounds.is_empty(), "{}", entry.name);
            assert!(entry.bounds.is_sorted_by(|one, next| one < next), "{}", entry.name);
            assert!(!entry.help.is_empty(), "{}", entry.name);
        }
    }

    #[test]
    fn no_label_can_name_a_file() {
        for label in ALL.iter().flat_map(|entry| entry.labels) {
            let bounded = match label.values {
                Values::Of(values) => values.len() <= 32,
                Values::Few(what) => !what.is_empty(),
            };
            assert!(bounded, "{}", label.name);
            assert!(!["key", "transfer", "message_id", "etag"].contains(&label.name), "{}", label.name);
        }
    }
}
