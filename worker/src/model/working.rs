//! A worker's moves: claim, publish, look, settle, end the message.

use common::fault::{Class, Fault};
use common::ledger::{Completion, Reason, Status};

use super::explore::Move;
use super::protocol::{Bug, Protocol, free, spend};
use super::world::{Condition, Ending, Held, Late, Stage, Version, Worker, World};
use crate::copy::publish::Standing;
use crate::outcome::{End, Outcome};
use crate::verdict::{Verdict, verdict};

/// One attempt in its world.
#[derive(Clone)]
struct Attempt<'p> {
    protocol: &'p Protocol,
    world: World,
    at: usize,
    of: Version,
    stale: bool,
}

impl Protocol {
    pub(super) fn work(&self, world: &World, at: usize, moves: &mut Vec<Move<World>>) {
        let (of, stale, stage) = match world.workers[at] {
            Worker::Busy { of, stale, stage } => (of, stale, stage),
            Worker::Idle => {
                for of in (0..world.lane.len()).filter(|of| world.lane[*of] > 0) {
                    let mut next = world.clone();
                    next.lane[of] -= 1;
                    let stage = Stage::Claiming { owner: next.fresh_owner() };
                    next.workers[at] = Worker::Busy { of, stale: false, stage };
                    moves.push(free("worker: receives a message", next, true));
                }
                return;
            }
        };
        let attempt = Attempt { protocol: self, world: world.clone(), at, of, stale };
        let mut lost = attempt.clone();
        if !stale && spend(&mut lost.world) {
            lost.world.lane[of] += 1;
            lost.stale = true;
            moves.push(lost.then("worker: its message becomes visible, unnoticed", stage, false));
        }
        let mut dead = attempt.clone();
        if spend(&mut dead.world) {
            moves.push(dead.ends("worker: dies, or stops for a lost lease", false));
        }
        if self.late_visibility {
            attempt.leave_visibility_changes(stage, moves);
        }
        match stage {
            Stage::Claiming { owner } => attempt.claim(owner, moves),
            Stage::Publishing(held, condition) => attempt.publish(held, condition, moves),
            Stage::Looking { held, uncertain } => attempt.look(held, uncertain, moves),
            Stage::LookingBeforeFailing(held) => attempt.look_before_failing(held, moves),
            Stage::Settling(held, ending) => attempt.settle(held, ending, moves),
            Stage::Parking => attempt.park(moves),
            Stage::Deleting => attempt.delete(moves),
        }
    }
}

