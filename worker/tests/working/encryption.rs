//! A target is encrypted as its route says, whichever way it was copied.

use aws_sdk_s3::types::ServerSideEncryption;
use common::ledger::Status;
use common::transfer::{CopyOptions, Encryption, Strategy};
use drayage_worker::copy::ServerSide;

use super::yard::{KIB, MIB, Yard, bytes};

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// One for each way of copying: buffered, streamed in one, by parts; by the store in one and by parts.
const WAYS: [(usize, Strategy); 5] = [
    (10, Strategy::Stream),
    (300 * KIB, Strategy::Stream),
    (8 * MIB + 1, Strategy::Stream),
    (10, Strategy::ServerSide),
    (13 * MIB, Strategy::ServerSide),
];

async fn is_encrypted(encryption: Encryption, as_shown: (ServerSideEncryption, Option<&str>, Option<bool>)) {
    for (size, strategy) in WAYS {
        let yard = Yard::new().await;
        yard.server_side
            .set(ServerSide { copy_object_bytes_max: 9 * MIB as u64, part_bytes: 6 * MIB as u64 });
        let body = bytes(size, 1);
        let put = yard.put_with("k", &body, |put| {
            put.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id("alias/source")
        });
        let options = CopyOptions { strategy, encryption: encryption.clone(), ..CopyOptions::default() };
        let transfer = common::transfer::Transfer { options, ..put.await };
        yard.send(&transfer).await;
        yard.work_until(Status::Completed).await;
        yard.assert_delivered(&transfer, &body).await;
        let head = yard.head("k").await;
        let shown = (
            head.server_side_encryption().cloned().unwrap(),
            head.ssekms_key_id(),
            head.bucket_key_enabled(),
        );
        assert_eq!(shown, as_shown, "{size} {strategy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn with_the_routes_kms_key() {
    for bucket_key in [None, Some(true), Some(false)] {
        let encryption = Encryption::SseKms { key: KEY.to_owned(), bucket_key };
        is_encrypted(encryption, (ServerSideEncryption::AwsKms, Some(KEY), bucket_key)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn with_the_stores_own_key_and_never_with_the_sources() {
    is_encrypted(Encryption::SseS3, (ServerSideEncryption::Aes256, None, None)).await;
    is_encrypted(Encryption::BucketDefault, (ServerSideEncryption::Aes256, None, None)).await;
}
