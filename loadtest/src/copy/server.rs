//! The server: simcloud in a process of its own, everything in memory.

use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::time::Duration;

use clap::Command as Clap;
use simcloud::Cloud;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::error::Error;
use crate::output::out;

pub(super) const ROLE: &str = "serve-s3";
const START_PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn command() -> Clap {
    Clap::new(ROLE).hide(true).about("Serves simcloud on a free port until standard input ends")
}

/// The role: prints the address, serves until standard input ends, which it does however the parent ends.
pub(super) fn main() -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::failed_to("serve simcloud", error);
    let (ended, parent_ended) = oneshot::channel();
    std::thread::spawn(move || {
        let mut nothing = [0; 64];
        let mut input = std::io::stdin().lock();
        while input.read(&mut nothing).is_ok_and(|len| len > 0) {}
        let _ = ended.send(());
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(failed)?;
    let served = runtime.block_on(async {
        // The quick ETags keep MD5, which costs most of an upload, out of the server.
        let cloud = Cloud::new(simcloud::Options { fast_etags: true, ..simcloud::Options::default() })?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        out(&listener.local_addr()?.to_string());
        let stop = async {
            let _ = parent_ended.await;
        };
        simcloud::serve(cloud, listener, stop).await
    });
    // Connections that are still open must not hold the exit up.
    runtime.shutdown_timeout(Duration::from_secs(1));
    served.map_err(failed)
}

/// The server's process; dropping it ends it.
#[derive(Debug)]
pub(super) struct Server {
    /// Ends with us, and its standard input with it.
    _child: Child,
    address: SocketAddr,
}

impl Server {
    pub(super) async fn start() -> Result<Self, Error> {
        let failed = |error: std::io::Error| Error::failed_to("start the server", error);
        let program = std::env::current_exe().map_err(failed)?;
        let mut child = Command::new(program)
            .arg(ROLE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            let read = timeout(START_PATIENCE, BufReader::new(stdout).read_line(&mut line)).await;
            read.map_err(|_| Error::failed_to("start the server", "it did not say its address in time"))?
                .map_err(failed)?;
        }
        let address = line.trim().parse();
        let address =
            address.map_err(|_| Error::failed_to("start the server", "it did not say its address"))?;
        Ok(Self { _child: child, address })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}
