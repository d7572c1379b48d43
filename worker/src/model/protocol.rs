//! The machine: its scope, its planted bugs, what the services make of requests, and the properties of what they do.

use std::collections::HashMap;

use common::ledger::{Status, Step};
use common::transfer::{CopyOptions, Sequencer, SourceVersion, Target, Transfer, TransferId};

use super::explore::{Machine, Move};
use super::world::{
    Condition, Dispatcher, Ending, Held, Item, Late, Object, VERSIONS_MAX, Version, Worker, World,
};
use crate::copy::marker::Marker;
use crate::copy::publish::{Occupant, Standing, standing};

pub(super) const S3: &str = "S3: completed means published";
pub(super) const S4: &str = "S4: failed means that our mark is not visible";
pub(super) const S5: &str = "S5: terminal states absorb, attempts only grow";
pub(super) const S6: &str = "S6: a target's sequencer never falls";
pub(super) const S7: &str = "S7: a message is deleted only after its successor state is durable";
pub(super) const P5: &str = "P5: one visible effect per version and target";

/// Mistakes that the exploration must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bug {
    None,
    FenceIgnored,
    DeletedBeforeLedger,
    PublishedUnconditionally,
    ExistenceTrusted,
    LostReplyTrusted,
    FailedWithoutLook,
    NewerNotSeen,
    TerminalReclaimed,
    QueuedNotSentAgain,
    EventDeletedUnsent,
    NotParkedAgain,
}

/// What is explored.
#[derive(Debug)]
pub(super) struct Protocol {
    pub(super) start: World,
    pub(super) bug: Bug,
    /// S4 without its known limit: a publish by an attempt that has lost the fence, between another's look and its `failed`.
    pub(super) strict: bool,
    /// Heartbeats and give-backs may be given up on and land late.
    pub(super) late_visibility: bool,
    pub(super) failed_attempts_max: u32,
    /// `standing` of production, of what each version (or, last, somebody else) published, seen by each version.
    pub(super) standings: [[Standing; VERSIONS_MAX + 1]; VERSIONS_MAX],
}

impl Protocol {
    pub(super) fn new(start: World) -> Self {
        let transfers = ["01", "02"].map(transfer);
        let standings = std::array::from_fn(|of: usize| {
            std::array::from_fn(|by: usize| standing(&occupant(transfers.get(by)), &transfers[of], None))
        });
        Self {
            start,
            bug: Bug::None,
            strict: false,
            late_visibility: false,
            failed_attempts_max: 2,
            standings,
        }
    }

    pub(super) fn with(self, bug: Bug) -> Self {
        Self { bug, ..self }
    }

    pub(super) fn standing(&self, of: Version, object: Object) -> Standing {
        match (self.bug, self.standings[of][object.by.unwrap_or(VERSIONS_MAX)]) {
            (Bug::ExistenceTrusted, _) => Standing::Ours,
            (Bug::NewerNotSeen, Standing::Newer) => Standing::Older,
            (_, standing) => standing,
        }
    }

    /// The ledger's `queue`: makes the item unless there is one.
    pub(super) fn queue(&self, world: &mut World, of: Version) {
        let item = Item { status: Step::Queue.to(), attempts: 0, failed: 0, owner: 0 };
        world.items[of].get_or_insert(item);
    }

    pub(super) fn send(world: &mut World, of: Version) {
        world.lane[of] += 1;
        world.sent[of] = true;
    }

