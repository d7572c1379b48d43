//! Drayage's own copier, as a worker has it: the same settings of the SDK, the same runtime, no queue and no ledger.

use aws_credential_types::Credentials;
use common::aws::Access;
use common::transfer::{CopyOptions, SourceVersion, Target, Transfer, TransferId};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use worker::copy::{Copier, Tuning};

use super::job::{ACCESS_KEY, Job, Object, REGION};

pub(super) const ROLE: &str = "copy-as-drayage";

pub(super) async fn run(job: Job) -> Result<(), String> {
    let access = Access {
        region: Some(REGION.to_owned()),
        endpoint_url: Some(job.endpoint_url.clone()),
        credentials: Some(Credentials::new(ACCESS_KEY, ACCESS_KEY, None, None, "loadtest")),
        http_client: None,
    };
    let tuning =
        Tuning { part_bytes: job.part_bytes, parts_in_flight: job.parts_in_flight, ..Tuning::default() };
    let copier = Copier::new(&access.load().await, tuning);
    let copies = stream::iter(&job.objects).map(|object| Ok(Box::pin(copy(&copier, transfer(&job, object)))));
    copies.try_buffer_unordered(job.at_once).try_collect().await
}

async fn copy(copier: &Copier, transfer: Transfer) -> Result<(), String> {
    let outcome = copier.copy(&transfer, None, async |_| Ok(())).await;
    outcome.result.map(drop).map_err(|end| format!("failed to copy {}: {end:?}", transfer.source.key))
}

fn transfer(job: &Job, object: &Object) -> Transfer {
    let source = SourceVersion {
        bucket: job.source_bucket.clone(),
        key: object.key.clone(),
        size_bytes: job.object_bytes,
        etag: object.etag.clone(),
        version_id: None,
        sequencer: None,
    };
    let target = Target { bucket: job.target_bucket.clone(), key: object.key.clone() };
    Transfer {
        id: TransferId::derive(&source, &target),
        source,
        target,
        customer: "loadtest".to_owned(),
        rule: "loadtest".to_owned(),
        options: CopyOptions::default(),
        uploaded_at: String::new(),
    }
}
