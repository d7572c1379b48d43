//! The settings of a command that only asks AWS things: how to reach it, and which table is the ledger.

use super::parse::endpoint_url;
use super::reader::{Reader, Setting};
use super::shared::{ENDPOINT_URL, REGION, TABLE};
use crate::aws::Access;

/// What [`Reach::read`] reads.
pub const REACH: &[Setting] = &[REGION, ENDPOINT_URL, TABLE];

/// How to reach AWS, and the ledger in it.
#[derive(Debug, Clone)]
pub struct Reach {
    pub access: Access,
    pub table: String,
}

impl Reach {
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let region = reader.optional(&REGION, name);
        let endpoint_url = reader.optional(&ENDPOINT_URL, endpoint_url);
        let table = reader.required(&TABLE, name);
        Some(Self { access: Access { region, endpoint_url, ..Access::default() }, table: table? })
    }
}

fn name(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("expected a name".to_owned()) } else { Ok(text.to_owned()) }
}
