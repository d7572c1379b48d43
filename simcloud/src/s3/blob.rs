//! The bytes of an object or a part: segments in memory or in files, shared rather than copied.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

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
    File { file: Arc<BlobFile>, offset: u64, length: u64 },
}

impl Segment {
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { length, .. } => *length,
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
        }
    }
}

impl Blob {
    pub(super) fn new(segments: Vec<Segment>) -> Self {
        let length_bytes = segments.iter().map(Segment::length).sum();
        Self { segments: segments.into(), length_bytes }
    }

    pub(super) fn concat<'a>(blobs: impl Iterator<Item = &'a Self>) -> Self {
        Self::new(blobs.flat_map(|blob| blob.segments.iter().cloned()).collect())
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
                Segment::File { .. } => Vec::new(),
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
}
