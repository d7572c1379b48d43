//! What a run of many seeds came to.

use std::collections::BTreeMap;
use std::time::Duration;

use super::faults::Kind;
use super::one::Outcome;
use super::options::Options;
use crate::error::Error;
use crate::table::table;

/// With `--gate`, what a kind of fault must have been hit.
const HITS_MIN: u64 = 100;
/// The same of a kind that can strike only between the first part of a large file and its Complete, of which a world has one or two.
const HITS_OF_LARGE_MIN: u64 = 25;
/// Violations that are listed.
const SHOWN_MAX: usize = 20;

#[derive(Debug, Default)]
pub(super) struct Report {
    seeds: u64,
    violations: Vec<Outcome>,
    hits: Vec<u64>,
    /// Seeds in which each kind struck.
    worlds: Vec<u64>,
    simulated: Duration,
    quiet_after_max: Duration,
    requests: u64,
    /// Of the world that sent most for each transfer; polls of idle queues are in it.
    requests_per_transfer_max: f64,
    ends: [usize; 3],
    uploads_left: usize,
    same_bytes_overtaken: usize,
    failed_then_published: usize,
    failed_unseen: usize,
    pub(super) took: Duration,
}

impl Report {
    pub(super) fn new() -> Self {
        Self { hits: vec![0; Kind::COUNT], worlds: vec![0; Kind::COUNT], ..Self::default() }
    }

    pub(super) fn add(&mut self, outcome: Outcome) {
        self.seeds += 1;
        for ((hits, worlds), hit) in self.hits.iter_mut().zip(&mut self.worlds).zip(&outcome.hits) {
            *hits += hit;
            *worlds += u64::from(*hit > 0);
        }
        self.simulated += outcome.simulated;
        self.quiet_after_max = self.quiet_after_max.max(outcome.quiet_after);
        self.requests += outcome.requests;
        let transfers = outcome.completed + outcome.superseded + outcome.failed;
        let each = outcome.requests as f64 / transfers.max(1) as f64;
        self.requests_per_transfer_max = self.requests_per_transfer_max.max(each);
        self.ends[0] += outcome.completed;
        self.ends[1] += outcome.superseded;
        self.ends[2] += outcome.failed;
        self.uploads_left += outcome.uploads_left;
        self.same_bytes_overtaken += outcome.same_bytes_overtaken;
        self.failed_then_published += outcome.failed_then_published;
        self.failed_unseen += outcome.failed_unseen;
        if outcome.violation.is_some() {
            self.violations.push(outcome);
            self.violations.sort_by_key(|outcome| outcome.seed);
        }
    }

    pub(super) fn seeds(&self) -> u64 {
        self.seeds
    }

    pub(super) fn violations(&self) -> usize {
        self.violations.len()
    }

    pub(super) fn seeds_per_s(&self) -> f64 {
        self.seeds as f64 / self.took.as_secs_f64().max(f64::EPSILON)
    }

    pub(super) fn text(&self, options: &Options) -> String {
        let [completed, superseded, failed] = self.ends;
        let mut text = format!(
            "{} seeds of {} files in {:.1} s on {} threads: {:.2} seeds/s, {:.0} requests/s; {:.1} h were simulated\n\
             transfers: {completed} completed, {superseded} superseded, {failed} failed; quiet at most {:.0} s after the last fault; at most \
             {:.0} requests for each transfer\n\
             known limits met: {} uploads that nobody knows, {} older versions over newer ones of equal bytes, {} published after they \
             were failed, {} failed with a 412 for their own publish and no look allowed\n\n",
            self.seeds,
            options.files,
            self.took.as_secs_f64(),
            options.jobs,
            self.seeds_per_s(),
            self.requests as f64 / self.took.as_secs_f64().max(f64::EPSILON),
            self.simulated.as_secs_f64() / 3_600.0,
            self.quiet_after_max.as_secs_f64(),
            self.requests_per_transfer_max,
            self.uploads_left,
            self.same_bytes_overtaken,
            self.failed_then_published,
            self.failed_unseen,
        );
        let rows = Kind::ALL.map(|(kind, _)| {
            let (hits, worlds) = (self.hits[kind.index()], self.worlds[kind.index()]);
            let least = hits_min(kind);
            let note = if hits < least { format!("fewer than {least}") } else { String::new() };
            vec![kind.name(), hits.to_string(), worlds.to_string(), note]
        });
        text.push_str(&table(&["fault", "hits", "worlds", ""], &rows));
        text.push_str("\n\n");
        text.push_str(&self.verdict_text());
        text
    }

