//! Wildcards: `*` stands for any run of characters; `\*` and `\\` for the character itself.

use std::collections::{BTreeSet, VecDeque};

/// How many beginnings of an expression one text may match at once. AWS does not publish its limit; of the expressions that it was
/// seen to judge, it took one of 7 and refused one of 10.
const COMPLEXITY_MAX: usize = 9;
/// How many different sets of beginnings are looked at; an expression that has more is too complex too.
const SETS_MAX: usize = 2_000;

/// A valid wildcard expression, cut at its stars: the literal runs between them, the first and the last of which are anchored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wildcard(Vec<String>);

impl Wildcard {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let (mut runs, mut run, mut after_star) = (Vec::new(), String::new(), false);
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c == '*' {
                if after_star {
                    return Err("Consecutive wildcard characters are not allowed");
                }
                runs.push(std::mem::take(&mut run));
                after_star = true;
                continue;
            }
            after_star = false;
            run.push(match c {
                '\\' => chars.next().filter(|c| matches!(c, '*' | '\\')).ok_or("Invalid escape character")?,
                other => other,
            });
        }
        runs.push(run);
        let wildcard = Self(runs);
        if wildcard.is_too_complex() {
            return Err(
                "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences \
                 after a wildcard character",
            );
        }
        Ok(wildcard)
    }

    /// Walks through every set of beginnings that some text matches at once.
    fn is_too_complex(&self) -> bool {
        let tokens = self.tokens();
        let characters: BTreeSet<char> = tokens.iter().copied().flatten().collect();
        let is_star = |at: usize| tokens.get(at) == Some(&None);
        // A beginning is told by its length. One that is followed by a star matches with the star as well.
        let with_stars = |lengths: BTreeSet<usize>| -> BTreeSet<usize> {
            let starred: Vec<usize> = lengths.iter().filter(|at| is_star(**at)).map(|at| at + 1).collect();
            lengths.into_iter().chain(starred).collect()
        };
        let first = with_stars(BTreeSet::from([0]));
        let (mut seen, mut open) = (BTreeSet::from([first.clone()]), VecDeque::from([first]));
        while let Some(lengths) = open.pop_front() {
            for c in &characters {
                let next = lengths.iter().flat_map(|at| {
                    let stays = at.checked_sub(1).is_some_and(is_star).then_some(*at);
                    let grows = (tokens.get(*at) == Some(&Some(*c))).then_some(at + 1);
                    [stays, grows]
                });
                let next = with_stars(next.flatten().collect());
                if next.len() > COMPLEXITY_MAX || seen.len() > SETS_MAX {
                    return true;
                }
                if seen.insert(next.clone()) {
                    open.push_back(next);
                }
            }
        }
        false
    }

    /// The expression's characters; `None` is a star.
    fn tokens(&self) -> Vec<Option<char>> {
        let mut tokens = Vec::new();
        for (nth, run) in self.0.iter().enumerate() {
            if nth > 0 {
                tokens.push(None);
            }
            tokens.extend(run.chars().map(Some));
        }
        tokens
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let [first, middle @ .., last] = self.0.as_slice() else {
            return self.0.first().is_some_and(|only| only == text);
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
        for run in middle {
            let Some(at) = rest.find(run.as_str()) else { return false };
            rest = &rest[at + run.len()..];
        }
        rest.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Wildcard::parse(pattern).unwrap().matches(text)
    }

    #[test]
    fn stars_stand_for_any_run() {
        assert!(matches("data/*.csv", "data/a/b.csv") && matches("data/*.csv", "data/.csv"));
        assert!(!matches("data/*.csv", "data/a.csv.gz"));
        assert!(matches("*a*b*", "xxaxxbxx") && !matches("*a*b*", "xxbxxaxx"));
        assert!(matches("*", "") && matches("same", "same") && !matches("same", "same "));
        assert!(!matches("aba*aba", "aba"), "a character is used once");
    }

    #[test]
    fn a_backslash_takes_the_star_literally() {
        assert!(matches(r"a\*b", "a*b") && !matches(r"a\*b", "axb"));
        assert!(matches(r"a\\*", r"a\x"));
        assert!(Wildcard::parse(r"a\b").is_err() && Wildcard::parse("a**").is_err());
    }

    #[test]
    fn an_expression_that_matches_in_too_many_ways_is_refused() {
        // AWS on 15 October 2025: it takes one like the first and refuses one like the second.
        let taken = "/home/*/sub/sub/sub/sub/sub/a.txt";
        assert!(Wildcard::parse(taken).is_ok());
        assert!(Wildcard::parse("*:*:*:*:*:name/*").unwrap_err().contains("too complex"));
        assert!(Wildcard::parse("in/*/*.JPG").is_ok() && Wildcard::parse("*a*b*c*").is_ok());
        assert!(Wildcard::parse(&format!("{}*", "ab*cd*ab*dc*".repeat(50))).is_err());
    }

    /// The obvious, slow definition.
    fn slow(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|at| slow(rest, &text[at..])),
            Some((c, rest)) => text.first() == Some(c) && slow(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_obvious_definition(pattern in r"(\*?[ab]){0,3}\*?", text in "[ab]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(matches(&pattern, &text), slow(&chars(&pattern), &chars(&text)));
        }
    }
}
