//! What is under way: files from their upload to their end, and the streams of those that are copied. Places are used again.

use worker::pace::Ask;

use super::Micros;

/// One uploaded file. It waits for one answer at a time, but for the streams of its parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct File {
    pub(super) uploaded_at: Micros,
    pub(super) size_bytes: u64,
    pub(super) tenant: u16,
    pub(super) status_shard: u8,
    pub(super) customer_shard: u8,
    /// The poll or the worker that has it.
    pub(super) holder: u32,
    /// Of its present message.
    pub(super) receives: u32,
    /// Tries of the present write that the SDK and the worker have made.
    pub(super) sdk_tries: u8,
    pub(super) own_tries: u8,
    /// Times that its copy has waited for a store that throttles.
    pub(super) throttles: u8,
    /// An earlier attempt has published it.
    pub(super) is_published: bool,
    pub(super) parts_left: u32,
    pub(super) parts_under_way: u32,
}

/// One body on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stream {
    pub(super) file: u32,
    pub(super) ticket: u64,
    pub(super) ask: Ask,
    pub(super) bytes: u64,
    pub(super) since: Micros,
}

#[derive(Debug)]
pub(super) struct Places<T> {
    all: Vec<T>,
    free: Vec<u32>,
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self { all: Vec::new(), free: Vec::new() }
    }
}

impl<T: Copy> Places<T> {
    pub(super) fn put(&mut self, value: T) -> u32 {
        match self.free.pop() {
            Some(at) => {
                self.all[at as usize] = value;
                at
            }
            None => {
                self.all.push(value);
                u32::try_from(self.all.len() - 1).unwrap_or(u32::MAX)
            }
        }
    }

    pub(super) fn at(&mut self, at: u32) -> &mut T {
        &mut self.all[at as usize]
    }

    pub(super) fn free(&mut self, at: u32) -> T {
        self.free.push(at);
        self.all[at as usize]
    }

    #[cfg(test)]
    pub(super) fn in_use(&self) -> usize {
        self.all.len() - self.free.len()
    }
}