    fn verdict_text(&self) -> String {
        if self.violations.is_empty() {
            return "every promise was kept".to_owned();
        }
        let mut by_invariant: BTreeMap<&str, usize> = BTreeMap::new();
        for violation in self.violations.iter().filter_map(|outcome| outcome.violation.as_ref()) {
            *by_invariant.entry(violation.invariant).or_default() += 1;
        }
        let counts = by_invariant.iter().map(|(name, count)| format!("BROKEN {name}: {count} seeds"));
        let lines = self.violations.iter().take(SHOWN_MAX).map(shown);
        let replay = self
            .violations
            .first()
            .map(|first| format!("to replay the first: loadtest simulate --seed {} --trace", first.seed));
        counts.chain(lines).chain(replay).collect::<Vec<_>>().join("\n")
    }

    /// # Errors
    /// When a promise was broken, or the gate does not open.
    pub(super) fn verdict(&self, options: &Options) -> Result<(), Error> {
        if let Some(first) = self.violations.first()
            && let Some(violation) = &first.violation
        {
            let (seed, invariant) = (first.seed, violation.invariant);
            return Err(Error::Failed(format!("seed {seed} broke {invariant}: {}", violation.what)));
        }
        let missed = Kind::ALL.iter().filter(|(kind, _)| self.hits[kind.index()] < hits_min(*kind));
        let missed: Vec<String> = missed.map(|(kind, _)| kind.name()).collect();
        if options.gate && !missed.is_empty() {
            return Err(Error::Failed(format!("hit too seldom: {}", missed.join(", "))));
        }
        Ok(())
    }
}

fn hits_min(kind: Kind) -> u64 {
    if kind.is_of_large_files() { HITS_OF_LARGE_MIN } else { HITS_MIN }
}

fn shown(outcome: &Outcome) -> String {
    let Some(violation) = &outcome.violation else { return String::new() };
    let at = violation.at_ms as f64 / 1e3;
    format!("  seed {} at {at:.3} s: {}: {}", outcome.seed, violation.invariant, violation.what)
}

/// One seed, whole.
pub(super) fn single(outcome: &Outcome) -> String {
    let hit =
        Kind::ALL.iter().filter(|(kind, _)| outcome.hits.get(kind.index()).is_some_and(|hits| *hits > 0));
    let hits = hit.map(|(kind, _)| format!("{} {}", outcome.hits[kind.index()], kind.name()));
    let verdict = shown(outcome);
    let limits = format!(
        "{} uploads that nobody knows, {} older versions over newer ones of equal bytes, {} published after they were failed, \
         {} failed with a 412 for their own publish and no look allowed",
        outcome.uploads_left,
        outcome.same_bytes_overtaken,
        outcome.failed_then_published,
        outcome.failed_unseen
    );
    format!(
        "seed {}: trace {:016x}, {:.0} s simulated, {} requests; {} completed, {} superseded, {} failed\nfaults: {}\nknown limits met: {limits}\n{}",
        outcome.seed,
        outcome.trace_hash,
        outcome.simulated.as_secs_f64(),
        outcome.requests,
        outcome.completed,
        outcome.superseded,
        outcome.failed,
        hits.collect::<Vec<_>>().join(", "),
        if verdict.is_empty() { "every promise was kept" } else { verdict.trim_start() },
    )
}
