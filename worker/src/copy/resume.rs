//! Parts of an earlier attempt, verified before they are used again.
//!
//! A part that the store lists has a number, a length and a CRC64NVME, which the store computed from what it was sent. If the source
//! has a CRC64NVME of the whole, combining the parts' proves them, and nothing is read again. If it has a CRC32 or CRC32C, the parts'
//! sums of that kind are known to nobody: the source's bytes are read once more, and not sent. They give the missing sum, and their
//! CRC64NVME says whether the part has them. If the source has neither, there is nothing to compare with.

use common::fault::{Class, Fault};
use common::transfer::Transfer;
use http_body_util::BodyExt as _;

use super::Copier;
use super::checksum::Own;
use super::floor::floored;
use super::part::Sent;
use super::passage::through;
use super::plan::Part;
use crate::outcome::End;
use crate::pace::{Permit, Side};

impl Copier {
    /// A part of the upload: what an earlier attempt sent, if that holds; otherwise sent by this one.
    pub(super) async fn part(
        &self,
        transfer: &Transfer,
        upload_id: &str,
        part: Part,
        earlier: Option<Sent>,
        own: Option<Own>,
    ) -> Result<Sent, End> {
        if let Some(earlier) = earlier {
            match self.verified_part(transfer, part, earlier, own).await? {
                Some(sent) => return Ok(sent),
                None => tracing::debug!(part = part.number, "a part of an earlier attempt has other bytes"),
            }
        }
        self.copy_part(transfer, upload_id, part, own).await
    }

    /// `earlier` with all the sums of its source bytes; `None` when these are not the bytes that the store has.
    async fn verified_part(
        &self,
        transfer: &Transfer,
        part: Part,
        earlier: Sent,
        own: Option<Own>,
    ) -> Result<Option<Sent>, End> {
        let read = async |permit: &Permit| {
            let opened = self.get_source(transfer, Some(&part)).await;
            permit.heard_end(Side::Source, &opened);
            let (body, meter) = through(opened?.0.body, part.len_bytes, own, false);
            let mut body = body.into_inner();
            let read = async { while let Some(Ok(_)) = body.frame().await {} };
            floored("GetObject", &meter, part.len_bytes, read).await?;
            meter
                .finished()
                .ok_or_else(|| End::from(Fault::new(Class::Transient, "GetObject", "IncompleteBody")))
        };
        let sums = self.persistently(transfer, None, part, read).await?;
        Ok((sums.crc64 == earlier.sums.crc64).then_some(Sent { sums, ..earlier }))
    }
}
