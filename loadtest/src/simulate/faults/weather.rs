//! The weather of one world: decides, request by request, what goes wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use simcloud::{Effect, Gate, Incoming};

use super::Kind;
use super::effects::{Target, body_bytes, reads_source};
use super::partition::{Manner, Partition};
use crate::simulate::facts::{Facts, is_service, upload_id};

/// How often each kind strikes; 0 where it is not about.
pub(crate) type Rates = [f64; Kind::COUNT];

/// What is to be done to an actor, or to a source object, because of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Strike {
    Crash,
    Pause(Duration),
    Stop {
        twice: bool,
    },
    Overwrite {
        key: String,
        same_bytes: bool,
    },
    Delete {
        key: String,
    },
    /// A small newer version, which is copied sooner than the upload that is under way.
    Overtake {
        key: String,
    },
    /// Somebody else puts an object in the target's place.
    WriteTarget {
        bucket: String,
        key: String,
    },
    /// Somebody else deletes what is at the target. Where nothing is, it writes and deletes.
    DeleteTarget {
        bucket: String,
        key: String,
    },
    /// Removes the upload that the request speaks of.
    Abort {
        upload_id: String,
    },
}

#[derive(Debug)]
pub(crate) struct Weather {
    pub(crate) hits: [u64; Kind::COUNT],
    /// Whether faults strike at all; latency goes on.
    pub(crate) is_on: bool,
    rates: Rates,
    draws: fastrand::Rng,
    visibility: Duration,
    partitions: Vec<Partition>,
    storm_until_ms: u64,
    /// Source objects that nobody may read for a while.
    denied_until_ms: BTreeMap<String, u64>,
    /// Targets, by bucket and key, that nobody may look at for a while.
    look_refused_until_ms: BTreeMap<String, u64>,
    /// By upload: a part that S3 has received and applies when the upload's next Complete comes in.
    late_parts: BTreeMap<String, Gate>,
}

/// For how long a Complete waits, so that the late part that it meets is applied before it.
const PART_FIRST: Duration = Duration::from_millis(200);

impl Weather {
    pub(crate) fn new(rates: Rates, seed: u64, visibility: Duration) -> Self {
        Self {
            hits: [0; Kind::COUNT],
            is_on: true,
            rates,
            draws: fastrand::Rng::with_seed(seed ^ 0x7765_6174),
            visibility,
            partitions: Vec::new(),
            storm_until_ms: 0,
            denied_until_ms: BTreeMap::new(),
            look_refused_until_ms: BTreeMap::new(),
            late_parts: BTreeMap::new(),
        }
    }

    pub(crate) fn hit(&mut self, kind: Kind) {
        self.hits[kind.index()] += 1;
    }

    /// Whether a kind that does not strike at requests strikes.
    pub(crate) fn strikes(&mut self, kind: Kind) -> bool {
        let strikes = self.is_on && self.draws.f64() < self.rates[kind.index()];
        if strikes {
            self.hit(kind);
        }
        strikes
    }

    pub(crate) fn heal(&mut self) {
        self.is_on = false;
        self.partitions.clear();
        // Dropping a gate opens it.
        self.late_parts.clear();
    }