impl Attempt<'_> {
    /// The worker is in this stage now.
    fn then(mut self, name: &'static str, stage: Stage, quiet: bool) -> Move<World> {
        self.world.workers[self.at] = Worker::Busy { of: self.of, stale: self.stale, stage };
        free(name, self.world, quiet)
    }

    /// The worker has let the message go; it comes back, unless it did already.
    fn ends(mut self, name: &'static str, quiet: bool) -> Move<World> {
        self.world.workers[self.at] = Worker::Idle;
        self.world.hidden[self.of] += u8::from(!self.stale);
        free(name, self.world, quiet)
    }

    /// Heartbeats and give-backs that are sent in time, given up on, and on their way still.
    fn leave_visibility_changes(&self, stage: Stage, moves: &mut Vec<Move<World>>) {
        let mut next = self.clone();
        if self.stale || !spend(&mut next.world) {
            return;
        }
        let mut beating = next.clone();
        beating.world.late.push(Late::Heartbeat(self.of));
        moves.push(beating.then("worker: gives up on a heartbeat on its way", stage, false));
        next.world.late.push(Late::GiveBack(self.of));
        moves.push(next.ends("worker: gives the message back, and the request is on its way", false));
    }

    /// A request's faults. After each the worker goes `on`, or dies and the message comes back.
    fn faults(
        &self,
        late: Option<Late>,
        apply: impl Fn(&mut World) -> Result<(), &'static str>,
        on: impl Fn(Self, &'static str) -> Move<World>,
        moves: &mut Vec<Move<World>>,
    ) {
        let mut refused = self.clone();
        if !spend(&mut refused.world) {
            return;
        }
        moves.push(on(refused.clone(), "worker: a request is refused or does not arrive"));
        for dies in [false, true] {
            let go_on = |attempt: Self, name: [&'static str; 2]| {
                if dies { attempt.ends(name[1], false) } else { on(attempt, name[0]) }
            };
            let mut applied = refused.clone();
            let broken = apply(&mut applied.world).err();
            let names = ["worker: a reply is lost", "worker: dies with its request applied"];
            moves.push(Move { broken, ..go_on(applied, names) });
            if let Some(late) = late {
                let mut adrift = refused.clone();
                adrift.world.late.push(late);
                let names =
                    ["worker: gives up on a request on its way", "worker: dies with a request on its way"];
                moves.push(go_on(adrift, names));
            }
        }
    }

    fn claim(self, owner: u8, moves: &mut Vec<Move<World>>) {
        let (protocol, of) = (self.protocol, self.of);
        self.faults(
            Some(Late::Claim { of, owner }),
            |world| protocol.claim(world, of, owner).map(drop),
            // The SDK sends the same claim again.
            |attempt, name| attempt.then(name, Stage::Claiming { owner }, false),
            moves,
        );
        let mut next = self;
        let (stage, broken) = match protocol.claim(&mut next.world, of, owner) {
            Ok(Some(held)) => (Some(Stage::Publishing(held, Condition::Absent)), None),
            Ok(None) => match next.world.items[of].map(|item| item.status) {
                Some(Status::Failed) if protocol.bug != Bug::NotParkedAgain => (Some(Stage::Parking), None),
                Some(status) if status.is_terminal() => (Some(Stage::Deleting), None),
                _ => (None, None),
            },
            Err(property) => (None, Some(property)),
        };
        let name = "worker: claims";
        let step = match stage {
            Some(stage) => next.then(name, stage, true),
            None => next.ends(name, true),
        };
        moves.push(Move { broken, ..step });
    }

    /// What the source did, or the PUT.
    fn publish(self, held: Held, condition: Condition, moves: &mut Vec<Move<World>>) {
        let (protocol, of) = (self.protocol, self.of);
        let ends: [(&'static str, End); 5] = [
            ("worker: the source is overwritten", End::Superseded(reason())),
            ("worker: the source is gone", End::Permanent(reason())),
            ("worker: access is denied", End::Failed(reason())),
            ("worker: is throttled", passing()),
            ("worker: is stopped", End::Interrupted),
        ];
        for (name, end) in ends {
            let mut next = self.clone();
            if spend(&mut next.world) {
                moves.push(next.finish(name, held, Err(end), false));
            }
        }
        self.faults(
            Some(Late::Publish { of, held, condition }),
            |world| protocol.publish(world, of, held, condition).map(drop),
            |attempt, name| match protocol.bug {
                Bug::LostReplyTrusted => attempt.finish(name, held, Ok(completion()), false),
                _ => attempt.then(name, Stage::Looking { held, uncertain: true }, false),
            },
            moves,
        );
        let mut next = self;
        let there = next.world.target.is_some();
        let name = "worker: publishes, or its condition does not hold";
        let step = match protocol.publish(&mut next.world, of, held, condition) {
            Ok(true) => next.finish(name, held, Ok(completion()), true),
            Ok(false) if there => next.then(name, Stage::Looking { held, uncertain: false }, true),
            Ok(false) => next.then(name, Stage::Publishing(held, Condition::Absent), true),
            Err(property) => Move { broken: Some(property), ..next.ends(name, true) },
        };
        moves.push(step);
    }

    fn look(self, held: Held, uncertain: bool, moves: &mut Vec<Move<World>>) {
        let name = "worker: looks at the target";
        self.fail_to_look(held, moves);
        let step = match self.world.target.map(|object| (self.protocol.standing(self.of, object), object)) {
            Some((Standing::Ours, _)) => self.finish(name, held, Ok(completion()), true),
            Some((Standing::Newer, _)) => self.finish(name, held, Err(End::Superseded(reason())), true),
            _ if uncertain => self.finish(name, held, Err(passing()), true),
            Some((Standing::Older, object)) => {
                self.then(name, Stage::Publishing(held, Condition::Unchanged(object.etag)), true)
            }
            None => self.then(name, Stage::Publishing(held, Condition::Absent), true),
        };
        moves.push(step);
    }

    fn look_before_failing(self, held: Held, moves: &mut Vec<Move<World>>) {
        self.fail_to_look(held, moves);
        let standing = self.world.target.map(|object| self.protocol.standing(self.of, object));
        let ours = standing == Some(Standing::Ours) && self.protocol.bug != Bug::FailedWithoutLook;
        let ending = if ours { Ending::Complete } else { Ending::Fail };
        let mut next = self;
        if next.world.items[next.of].is_some_and(|item| held.is_of(item)) {
            next.world.overtaken[next.of] = false;
        }
        moves.push(next.then("worker: looks before it fails the file", Stage::Settling(held, ending), true));
    }

    fn fail_to_look(&self, held: Held, moves: &mut Vec<Move<World>>) {
        let mut blind = self.clone();
        if spend(&mut blind.world) {
            moves.push(blind.finish("worker: cannot look at the target", held, Err(passing()), false));
        }
    }

    /// What production's verdict makes of it.
    fn finish(
        self,
        name: &'static str,
        held: Held,
        result: Result<Completion, End>,
        quiet: bool,
    ) -> Move<World> {
        let failed_before = u32::from(held.failed_before);
        let ending = match verdict(Outcome::clean(result), failed_before, self.protocol.failed_attempts_max) {
            Verdict::Complete(_) => Ending::Complete,
            Verdict::Supersede(_) => Ending::Supersede,
            Verdict::Fail(_) => return self.then(name, Stage::LookingBeforeFailing(held), quiet),
            Verdict::Release { spent, .. } => Ending::Release { spent },
            Verdict::Leave => Ending::Leave,
        };
        self.then(name, Stage::Settling(held, ending), quiet)
    }

    fn settle(self, held: Held, ending: Ending, moves: &mut Vec<Move<World>>) {
        let (protocol, of) = (self.protocol, self.of);
        if protocol.bug == Bug::DeletedBeforeLedger && ending == Ending::Complete {
            moves.push(self.clone().then("worker: ends the message first", Stage::Deleting, true));
        }
        self.faults(
            Some(Late::Write { of, held, ending }),
            |world| protocol.write(world, of, held, ending).map(drop),
            |attempt, name| attempt.then(name, Stage::Settling(held, ending), false),
            moves,
        );
        let mut mute = self.clone();
        if spend(&mut mute.world) {
            moves.push(mute.ends("worker: cannot write the ledger and gives the message back", false));
        }
        let mut next = self;
        let name = "worker: writes the ledger";
        let step = match protocol.write(&mut next.world, of, held, ending) {
            Ok(true) => match ending {
                Ending::Complete | Ending::Supersede => next.then(name, Stage::Deleting, true),
                Ending::Fail => next.then(name, Stage::Parking, true),
                Ending::Release { .. } | Ending::Leave => next.ends(name, true),
            },
            Ok(false) => next.ends("worker: has lost the fence and leaves the file", true),
            Err(property) => Move { broken: Some(property), ..next.ends(name, true) },
        };
        moves.push(step);
    }

    fn park(self, moves: &mut Vec<Move<World>>) {
        let of = self.of;
        let mut unsent = self.clone();
        if spend(&mut unsent.world) {
            moves.push(unsent.clone().ends("worker: fails to park", false));
            unsent.world.parked[of] = true;
            moves.push(unsent.ends("worker: parks and does not learn of it", false));
        }
        let mut next = self;
        next.world.parked[of] = true;
        moves.push(next.then("worker: parks", Stage::Deleting, true));
    }

    /// With an old receipt SQS deletes nothing, or the message all the same.
    fn delete(self, moves: &mut Vec<Move<World>>) {
        let broken = Protocol::may_delete(&self.world, self.of).err();
        let mut back = self.clone();
        if spend(&mut back.world) {
            moves.push(back.ends("worker: fails to delete, or SQS delivers it again", false));
        }
        let mut gone = self;
        gone.world.workers[gone.at] = Worker::Idle;
        if gone.stale && gone.world.lane[gone.of] > 0 {
            let mut other = gone.clone();
            other.world.lane[other.of] -= 1;
            let name = "worker: deletes with an old receipt, and SQS does it";
            moves.push(Move { broken, ..free(name, other.world, true) });
        }
        moves.push(Move { broken, ..free("worker: deletes the message", gone.world, true) });
    }
}

fn reason() -> Reason {
    Reason::new("code", "sentence")
}

fn passing() -> End {
    End::Passing(Fault::new(Class::Throttled, "PutObject", "SlowDown"))
}

fn completion() -> Completion {
    Completion { checksum: None, target_etag: "etag".to_owned(), verified_by: "size" }
}
