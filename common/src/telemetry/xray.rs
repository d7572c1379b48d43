//! AWS X-Ray's form of trace ids and of the trace context. Pure, but for the ids' randomness and clock.
//!
//! An X-Ray trace id is a W3C one whose first 32 bits are the second in which the trace began: `1-6a18a3b0-…` and `6a18a3b0…` name the
//! same trace, so a trace can be looked up in either world.

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};

use crate::clock::WallClock;

/// Makes ids that X-Ray takes.
#[derive(Debug, Default)]
pub(super) struct XrayIds(RandomIdGenerator);

impl IdGenerator for XrayIds {
    fn new_trace_id(&self) -> TraceId {
        let random = u128::from_be_bytes(self.0.new_trace_id().to_bytes());
        let now_s = u32::try_from(WallClock::System.now().unix_timestamp()).unwrap_or(u32::MAX);
        TraceId::from(begun_at(random, now_s))
    }

    fn new_span_id(&self) -> SpanId {
        self.0.new_span_id()
    }
}

fn begun_at(random: u128, now_s: u32) -> u128 {
    (u128::from(now_s) << 96) | (random >> 32)
}

/// `traceparent` as `AWSTraceHeader` has it; `None` when it is not one.
pub fn header(traceparent: &str) -> Option<String> {
    let mut parts = traceparent.split('-');
    let (_version, trace_id, span_id, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let sampled = u8::from_str_radix(flags, 16).ok()? & 1;
    if !is_hex(trace_id, 32) || !is_hex(span_id, 16) {
        return None;
    }
    let (begun, random) = trace_id.split_at(8);
    Some(format!("Root=1-{begun}-{random};Parent={span_id};Sampled={sampled}"))
}

/// `AWSTraceHeader` as `traceparent`. Only of a trace that is kept: what AWS attaches of a trace that nobody keeps (`Sampled=0`) must
/// not decide that ours is thrown away.
pub fn traceparent(header: &str) -> Option<String> {
    let field =
        |name: &str| header.split(';').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
    let mut root = field("Root")?.split('-');
    let (version, begun, random) = (root.next()?, root.next()?, root.next()?);
    let parent = field("Parent")?;
    let is_whole = version == "1" && is_hex(begun, 8) && is_hex(random, 24) && is_hex(parent, 16);
    (is_whole && field("Sampled") == Some("1")).then(|| format!("00-{begun}{random}-{parent}-01"))
}

fn is_hex(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACEPARENT: &str = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
    const HEADER: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

    #[test]
    fn both_forms_say_the_same() {
        assert_eq!(header(TRACEPARENT).as_deref(), Some(HEADER));
        assert_eq!(traceparent(HEADER).as_deref(), Some(TRACEPARENT));
        let shuffled =
            "Self=1-1-1; Sampled=1;Parent=53995c3f42cd8ad8;Root=1-5759e988-bd862e3fe1be46a994272793";
        assert_eq!(traceparent(shuffled).as_deref(), Some(TRACEPARENT));
        assert!(header(&TRACEPARENT.replace("-01", "-00")).is_some_and(|text| text.ends_with(";Sampled=0")));
    }

    #[test]
    fn what_is_no_kept_context_is_none() {
        for bad in ["", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1", "Root=;Parent=;Sampled=1"] {
            assert_eq!(traceparent(bad), None, "{bad}");
        }
        assert_eq!(traceparent(&HEADER.replace("Sampled=1", "Sampled=0")), None);
        assert_eq!(traceparent(&HEADER.replace("Root=1", "Root=2")), None);
        for bad in ["", "00-x-y-01", "00-5759E988BD862E3FE1BE46A994272793-53995c3f42cd8ad8-01"] {
            assert_eq!(header(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_id_begins_with_the_second_in_which_its_trace_began() {
        let id = TraceId::from(begun_at(u128::MAX, 0x5759_e988));
        assert_eq!(id.to_string(), format!("5759e988{}", "f".repeat(24)));
        let ids = XrayIds::default();
        assert_ne!(ids.new_trace_id(), ids.new_trace_id());
    }
}
