//! The place where a seed's actors live: a cloud with everything in it, and each actor's own way to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use common::fault::Fault;
use common::queue::Queue;
use common::routes::Routes;
use simcloud::Options;
use tokio::time::Instant;
use topology::{INGEST, LANES, World};

use super::facts::{ARCHIVE, RULES, SECRET_CANARY};
use super::stage::Stage;

/// A world, with what all of its actors are made from. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) world: World,
    pub(super) queues: Arc<BTreeMap<String, Queue>>,
    pub(super) routes: Routes,
    seed: u64,
    time: SharedTimeSource,
}

/// Wall-clock time for the SDK that follows tokio's clock.
#[derive(Debug)]
struct Follows {
    epoch: SystemTime,
    started: Instant,
}

impl TimeSource for Follows {
    fn now(&self) -> SystemTime {
        self.epoch + self.started.elapsed()
    }
}

impl Place {
    /// # Errors
    /// What could not be made.
    pub(super) async fn new(seed: u64, stage: &Arc<Stage>, visibility: Duration) -> Result<Self, String> {
        let options = Options { seed, observer: stage.observer(), fast_etags: true, ..Options::default() };
        let epoch = options.epoch;
        let world = World::with(options).await.map_err(|error| error.to_string())?;
        let archive = world.s3().create_bucket().bucket(ARCHIVE).send().await;
        archive.map_err(|error| Fault::of("CreateBucket", &error).to_string())?;
        let mut queues = BTreeMap::new();
        for name in BTreeSet::from([INGEST, LANES[0], LANES[1]]) {
            let queue = world.queue(name, visibility).await.map_err(|fault| fault.to_string())?;
            queues.insert(name.to_owned(), queue);
        }
        let routes = Routes::parse(RULES, &topology::lanes()).map_err(|mistakes| mistakes.to_string())?;
        let time = SharedTimeSource::new(Follows { epoch, started: Instant::now() });
        Ok(Self { world, queues: Arc::new(queues), routes, seed, time })
    }

    /// The SDK configuration of one actor: its name is its access key. Its region is its own too, because the SDK keeps its retry
    /// budgets by service and region for the whole process, and actors are to be processes of their own.
    pub(super) fn config_of(&self, actor: &str) -> SdkConfig {
        let credentials = Credentials::new(actor, SECRET_CANARY, None, None, "simulation");
        let region = format!("sim-{}-{}", self.seed, actor.replace('.', "-"));
        self.world
            .config
            .clone()
            .into_builder()
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .region(Region::new(region))
            .time_source(self.time.clone())
            .build()
    }
}