    /// What a request meets, and what else is to happen because of it.
    pub(crate) fn meet(
        &mut self,
        actor: &str,
        incoming: &Incoming<'_>,
        past: &Facts,
    ) -> (Vec<Effect>, Option<Strike>, Option<Kind>) {
        if !is_service(actor) {
            return (Vec::new(), None, None);
        }
        let mut effects = vec![Effect::Delay(Duration::from_millis(self.draws.u64(1..=30)))];
        if !self.is_on {
            return (effects, None, None);
        }
        let object = (incoming.service == "S3").then(|| incoming.resource.split_once('/')).flatten();
        let key = object.map(|(_, key)| key.strip_prefix("copies/").unwrap_or(key)).unwrap_or_default();
        let whole_bytes = past.newest(key).map(|version| version.content.len_bytes());
        if let Some((more, kind)) = self.standing(actor, incoming, key, past) {
            effects.extend(more);
            return (effects, None, Some(kind));
        }
        effects.extend(self.meets_late_part(incoming));
        let target =
            Target { incoming, body_bytes: body_bytes(incoming, whole_bytes), visibility: self.visibility };
        let has_late_part = upload_id(incoming).is_some_and(|id| self.late_parts.contains_key(id));
        // From a different one each time, so that none stands in the others' light.
        let first = self.draws.usize(0..Kind::COUNT);
        for (kind, _) in Kind::ALL.into_iter().cycle().skip(first).take(Kind::COUNT) {
            let rate = self.rates[kind.index()];
            // One late part for each upload.
            if kind == Kind::PartMeetsComplete && has_late_part {
                continue;
            }
            if rate > 0.0 && target.suits(kind) && self.draws.f64() < rate {
                if kind != Kind::PartMeetsComplete {
                    self.hit(kind);
                }
                effects.extend(target.effects(kind, &mut self.draws));
                let (more, strike) = self.beyond(kind, actor, (key, incoming), past.now_ms);
                effects.extend(more);
                return (effects, strike, Some(kind));
            }
        }
        (effects, None, None)
    }

    /// The late part of an upload arrives just before the upload's Complete. It is counted here, where the two meet. An upload that is
    /// removed does not keep its part waiting.
    fn meets_late_part(&mut self, incoming: &Incoming<'_>) -> Option<Effect> {
        let is_complete = incoming.operation == "CompleteMultipartUpload";
        if !is_complete && incoming.operation != "AbortMultipartUpload" {
            return None;
        }
        let gate = self.late_parts.remove(upload_id(incoming)?)?;
        gate.open();
        is_complete.then(|| {
            self.hit(Kind::PartMeetsComplete);
            Effect::Delay(PART_FIRST)
        })
    }

    /// What goes on being wrong.
    fn standing(
        &mut self,
        actor: &str,
        incoming: &Incoming<'_>,
        key: &str,
        past: &Facts,
    ) -> Option<(Vec<Effect>, Kind)> {
        let now_ms = past.now_ms;
        self.partitions.retain(|partition| partition.until_ms > now_ms);
        let cut = self.partitions.iter().find(|it| it.actor == actor && it.service == incoming.service);
        if let Some(partition) = cut {
            return Some((partition.manner.effects(), cut_off(partition.service)));
        }
        let on_s3 = incoming.service == "S3";
        if on_s3 && self.rates[Kind::LaneInTrouble.index()] > 0.0 && past.is_bulk(key) {
            self.hit(Kind::LaneInTrouble);
            return Some((Manner::Silent.effects(), Kind::LaneInTrouble));
        }
        if on_s3 && self.storm_until_ms > now_ms && self.draws.f64() < 0.9 {
            return Some((vec![Effect::slow_down()], Kind::S3Storm));
        }
        let denied = self.denied_until_ms.get(key).is_some_and(|until_ms| *until_ms > now_ms);
        let forbidden = || vec![Effect::respond(403, "AccessDenied", "simulated")];
        if denied && reads_source(incoming) {
            return Some((forbidden(), Kind::AccessDenied));
        }
        let is_look = on_s3 && matches!(incoming.operation, "HeadObject" | "GetObject");
        let refused_until_ms = self.look_refused_until_ms.get(incoming.resource).filter(|_| is_look);
        if refused_until_ms.is_some_and(|until_ms| *until_ms > now_ms) {
            return Some((forbidden(), Kind::LookRefused));
        }
        None
    }

