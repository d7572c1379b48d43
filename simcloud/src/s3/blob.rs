//! The bytes of an object or a part: segments in memory, in files or of the pattern, shared rather than copied.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::blob_pattern::Run;
use super::disk::BlobFile;

/// Immutable bytes. A clone, a slice and a concatenation share the segments.
#[derive(Debug, Clone)]
pub(super) struct Blob {
    segments: Arc<[Segment]>,
    length_bytes: u64,
}

/// A run of bytes in one place.
#[derive(Debug, Clone)]
pub(super) enum Segment {
    Memory(Bytes),
    File {
        file: Arc<BlobFile>,
        offset: u64,
        length: u64,
    },
    /// Generated where they are read; only in a store in memory.
    Virtual(Run),
}

impl Segment {
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { length, .. } => *length,
            Self::Virtual(run) => run.length(),
        }
    }

    /// The part of the segment within `range`, which counts from its start.
    fn slice(&self, range: Range<u64>) -> Self {
        match self {
            Self::Memory(bytes) => {
                let index = |at: u64| usize::try_from(at).unwrap_or(bytes.len()).min(bytes.len());
                Self::Memory(bytes.slice(index(range.start)..index(range.end)))
            }
            Self::File { file, offset, .. } => Self::File {
                file: Arc::clone(file),
                offset: offset + range.start,
                length: range.end - range.start,
            },
            Self::Virtual(run) => Self::Virtual(run.slice(range)),
        }
    }
}

/// Adds a segment; a run that goes on where the last one ends makes that longer.
pub(super) fn append(segments: &mut Vec<Segment>, next: Segment) {
    match (segments.last_mut(), next) {
        (Some(Segment::Virtual(last)), Segment::Virtual(next)) if last.next_phase() == next.phase() => {
            last.extend(next.length());
        }
        (_, next) => segments.push(next),
    }
}

impl Blob {
    pub(super) fn new(segments: Vec<Segment>) -> Self {
        let length_bytes = segments.iter().map(Segment::length).sum();
        Self { segments: segments.into(), length_bytes }
    }

    pub(super) fn concat<'a>(blobs: impl Iterator<Item = &'a Self>) -> Self {
        let mut all = Vec::new();
        for segment in blobs.flat_map(|blob| &*blob.segments) {
            append(&mut all, segment.clone());
        }
        Self::new(all)
    }

    pub(super) fn length_bytes(&self) -> u64 {
        self.length_bytes
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The bytes of `range`, as far as there are any.
    pub(super) fn slice(&self, range: Range<u64>) -> Self {
        if range.start == 0 && range.end >= self.length_bytes {
            return self.clone();
        }
        let mut at = 0;
        let mut segments = Vec::new();
        for segment in &*self.segments {
            let here = at..at + segment.length();
            at = here.end;
            let (start, end) = (range.start.max(here.start), range.end.min(here.end));
            if start < end {
                segments.push(segment.slice(start - here.start..end - here.start));
            }
            if at >= range.end {
                break;
            }
        }
        Self::new(segments)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn blob(pieces: &[Vec<u8>]) -> Blob {
        Blob::new(pieces.iter().map(|piece| Segment::Memory(Bytes::from(piece.clone()))).collect())
    }

    fn bytes(blob: &Blob) -> Vec<u8> {
        blob.segments()
            .iter()
            .flat_map(|segment| match segment {
                Segment::Memory(bytes) => bytes.to_vec(),
                Segment::File { .. } | Segment::Virtual(_) => Vec::new(),
            })
            .collect()
    }

    proptest! {
        #[test]
        fn a_slice_is_what_slicing_the_bytes_gives(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..7), 0..7),
            start in 0_usize..40,
            length in 0_usize..40,
        ) {
            let whole: Vec<u8> = pieces.concat();
            let (start, end) = (start.min(whole.len()), (start + length).min(whole.len()));
            let slice = blob(&pieces).slice(start as u64..end as u64);
            prop_assert_eq!(bytes(&slice), &whole[start..end]);
            prop_assert_eq!(slice.length_bytes(), (end - start) as u64);
            let pair = Blob::concat([&slice, &blob(&pieces)].into_iter());
            prop_assert_eq!(bytes(&pair), [&whole[start..end], &whole[..]].concat());
        }
    }

    #[test]
    fn runs_that_follow_one_another_are_one() {
        let pattern = Arc::new(super::super::blob_pattern::Pattern::new());
        let run = |phase, length| Blob::new(vec![Segment::Virtual(Run::new(&pattern, phase, length))]);
        let (one, two, apart) = (run(5, 10 << 40), run(5, 3), run(9, 1));
        let whole = Blob::concat([&one, &two, &apart].into_iter());
        assert_eq!((whole.segments().len(), whole.length_bytes()), (2, (10 << 40) + 4));
        let across = whole.slice((10 << 40) - 1..(10 << 40) + 1);
        assert_eq!(across.length_bytes(), 2);
    }
}