    /// The ledger's `claim`: `None` where the condition does not hold.
    pub(super) fn claim(
        &self,
        world: &mut World,
        of: Version,
        owner: u8,
    ) -> Result<Option<Held>, &'static str> {
        let Some(before) = world.items[of] else { return Ok(None) };
        let claimable = Step::Claim.from().contains(&before.status) || self.bug == Bug::TerminalReclaimed;
        // Its own earlier try, whose reply was lost.
        if before.owner == owner && before.status == Step::Claim.to() {
            return Ok(Some(Held { owner, fence: before.attempts, failed_before: before.failed }));
        }
        if !claimable || before.owner == owner {
            return Ok(None);
        }
        let after = Item { status: Step::Claim.to(), attempts: before.attempts + 1, owner, ..before };
        self.put_item(world, of, before, after)?;
        Ok(Some(Held { owner, fence: after.attempts, failed_before: before.failed }))
    }

    /// An attempt's own write: whether it is done (or was, by an earlier try).
    pub(super) fn write(
        &self,
        world: &mut World,
        of: Version,
        held: Held,
        ending: Ending,
    ) -> Result<bool, &'static str> {
        let (Some(before), Some(step)) = (world.items[of], ending.step()) else { return Ok(false) };
        let fits = held.is_of(before);
        let fenced = step.is_fenced() && self.bug != Bug::FenceIgnored;
        if step.from().contains(&before.status) && (fits || !fenced) {
            let failed = matches!(ending, Ending::Release { spent: true } | Ending::Fail);
            let after = Item { status: step.to(), failed: before.failed + u8::from(failed), ..before };
            self.put_item(world, of, before, after)?;
            return Ok(true);
        }
        Ok(before.status == step.to() && fits)
    }

    fn put_item(
        &self,
        world: &mut World,
        of: Version,
        before: Item,
        after: Item,
    ) -> Result<(), &'static str> {
        if before.status.is_terminal() && after != before || after.attempts < before.attempts {
            return Err(S5);
        }
        if after.status == Status::Completed && world.published[of] == 0 {
            return Err(S3);
        }
        let ours_is_visible = world.target.is_some_and(|object| object.by == Some(of));
        if after.status == Status::Failed && ours_is_visible && (self.strict || !world.overtaken[of]) {
            return Err(S4);
        }
        world.items[of] = Some(after);
        Ok(())
    }

    /// A conditional PUT or Complete: whether the condition held. `held` is what its sender believes to hold.
    pub(super) fn publish(
        &self,
        world: &mut World,
        of: Version,
        held: Held,
        condition: Condition,
    ) -> Result<bool, &'static str> {
        let holds = match (condition, world.target) {
            (Condition::Absent, there) => there.is_none(),
            (Condition::Unchanged(etag), there) => there.is_some_and(|object| object.etag == etag),
        };
        if !holds && self.bug != Bug::PublishedUnconditionally {
            return Ok(false);
        }
        if world.target.and_then(|object| object.by).is_some_and(|by| by > of) {
            return Err(S6);
        }
        world.published[of] += 1;
        if world.published[of] > 1 {
            return Err(P5);
        }
        world.etags += 1;
        world.target = Some(Object { by: Some(of), etag: world.etags });
        world.overtaken[of] = !world.items[of].is_some_and(|item| held.is_of(item));
        Ok(true)
    }

    /// SQS applies a heartbeat to what is visible, too.
    fn hide(world: &mut World, of: Version) {
        if world.lane[of] > 0 {
            world.lane[of] -= 1;
            world.hidden[of] += 1;
        }
    }

    /// SQS applies a give-back to what another worker holds, too, and that one does not notice.
    fn expose(world: &mut World, of: Version) {
        let holder = world.workers.iter_mut().find_map(|worker| match worker {
            Worker::Busy { of: theirs, stale, .. } if *theirs == of && !*stale => Some(stale),
            _ => None,
        });
        match holder {
            _ if world.hidden[of] > 0 => world.hidden[of] -= 1,
            Some(stale) => *stale = true,
            None => return,
        }
        world.lane[of] += 1;
    }

    /// S7 of a lane's message.
    pub(super) fn may_delete(world: &World, of: Version) -> Result<(), &'static str> {
        let over = world.items[of].is_some_and(|item| item.status.is_terminal());
        if over { Ok(()) } else { Err(S7) }
    }

    /// A request that was given up on takes effect.
    fn land(&self, world: &mut World, late: Late) -> Result<(), &'static str> {
        match late {
            Late::Queue(of) => self.queue(world, of),
            Late::Send(of) => Self::send(world, of),
            Late::Claim { of, owner } => drop(self.claim(world, of, owner)?),
            Late::Publish { of, held, condition } => drop(self.publish(world, of, held, condition)?),
            Late::Heartbeat(of) => Self::hide(world, of),
            Late::GiveBack(of) => Self::expose(world, of),
            Late::Write { of, held, ending } => drop(self.write(world, of, held, ending)?),
        }
        Ok(())
    }

    /// Messages that come back, requests that land late, duplicates.
    fn nature(&self, world: &World, moves: &mut Vec<Move<World>>) {
        for at in 0..world.late.len() {
            let mut next = world.clone();
            let late = next.late.remove(at);
            let broken = self.land(&mut next, late).err();
            moves.push(Move {
                name: "a request that was given up on takes effect",
                to: next.sorted(),
                quiet: false,
                broken,
            });
        }
        for of in 0..VERSIONS_MAX {
            if world.hidden[of] > 0 {
                let mut next = world.clone();
                next.hidden[of] -= 1;
                next.lane[of] += 1;
                // While another works on the same file this needs a duplicate and an attempt longer than a visibility timeout.
                let early = world.is_worked_on(of);
                if !early || spend(&mut next) {
                    moves.push(free("a message comes back", next, !early));
                }
            }
            let known = world.events[of] > 0 || world.items[of].is_some();
            let mut next = world.clone();
            if known && spend(&mut next) {
                next.events[of] += 1;
                moves.push(free("a duplicate event", next, false));
            }
        }
    }
}

