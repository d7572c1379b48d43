//! Does a rule's target feed the rules again? A cycle would copy for ever, so it is refused at start.
//!
//! Chains are wanted (raw → validated → analytics), so targets that feed *other* rules are fine as long as no rule is reached
//! again. The test is conservative: two prefixes meet when one begins with the other.

use std::collections::VecDeque;

use super::Rule;

/// Cycles as the names of their rules, the first one repeated at the end. Every rule that is part of a cycle is in one of them.
pub(super) fn cycles(rules: &[Rule]) -> Vec<Vec<String>> {
    let mut named = vec![false; rules.len()];
    let mut cycles = Vec::new();
    for start in 0..rules.len() {
        if named.get(start) == Some(&false)
            && let Some(path) = way_back(rules, start)
        {
            path.iter().for_each(|rule| named[*rule] = true);
            let names = path.iter().chain([&start]).filter_map(|rule| rules.get(*rule));
            cycles.push(names.map(|rule| rule.name.clone()).collect());
        }
    }
    cycles
}

/// The shortest way from a rule to itself, without the return to it.
fn way_back(rules: &[Rule], start: usize) -> Option<Vec<usize>> {
    let mut ways = VecDeque::from([vec![start]]);
    let mut seen = vec![false; rules.len()];
    while let Some(way) = ways.pop_front() {
        let from = rules.get(*way.last()?)?;
        for next in (0..rules.len()).filter(|next| rules.get(*next).is_some_and(|rule| feeds(from, rule))) {
            if next == start {
                return Some(way);
            }
            if !std::mem::replace(&mut seen[next], true) {
                ways.push_back(way.iter().copied().chain([next]).collect());
            }
        }
    }
    None
}

/// Whether something that `from` publishes may be matched by `to`.
fn feeds(from: &Rule, to: &Rule) -> bool {
    let leading = from.target_key.leading(from.prefix(), &from.bucket);
    from.target_bucket == to.bucket && (leading.starts_with(to.prefix()) || to.prefix().starts_with(&leading))
}
