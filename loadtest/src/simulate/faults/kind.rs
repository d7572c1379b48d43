//! Every kind of fault that a world can provoke. Each is counted; a run that is to prove something must have hit all of them.

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    RequestLost,
    ReplyLost,
    RequestLate,
    ReplyLate,
    S3SlowDown,
    S3Storm,
    S3Error,
    S3ErrorAfterEffect,
    DynamoDbThrottled,
    DynamoDbError,
    SqsThrottled,
    SqsError,
    BodyTruncated,
    BodyFlipped,
    BodyStalled,
    BodyTrickled,
    RequestFlipped,
    TokenExpired,
    Conflict,
    OwnPublishRefused,
    PutEmptyReply,
    CompleteErrorIn200,
    CompleteErrorIn200AfterEffect,
    CompleteEmpty,
    CompleteEmptyAfterEffect,
    CompleteNoSuchUpload,
    UploadGone,
    ReceiveReplyLost,
    BatchEntriesFailed,
    HeartbeatLost,
    HeartbeatRefused,
    HeartbeatStale,
    GiveBackStale,
    AccessDenied,
    LookRefused,
    DoubtBehindRefusedLook,
    StoreCopyRefused,
    PartMeetsComplete,
    TargetWritten,
    TargetDeleted,
    NewerWhileUploading,
    ForeignAnswer,
    RawHeader,
    SourceOverwritten,
    SourcePutAgain,
    SourceDeleted,
    Crash,
    PauseShort,
    PauseBeyondLease,
    CutOffFromS3,
    CutOffFromSqs,
    CutOffFromDynamoDb,
    Stop,
    StopTwice,
    ClockSkewed,
    EventDuplicated,
    EventInOtherEnvelope,
    EventDelayed,
    TransferDuplicated,
    TransferDelayed,
    EventPoison,
    TransferPoison,
    Redrive,
    LaneInTrouble,
}

use Kind as K;

impl Kind {
    /// With how often it strikes where it can, in a world where it is about: for each request, or for each of the gremlin's turns.
    pub(crate) const ALL: [(Self, f64); 64] = [
        (K::RequestLost, 0.02),
        (K::ReplyLost, 0.02),
        (K::RequestLate, 0.01),
        (K::ReplyLate, 0.01),
        (K::S3SlowDown, 0.08),
        (K::S3Storm, 0.02),
        (K::S3Error, 0.05),
        (K::S3ErrorAfterEffect, 0.03),
        (K::DynamoDbThrottled, 0.08),
        (K::DynamoDbError, 0.05),
        (K::SqsThrottled, 0.04),
        (K::SqsError, 0.03),
        (K::BodyTruncated, 0.08),
        (K::BodyFlipped, 0.06),
        (K::BodyStalled, 0.04),
        (K::BodyTrickled, 0.08),
        (K::RequestFlipped, 0.06),
        (K::TokenExpired, 0.03),
        (K::Conflict, 0.06),
        (K::OwnPublishRefused, 0.06),
        (K::PutEmptyReply, 0.04),
        (K::CompleteErrorIn200, 0.2),
        (K::CompleteErrorIn200AfterEffect, 0.2),
        (K::CompleteEmpty, 0.4),
        (K::CompleteEmptyAfterEffect, 0.9),
        (K::CompleteNoSuchUpload, 0.9),
        (K::UploadGone, 0.2),
        (K::ReceiveReplyLost, 0.06),
        (K::BatchEntriesFailed, 0.06),
        (K::HeartbeatLost, 0.25),
        (K::HeartbeatRefused, 0.1),
        (K::HeartbeatStale, 0.1),
        (K::GiveBackStale, 0.3),
        (K::AccessDenied, 0.04),
        (K::LookRefused, 0.1),
        (K::DoubtBehindRefusedLook, 0.08),
        (K::StoreCopyRefused, 0.9),
        (K::PartMeetsComplete, 0.9),
        (K::TargetWritten, 0.2),
        (K::TargetDeleted, 0.2),
        (K::NewerWhileUploading, 0.3),
        (K::ForeignAnswer, 0.04),
        (K::RawHeader, 0.1),
        (K::SourceOverwritten, 0.03),
        (K::SourcePutAgain, 0.03),
        (K::SourceDeleted, 0.025),
        (K::Crash, 0.008),
        (K::PauseShort, 0.006),
        (K::PauseBeyondLease, 0.006),
        (K::CutOffFromS3, 0.006),
        (K::CutOffFromSqs, 0.006),
        (K::CutOffFromDynamoDb, 0.006),
        (K::Stop, 0.006),
        (K::StopTwice, 0.004),
        (K::ClockSkewed, 0.5),
        (K::EventDuplicated, 0.3),
        (K::EventInOtherEnvelope, 0.3),
        (K::EventDelayed, 0.3),
        (K::TransferDuplicated, 0.3),
        (K::TransferDelayed, 0.3),
        (K::EventPoison, 0.2),
        (K::TransferPoison, 0.2),
        (K::Redrive, 0.3),
        (K::LaneInTrouble, 0.0),
    ];

    pub(crate) const COUNT: usize = Self::ALL.len();

    /// As it stands in reports: `body truncated`.
    pub(crate) fn name(self) -> String {
        let mut name = String::new();
        for letter in format!("{self:?}").chars() {
            if letter.is_uppercase() && !name.is_empty() {
                name.push(' ');
            }
            name.extend(letter.to_lowercase());
        }
        name.replace("s 3 ", "s3 ")
            .replace("dynamo db", "dynamodb")
            .replace("s3 ", "S3 ")
            .replace("from s3", "from S3")
    }

    /// Whether a request that it strikes, and its reply, go their way all the same.
    pub(crate) const fn spares_request(self) -> bool {
        matches!(
            self,
            K::Stop
                | K::StopTwice
                | K::SourceOverwritten
                | K::SourcePutAgain
                | K::SourceDeleted
                | K::UploadGone
                | K::RawHeader
                | K::TargetWritten
                | K::TargetDeleted
                | K::NewerWhileUploading
        )
    }

    /// Whether a request that it strikes may arrive long after its sender has given it up, and takes effect then.
    pub(crate) const fn is_late(self) -> bool {
        matches!(
            self,
            K::RequestLate | K::Crash | K::PartMeetsComplete | K::HeartbeatStale | K::GiveBackStale
        )
    }

    /// Whether it strikes only while a large file is uploaded, or at what the store copies for one tenant.
    pub(crate) const fn is_of_large_files(self) -> bool {
        matches!(
            self,
            K::CompleteEmptyAfterEffect
                | K::CompleteNoSuchUpload
                | K::NewerWhileUploading
                | K::PartMeetsComplete
                | K::StoreCopyRefused
                | K::TargetDeleted
                | K::TargetWritten
                | K::UploadGone
        )
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_kinds() {
        for (index, (kind, _)) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind.index(), index, "{kind:?}");
        }
    }

    #[test]
    fn names_are_words() {
        assert_eq!(Kind::BodyTruncated.name(), "body truncated");
        assert_eq!(Kind::CompleteErrorIn200AfterEffect.name(), "complete error in200 after effect");
    }
}
