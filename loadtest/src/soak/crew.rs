//! The processes, and the hand that ends them.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::future::join_all;
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use tokio::process::Child;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::options::Options;
use super::watch::Watch;
use super::{ACCESS_KEY, REGION};
use crate::error::Error;
use crate::procfs;
use crate::program;

/// What a process gets from SIGTERM to its exit.
const GRACE_PERIOD: Duration = Duration::from_secs(15);
/// Longer than a poll and its slack, short so that what was killed comes back soon.
const VISIBILITY_TIMEOUT_S: &str = "15";
const WAIT_S: &str = "1";
const START_LOOKS: Duration = Duration::from_millis(2);

/// How processes ended.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Exits {
    pub(super) killed: usize,
    /// Ended by SIGTERM with exit code 0 within the grace period.
    pub(super) drained: usize,
    /// Ended by SIGTERM otherwise: how.
    pub(super) badly: Vec<String>,
    /// Ended by themselves: how.
    pub(super) unasked: Vec<String>,
    pub(super) drain_seconds: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Kill,
    Terminate,
    Stop,
}

/// One place in the crew: a process, and after it the next one.
#[derive(Debug)]
struct Place {
    name: String,
    arguments: Vec<String>,
    log: PathBuf,
    is_up: Cell<bool>,
    order: Cell<Option<Order>>,
    ordered: Notify,
}

#[derive(Debug)]
pub(super) struct Crew {
    program: PathBuf,
    places: Vec<Place>,
    exits: RefCell<Exits>,
}

impl Crew {
    pub(super) fn new(options: &Options, endpoint_url: &str, folder: &Path) -> Result<Self, Error> {
        let rules = folder.join("rules.toml");
        std::fs::write(&rules, common::routes::DEFAULT_RULES)
            .map_err(|error| Error::failed_to("write the rules", error))?;
        let lanes = topology::LANES.map(|lane| format!("{lane}={lane}")).join(",");
        let shared = |role: &str| {
            let flags = [
                ("region", REGION),
                ("endpoint-url", endpoint_url),
                ("table", topology::TABLE),
                ("lanes", &lanes),
                ("visibility-timeout-s", VISIBILITY_TIMEOUT_S),
                ("wait-s", WAIT_S),
                ("grace-period-s", &GRACE_PERIOD.as_secs().to_string()),
                ("log", "info"),
            ];
            let flags = flags.into_iter().flat_map(|(name, value)| [format!("--{name}"), value.to_owned()]);
            [role.to_owned(), "--stop-with-parent".to_owned()].into_iter().chain(flags).collect::<Vec<_>>()
        };
        let place = |name: String, arguments: Vec<String>| Place {
            log: folder.join(format!("{name}.log")),
            name,
            arguments,
            is_up: Cell::new(false),
            order: Cell::new(None),
            ordered: Notify::new(),
        };
        let mut dispatcher = shared("dispatcher");
        let rules = rules.display().to_string();
        dispatcher.extend(["--ingest-queue", topology::INGEST, "--rules", &rules].map(str::to_owned));
        let mut places = vec![place("dispatcher".to_owned(), dispatcher)];
        for number in 1..=options.workers {
            let name = format!("worker-{number}");
            let mut arguments = shared("worker");
            arguments.extend(["--worker-id".to_owned(), name.clone()]);
            places.push(place(name, arguments));
        }
        Ok(Self { program: program::drayage()?, places, exits: RefCell::default() })
    }

    /// Keeps every place filled until [`Crew::stop`].
    pub(super) async fn keep(&self, watch: &Watch) {
        join_all(self.places.iter().map(|place| self.keep_place(place, watch))).await;
    }

