//! What starting either service has in common: one clear line for what is wrong, and the exit status that goes with it.

use std::fmt;

use aws_config::SdkConfig;

use crate::aws::Access;
use crate::fault::{Class, Fault};
use crate::ledger::Ledger;
use crate::queue::Queue;
use crate::settings::{EX_USAGE, Shared};

/// Why a service does not start.
#[derive(Debug)]
pub enum StartError {
    /// Wrong settings or rules: every mistake, one a line.
    Usage(String),
    /// AWS says no, or cannot be reached. `what` names the resource.
    Aws { what: String, fault: Fault },
    /// Anything of this machine.
    Local(String),
}

impl StartError {
    /// 64 for a wrong configuration, 1 for everything else.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => EX_USAGE,
            Self::Aws { .. } | Self::Local(_) => 1,
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, fault) = match self {
            Self::Usage(mistakes) => return f.write_str(mistakes),
            Self::Local(error) => return f.write_str(error),
            Self::Aws { what, fault } => (what, fault),
        };
        let hint = match fault.class {
            _ if fault.code == "NoRedrivePolicy" => {
                "it needs a redrive policy that names its dead-letter queue"
            }
            _ if fault.code == "NoIndex" => "the table has no index of this name",
            _ if fault.code == "IndexNotActive" => "it is being made or changed: try again when it is active",
            _ if fault.code == "NoDate" => "its replies have no date, without which no upload has an age",
            Class::Missing => "is it in this account and region, under this name?",
            Class::Denied => "are credentials, region and permissions right?",
            Class::Throttled | Class::Transient => {
                "is the endpoint up and reachable, and are there credentials?"
            }
            _ => "the request was refused",
        };
        write!(f, "failed to use {what}: {fault}: {hint}")
    }
}

impl std::error::Error for StartError {}

/// The SDK's configuration.
///
/// # Errors
/// [`StartError::Usage`] without a region: the SDK says no more than that its requests could not be sent.
pub async fn sdk_config(shared: &Shared) -> Result<SdkConfig, StartError> {
    sdk_config_of(&shared.access).await
}

/// As [`sdk_config`], for a command that is no service.
///
/// # Errors
/// [`StartError::Usage`] without a region.
pub async fn sdk_config_of(access: &Access) -> Result<SdkConfig, StartError> {
    let config = access.load().await;
    if config.region().is_none() {
        let mistake =
            "there is no AWS region: give --region, or set AWS_REGION, or name one in the AWS profile";
        return Err(StartError::Usage(mistake.to_owned()));
    }
    Ok(config)
}

/// Finds a queue, or says which one is not to be had.
///
/// # Errors
/// [`StartError::Aws`], naming the queue.
pub async fn queue(
    client: &aws_sdk_sqs::Client,
    name_or_url: &str,
    shared: &Shared,
) -> Result<Queue, StartError> {
    let found = Queue::find(client, name_or_url, shared.visibility_timeout).await;
    found.map_err(|fault| StartError::Aws { what: format!("queue {name_or_url}"), fault })
}

/// Checks that the ledger is there.
///
/// # Errors
/// [`StartError::Aws`], naming the table.
pub async fn check_ledger(ledger: &Ledger, table: &str) -> Result<(), StartError> {
    ledger.check().await.map_err(|fault| StartError::Aws { what: format!("table {table}"), fault })
}
