//! Receipt handles: opaque to callers, and naming one receive of one message of one queue.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};

/// One receive of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Receipt {
    /// The queue's own number, so that a handle of a deleted queue is not taken for one of its successor.
    pub(super) queue_id: u64,
    /// The message's number within its queue.
    pub(super) sequence: u64,
    /// Which receive of the message this was: the first is 1.
    pub(super) receive_count: u32,
    /// When that receive was: its twelve hours count from here.
    pub(super) received_at_ms: u64,
}

const PAYLOAD_BYTES: usize = 28;
const CHECK_BYTES: usize = 20;

impl Receipt {
    /// The handle that a receiver gets: 64 characters of base64.
    pub(super) fn encode(self) -> String {
        let mut bytes = Vec::with_capacity(PAYLOAD_BYTES + CHECK_BYTES);
        bytes.extend(self.queue_id.to_be_bytes());
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.receive_count.to_be_bytes());
        bytes.extend(self.received_at_ms.to_be_bytes());
        bytes.extend(check(&bytes));
        BASE64.encode(bytes)
    }

    /// The receipt in `handle`, or `None` if SQS never made that handle.
    pub(super) fn decode(handle: &str) -> Option<Self> {
        let bytes = BASE64.decode(handle).ok()?;
        let (payload, rest) = bytes.split_at_checked(PAYLOAD_BYTES)?;
        let (queue_id, numbers) = payload.split_first_chunk()?;
        let (sequence, numbers) = numbers.split_first_chunk()?;
        let (count, received_at) = numbers.split_first_chunk()?;
        (rest == check(payload)).then_some(Self {
            queue_id: u64::from_be_bytes(*queue_id),
            sequence: u64::from_be_bytes(*sequence),
            receive_count: u32::from_be_bytes(*count),
            received_at_ms: u64::from_be_bytes(*received_at.first_chunk()?),
        })
    }
}

/// Tells a handle from noise; it keeps nobody out.
fn check(payload: &[u8]) -> [u8; CHECK_BYTES] {
    let digest: [u8; 32] = Sha256::digest(payload).into();
    let mut check = [0; CHECK_BYTES];
    check.copy_from_slice(&digest[..CHECK_BYTES]);
    check
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_handle_names_its_receipt(queue_id: u64, sequence: u64, receive_count: u32, received_at_ms: u64) {
            let receipt = Receipt { queue_id, sequence, receive_count, received_at_ms };
            prop_assert_eq!(Receipt::decode(&receipt.encode()), Some(receipt));
        }

        #[test]
        fn noise_is_no_handle(text in ".{0,80}") {
            prop_assert_eq!(Receipt::decode(&text), None);
        }
    }

    #[test]
    fn a_changed_handle_is_no_handle() {
        let handle = Receipt { queue_id: 1, sequence: 2, receive_count: 3, received_at_ms: 4 }.encode();
        assert_eq!(Receipt::decode(&handle.replacen('A', "B", 1)), None);
        assert_eq!(Receipt::decode(&handle[..60]), None);
    }
}
