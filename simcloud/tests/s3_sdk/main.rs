//! S3 as the real AWS SDK for Rust sees it, in process, on paused time.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod conditions;
mod disk;
mod faults;
mod front;
mod lifecycle;
mod multipart;
mod objects;
mod server;
mod versions;
mod virtual_objects;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Builder, Config, Credentials, Region};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use simcloud::{Cloud, Options};

pub(crate) const BUCKET: &str = "landing";

pub(crate) fn builder(cloud: &Cloud) -> Builder {
    Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("AKID", "secret", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .force_path_style(true)
        .endpoint_url("http://simcloud.local")
        .http_client(cloud.http_client())
}

pub(crate) fn client(cloud: &Cloud) -> Client {
    Client::from_conf(builder(cloud).build())
}

/// A cloud with one bucket, and a client that does not retry.
pub(crate) async fn world() -> (Cloud, Client) {
    let cloud = Cloud::new(Options::default()).unwrap();
    let client = client(&cloud);
    client.create_bucket().bucket(BUCKET).send().await.unwrap();
    (cloud, client)
}

pub(crate) async fn put(client: &Client, key: &str, body: &[u8]) -> String {
    let body = ByteStream::from(body.to_vec());
    let output = client.put_object().bucket(BUCKET).key(key).body(body).send().await.unwrap();
    output.e_tag.unwrap()
}

pub(crate) async fn get(client: &Client, key: &str) -> Vec<u8> {
    let output = client.get_object().bucket(BUCKET).key(key).send().await.unwrap();
    output.body.collect().await.unwrap().to_vec()
}

/// The code of a refusal; the transport's errors have none.
pub(crate) fn code<T, E: ProvideErrorMetadata, R>(result: Result<T, SdkError<E, R>>) -> Option<String> {
    match result {
        Ok(_) => Some("OK".to_owned()),
        Err(error) => error.as_service_error().and_then(|error| error.code()).map(str::to_owned),
    }
}

/// `length` bytes that differ from place to place.
pub(crate) fn bytes(length: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(length as u64);
    std::iter::repeat_with(|| random.u8(..)).take(length).collect()
}
