//! The reaper when AWS says no, says nothing, or says it late: nothing is aborted that the ledger was not asked about.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use common::fault::Class;
use drayage_worker::reap::{Done, Orphan, Reaper, Rules};
use simcloud::{Effect, Fault};

use super::reaping::{DAY, HOUR, sweep};
use super::yard::Yard;

/// A yard with an orphan of every key and a living transfer's upload, all old enough.
async fn aged(orphans: &[&str]) -> Yard {
    let yard = Yard::new().await;
    for key in orphans {
        yard.orphan(key).await;
    }
    yard.noted("held").await;
    tokio::time::sleep(DAY + HOUR).await;
    yard
}

#[tokio::test(start_paused = true)]
async fn throttles_and_lost_replies_are_waited_out() {
    let requests = [
        ("S3", "ListMultipartUploads"),
        ("DynamoDB", "Query"),
        ("DynamoDB", "GetItem"),
        ("S3", "AbortMultipartUpload"),
    ];
    for (service, operation) in requests {
        let throttle = if service == "S3" { Effect::slow_down() } else { Effect::throttled() };
        for effect in [throttle, Effect::DropBefore] {
            let yard = aged(&["k"]).await;
            // More than the SDK's own tries of one request.
            yard.faults().add(Fault::on(service, operation).times(7).effect(effect));
            let told = sweep(&yard.reaper()).await.whole();
            assert_eq!((told.counts.aborted, told.counts.left), (1, 1), "{operation}: {told:?}");
            assert_eq!(yard.uploads().await.len(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_abort_whose_reply_is_lost_is_done() {
    let yard = aged(&["k"]).await;
    yard.fault("AbortMultipartUpload", Effect::DropAfter);
    let told = sweep(&yard.reaper()).await.whole();
    assert_eq!(told.counts.gone, 1, "{told:?}");
    assert!(told.done().contains(&&Done::Gone(Orphan::Unknown)));
    assert_eq!(yard.uploads().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_cannot_ask_the_ledger_aborts_nothing() {
    let denied = || Effect::respond(400, "AccessDeniedException", "no");
    let cases = [("Query", denied()), ("Query", Effect::throttled()), ("GetItem", denied())];
    for (operation, effect) in cases {
        // Listed before `k`: the one that the item has to be read for.
        let yard = aged(&["k"]).await;
        let aborts = yard.count("AbortMultipartUpload");
        yard.faults().add(Fault::on("DynamoDB", operation).always().effect(effect));
        let told = sweep(&yard.reaper()).await;
        assert_eq!(told.stopped_by.map(|fault| fault.operation), Some(operation));
        assert_eq!((aborts.count(), yard.uploads().await.len()), (0, 2));
    }
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_may_not_be_listed_is_told() {
    let yard = aged(&["k"]).await;
    yard.faults().add(Fault::on("S3", "ListMultipartUploads").always().effect(Effect::respond(
        403,
        "AccessDenied",
        "no",
    )));
    let told = sweep(&yard.reaper()).await;
    assert_eq!(told.stopped_by.map(|fault| fault.class), Some(Class::Denied));
    assert_eq!(told.counts.listed, 0);
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_resists_does_not_keep_the_others() {
    let yard = aged(&["a", "b", "c"]).await;
    let denied = Effect::respond(403, "AccessDenied", "no");
    yard.faults().add(Fault::on("S3", "AbortMultipartUpload").key("delivered/b").always().effect(denied));
    let told = sweep(&yard.reaper()).await;
    assert_eq!((told.counts.aborted, told.counts.failed, told.counts.left), (2, 1, 1), "{told:?}");
    assert_eq!(told.stopped_by, None);
    assert_eq!(yard.uploads().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_bucket_in_which_everything_resists_is_given_up() {
    let keys: Vec<String> = (0..25).map(|number| format!("k{number}")).collect();
    let yard = aged(&keys.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let denied = Effect::respond(403, "AccessDenied", "no");
    yard.faults().add(Fault::on("S3", "AbortMultipartUpload").always().effect(denied));
    let told = sweep(&yard.reaper()).await;
    assert_eq!((told.counts.failed, told.counts.aborted), (20, 0));
    assert_eq!(told.stopped_by.map(|fault| fault.class), Some(Class::Denied));
}

#[tokio::test(start_paused = true)]
async fn without_the_stores_date_no_upload_is_old() {
    let yard = aged(&["k"]).await;
    let undated = SharedHttpClient::new(Undated(yard.world.cloud.http_client()));
    let config = yard.world.config.clone().into_builder().http_client(undated).build();
    let rules = Rules { older_than: DAY, initiator: None };
    let told = sweep(&Reaper::new(&config, topology::TABLE, rules)).await;
    assert_eq!(told.stopped_by.map(|fault| fault.code), Some("NoDate".to_owned()));
    assert_eq!((told.counts.listed, yard.uploads().await.len()), (0, 2));
}

/// A network whose replies have no date.
#[derive(Debug)]
struct Undated<T>(T);

impl HttpClient for Undated<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Undated(self.0.http_connector(settings, components)))
    }
}

impl HttpConnector for Undated<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let mut reply = answer.await?;
            reply.headers_mut().remove("date");
            Ok(reply)
        })
    }
}
