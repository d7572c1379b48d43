//! Explores every state that a machine can reach, breadth first, so that a broken property comes with a shortest way to it.
//!
//! Then it looks at the quiet moves alone, those that need no fault: they must lead nowhere but to a good end, however they are
//! ordered. A checker from a library would find the first; "every fair path ends well" is a question about the graph as a whole.

use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

/// Something with states and moves between them.
pub(super) trait Machine {
    type State: Clone + Eq + Hash;

    fn starts(&self) -> Vec<Self::State>;
    fn moves(&self, state: &Self::State) -> Vec<Move<Self::State>>;
    /// Whether everything is over, and well.
    fn is_good_end(&self, state: &Self::State) -> bool;
}

/// One move.
#[derive(Debug, Clone)]
pub(super) struct Move<S> {
    pub(super) name: &'static str,
    pub(super) to: S,
    /// Happens without a fault.
    pub(super) quiet: bool,
    /// The property that it breaks.
    pub(super) broken: Option<&'static str>,
}

/// What was explored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Explored {
    pub(super) states: usize,
    pub(super) moves: usize,
    pub(super) good_ends: usize,
}

/// A broken property, and the moves that lead to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) property: &'static str,
    pub(super) way: Vec<&'static str>,
}

pub(super) const STUCK: &str = "L1: without faults, every way ends, and ends well";
pub(super) const CIRCLING: &str = "L1: without faults, nothing goes round for ever";

struct Seen<S> {
    state: Rc<S>,
    /// Which state it was first reached from, and how.
    from: Option<(usize, &'static str)>,
    quiet: Vec<usize>,
}

/// Explores up to `states_max` states; more is a mistake in the scope of the exploration, not a pass.
pub(super) fn explore<M: Machine>(machine: &M, states_max: usize) -> Result<Explored, Broken> {
    let mut known: HashMap<Rc<M::State>, usize> = HashMap::new();
    let mut seen: Vec<Seen<M::State>> = Vec::new();
    let mut moves_taken = 0;
    for start in machine.starts() {
        let state = Rc::new(start);
        known.insert(Rc::clone(&state), seen.len());
        seen.push(Seen { state, from: None, quiet: Vec::new() });
    }
    let mut at = 0;
    while at < seen.len() {
        assert!(seen.len() <= states_max, "more than {states_max} states: the scope is too large");
        for step in machine.moves(&Rc::clone(&seen[at].state)) {
            moves_taken += 1;
            if let Some(property) = step.broken {
                let mut way = way_to(&seen, at);
                way.push(step.name);
                return Err(Broken { property, way });
            }
            let next = match known.get(&step.to) {
                Some(next) => *next,
                None => {
                    let (state, next) = (Rc::new(step.to), seen.len());
                    known.insert(Rc::clone(&state), next);
                    seen.push(Seen { state, from: Some((at, step.name)), quiet: Vec::new() });
                    next
                }
            };
            if step.quiet && next != at {
                seen[at].quiet.push(next);
            }
        }
        at += 1;
    }
    let good_ends = ends(machine, &seen)?;
    Ok(Explored { states: seen.len(), moves: moves_taken, good_ends })
}

/// Follows the quiet moves backwards from where there are none: every such end must be good, and every state must be met.
fn ends<M: Machine>(machine: &M, seen: &[Seen<M::State>]) -> Result<usize, Broken> {
    let mut left: Vec<usize> = seen.iter().map(|state| state.quiet.len()).collect();
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); seen.len()];
    for (at, state) in seen.iter().enumerate() {
        state.quiet.iter().for_each(|next| before[*next].push(at));
    }
    let mut over: Vec<usize> = (0..seen.len()).filter(|at| left[*at] == 0).collect();
    let good_ends = over.len();
    if let Some(at) = over.iter().find(|at| !machine.is_good_end(&seen[**at].state)) {
        return Err(Broken { property: STUCK, way: way_to(seen, *at) });
    }
    while let Some(at) = over.pop() {
        for earlier in std::mem::take(&mut before[at]) {
            left[earlier] -= 1;
            if left[earlier] == 0 {
                over.push(earlier);
            }
        }
    }
    match left.iter().position(|left| *left > 0) {
        Some(at) => Err(Broken { property: CIRCLING, way: way_to(seen, at) }),
        None => Ok(good_ends),
    }
}

fn way_to<S>(seen: &[Seen<S>], mut at: usize) -> Vec<&'static str> {
    let mut way = Vec::new();
    while let Some((from, name)) = seen[at].from {
        way.push(name);
        at = from;
    }
    way.reverse();
    way
}
