//! The server: simcloud with everything that a worker needs, and the dispatcher, in a process of its own.
//!
//! It says its address on standard output, puts a virtual object for each line `KEY BYTES` of standard input, and tells of each
//! file that has come to its end. It ends with its standard input, which ends with the parent.

use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::net::Ipv4Addr;
use std::process::Stdio;
use std::time::Duration;

use clap::Command as Clap;
use common::ledger::{Status, attribute};
use common::routes::{DEFAULT_RULES, Routes};
use common::shutdown::Shutdown;
use dispatcher::Drain;
use serde::{Deserialize, Serialize};
use simcloud::{ItemChange, VirtualChecksum};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;
use topology::{INGEST, World, lanes};

use crate::error::Error;
use crate::output::out;

pub(crate) const ROLE: &str = "serve-virtual";
const SOURCE: &str = "landing";
const START_PATIENCE: Duration = Duration::from_secs(10);
const VISIBILITY: Duration = Duration::from_secs(60);
const WAIT: Duration = Duration::from_secs(20);

/// A file that has come to its end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Ended {
    pub(super) key: String,
    pub(super) status: String,
    /// Of what was delivered.
    pub(super) checksum: String,
    /// Of the source.
    pub(super) expected: String,
}

pub(super) fn command() -> Clap {
    Clap::new(ROLE).hide(true).about("Serves simcloud with virtual objects until standard input ends")
}

pub(super) fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::failed_to("serve simcloud", error))?;
    let served = runtime.block_on(Box::pin(serve()));
    // Connections that are still open must not hold the exit up.
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

async fn serve() -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::failed_to("serve simcloud", error);
    let options = simcloud::Options { fast_etags: true, ..simcloud::Options::default() };
    let world = World::with(options).await.map_err(|error| Error::Failed(error.to_string()))?;
    let drain = drain(&world).await.map_err(|why| Error::failed_to("start the dispatcher", why))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
    out(&format!("http://{}", listener.local_addr().map_err(failed)?));
    tokio::select! {
        ended = converse(&world) => ended,
        () = drain.run(1) => Ok(()),
        served = simcloud::serve(world.cloud.clone(), listener, std::future::pending()) => served.map_err(failed),
    }
}

async fn drain(world: &World) -> Result<Drain, String> {
    let queue = async |name: &str| world.queue(name, VISIBILITY).await.map_err(|fault| fault.to_string());
    let mut queues = BTreeMap::new();
    for lane in lanes() {
        let queue = queue(lane.as_str()).await?;
        queues.insert(lane, queue);
    }
    let routes = Routes::parse(DEFAULT_RULES, &lanes()).map_err(|mistakes| mistakes.to_string())?;
    Ok(Drain::new(queue(INGEST).await?, queues, world.ledger(), routes, WAIT, Shutdown::new()))
}

async fn converse(world: &World) -> Result<(), Error> {
    let mut changes = world.cloud.item_changes(topology::TABLE);
    let mut lines = input();
    let mut checksums = BTreeMap::new();
    loop {
        tokio::select! {
            Some(change) = changes.recv() => {
                if let Some(ended) = ended(&change, &checksums)
                    && let Ok(line) = serde_json::to_string(&ended)
                {
                    out(&line);
                }
            }
            line = lines.recv() => {
                let Some(line) = line else { return Ok(()) };
                let asked = line.split_once(' ').and_then(|(key, bytes)| Some((key, bytes.parse().ok()?)));
                let (key, bytes) = asked.ok_or_else(|| Error::Failed("expected: KEY BYTES".to_owned()))?;
                let made = world.cloud.put_virtual_object(SOURCE, key, bytes, VirtualChecksum::FullObject);
                let made = made.map_err(|why| Error::failed_to(format!("put {key}"), why))?;
                checksums.insert(key.to_owned(), made.crc64nvme);
            }
        }
    }
}

/// The lines of standard input, read by a thread of its own.
fn input() -> mpsc::UnboundedReceiver<String> {
    let (sender, lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let lines = std::io::stdin().lock().lines().map_while(Result::ok);
        for line in lines {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

fn ended(change: &ItemChange, checksums: &BTreeMap<String, String>) -> Option<Ended> {
    let text = |name: &str| Some(change.new.as_ref()?.text(name)?.to_owned());
    let status = Status::parse(&text(attribute::STATUS)?).filter(|status| status.is_terminal())?;
    let key = text(attribute::KEY)?;
    let expected = checksums.get(&key).cloned().unwrap_or_default();
    let checksum = text(attribute::CHECKSUM).unwrap_or_default();
    Some(Ended { key, status: status.to_string(), checksum, expected })
}

/// The server's process; dropping it ends it.
#[derive(Debug)]
pub(super) struct Server {
    _child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    pub(super) endpoint_url: String,
}

impl Server {
    pub(super) async fn start() -> Result<Self, Error> {
        let failed = |error: std::io::Error| Error::failed_to("start the server", error);
        let silent = || Error::failed_to("start the server", "it did not say its address");
        let program = std::env::current_exe().map_err(failed)?;
        let mut child = Command::new(program)
            .arg(ROLE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let (input, output) = child.stdin.take().zip(child.stdout.take()).ok_or_else(silent)?;
        let mut lines = BufReader::new(output).lines();
        let line = timeout(START_PATIENCE, lines.next_line()).await.map_err(|_| silent())?.map_err(failed)?;
        let endpoint_url = line.ok_or_else(silent)?;
        Ok(Self { _child: child, input, lines, endpoint_url })
    }

    pub(super) async fn put(&mut self, key: &str, bytes: u64) -> Result<(), Error> {
        let line = format!("{key} {bytes}\n");
        let written = self.input.write_all(line.as_bytes()).await;
        written.map_err(|error| Error::failed_to("speak to the server", error))
    }

    /// The next file that has come to its end.
    pub(super) async fn ended(&mut self) -> Result<Ended, Error> {
        let line = self.lines.next_line().await.ok().flatten();
        let line = line.ok_or_else(|| Error::Failed("the server has ended".to_owned()))?;
        serde_json::from_str(&line).map_err(|error| Error::failed_to("understand the server", error))
    }
}
