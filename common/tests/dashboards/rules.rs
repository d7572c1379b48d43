//! Prometheus' rule files, in the one form that ours have: a rule begins with `- record:` or `- alert:`, and its expression stands
//! behind `expr:` or, deeper, below `expr: |`. Anything else is refused, not passed over.

use crate::names::Names;
use crate::panels::Checked;
use crate::{promql, types};

struct Rule {
    name: String,
    recorded: bool,
    expr: String,
    /// The rest, where an alert's texts are.
    texts: String,
}

/// Recording rules become names that later files may use.
pub(crate) fn check(file: &str, names: &mut Names) -> Checked {
    let mut checked = Checked::default();
    match rules(file) {
        Ok(rules) => rules.iter().for_each(|rule| checked.look(&rule.name, rule.check(names))),
        Err(fault) => checked.look("rules", Err(fault)),
    }
    checked
}

impl Rule {
    fn check(&self, names: &mut Names) -> Result<(), String> {
        let expr = promql::parse(&self.expr)?;
        if self.recorded {
            return names.record(&self.name, &expr);
        }
        let found = types::of(&expr, names)?;
        let word = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let named: Vec<String> = self.texts.split("$labels.").skip(1).map(word).collect();
        match named.iter().find(|label| !found.labels.contains(*label)) {
            Some(label) => Err(format!("its text names {label}, which is not among {:?}", found.labels)),
            None => Ok(()),
        }
    }
}

fn rules(file: &str) -> Result<Vec<Rule>, String> {
    let mut rules: Vec<Rule> = Vec::new();
    let mut lines = file.lines().peekable();
    while let Some(line) = lines.next() {
        let bare = line.trim_start();
        let named = bare.strip_prefix("- record: ").map(|name| (name, true));
        if let Some((name, recorded)) = named.or(bare.strip_prefix("- alert: ").map(|name| (name, false))) {
            let (expr, texts) = (String::new(), String::new());
            rules.push(Rule { name: name.to_owned(), recorded, expr, texts });
        } else if let Some(expr) = bare.strip_prefix("expr:") {
            let rule = rules.last_mut().ok_or("an expression before the first rule")?;
            let depth = line.len() - bare.len();
            match expr.trim() {
                "|" => {
                    let deeper = |line: &&str| line.len() - line.trim_start().len() > depth;
                    while let Some(more) = lines.next_if(deeper) {
                        rule.expr.push_str(more);
                        rule.expr.push('\n');
                    }
                }
                expr if expr.is_empty() || expr.starts_with(['>', '\'', '"']) => {
                    return Err(format!("{}: this form of an expression is not read here", rule.name));
                }
                expr => expr.clone_into(&mut rule.expr),
            }
        } else if let Some(rule) = rules.last_mut() {
            rule.texts.push_str(bare);
            rule.texts.push('\n');
        }
    }
    match rules.iter().find(|rule| rule.expr.is_empty()) {
        Some(rule) => Err(format!("{} has no expression", rule.name)),
        None => Ok(rules),
    }
}
