//! The floor: every byte passes through this process, and nothing else happens. The body of a ranged GET is the body of an
//! UploadPart; no signature, no checksum, no condition, no retry. Whatever a real copier costs more is the price of those.

use bytes::Bytes;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::http::Http;
use super::job::{Job, Object};
use super::multipart::{Sent, Upload, complete, create};

pub(super) const ROLE: &str = "copy-as-pipe";

pub(super) async fn run(job: Job) -> Result<(), String> {
    let http = Http::new(job.address);
    let copies = stream::iter(&job.objects).map(|object| Ok(copy(&http, &job, object)));
    copies.try_buffer_unordered(job.at_once).try_collect().await
}

async fn copy(http: &Http, job: &Job, object: &Object) -> Result<(), String> {
    let (from, to, key) = (&job.source_bucket, &job.target_bucket, &object.key);
    if job.is_small() {
        // Small enough for the memory of one read: what streaming would cost more is not part of the floor.
        let opened = http.get(from, key, None).await?;
        let (_, body): (_, Bytes) = http.whole(opened).await?;
        return http.put(to, key, body).await.map(drop);
    }
    let upload = create(http, to, key).await?;
    let parts = (0..job.object_bytes.div_ceil(job.part_bytes)).zip(1_usize..);
    let mut sent: Vec<Sent> = stream::iter(parts)
        .map(|(index, number)| Ok(part(http, job, key, &upload, index * job.part_bytes, number)))
        .try_buffer_unordered(job.parts_in_flight)
        .try_collect()
        .await?;
    complete(http, &upload, &mut sent).await.map(drop)
}

async fn part(
    http: &Http,
    job: &Job,
    key: &str,
    upload: &Upload,
    offset: u64,
    number: usize,
) -> Result<Sent, String> {
    let len = job.part_bytes.min(job.object_bytes - offset);
    let got = http.get(&job.source_bucket, key, Some((offset, len))).await?;
    let headers = http.pass_on(got, &upload.part_path(number), len).await?;
    Ok(Sent { number, etag: super::http::etag(&headers)? })
}