impl Machine for Protocol {
    type State = World;

    fn starts(&self) -> Vec<World> {
        vec![self.start.clone().sorted()]
    }

    fn moves(&self, world: &World) -> Vec<Move<World>> {
        let mut moves = Vec::new();
        self.nature(world, &mut moves);
        for at in 0..world.dispatchers.len() {
            self.dispatch(world, at, &mut moves);
        }
        for at in 0..world.workers.len() {
            self.work(world, at, &mut moves);
        }
        moves
    }

    fn is_good_end(&self, world: &World) -> bool {
        let idle = world.dispatchers.iter().all(|dispatcher| *dispatcher == Dispatcher::Idle)
            && world.workers.iter().all(|worker| *worker == Worker::Idle);
        let empty = [world.events, world.lane, world.hidden].iter().flatten().all(|count| *count == 0);
        let asked_for = |of: Version| self.start.events[of] > 0 || self.start.items[of].is_some();
        let over = |of: Version| match world.items[of] {
            Some(Item { status: Status::Failed, .. }) => world.parked[of],
            Some(item) => item.status.is_terminal(),
            None => !asked_for(of),
        };
        idle && empty && (0..VERSIONS_MAX).all(over)
    }
}

/// A move that breaks nothing.
pub(super) fn free(name: &'static str, to: World, quiet: bool) -> Move<World> {
    Move { name, to: to.sorted(), quiet, broken: None }
}

/// Takes one fault from the budget.
pub(super) fn spend(world: &mut World) -> bool {
    let may = world.faults > 0;
    world.faults -= u8::from(may);
    may
}

fn transfer(sequencer: &str) -> Transfer {
    let source = SourceVersion {
        bucket: "landing".to_owned(),
        key: "key".to_owned(),
        size_bytes: 1,
        etag: format!("etag{sequencer}"),
        version_id: None,
        sequencer: Sequencer::parse(sequencer).ok(),
    };
    let target = Target { bucket: "delivered".to_owned(), key: "key".to_owned() };
    Transfer {
        id: TransferId::derive(&source, &target),
        source,
        target,
        customer: "customer".to_owned(),
        rule: "rule".to_owned(),
        options: CopyOptions::default(),
        uploaded_at: String::new(),
    }
}

/// What is visible after this transfer has published; without one, after somebody else has.
fn occupant(by: Option<&Transfer>) -> Occupant {
    Occupant {
        etag: "etag".to_owned(),
        size_bytes: 1,
        checksum: None,
        marker: by.and_then(|by| Marker::for_copy(by, &HashMap::new())),
    }
}