    async fn keep_place(&self, place: &Place, watch: &Watch) {
        loop {
            let mut child = match self.spawn(place) {
                Ok(child) => child,
                Err(error) => {
                    self.exits.borrow_mut().unasked.push(format!("{}: failed to start: {error}", place.name));
                    return;
                }
            };
            // Waiting for a child closes the standard input that it still holds, and that would stop it.
            let leash = child.stdin.take();
            // While the system still loads a program, a signal ends it as it ends any program.
            while child.id().is_some_and(|process| !procfs::catches(process, Signal::TERM)) {
                let _ = timeout(START_LOOKS, child.wait()).await;
            }
            place.is_up.set(true);
            let order = tokio::select! {
                biased;
                order = place.next_order() => Some(order),
                _ = child.wait() => None,
            };
            place.is_up.set(false);
            match order {
                Some(Order::Kill) => {
                    let _ = child.kill().await;
                    watch.killed(&place.name);
                    self.exits.borrow_mut().killed += 1;
                }
                Some(order) => {
                    self.terminate(place, child).await;
                    if order == Order::Stop {
                        return;
                    }
                }
                None => {
                    let how =
                        child.wait().await.map_or_else(|error| error.to_string(), |how| how.to_string());
                    self.exits.borrow_mut().unasked.push(format!("{}: {how}", place.name));
                    // A process that cannot start must not be started a thousand times.
                    sleep(Duration::from_secs(1)).await;
                }
            }
            drop(leash);
        }
    }

    async fn terminate(&self, place: &Place, mut child: Child) {
        let started = Instant::now();
        let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let sent = pid.map(|pid| kill_process(pid, Signal::TERM));
        let how = match (sent, timeout(GRACE_PERIOD, child.wait()).await) {
            (Some(Ok(())), Ok(Ok(status))) if status.success() => None,
            (Some(Err(error)), _) => Some(format!("was not there for SIGTERM: {error}")),
            (_, Ok(Ok(status))) => Some(format!("ended with {status}")),
            (_, Ok(Err(error))) => Some(format!("was lost: {error}")),
            (_, Err(_)) => {
                let _ = child.kill().await;
                Some("did not end within its grace period".to_owned())
            }
        };
        let mut exits = self.exits.borrow_mut();
        exits.drain_seconds.push(started.elapsed().as_secs_f64());
        match how {
            None => exits.drained += 1,
            Some(how) => exits.badly.push(format!("{}: {how}", place.name)),
        }
    }

    fn spawn(&self, place: &Place) -> std::io::Result<Child> {
        let log = File::options().create(true).append(true).open(&place.log)?;
        program::service(&self.program, ACCESS_KEY).args(&place.arguments).stderr(log).spawn()
    }

    /// Strikes until every signal has struck; `tell` hears of each, and once before the first.
    pub(super) async fn strike(&self, options: &Options, tell: impl Fn(usize)) {
        let mut draws = fastrand::Rng::with_seed(options.seed ^ 0x0073_7472_696b_6573);
        let mut orders = vec![Order::Kill; options.kills];
        orders.resize(options.kills + options.terms, Order::Terminate);
        draws.shuffle(&mut orders);
        tell(0);
        for (nth, order) in orders.into_iter().enumerate() {
            sleep(options.interval.mul_f64(2.0 * draws.f64())).await;
            self.victim(&mut draws).await.give(order);
            tell(nth + 1);
        }
    }

    /// Somebody who is up: workers more often than the dispatcher.
    async fn victim(&self, draws: &mut fastrand::Rng) -> &Place {
        loop {
            let at = if draws.f64() < 0.2 { 0 } else { draws.usize(1..self.places.len()) };
            match self.places.get(at) {
                Some(place) if place.is_up.get() && place.order.get().is_none() => return place,
                _ => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// SIGTERM to all; nobody is started again.
    pub(super) fn stop(&self) {
        for place in &self.places {
            place.give(Order::Stop);
        }
    }

    pub(super) fn exits(&self) -> Exits {
        self.exits.borrow().clone()
    }
}

impl Place {
    fn give(&self, order: Order) {
        self.order.set(Some(order));
        self.ordered.notify_one();
    }

    async fn next_order(&self) -> Order {
        loop {
            if let Some(order) = self.order.take() {
                return order;
            }
            self.ordered.notified().await;
        }
    }
}
