//! Wildcards: `*` stands for any run of characters; `\*` and `\\` for the character itself.

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
        Ok(Self(runs))
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
        fn agrees_with_the_obvious_definition(pattern in r"(\*?[ab]){0,6}\*?", text in "[ab]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(matches(&pattern, &text), slow(&chars(&pattern), &chars(&text)));
        }
    }
}
