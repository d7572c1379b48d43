//! Which way a file is copied. Pure.
//!
//! `auto` chooses by what is cheaper and no less certain:
//!
//! - Up to 8 MiB streaming takes two requests (GET, PUT) and so does the store (HEAD, CopyObject): nothing is saved, and streaming
//!   compares the bytes itself. It streams.
//! - Above that streaming takes two requests for every part, and all the bytes come here: the store copies.
//! - Unless the source's own checksum is a CRC32 or CRC32C. The store computes a CRC64NVME while it copies, which cannot be compared
//!   with those; streaming computes both. It streams.

use common::fault::{Class, Fault};
use common::transfer::Strategy;

use crate::copy::SINGLE_PUT_BYTES_MAX;
use crate::copy::checksum::Own;

/// How a file that was looked at is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::copy) enum Way {
    /// Streamed, by parts.
    Parts,
    /// By the store, in one request.
    CopyObject,
    /// By the store, by parts.
    CopyParts,
}

/// Whether one GET and one PUT do it, without a look at the source before.
pub(in crate::copy) fn is_single(strategy: Strategy, size_bytes: u64, is_resumed: bool) -> bool {
    strategy != Strategy::ServerSide && size_bytes <= SINGLE_PUT_BYTES_MAX && !is_resumed
}

/// For everything else. `own` is the source's own checksum.
pub(in crate::copy) fn way(
    strategy: Strategy,
    size_bytes: u64,
    own: Option<Own>,
    is_resumed: bool,
    copy_object_bytes_max: u64,
) -> Way {
    let in_one = size_bytes <= copy_object_bytes_max;
    match (strategy, own) {
        (Strategy::Stream, _) | (Strategy::Auto, Some(Own::Crc32(_) | Own::Crc32c(_))) => Way::Parts,
        // There is an upload although one request would have done: the store refused it, and the upload streams.
        (Strategy::Auto, _) if is_resumed && in_one => Way::Parts,
        (Strategy::Auto, _) if size_bytes <= SINGLE_PUT_BYTES_MAX => Way::Parts,
        _ if in_one && !is_resumed => Way::CopyObject,
        _ => Way::CopyParts,
    }
}

/// Whether a refusal of the store's is one that streaming may get round: no permission for a copy between these two places, or no
/// such operation. Nothing was published then, for such an answer is certain.
pub(in crate::copy) fn streams_instead(strategy: Strategy, fault: &Fault) -> bool {
    strategy == Strategy::Auto && matches!(fault.class, Class::Denied | Class::Invalid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::copy::checksum::Crc64;

    const GIB: u64 = 1024 * 1024 * 1024;
    const LIMIT: u64 = 5 * GIB;

    fn fresh(strategy: Strategy, size_bytes: u64, own: Option<Own>) -> Way {
        way(strategy, size_bytes, own, false, LIMIT)
    }

    #[test]
    fn small_files_stream_in_one_unless_the_route_says_otherwise() {
        for strategy in [Strategy::Stream, Strategy::Auto] {
            assert!(is_single(strategy, 0, false));
            assert!(is_single(strategy, SINGLE_PUT_BYTES_MAX, false));
            assert!(!is_single(strategy, SINGLE_PUT_BYTES_MAX + 1, false));
            assert!(!is_single(strategy, 0, true));
        }
        assert!(!is_single(Strategy::ServerSide, 0, false));
    }

    #[test]
    fn one_request_does_it_up_to_5_gib() {
        let own = Some(Own::Crc64Nvme(Crc64::of(b"")));
        for own in [own, None] {
            for strategy in [Strategy::ServerSide, Strategy::Auto] {
                assert_eq!(fresh(strategy, SINGLE_PUT_BYTES_MAX + 1, own), Way::CopyObject);
                assert_eq!(fresh(strategy, LIMIT, own), Way::CopyObject);
                assert_eq!(fresh(strategy, LIMIT + 1, own), Way::CopyParts);
            }
            assert_eq!(fresh(Strategy::ServerSide, 0, own), Way::CopyObject);
            assert_eq!(fresh(Strategy::Stream, LIMIT + 1, own), Way::Parts);
        }
    }

    #[test]
    fn auto_streams_what_only_streaming_can_compare() {
        for own in [Own::Crc32(1), Own::Crc32c(1)] {
            assert_eq!(fresh(Strategy::Auto, GIB, Some(own)), Way::Parts);
            assert_eq!(fresh(Strategy::ServerSide, GIB, Some(own)), Way::CopyObject);
        }
    }

    #[test]
    fn an_upload_is_gone_on_with_as_it_was_begun() {
        let resumed = |strategy, size_bytes| way(strategy, size_bytes, None, true, LIMIT);
        assert_eq!(resumed(Strategy::Auto, LIMIT), Way::Parts);
        assert_eq!(resumed(Strategy::Auto, LIMIT + 1), Way::CopyParts);
        assert_eq!(resumed(Strategy::ServerSide, LIMIT), Way::CopyParts);
        assert_eq!(resumed(Strategy::Stream, LIMIT + 1), Way::Parts);
    }

    #[test]
    fn only_auto_streams_instead_and_only_after_a_certain_refusal() {
        let refusal = |status, code| Fault::from_reply("CopyObject", status, code);
        for (status, code) in [(403, "AccessDenied"), (501, "NotImplemented"), (400, "InvalidRequest")] {
            assert!(streams_instead(Strategy::Auto, &refusal(status, code)), "{code}");
            assert!(!streams_instead(Strategy::ServerSide, &refusal(status, code)), "{code}");
        }
        for (status, code) in
            [(500, "InternalError"), (200, "InternalError"), (503, "SlowDown"), (412, "PreconditionFailed")]
        {
            assert!(!streams_instead(Strategy::Auto, &refusal(status, code)), "{code}");
        }
    }
}
