//! One rule: what it matches, and what it asks for.

use std::fmt;

use super::KeyTemplate;
use crate::lane::Lane;
use crate::transfer::{CopyOptions, SourceVersion};

/// One `[[rule]]` of the file. Every condition that is given must hold.
#[derive(Debug, Clone)]
pub struct Rule {
    pub(super) name: String,
    pub(super) bucket: String,
    pub(super) prefix: Option<String>,
    pub(super) suffix: Option<String>,
    pub(super) size_over_bytes: Option<u64>,
    pub(super) size_up_to_bytes: Option<u64>,
    pub(super) customers: Option<Vec<String>>,
    pub(super) lane: Option<Lane>,
    pub(super) target_bucket: String,
    pub(super) target_key: KeyTemplate,
    pub(super) options: CopyOptions,
}

/// The first condition of a rule that did not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    Bucket,
    Prefix,
    Suffix,
    SizeNotOver { bytes: u64 },
    SizeOver { bytes: u64 },
    Customer,
}

impl Rule {
    pub(super) fn prefix(&self) -> &str {
        self.prefix.as_deref().unwrap_or_default()
    }

    /// Whether the rule wants a file.
    ///
    /// # Errors
    /// The first condition that does not hold.
    pub(super) fn wants(&self, source: &SourceVersion, customer: &str) -> Result<(), Mismatch> {
        let holds = |condition: bool, otherwise: Mismatch| if condition { Ok(()) } else { Err(otherwise) };
        holds(self.bucket == source.bucket, Mismatch::Bucket)?;
        holds(source.key.starts_with(self.prefix()), Mismatch::Prefix)?;
        holds(self.suffix.as_ref().is_none_or(|suffix| source.key.ends_with(suffix)), Mismatch::Suffix)?;
        if let Some(bytes) = self.size_over_bytes {
            holds(source.size_bytes > bytes, Mismatch::SizeNotOver { bytes })?;
        }
        if let Some(bytes) = self.size_up_to_bytes {
            holds(source.size_bytes <= bytes, Mismatch::SizeOver { bytes })?;
        }
        let ours = |customers: &Vec<String>| customers.iter().any(|id| id == customer);
        holds(self.customers.as_ref().is_none_or(ours), Mismatch::Customer)
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bucket => f.write_str("another bucket"),
            Self::Prefix => f.write_str("the key does not start with the rule's prefix"),
            Self::Suffix => f.write_str("the key does not end with the rule's suffix"),
            Self::SizeNotOver { bytes } => write!(f, "not larger than {bytes} bytes"),
            Self::SizeOver { bytes } => write!(f, "larger than {bytes} bytes"),
            Self::Customer => f.write_str("not one of the rule's customers"),
        }
    }
}
