//! The settings that dispatcher and worker share.

use std::collections::BTreeMap;
use std::time::Duration;

use super::export::{self, Export};
use super::parse::{bounded, log_filter, pairs, seconds};
use super::reach::Reach;
use super::reader::{Reader, Setting};
use crate::aws::Access;
use crate::health::{self, HEALTH_PORT};
use crate::lane::Lane;
use crate::queue::RECEIVE_SLACK;

const fn setting(
    name: &'static str,
    value: &'static str,
    default: Option<&'static str>,
    help: &'static str,
) -> Setting {
    Setting { name, value, default, help }
}

pub(super) const REGION: Setting =
    setting("region", "REGION", None, "the AWS region; otherwise as the AWS CLI finds it");
pub(super) const ENDPOINT_URL: Setting =
    setting("endpoint-url", "URL", None, "send every AWS request there instead of to AWS");
pub(super) const TABLE: Setting =
    setting("table", "NAME", Some("FileTransferMetadata"), "the DynamoDB table that is the ledger");
const LANES: Setting =
    setting("lanes", "LANE=QUEUE,…", Some("fast=fast,bulk=bulk"), "each lane's queue, by name or URL");
const VISIBILITY_TIMEOUT: Setting = setting(
    "visibility-timeout-s",
    "SECONDS",
    Some("60"),
    "how long a received message stays hidden without a heartbeat; longer than --wait-s plus 10",
);
const WAIT: Setting = setting("wait-s", "SECONDS", Some("20"), "how long a poll of an empty queue waits");
const GRACE_PERIOD: Setting = setting(
    "grace-period-s",
    "SECONDS",
    Some("110"),
    "from SIGTERM to exit; below the task's stopTimeout, which is 120 at most on Fargate",
);
const RETENTION: Setting = setting(
    "retention-days",
    "DAYS",
    Some("90"),
    "how long the ledger keeps a file that has come to its end",
);
const LOG: Setting =
    setting("log", "FILTER", Some("info"), "what is logged, such as info or drayage_worker=debug,info");

/// What [`Shared::read`] reads.
pub const SHARED: &[Setting] = &[
    REGION,
    ENDPOINT_URL,
    TABLE,
    LANES,
    VISIBILITY_TIMEOUT,
    WAIT,
    GRACE_PERIOD,
    RETENTION,
    LOG,
    export::ENDPOINT,
    export::TRACE_PERCENT,
    export::TRACE_REQUESTS,
    export::METRICS_INTERVAL,
    export::METRIC_CUSTOMERS,
    HEALTH_PORT,
];

/// The settings that dispatcher and worker share.
#[derive(Debug, Clone)]
pub struct Shared {
    pub access: Access,
    pub table: String,
    /// Each lane's queue, by name or URL.
    pub lanes: BTreeMap<Lane, String>,
    pub visibility_timeout: Duration,
    pub wait: Duration,
    pub grace_period: Duration,
    pub retention: Duration,
    pub log: String,
    pub export: Export,
    /// `None`: nothing listens.
    pub health_port: Option<u16>,
}

impl Shared {
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let reach = Reach::read(reader);
        let lanes = reader.required(&LANES, lanes);
        let visibility_timeout = reader.required(&VISIBILITY_TIMEOUT, |text| seconds(text, 2..=3_600));
        let wait = reader.required(&WAIT, |text| seconds(text, 0..=20));
        if let (Some(visibility_timeout), Some(wait)) = (visibility_timeout, wait)
            && visibility_timeout <= wait + RECEIVE_SLACK
        {
            // A receive that hangs and is given up must not have hidden its messages for less time than it hung.
            let least = (wait + RECEIVE_SLACK).as_secs() + 1;
            reader.mistake(format!(
                "--visibility-timeout-s is {} with --wait-s {}: expected at least {least}",
                visibility_timeout.as_secs(),
                wait.as_secs()
            ));
        }
        let grace_period = reader.required(&GRACE_PERIOD, |text| seconds(text, 1..=118));
        if let (Some(grace_period), Some(wait)) = (grace_period, wait)
            && grace_period <= wait
        {
            // A poll that is open when the stop begins must be able to end.
            reader.mistake(format!(
                "--grace-period-s is {} with --wait-s {}: expected more",
                grace_period.as_secs(),
                wait.as_secs()
            ));
        }
        let retention = reader.required(&RETENTION, |text| bounded(text, 1..=3_650_u64));
        let log = reader.required(&LOG, log_filter);
        let export = Export::read(reader);
        let health_port = reader.optional(&HEALTH_PORT, health::port);
        let Reach { access, table } = reach?;
        Some(Self {
            access,
            table,
            lanes: lanes?,
            visibility_timeout: visibility_timeout?,
            wait: wait?,
            grace_period: grace_period?,
            retention: Duration::from_secs(retention? * 86_400),
            log: log?,
            export: export?,
            health_port,
        })
    }
}

fn lanes(text: &str) -> Result<BTreeMap<Lane, String>, String> {
    let named = pairs(text)?.into_iter();
    named.map(|(lane, queue)| Ok((Lane::parse(&lane).map_err(|error| error.to_string())?, queue))).collect()
}
