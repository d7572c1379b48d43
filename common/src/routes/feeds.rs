//! Does a rule's target feed the rules again? A cycle would copy for ever, so it is refused at start.
//!
//! Chains are wanted (raw → validated → analytics), so targets that feed *other* rules are fine as long as no rule is reached
//! again. The test is conservative: two prefixes meet when one begins with the other.

use super::Rule;

/// The names of the rules of one cycle, the first one repeated at the end; `None` when there is no cycle.
pub(super) fn cycle(rules: &[Rule]) -> Option<Vec<String>> {
    let mut done = vec![false; rules.len()];
    (0..rules.len()).find_map(|start| visit(rules, start, &mut Vec::new(), &mut done))
}

fn visit(rules: &[Rule], at: usize, path: &mut Vec<usize>, done: &mut [bool]) -> Option<Vec<String>> {
    if let Some(first) = path.iter().position(|seen| *seen == at) {
        let names = path.iter().skip(first).chain([&at]).filter_map(|i| rules.get(*i));
        return Some(names.map(|rule| rule.name.clone()).collect());
    }
    if done.get(at).copied().unwrap_or(true) {
        return None;
    }
    path.push(at);
    let from = rules.get(at)?;
    let fed = rules.iter().enumerate().filter(|(_, rule)| feeds(from, rule)).map(|(index, _)| index);
    let found = fed.collect::<Vec<_>>().into_iter().find_map(|next| visit(rules, next, path, done));
    path.pop();
    if let Some(done) = done.get_mut(at) {
        *done = true;
    }
    found
}

/// Whether something that `from` publishes may be matched by `to`.
fn feeds(from: &Rule, to: &Rule) -> bool {
    let leading = from.target_key.leading(from.prefix(), &from.bucket);
    from.target_bucket == to.bucket && (leading.starts_with(to.prefix()) || to.prefix().starts_with(&leading))
}
