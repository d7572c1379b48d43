//! Messages that nobody understands, each different from all others.

use common::transfer::Transfer;
use serde_json::json;

use crate::simulate::facts::KEY_CANARY;

/// For the ingest queue.
pub(super) fn event(draws: &mut fastrand::Rng, number: u64) -> String {
    match draws.u8(0..6) {
        0 => format!("not JSON at all {number} {KEY_CANARY}"),
        1 => json!({ "hello": number, "key": KEY_CANARY }).to_string(),
        2 => json!({ "Records": [], "number": number }).to_string(),
        3 => {
            let object = json!({ "size": 5, "etag": "e", "sequencer": "01" });
            json!({
                "source": "aws.s3", "detail-type": "Object Created", "id": number.to_string(),
                "detail": { "bucket": { "name": "landing" }, "object": object },
            })
            .to_string()
        }
        4 => json!({ "Type": "Notification", "Message": format!("{number} {{") }).to_string(),
        _ => format!("{{\"detail\": {{\"object\": {{\"key\": \"{number}-{KEY_CANARY}"),
    }
}

/// For a lane: what was a transfer, once.
pub(super) fn transfer(draws: &mut fastrand::Rng, number: u64, body: &str) -> String {
    let changed = common::wire::decode(body).ok().map(|transfer: Transfer| {
        let mut other = transfer;
        other.source.key.push_str(&number.to_string());
        common::wire::encode(&other)
    });
    match (draws.u8(0..4), changed) {
        (0, _) => json!({ "v": 2, "transfer": { "number": number } }).to_string(),
        (1, _) => format!("{number} {KEY_CANARY}"),
        // Its id does not belong to its source any more.
        (2, Some(changed)) => changed,
        _ => json!({ "v": 1, "transfer": { "id": number, "key": KEY_CANARY } }).to_string(),
    }
}
