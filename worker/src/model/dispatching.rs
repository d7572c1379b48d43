//! A dispatcher's moves: ledger, lane, delete.

use super::explore::Move;
use super::protocol::{Bug, Protocol, S7, free, spend};
use super::world::{Dispatcher, Late, World};
use common::ledger::Status;

impl Protocol {
    pub(super) fn dispatch(&self, world: &World, at: usize, moves: &mut Vec<Move<World>>) {
        match world.dispatchers[at] {
            Dispatcher::Idle => {
                for of in (0..world.events.len()).filter(|of| world.events[*of] > 0) {
                    let mut next = world.clone();
                    next.events[of] -= 1;
                    next.dispatchers[at] = Dispatcher::Queueing(of);
                    moves.push(free("dispatcher: receives an event", next, true));
                }
            }
            Dispatcher::Queueing(of) => {
                let mut next = world.clone();
                let status = world.items[of].map(|item| item.status);
                self.queue(&mut next, of);
                let again = matches!(status, Some(Status::Uploaded | Status::Queued));
                next.dispatchers[at] = match status {
                    Some(_) if again && self.bug == Bug::QueuedNotSentAgain => Dispatcher::Deleting(of),
                    Some(_) if !again => Dispatcher::Deleting(of),
                    _ => Dispatcher::Sending(of),
                };
                moves.push(free("dispatcher: writes queued", next, true));
                self.fail_to_dispatch(world, at, of, Late::Queue(of), moves);
            }
            Dispatcher::Sending(of) => {
                let mut next = world.clone();
                Self::send(&mut next, of);
                next.dispatchers[at] = Dispatcher::Deleting(of);
                moves.push(free("dispatcher: sends to the lane", next, true));
                self.fail_to_dispatch(world, at, of, Late::Send(of), moves);
                let mut next = world.clone();
                if self.bug == Bug::EventDeletedUnsent && spend(&mut next) {
                    next.dispatchers[at] = Dispatcher::Deleting(of);
                    moves.push(free("dispatcher: does not see that its send failed", next, false));
                }
            }
            Dispatcher::Deleting(of) => {
                let durable = world.items[of].is_some_and(|item| {
                    world.sent[of] || !matches!(item.status, Status::Uploaded | Status::Queued)
                });
                let mut next = world.clone();
                next.dispatchers[at] = Dispatcher::Idle;
                let mut delete = free("dispatcher: deletes the event", next, true);
                delete.broken = (!durable).then_some(S7);
                moves.push(delete);
                let mut next = world.clone();
                if spend(&mut next) {
                    next.dispatchers[at] = Dispatcher::Idle;
                    next.events[of] += 1;
                    moves.push(free("dispatcher: fails to delete the event, or dies", next, false));
                }
            }
        }
    }

    /// The request fails, or the dispatcher dies: before it took effect, after, or with it still on its way. Each time the event
    /// comes back.
    fn fail_to_dispatch(
        &self,
        world: &World,
        at: usize,
        of: usize,
        late: Late,
        moves: &mut Vec<Move<World>>,
    ) {
        let mut back = world.clone();
        if !spend(&mut back) {
            return;
        }
        back.dispatchers[at] = Dispatcher::Idle;
        back.events[of] += 1;
        let mut applied = back.clone();
        match late {
            Late::Send(of) => Self::send(&mut applied, of),
            _ => self.queue(&mut applied, of),
        }
        let mut adrift = back.clone();
        adrift.late.push(late);
        moves.push(free("dispatcher: a request is refused, or it dies before", back, false));
        moves.push(free("dispatcher: a reply is lost, or it dies after", applied, false));
        moves.push(free("dispatcher: gives up on a request that is on its way", adrift, false));
    }
}
