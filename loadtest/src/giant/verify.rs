//! Is the copy its source? By size, by the checksum that the store has of it, and by bytes read here and there.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::ChecksumMode;
use common::fault::Fault;
use common::transfer::TransferId;
use simcloud::VirtualObject;
use topology::World;
use worker::copy::plan::Plan;

use super::{KEY, SOURCE, TARGET};

/// Places that are read in both, and how many bytes at each.
const SAMPLES: u64 = 32;
const SAMPLE_BYTES: u64 = 4096;

/// Everything that is not as it should be.
pub(super) async fn mistakes(
    world: &World,
    made: &VirtualObject,
    plan: Plan,
    file_id: &str,
    seed: u64,
) -> Vec<String> {
    let mut mistakes = Vec::new();
    for checked in [
        target(&world.s3(), made).await,
        samples(&world.s3(), plan, seed).await,
        uploads(&world.s3()).await,
        ledger(world, made, file_id).await,
    ] {
        mistakes.extend(checked.err());
    }
    mistakes
}

fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

async fn target(s3: &Client, made: &VirtualObject) -> Result<(), String> {
    let head = s3.head_object().bucket(TARGET).key(KEY).checksum_mode(ChecksumMode::Enabled).send().await;
    let head = head.map_err(|error| format!("the target: {}", Fault::of("HeadObject", &error)))?;
    let size = head.content_length().and_then(|length| u64::try_from(length).ok());
    expect(size == Some(made.size_bytes), || format!("the target has {size:?} bytes"))?;
    let checksum = head.checksum_crc64_nvme();
    expect(checksum == Some(&made.crc64nvme), || format!("the target's checksum is {checksum:?}"))
}

async fn ledger(world: &World, made: &VirtualObject, file_id: &str) -> Result<(), String> {
    let id = TransferId::parse(file_id).map_err(|error| format!("the ledger's file id: {error}"))?;
    let record = world.ledger().read(&id).await.map_err(|fault| format!("the ledger: {fault}"))?;
    let checksum = record.and_then(|record| record.checksum);
    expect(checksum.as_deref() == Some(&made.crc64nvme), || format!("the ledger's checksum is {checksum:?}"))
}

async fn uploads(s3: &Client) -> Result<(), String> {
    let listed = s3.list_multipart_uploads().bucket(TARGET).send().await;
    let listed =
        listed.map_err(|error| format!("the uploads: {}", Fault::of("ListMultipartUploads", &error)))?;
    expect(listed.uploads().is_empty(), || format!("{} uploads are left", listed.uploads().len()))
}

/// Around the borders of parts drawn from the seed, and at both ends.
async fn samples(s3: &Client, plan: Plan, seed: u64) -> Result<(), String> {
    let mut random = fastrand::Rng::with_seed(seed);
    let last = plan.size_bytes.saturating_sub(SAMPLE_BYTES);
    for sample in 0..SAMPLES {
        let border = random.u64(0..plan.count()) * plan.part_bytes;
        let start = match sample {
            0 => 0,
            1 => last,
            _ => (border + random.u64(0..SAMPLE_BYTES)).saturating_sub(SAMPLE_BYTES).min(last),
        };
        let (ours, theirs) = (read(s3, TARGET, start).await?, read(s3, SOURCE, start).await?);
        expect(ours == theirs, || format!("other bytes from {start} on"))?;
    }
    Ok(())
}

async fn read(s3: &Client, bucket: &str, start: u64) -> Result<Vec<u8>, String> {
    let range = format!("bytes={start}-{}", start + SAMPLE_BYTES - 1);
    let got = s3.get_object().bucket(bucket).key(KEY).range(range).send().await;
    let got = got.map_err(|error| format!("reading {bucket}: {}", Fault::of("GetObject", &error)))?;
    let bytes = got.body.collect().await.map_err(|error| format!("reading {bucket}: {error}"))?;
    Ok(bytes.to_vec())
}
