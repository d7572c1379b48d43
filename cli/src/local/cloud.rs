//! The embedded AWS of `drayage local`: simcloud, served on a loopback port, with a folder for its bytes.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use common::aws::Access;
use common::output::path;
use common::service::StartError;
use simcloud::{Cloud, ItemChange};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::data;
use super::hold::Hold;
use super::options::Options;

/// What requests are signed with; any would do.
pub(super) const ACCESS_KEY: &str = "local";
pub(super) const REGION: &str = "us-east-1";
/// Memory for small objects that need not outlive the command: each file on disk would cost more CPU than the requests about it.
const SCRATCH_MEMORY_BYTES: u64 = 1 << 30;

/// How often what changed is brought to the disk.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// A journal up to this length is read in a moment.
const JOURNAL_BYTES_MAX: u64 = 64 << 20;

/// simcloud on a port.
#[derive(Debug)]
pub(super) struct LocalCloud {
    cloud: Cloud,
    endpoint_url: String,
    access: Access,
    folder: PathBuf,
    /// Removed at the end, unless the user named a folder.
    _temporary: Option<TempDir>,
    _hold: Option<Hold>,
    /// With `--data`: brings what changes to the disk.
    keeping: Option<JoinHandle<Infallible>>,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<std::io::Result<()>>,
}

fn local(what: &str, error: impl std::fmt::Display) -> StartError {
    StartError::Local(format!("{what}: {error}"))
}

impl LocalCloud {
    pub(super) async fn start(options: &Options) -> Result<Self, StartError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await.map_err(|error| {
            let hint = "is another `drayage local` running? --port takes another one";
            local(&format!("failed to listen on 127.0.0.1:{} ({hint})", options.port), error)
        })?;
        let address = listener.local_addr().map_err(|error| local("failed to listen", error))?;
        let endpoint_url = format!("http://{address}");
        let (folder, temporary, hold) = match &options.data {
            Some(folder) => {
                let folder = data::open(folder)?;
                let hold = Hold::take(&folder, &endpoint_url)?;
                (folder, None, Some(hold))
            }
            None => {
                let made = tempfile::Builder::new().prefix("drayage-local-").tempdir();
                let made = made.map_err(|error| local("failed to make a temporary folder", error))?;
                (made.path().to_owned(), Some(made), None)
            }
        };
        std::fs::create_dir_all(folder.join("logs"))
            .map_err(|error| local(&format!("failed to use the folder {}", folder.display()), error))?;
        #[expect(clippy::disallowed_methods, reason = "the embedded AWS shows the time that it is")]
        let epoch = SystemTime::now();
        let cloud = Cloud::new(simcloud::Options {
            region: REGION.to_owned(),
            data_dir: Some(folder.join("s3")),
            scratch_memory_bytes: temporary.is_some().then_some(SCRATCH_MEMORY_BYTES),
            seed: seed_of(epoch),
            epoch,
            ..simcloud::Options::default()
        });
        let cloud =
            cloud.map_err(|error| local(&format!("failed to use the folder {}", folder.display()), error))?;
        if hold.is_some() {
            let kept = cloud.keep_in(&folder);
            kept.map_err(|error| local(&format!("failed to go on with {}", path(&folder)), error))?;
        }
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            let _ = stopped.await;
        };
        #[expect(clippy::disallowed_methods, reason = "the embedded AWS runs beside everything else")]
        let serving = tokio::spawn(simcloud::serve(cloud.clone(), listener, stopped));
        let access = Access {
            region: Some(REGION.to_owned()),
            endpoint_url: Some(endpoint_url.clone()),
            credentials: Some(Credentials::new(ACCESS_KEY, ACCESS_KEY, None, None, "drayage local")),
            // The command's own requests need no sockets.
            http_client: Some(cloud.http_client()),
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "the embedded AWS keeps its state beside everything else"
        )]
        let keeping = hold.is_some().then(|| tokio::spawn(keep(cloud.clone())));
        Ok(Self {
            cloud,
            endpoint_url,
            access,
            folder,
            _temporary: temporary,
            _hold: hold,
            keeping,
            stop: Some(stop),
            serving,
        })
    }

    pub(super) fn endpoint_url(&self) -> &str {
        &self.endpoint_url
    }

    pub(super) fn access(&self) -> &Access {
        &self.access
    }

    pub(super) fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn item_changes(&self, table: &str) -> mpsc::UnboundedReceiver<ItemChange> {
        self.cloud.item_changes(table)
    }

    /// Ends the service and, with `--data`, writes its state in one piece. After a crash before, the next start reads the journal.
    pub(super) async fn stop(&mut self) -> Result<(), StartError> {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let served = (&mut self.serving).await;
        served
            .map_err(|error| local("the embedded AWS ended", error))?
            .map_err(|error| local("the embedded AWS", error))?;
        // The process ends after this: the system takes its memory back at once, where dropping item after item of a large ledger would
        // take longer than whoever stopped us waits.
        std::mem::forget(self.cloud.clone());
        let Some(keeping) = self.keeping.take() else { return Ok(()) };
        keeping.abort();
        self.cloud
            .checkpoint()
            .map_err(|error| local(&format!("failed to write the state in {}", path(&self.folder)), error))
    }
}

/// Brings the journal to the disk every second, for ever. What a machine's end takes with it is at most that second.
async fn keep(cloud: Cloud) -> Infallible {
    let mut every = tokio::time::interval(SYNC_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let cloud = cloud.clone();
        let synced = tokio::task::spawn_blocking(move || cloud.sync_journal(JOURNAL_BYTES_MAX)).await;
        if let Ok(Err(error)) = synced {
            tracing::error!(error, "failed to keep the state");
        }
    }
}

/// Identifiers must not repeat those of an earlier run on the same folder.
fn seed_of(epoch: SystemTime) -> u64 {
    let since = epoch.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos() & u128::from(u64::MAX)).unwrap_or(0)
}
