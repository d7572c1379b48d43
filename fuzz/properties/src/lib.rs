//! What must hold of everything that reads what others wrote, as functions of any bytes. Each panics when its property does not hold.
//!
//! The same functions run in two ways: `cargo test -p properties` feeds them the seed corpus and what proptest makes of it; the fuzz
//! targets beside this crate feed them what libFuzzer finds by coverage (`fuzz/run.sh SECONDS`).

mod events;
mod fields;
mod keys;
mod marks;
mod rules;
mod wire;

pub use events::events;
pub use keys::{sequencer, template};
pub use marks::{checksums, marker};
pub use rules::rules;
pub use wire::wire;

/// Panics when it does not hold for these bytes.
pub type Property = fn(&[u8]);

/// Every property under its target's name.
pub const ALL: [(&str, Property); 7] = [
    ("checksums", checksums),
    ("events", events),
    ("marker", marker),
    ("rules", rules),
    ("sequencer", sequencer),
    ("template", template),
    ("wire", wire),
];
