//! The wire form between dispatcher and worker.

use common::transfer::{KEY_BYTES_MAX, TransferId};
use common::wire::{WireError, decode, encode};

use crate::fields::transfer;

/// - whatever decodes is under its own id, and comes back the same from what it encodes to;
/// - any transfer with keys that S3 takes is encoded in printable ASCII and decodes to itself; with others it is refused.
pub fn wire(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(transfer) = decode(&text) {
        assert_eq!(transfer.id, TransferId::derive(&transfer.source, &transfer.target));
        assert_eq!(decode(&encode(&transfer)), Ok(transfer));
    }
    let transfer = transfer(&text);
    let body = encode(&transfer);
    assert!(body.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
    let fits = |key: &str| (1..=KEY_BYTES_MAX).contains(&key.len());
    if fits(&transfer.source.key) && fits(&transfer.target.key) {
        assert_eq!(decode(&body), Ok(transfer));
    } else {
        assert!(matches!(decode(&body), Err(WireError::Invalid { field: "source key" | "target key", .. })));
    }
}
