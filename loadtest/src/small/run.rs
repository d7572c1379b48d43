//! One run: a contender moves all files of the world.
//!
//! 1. Reset the world, start the process.
//! 2. Hold its receives once they have brought the warm-up files. When those are done, note CPU time, time and requests: starting
//!    is not part of the figures. Let the receives go on.
//! 3. When all files are done and their messages deleted, note them again; stop the process.
//! 4. Read every copy back.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use common::queue::BATCH_MAX;
use serde::Serialize;
use simcloud::{Image, ItemChange};
use tokio::process::Command;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep, timeout};
use topology::TABLE;

use super::process::Process;
use super::world::{Counting, World};

/// Between two looks at the queue, at the end.
const LOOK: Duration = Duration::from_millis(20);

/// What is asked of a run.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) warm_up: usize,
    pub(super) files: usize,
    pub(super) patience: Duration,
    /// Whether SIGTERM must end it with success.
    pub(super) must_stop_well: bool,
}

/// What a run took, from the end of the warm-up to the end.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Usage {
    pub(super) files: usize,
    pub(super) seconds: f64,
    pub(super) cpu_seconds: f64,
    pub(super) peak_kib: u64,
    /// By service and operation.
    pub(super) requests: BTreeMap<String, u64>,
}

/// How many files are done.
struct Progress {
    changes: UnboundedReceiver<ItemChange>,
    done: usize,
}

/// What is noted at the end of the warm-up.
struct Start {
    at: Instant,
    done: usize,
    cpu_seconds: f64,
    requests: BTreeMap<String, u64>,
}

impl Progress {
    /// Waits until so many files are done.
    async fn reach(&mut self, files: usize) -> Result<(), String> {
        while self.done < files {
            let change = self.changes.recv().await.ok_or("the ledger's table is gone")?;
            self.done += usize::from(completes(&change));
        }
        Ok(())
    }
}

fn completes(change: &ItemChange) -> bool {
    let completed =
        |image: &Option<Image>| image.as_ref().and_then(|item| item.text("status")) == Some("completed");
    completed(&change.new) && !completed(&change.old)
}

pub(super) async fn run(
    world: &World,
    command: Command,
    folder: &Path,
    asked: &Asked,
) -> Result<Usage, String> {
    let all = asked.warm_up + asked.files;
    world.reset().await?;
    let mut progress = Progress { changes: world.cloud.item_changes(TABLE), done: 0 };
    let counting = world.count();
    let mut process = Process::start(command, folder)?;
    let measured = watch(world, &mut process, &mut progress, &counting, [asked.warm_up, all]);
    let usage = match timeout(asked.patience, measured).await {
        Ok(usage) => usage?,
        Err(_) => {
            let (done, seconds) = (progress.done, asked.patience.as_secs());
            return Err(format!("{done} of {all} files done in {seconds} s"));
        }
    };
    drop(counting);
    let status = process.stop().await?;
    if asked.must_stop_well && !status.success() {
        return Err(process.last_words(status));
    }
    world.verify().await?;
    Ok(usage)
}

async fn watch(
    world: &World,
    process: &mut Process,
    progress: &mut Progress,
    counting: &Counting<'_>,
    [warm_up, all]: [usize; 2],
) -> Result<Usage, String> {
    let gate = world.hold_receives_after(warm_up.div_ceil(BATCH_MAX));
    let warm = async {
        gate.reached().await;
        // Everything that was received.
        let [waiting, _] = world.messages().await?;
        progress.reach(all.saturating_sub(waiting)).await
    };
    alive(process, warm).await?;
    let cpu_seconds = process.cpu_seconds()?;
    let start = Start { at: Instant::now(), done: progress.done, cpu_seconds, requests: counting.requests() };
    gate.open();
    alive(process, progress.reach(all)).await?;
    let seconds = start.at.elapsed().as_secs_f64();
    let emptied = async {
        // Deletes follow the ledger's last write: they belong to the files too.
        while world.messages().await? != [0, 0] {
            sleep(LOOK).await;
        }
        Ok(())
    };
    alive(process, emptied).await?;
    let requests = counting.requests().into_iter().map(|(name, count)| {
        let before = start.requests.get(&name).copied().unwrap_or(0);
        (name, count - before)
    });
    // The look at the queue is ours.
    let requests = requests.filter(|(name, count)| *count > 0 && name != "SQS.GetQueueAttributes").collect();
    Ok(Usage {
        files: progress.done - start.done,
        seconds,
        cpu_seconds: process.cpu_seconds()? - start.cpu_seconds,
        peak_kib: process.peak_kib()?,
        requests,
    })
}

/// `work`, unless the process ends before it.
async fn alive(process: &mut Process, work: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    tokio::select! {
        biased;
        done = work => done,
        why = process.ended() => Err(why),
    }
}
