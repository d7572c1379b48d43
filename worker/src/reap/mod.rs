//! `drayage reap`: removes multipart uploads that belong to nobody.
//!
//! An upload belongs to the transfer whose item in the ledger has noted it: the next attempt goes on with it, however old it is.
//! One that was created and not noted (a crash, a lost lease or a failed abort exactly there), or whose abort failed when its
//! transfer ended, belongs to nobody: invisible, and in the latter case with parts that are paid for. For each bucket:
//!
//! 1. List the uploads, page by page, the next page before anything on this one is aborted.
//! 2. Pass over those that are not old enough, or that somebody else initiated ([`Rules::sight`]). Age is the store's own: the
//!    reply's `Date` less the upload's `Initiated`. No clock of ours decides, and a reply without a date ends the sweep.
//! 3. Ask the ledger's index `by_upload` which transfer has noted it, and read that item consistently ([`decide`]). Noted by a
//!    transfer that is not over: left. Unknown, over, or gone on with another upload: aborted. That is the commit point of one
//!    upload; a crash before or after it leaves everything for the next run.
//!
//! **Why none is aborted that becomes somebody's in between.** Only the attempt that created an upload can note it, and it does so
//! at once: Create is given up after four tries of 60 s and the note after four of 8 s, with seconds of backoff between. What is
//! not noted five minutes after its creation never will be. The least age, an hour, also leaves the index, which follows the table
//! within seconds, all the time it needs. An upload that was noted and is not any more is never taken up again: attempts learn of
//! uploads from the item alone.
//!
//! **And if one were** (a machine suspended for an hour between create and note; the wrong table): no byte and no file is lost. The
//! parts or the listing of the owner's attempt answer NoSuchUpload, the attempt is given back uncounted, and the next one begins a
//! new upload. AbortMultipartUpload itself cannot be made conditional here: `x-amz-if-match-initiated-time` is for directory
//! buckets only, and an upload id is never used twice anyway.

mod decide;
mod listing;
mod settings;
mod sweep;

pub use decide::{Decision, Listed, Orphan, Rules, Sight, decide};
pub use settings::{Settings, command};
pub use sweep::{Counts, Done, Finding, Notice, Reaper, Swept};
