//! What is copied: the objects of a workload, as the server has them.

use bytes::Bytes;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::http::Http;
use super::job::SOURCE_BUCKET;
use super::multipart::{Sent, complete, create, send_part};
use crate::check::Checksum;

/// The same for all: Drayage's part size, and what is in flight together.
pub(super) const PART_BYTES: u64 = 8 * 1024 * 1024;
const SMALL_BYTES: u64 = 4096;
const PUTS_IN_FLIGHT: usize = 32;
/// Contents are windows into one block; a part that lands in the wrong place changes the checksum.
const SHIFTS: u64 = 61 * 1024;

/// Equal objects, and how many of them are copied side by side.
#[derive(Debug, Clone)]
pub(super) struct Workload {
    pub(super) name: &'static str,
    pub(super) objects: usize,
    pub(super) object_bytes: u64,
    pub(super) at_once: usize,
    /// Of one object.
    pub(super) parts_in_flight: usize,
}

impl Workload {
    pub(super) fn large(object_bytes: u64) -> Self {
        Self { name: "large", objects: 1, object_bytes, at_once: 1, parts_in_flight: 8 }
    }

    pub(super) fn many(object_bytes: u64) -> Self {
        Self { name: "many", objects: 8, object_bytes, at_once: 4, parts_in_flight: 2 }
    }

    pub(super) fn small(objects: usize) -> Self {
        Self { name: "small", objects, object_bytes: SMALL_BYTES, at_once: 32, parts_in_flight: 1 }
    }

    pub(super) fn is_small(&self) -> bool {
        self.object_bytes <= SMALL_BYTES
    }

    pub(super) fn bytes_in_all(&self) -> u64 {
        self.object_bytes * self.objects as u64
    }

    /// Where an object is cut: offset and length of each part.
    fn cuts(&self) -> impl Iterator<Item = (u64, u64)> + use<> {
        let all = self.object_bytes;
        (0..all.div_ceil(PART_BYTES))
            .map(move |part| (part * PART_BYTES, PART_BYTES.min(all - part * PART_BYTES)))
    }

    fn key(&self, index: usize) -> String {
        format!("{}/{index:06}.bin", self.name)
    }
}

/// An object that is there.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) key: String,
    /// Without quotes.
    pub(super) etag: String,
    /// CRC64NVME of its bytes.
    pub(super) checksum: String,
}

/// All objects of a workload.
#[derive(Debug)]
pub(super) struct Sources(pub(super) Vec<Source>);

impl Sources {
    pub(super) async fn put(workload: &Workload, http: &Http) -> Result<Self, String> {
        let block = block();
        let put = |index: usize| put_one(workload, index, &block, http);
        let at_once = if workload.is_small() { PUTS_IN_FLIGHT } else { 1 };
        stream::iter(0..workload.objects).map(put).buffered(at_once).try_collect().await.map(Self)
    }

    pub(super) async fn delete(self, http: &Http) -> Result<(), String> {
        for source in &self.0 {
            http.delete(SOURCE_BUCKET, &source.key).await?;
        }
        Ok(())
    }
}

async fn put_one(workload: &Workload, index: usize, block: &Bytes, http: &Http) -> Result<Source, String> {
    let key = workload.key(index);
    let mut checksum = Checksum::new();
    let parts: Vec<Bytes> = workload.cuts().map(|(offset, len)| window(block, index, offset, len)).collect();
    for part in &parts {
        checksum.update(part);
    }
    let etag = match &parts[..] {
        [only] => http.put_with_md5(SOURCE_BUCKET, &key, only.clone()).await?,
        _ => {
            let upload = create(http, SOURCE_BUCKET, &key).await?;
            let mut sent: Vec<Sent> = Vec::new();
            for (bytes, number) in parts.into_iter().zip(1_usize..) {
                sent.push(send_part(http, &upload, number, bytes).await?);
            }
            complete(http, &upload, &mut sent).await?
        }
    };
    Ok(Source { key, etag, checksum: checksum.text() })
}

fn block() -> Bytes {
    let mut bytes = vec![0; usize::try_from(PART_BYTES + SHIFTS).unwrap_or(0)];
    fastrand::Rng::with_seed(1).fill(&mut bytes);
    bytes.into()
}

/// The content of one part.
fn window(block: &Bytes, object: usize, offset: u64, len: u64) -> Bytes {
    let shift = (object as u64 * 1_009 + offset / PART_BYTES * 61) % SHIFTS;
    let at = |position: u64| usize::try_from(position).unwrap_or(usize::MAX).min(block.len());
    block.slice(at(shift)..at(shift + len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cuts_add_up() {
        for bytes in [1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES - 1] {
            let cuts: Vec<_> = Workload::large(bytes).cuts().collect();
            assert_eq!(cuts.iter().map(|(_, len)| len).sum::<u64>(), bytes);
            assert!(cuts.windows(2).all(|pair| pair[0].0 + pair[0].1 == pair[1].0));
        }
    }

    #[test]
    fn parts_differ_from_their_neighbours() {
        let block = block();
        let parts: Vec<Bytes> = (0..4).map(|part| window(&block, 0, part * PART_BYTES, PART_BYTES)).collect();
        assert!(parts.iter().all(|part| part.len() as u64 == PART_BYTES));
        assert!(parts.windows(2).all(|pair| pair[0] != pair[1]));
        assert_ne!(window(&block, 0, 0, 4096), window(&block, 1, 0, 4096));
    }
}
