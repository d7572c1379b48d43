//! The floor: every byte passes through this process, and nothing else happens. The body of a ranged GET is the body of an
//! UploadPart; no signature, no checksum, no condition, no retry. Whatever a real copier costs more is the price of those.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::http::{Http, etag};
use super::job::{Job, Object};
use super::multipart::{Sent, Upload, complete, create};

pub(super) const ROLE: &str = "copy-as-pipe";

/// Connections that read bodies and connections that write them: hyper adapts its buffers to what a connection does.
struct Ends {
    from: Http,
    to: Http,
}

pub(super) async fn run(job: Job) -> Result<(), String> {
    let ends = Ends { from: Http::new(job.address), to: Http::new(job.address) };
    let copies = stream::iter(&job.objects).map(|object| Ok(copy(&ends, &job, object)));
    copies.try_buffer_unordered(job.at_once).try_collect().await
}

async fn copy(ends: &Ends, job: &Job, object: &Object) -> Result<(), String> {
    let (bucket, key) = (&job.target_bucket, &object.key);
    if job.is_small() {
        // Small enough for the memory of one read: what streaming would cost more is not part of the floor.
        let opened = ends.from.get(&job.source_bucket, key, None).await?;
        let (_, body) = ends.from.whole(opened).await?;
        return ends.to.put(bucket, key, body).await.map(drop);
    }
    let upload = create(&ends.to, bucket, key).await?;
    let parts = (0..job.object_bytes.div_ceil(job.part_bytes)).zip(1_usize..);
    let mut sent: Vec<Sent> = stream::iter(parts)
        .map(|(index, number)| Ok(part(ends, job, key, &upload, index * job.part_bytes, number)))
        .try_buffer_unordered(job.parts_in_flight)
        .try_collect()
        .await?;
    complete(&ends.to, &upload, &mut sent).await.map(drop)
}

async fn part(
    ends: &Ends,
    job: &Job,
    key: &str,
    upload: &Upload,
    offset: u64,
    number: usize,
) -> Result<Sent, String> {
    let len = job.part_bytes.min(job.object_bytes - offset);
    let got = ends.from.get(&job.source_bucket, key, Some((offset, len))).await?;
    let headers = ends.to.pass_on(&ends.from, got, &upload.part_path(number), len).await?;
    Ok(Sent { number, etag: etag(&headers)? })
}