    /// What a kind does beyond the request that it strikes.
    fn beyond(
        &mut self,
        kind: Kind,
        actor: &str,
        (key, incoming): (&str, &Incoming<'_>),
        now_ms: u64,
    ) -> (Vec<Effect>, Option<Strike>) {
        let nothing = (Vec::new(), None);
        let lease_ms = u64::try_from(self.visibility.as_millis()).unwrap_or(0);
        match kind {
            Kind::Crash => {
                // What was sent may be lost, may arrive, and may arrive late.
                let fate = match self.draws.u8(0..3) {
                    0 => vec![Effect::DropBefore],
                    1 => Vec::new(),
                    _ => vec![Effect::Delay(Duration::from_millis(self.draws.u64(1..lease_ms)))],
                };
                (fate, Some(Strike::Crash))
            }
            Kind::PauseShort => {
                let pause = Duration::from_millis(self.draws.u64(100..lease_ms / 2));
                (Vec::new(), Some(Strike::Pause(pause)))
            }
            Kind::PauseBeyondLease => {
                let pause = Duration::from_millis(self.draws.u64(lease_ms..lease_ms * 3));
                (Vec::new(), Some(Strike::Pause(pause)))
            }
            Kind::Stop | Kind::StopTwice => {
                (Vec::new(), Some(Strike::Stop { twice: kind == Kind::StopTwice }))
            }
            Kind::CutOffFromS3 | Kind::CutOffFromSqs | Kind::CutOffFromDynamoDb => {
                let service = match kind {
                    Kind::CutOffFromS3 => "S3",
                    Kind::CutOffFromSqs => "SQS",
                    _ => "DynamoDB",
                };
                let manner = Manner::ALL[self.draws.usize(0..Manner::ALL.len())];
                let until_ms = now_ms + self.draws.u64(5_000..lease_ms * 3);
                self.partitions.push(Partition { actor: actor.to_owned(), service, manner, until_ms });
                nothing
            }
            Kind::S3Storm => {
                self.storm_until_ms = now_ms + self.draws.u64(5_000..60_000);
                nothing
            }
            Kind::AccessDenied => {
                self.denied_until_ms.insert(key.to_owned(), now_ms + self.draws.u64(1..60_000));
                nothing
            }
            Kind::SourceOverwritten => {
                (Vec::new(), Some(Strike::Overwrite { key: key.to_owned(), same_bytes: false }))
            }
            Kind::SourcePutAgain => {
                (Vec::new(), Some(Strike::Overwrite { key: key.to_owned(), same_bytes: true }))
            }
            Kind::UploadGone => {
                let id = upload_id(incoming);
                (Vec::new(), id.map(|id| Strike::Abort { upload_id: id.to_owned() }))
            }
            Kind::LookRefused | Kind::DoubtBehindRefusedLook => {
                let until_ms = now_ms + self.draws.u64(5_000..90_000);
                self.look_refused_until_ms.insert(incoming.resource.to_owned(), until_ms);
                // With its source gone, the next attempt has a reason to fail the file, and no way to see that it is there.
                let is_deleted = kind == Kind::DoubtBehindRefusedLook && self.draws.u8(0..3) == 0;
                (Vec::new(), is_deleted.then(|| Strike::Delete { key: key.to_owned() }))
            }
            Kind::PartMeetsComplete => {
                let Some(id) = upload_id(incoming) else { return nothing };
                let (late, gate) = Effect::applied_late();
                self.late_parts.insert(id.to_owned(), gate);
                // Its sender stands still until another attempt has taken over.
                let pause = Duration::from_millis(self.draws.u64(lease_ms..lease_ms * 3));
                (vec![late], Some(Strike::Pause(pause)))
            }
            Kind::TargetWritten | Kind::TargetDeleted => {
                let (bucket, key) = incoming.resource.split_once('/').unwrap_or_default();
                let (bucket, key) = (bucket.to_owned(), key.to_owned());
                let strike = match kind {
                    Kind::TargetWritten => Strike::WriteTarget { bucket, key },
                    _ => Strike::DeleteTarget { bucket, key },
                };
                (Vec::new(), Some(strike))
            }
            Kind::NewerWhileUploading => (Vec::new(), Some(Strike::Overtake { key: key.to_owned() })),
            Kind::SourceDeleted => (Vec::new(), Some(Strike::Delete { key: key.to_owned() })),
            _ => nothing,
        }
    }
}

fn cut_off(service: &str) -> Kind {
    match service {
        "S3" => Kind::CutOffFromS3,
        "SQS" => Kind::CutOffFromSqs,
        _ => Kind::CutOffFromDynamoDb,
    }
}
