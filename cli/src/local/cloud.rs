//! The embedded AWS of `drayage local`: simcloud, served on a loopback port, with a folder for its bytes.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use aws_credential_types::Credentials;
use common::aws::Access;
use common::service::StartError;
use simcloud::{Cloud, ItemChange};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::data;
use super::options::Options;

/// What requests are signed with; any would do.
pub(super) const ACCESS_KEY: &str = "local";
pub(super) const REGION: &str = "us-east-1";
/// Memory for small objects that need not outlive the command: each file on disk would cost more CPU than the requests about it.
const SCRATCH_MEMORY_BYTES: u64 = 1 << 30;

/// simcloud on a port.
#[derive(Debug)]
pub(super) struct LocalCloud {
    cloud: Cloud,
    endpoint_url: String,
    access: Access,
    folder: PathBuf,
    /// Removed at the end, unless the user named a folder.
    _temporary: Option<TempDir>,
    keep: bool,
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
        let (folder, temporary) = match &options.data {
            Some(folder) => (data::open(folder)?, None),
            None => {
                let made = tempfile::Builder::new().prefix("drayage-local-").tempdir();
                let made = made.map_err(|error| local("failed to make a temporary folder", error))?;
                (made.path().to_owned(), Some(made))
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
        restore(&cloud, &folder.join(STATE))?;
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            let _ = stopped.await;
        };
        #[expect(clippy::disallowed_methods, reason = "the embedded AWS runs beside everything else")]
        let serving = tokio::spawn(simcloud::serve(cloud.clone(), listener, stopped));
        let endpoint_url = format!("http://{address}");
        let access = Access {
            region: Some(REGION.to_owned()),
            endpoint_url: Some(endpoint_url.clone()),
            credentials: Some(Credentials::new(ACCESS_KEY, ACCESS_KEY, None, None, "drayage local")),
            // The command's own requests need no sockets.
            http_client: Some(cloud.http_client()),
        };
        let keep = temporary.is_none();
        Ok(Self {
            cloud,
            endpoint_url,
            access,
            folder,
            _temporary: temporary,
            keep,
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

    /// Ends the service and, with `--data`, writes down what is not objects. A crash before leaves the state of the start.
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
        if !self.keep {
            return Ok(());
        }
        let state = self.folder.join(STATE);
        let next = self.folder.join("state.json.next");
        let written = std::fs::write(&next, self.cloud.snapshot().to_string());
        written
            .and_then(|()| std::fs::rename(&next, &state))
            .map_err(|error| local(&format!("failed to write {}", state.display()), error))
    }
}

/// Ledger, queues and rules; objects have files of their own.
const STATE: &str = "state.json";

fn restore(cloud: &Cloud, state: &Path) -> Result<(), StartError> {
    let what = || format!("failed to go on with {}", state.display());
    let text = match std::fs::read_to_string(state) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(local(&what(), error)),
    };
    let snapshot = serde_json::from_str(&text).map_err(|error| local(&what(), error))?;
    cloud.restore(snapshot).map_err(|error| local(&what(), error))
}

/// Identifiers must not repeat those of an earlier run on the same folder.
fn seed_of(epoch: SystemTime) -> u64 {
    let since = epoch.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos() & u128::from(u64::MAX)).unwrap_or(0)
}
