//! After every run: each copy is read back and compared, then deleted.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::http::Http;
use super::job::Job;
use super::workload::{Source, Sources};
use crate::check::Checksum;

const SMALL_IN_FLIGHT: usize = 32;
const LARGE_IN_FLIGHT: usize = 2;

/// # Errors
/// The first object that is not there, or is not its source.
pub(super) async fn all(http: &Http, job: &Job, sources: &Sources) -> Result<(), String> {
    let in_flight = if job.is_small() { SMALL_IN_FLIGHT } else { LARGE_IN_FLIGHT };
    let checks = stream::iter(&sources.0).map(|source| Ok(one(http, job, source)));
    checks.try_buffer_unordered(in_flight).try_collect().await
}

async fn one(http: &Http, job: &Job, source: &Source) -> Result<(), String> {
    let opened = http.get(&job.target_bucket, &source.key, None).await;
    let opened = opened.map_err(|error| format!("{} was not delivered: {error}", source.key))?;
    let mut checksum = Checksum::new();
    let read = http.read(opened, |bytes| checksum.update(bytes)).await;
    read.map_err(|error| format!("failed to read {} back: {error}", source.key))?;
    if checksum.text() == source.checksum {
        Ok(())
    } else {
        Err(format!("the copy of {} has other bytes", source.key))
    }
}

/// Deletes the copies; a key that is not there is as good as deleted.
pub(super) async fn clear(http: &Http, job: &Job) -> Result<(), String> {
    let deletes = stream::iter(&job.objects).map(|object| Ok(http.delete(&job.target_bucket, &object.key)));
    deletes.try_buffer_unordered(SMALL_IN_FLIGHT).try_collect().await
}
