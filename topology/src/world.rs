//! A cloud in process, with everything in it, for tests.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_smithy_async::time::TimeSource;
use common::aws::{self, Access};
use common::clock::WallClock;
use common::fault::Fault;
use common::ledger::Ledger;
use common::queue::Queue;
use simcloud::{Cloud, Options};
use tokio::time::Instant;

use crate::make::{CreateError, TABLE, create, create_queue};

/// A cloud in process: buckets `landing` and `delivered`, queues, table, rule, and clients that reach nothing else.
#[derive(Debug, Clone)]
pub struct World {
    pub cloud: Cloud,
    pub access: Access,
    pub config: SdkConfig,
    pub clock: WallClock,
}

/// The cloud's time, for the SDK.
#[derive(Debug)]
struct CloudTime(WallClock);

impl TimeSource for CloudTime {
    fn now(&self) -> SystemTime {
        self.0.now().into()
    }
}

impl World {
    /// # Errors
    /// When something could not be made.
    pub async fn new() -> Result<Self, CreateError> {
        Self::with(Options::default()).await
    }

    /// # Errors
    /// When something could not be made.
    pub async fn with(options: Options) -> Result<Self, CreateError> {
        let epoch: SystemTime = options.epoch;
        let region = options.region.clone();
        let cloud = Cloud::new(options)
            .map_err(|error| CreateError { what: "a cloud".to_owned(), why: error.to_string() })?;
        let access = Access {
            region: Some(region),
            endpoint_url: Some("http://simcloud.local".to_owned()),
            credentials: Some(Credentials::new("test", "test", None, None, "tests")),
            http_client: Some(cloud.http_client()),
        };
        let clock = WallClock::Simulated { epoch, started: Instant::now() };
        // The SDK compares its clock with the replies' dates, and takes refusals for a matter of clocks where they differ.
        let config = access.load().await.into_builder().time_source(CloudTime(clock)).build();
        create(&cloud, &config, &BTreeSet::from(["landing"]), &BTreeSet::from(["delivered"])).await?;
        Ok(Self { cloud, access, config, clock })
    }

    pub fn ledger(&self) -> Ledger {
        Ledger::new(aws::dynamodb(&self.config), TABLE, self.clock, Duration::from_secs(86_400))
    }

    pub fn s3(&self) -> aws_sdk_s3::Client {
        aws::s3(&self.config)
    }

    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws::sqs(&self.config)
    }

    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws::dynamodb(&self.config)
    }

    /// Makes one more queue with its dead-letter queue; a name that ends in `.fifo` makes FIFO queues.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn add_queue(&self, name: &str) -> Result<(), CreateError> {
        create_queue(&self.sqs(), name).await.map(drop)
    }

    /// # Errors
    /// When there is no such queue.
    pub async fn queue(&self, name: &str, visibility_timeout: Duration) -> Result<Queue, Fault> {
        Queue::find(&self.sqs(), name, visibility_timeout).await
    }
}
