//! The files of the last so many events: what an overwrite or a copy of an event may refer to.

use std::collections::VecDeque;

use fastrand::Rng;

use super::event::Version;

/// More of one file would make its window a queue of its own.
pub(super) const VERSIONS_MAX: usize = 4;

#[derive(Debug, Clone)]
pub(super) struct RecentFile {
    pub(super) file: u64,
    pub(super) tenant: u16,
    sizes_bytes: [u64; VERSIONS_MAX],
    pub(super) versions: u8,
}

impl RecentFile {
    fn version(&self, version: u8) -> Version {
        let size_bytes = self.sizes_bytes.get(usize::from(version)).copied().unwrap_or(0);
        Version { file: self.file, version, size_bytes }
    }

    /// The next version; its size is made to differ from those of the others. `None` when there are enough.
    fn overwrite(&mut self, size_bytes: u64) -> Option<Version> {
        let known = usize::from(self.versions);
        let mut size_bytes = size_bytes;
        while self.sizes_bytes.iter().take(known).any(|known| *known == size_bytes) {
            size_bytes += 1;
        }
        *self.sizes_bytes.get_mut(known)? = size_bytes;
        self.versions += 1;
        Some(self.version(self.versions - 1))
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Recent {
    files: VecDeque<RecentFile>,
    /// Versions that a newer one has replaced, and their tenants; in the order of that.
    replaced: VecDeque<(u16, Version)>,
}

/// Half of what refers to an earlier file refers to one of this many last ones.
const JUST_NOW: usize = 32;

impl Recent {
    /// Forgets what began before this event.
    pub(super) fn forget_before(&mut self, number: u64) {
        while self.files.front().is_some_and(|front| front.file < number) {
            self.files.pop_front();
        }
        // Not sorted by file: a newer file may have been overwritten before an older one.
        while self.replaced.front().is_some_and(|(_, front)| front.file < number) {
            self.replaced.pop_front();
        }
    }

    pub(super) fn born(&mut self, file: u64, tenant: u16, size_bytes: u64) -> Version {
        let mut sizes_bytes = [0; VERSIONS_MAX];
        sizes_bytes[0] = size_bytes;
        self.files.push_back(RecentFile { file, tenant, sizes_bytes, versions: 1 });
        Version { file, version: 0, size_bytes }
    }

    fn pick(&mut self, rng: &mut Rng) -> Option<&mut RecentFile> {
        let len = self.files.len();
        if len == 0 {
            return None;
        }
        let at = if rng.bool() { rng.usize(len.saturating_sub(JUST_NOW)..len) } else { rng.usize(..len) };
        self.files.get_mut(at)
    }

    /// A new version of a recent file.
    pub(super) fn overwrite(&mut self, size_bytes: u64, rng: &mut Rng) -> Option<(u16, Version)> {
        let file = self.pick(rng)?;
        let before = file.version(file.versions - 1);
        let (tenant, version) = (file.tenant, file.overwrite(size_bytes)?);
        self.replaced.push_back((tenant, before));
        Some((tenant, version))
    }

    /// Any version of a recent file.
    pub(super) fn any(&mut self, rng: &mut Rng) -> Option<(u16, Version)> {
        let file = self.pick(rng)?;
        let version = rng.u8(..file.versions);
        Some((file.tenant, file.version(version)))
    }

    /// A version, of a file from `oldest` on, that a newer one has replaced.
    pub(super) fn replaced(&self, oldest: u64, rng: &mut Rng) -> Option<(u16, Version)> {
        // Some of the older ones among them are past; a few draws find one that is not.
        (0..DRAWS).find_map(|_| {
            let at = (!self.replaced.is_empty()).then(|| rng.usize(..self.replaced.len()))?;
            self.replaced.get(at).copied().filter(|(_, version)| version.file >= oldest)
        })
    }
}

const DRAWS: usize = 8;
