//! Settings: from flags, the environment (`DRAYAGE_…`) or a default, in this order. All mistakes are reported at once.

mod export;
mod parse;
mod reach;
mod reader;
mod shared;

pub use export::Export;
pub use parse::{EX_USAGE, bounded, bytes, endpoint_url, list, log_filter, pairs, seconds};
pub use reach::{REACH, Reach};
pub use reader::{Mistakes, Reader, Setting, Variable, arguments, with_flags};
pub use shared::{SHARED, Shared};
