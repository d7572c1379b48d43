//! The load: equal files under numbered keys.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use common::aws::{self, Access};
use common::fault::Fault;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use tokio::time::{Instant, sleep_until};

use crate::check::Checksum;
use crate::error::Error;

/// The bucket that `drayage local`'s default rules deliver from.
const LANDING: &str = "landing";

/// What is put in.
#[derive(Debug, Clone)]
pub(super) struct Load {
    pub(super) prefix: &'static str,
    pub(super) count: usize,
    pub(super) in_flight: usize,
    /// Files in a second; `None`: as fast as it goes.
    pub(super) rate: Option<u32>,
    pub(super) bytes: u64,
}

impl Load {
    pub(super) fn key(&self, index: usize) -> String {
        format!("{}{index:07}", self.prefix)
    }

    /// The number in a key of this load.
    pub(super) fn index(&self, key: &str) -> Option<usize> {
        key.strip_prefix(self.prefix)?.parse().ok().filter(|&index| index < self.count)
    }

    fn content(&self) -> Bytes {
        let mut bytes = vec![0; usize::try_from(self.bytes).unwrap_or(0)];
        fastrand::Rng::with_seed(self.bytes).fill(&mut bytes);
        bytes.into()
    }

    pub(super) fn checksum(&self) -> String {
        let mut checksum = Checksum::new();
        checksum.update(&self.content());
        checksum.text()
    }
}

pub(super) async fn client(endpoint_url: &str) -> Client {
    let access = Access {
        region: Some("us-east-1".to_owned()),
        endpoint_url: Some(endpoint_url.to_owned()),
        credentials: Some(Credentials::new("local", "local", None, None, "loadtest")),
        http_client: None,
    };
    aws::s3(&access.load().await)
}

/// Puts all files in; `starts` hears of each just before it is sent.
pub(super) async fn put_all(client: &Client, load: &Load, starts: impl Fn(usize)) -> Result<(), Error> {
    let content = load.content();
    let (starts, started) = (&starts, Instant::now());
    let put = |index: usize| {
        let (key, body) = (load.key(index), ByteStream::from(content.clone()));
        async move {
            if let Some(rate) = load.rate {
                sleep_until(started + Duration::from_secs_f64(index as f64 / f64::from(rate))).await;
            }
            starts(index);
            let sent = client.put_object().bucket(LANDING).key(&key).body(body).send().await;
            sent.map(drop)
                .map_err(|error| Error::failed_to(format!("put {key}"), Fault::of("PutObject", &error)))
        }
    };
    stream::iter(0..load.count)
        .map(|index| Ok(put(index)))
        .try_buffer_unordered(load.in_flight)
        .try_collect()
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lead_back_to_their_numbers() {
        let load = Load { prefix: "load/", count: 10, in_flight: 1, rate: None, bytes: 3 };
        assert_eq!(load.index(&load.key(9)), Some(9));
        for other in ["load/0000010", "warm-up/0000001", "load/x"] {
            assert_eq!(load.index(other), None, "{other}");
        }
    }
}
