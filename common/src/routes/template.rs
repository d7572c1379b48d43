//! Key templates: how a target key is made from a source key.
//!
//! `{key}` the whole key · `{rest}` the key after the rule's prefix · `{dir}` up to and with the last slash · `{name}` after it ·
//! `{stem}` and `{ext}` the name before and after its last dot (`ext` without the dot; empty when there is none) · `{bucket}` ·
//! `{customer}`. `{{` and `}}` are braces. Values go in verbatim.

use std::fmt;

use crate::transfer::SourceVersion;

/// A template that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTemplate(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable(Variable),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variable {
    Key,
    Rest,
    Dir,
    Name,
    Stem,
    Ext,
    Bucket,
    Customer,
}

const VARIABLES: [(&str, Variable); 8] = [
    ("key", Variable::Key),
    ("rest", Variable::Rest),
    ("dir", Variable::Dir),
    ("name", Variable::Name),
    ("stem", Variable::Stem),
    ("ext", Variable::Ext),
    ("bucket", Variable::Bucket),
    ("customer", Variable::Customer),
];

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateError {
    Empty,
    Unclosed,
    StrayBrace,
    Unknown(String),
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a key template must not be empty"),
            Self::Unclosed => f.write_str("`{` without `}` (write `{{` for a brace)"),
            Self::StrayBrace => f.write_str("`}` without `{` (write `}}` for a brace)"),
            Self::Unknown(name) => {
                let known: Vec<String> = VARIABLES.iter().map(|(name, _)| format!("{{{name}}}")).collect();
                write!(f, "unknown variable {{{name}}}: expected one of {}", known.join(", "))
            }
        }
    }
}

impl std::error::Error for TemplateError {}

impl KeyTemplate {
    /// # Errors
    /// The first thing that is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let (mut pieces, mut literal, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            literal.push_str(before);
            if let Some(after) = brace.strip_prefix("{{").or_else(|| brace.strip_prefix("}}")) {
                literal.push_str(&brace[..1]);
                rest = after;
                continue;
            }
            let inner = brace.strip_prefix('{').ok_or(TemplateError::StrayBrace)?;
            let (name, after) = inner.split_once('}').ok_or(TemplateError::Unclosed)?;
            let variable = VARIABLES.iter().find(|(known, _)| *known == name);
            let (_, variable) = variable.ok_or_else(|| TemplateError::Unknown(name.to_owned()))?;
            if !literal.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Variable(*variable));
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        if pieces.is_empty() { Err(TemplateError::Empty) } else { Ok(Self(pieces)) }
    }

    /// The target key for one source; `prefix` is what `{rest}` leaves out.
    pub fn render(&self, source: &SourceVersion, prefix: &str, customer: &str) -> String {
        let key = source.key.as_str();
        let (dir, name) = key.split_at(key.rfind('/').map_or(0, |slash| slash + 1));
        let (stem, ext) = name.rsplit_once('.').unwrap_or((name, ""));
        let value = |variable: Variable| match variable {
            Variable::Key => key,
            Variable::Rest => key.strip_prefix(prefix).unwrap_or(key),
            Variable::Dir => dir,
            Variable::Name => name,
            Variable::Stem => stem,
            Variable::Ext => ext,
            Variable::Bucket => &source.bucket,
            Variable::Customer => customer,
        };
        self.0.iter().fold(String::with_capacity(key.len()), |mut made, piece| {
            made.push_str(match piece {
                Piece::Text(text) => text,
                Piece::Variable(variable) => value(*variable),
            });
            made
        })
    }

    /// What every key of this template begins with, as far as the template alone tells: its leading text, and after it the rule's
    /// own prefix where the whole key follows.
    pub(super) fn leading(&self, prefix: &str, bucket: &str) -> String {
        let mut leading = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => leading.push_str(text),
                Piece::Variable(Variable::Bucket) => leading.push_str(bucket),
                Piece::Variable(Variable::Key) => {
                    leading.push_str(prefix);
                    break;
                }
                Piece::Variable(_) => break,
            }
        }
        leading
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn render(template: &str, key: &str) -> String {
        let source = SourceVersion {
            bucket: "landing".into(),
            key: key.into(),
            size_bytes: 1,
            etag: "e".into(),
            version_id: None,
            sequencer: None,
        };
        KeyTemplate::parse(template).unwrap().render(&source, "acme/", "acme")
    }

    #[test]
    fn variables_stand_for_parts_of_the_key() {
        let key = "acme/in/report.2026.csv";
        assert_eq!(render("{key}", key), key);
        assert_eq!(render("{rest}", key), "in/report.2026.csv");
        assert_eq!(render("{dir}|{name}|{stem}|{ext}", key), "acme/in/|report.2026.csv|report.2026|csv");
        assert_eq!(render("x/{customer}/{bucket}/{{{name}}}", "a"), "x/acme/landing/{a}");
        assert_eq!(render("{name}", "folder/"), "");
        assert_eq!(render("{stem}-{ext}", ".hidden"), "-hidden");
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(KeyTemplate::parse(""), Err(TemplateError::Empty));
        assert_eq!(KeyTemplate::parse("a{key"), Err(TemplateError::Unclosed));
        assert_eq!(KeyTemplate::parse("a}b"), Err(TemplateError::StrayBrace));
        assert_eq!(KeyTemplate::parse("{Key}"), Err(TemplateError::Unknown("Key".into())));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = KeyTemplate::parse(&text);
        }

        #[test]
        fn the_whole_key_goes_through_verbatim(key in any::<String>()) {
            prop_assert_eq!(render("{key}", &key), key);
        }
    }
}
