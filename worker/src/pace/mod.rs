//! How much is under way at a time: one budget for a worker, one window for each bucket.
//!
//! A *stream* is one body on its way: a whole file's GET and PUT, or one part's. Before its first request it takes a [`Permit`], all
//! of it at once: a stream of the worker, bytes of its buffers, and a place in the window of the source's bucket and of the
//! target's. What is taken at once cannot deadlock. A permit gives everything back when it is dropped, and so does a wait for one.
//!
//! - **Window** ([`window`], pure): how many streams a bucket takes side by side. Halved by a throttle, at most once for each burst;
//!   grows by one for each windowful of successes, up to the worker's streams. Never below one.
//! - **Budget** ([`budget`]): streams and bytes of a worker, whatever the lanes' permits add up to. It bounds the memory.
//! - **Fairness** ([`schedule`], pure): first come, first served, with two exceptions. Parts of large files hold at most three
//!   quarters of everything, so that a whole (small) file finds a place; and whoever waits for one bucket's window holds up nobody who
//!   does not need it. A large file asks for a few parts at a time and joins the end of the line for the next ones: two large files
//!   take turns.
//!
//! Only streams are paced. HEAD, CreateMultipartUpload, ListParts, Complete and Abort are few, and heartbeats and the ledger have
//! clients of their own. Time is tokio's and order is arrival, so that a simulation repeats.
//!
//! The SDK does not try throttled streams again (`common::aws::s3_reading`): the window must hear of each throttle, and a permit is
//! not to be held while nothing is sent.

mod budget;
mod permit;
mod schedule;
#[cfg(test)]
mod tests;
mod window;

pub use budget::{BUFFER_BYTES_MIN, Budget, STREAM_BYTES, STREAMS_MIN, whole_bytes};
pub(crate) use permit::{Pace, Permit, Side, Wanted};
pub use schedule::{Ask, Class, Schedule};
