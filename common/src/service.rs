//! What starting either service has in common: one clear line for what is wrong, and the exit status that goes with it.

use std::fmt;

use aws_config::SdkConfig;

use crate::aws::Access;
use crate::fault::{Class, Fault, Origin};
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
    /// Several resources that cannot be used, each once.
    Several(Vec<StartError>),
    /// Anything of this machine.
    Local(String),
}

impl StartError {
    /// 64 for a wrong configuration, 1 for everything else.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => EX_USAGE,
            Self::Aws { .. } | Self::Several(_) | Self::Local(_) => 1,
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, fault) = match self {
            Self::Usage(mistakes) => return f.write_str(mistakes),
            Self::Local(error) => return f.write_str(error),
            Self::Several(errors) => {
                let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
                return f.write_str(&lines.join("\n"));
            }
            Self::Aws { what, fault } => (what, fault),
        };
        write!(f, "failed to use {what}: {fault}: ")?;
        match fault.origin.as_deref() {
            None => f.write_str(hint(fault)),
            Some(Origin { cause, chain }) if chain.is_empty() => f.write_str(cause.check()),
            Some(Origin { cause, chain }) => write!(f, "{} ({chain})", cause.check()),
        }
    }
}

/// What to check after a refusal.
fn hint(fault: &Fault) -> &'static str {
    match fault.class {
        _ if fault.code == "NoRedrivePolicy" => "it needs a redrive policy that names its dead-letter queue",
        _ if fault.code == "NoIndex" => "the table has no index of this name",
        _ if fault.code == "IndexNotActive" => "it is being made or changed: try again when it is active",
        _ if fault.code == "NoDate" => "its replies have no date, without which no upload has an age",
        _ if fault.code == "not_an_aws_answer" => {
            "something else answered in AWS's place: is there a proxy, a load balancer or a captive portal in between?"
        }
        Class::Missing => "is it in this account and region, under this name?",
        Class::Denied => "are credentials, region and permissions right?",
        Class::Throttled | Class::Transient => "is the endpoint up and reachable, and is it AWS's?",
        _ => "the request was refused",
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

/// Checks several resources and reports every one that cannot be used, not the first alone.
#[derive(Debug, Default)]
pub struct Checks(Vec<StartError>);

impl Checks {
    /// The resource; `None` when it cannot be used, which is noted.
    pub fn note<T>(&mut self, checked: Result<T, StartError>) -> Option<T> {
        checked.map_err(|error| self.0.push(error)).ok()
    }

    /// What was made of the resources, when all of them can be used.
    ///
    /// # Errors
    /// Everything that was noted. What the same thing keeps from being used stands in one line.
    pub fn finish<T>(self, made: Option<T>) -> Result<T, StartError> {
        match made {
            Some(made) if self.0.is_empty() => Ok(made),
            _ => Err(StartError::Several(joined(self.0))),
        }
    }
}

/// One refused connection keeps every resource away: it is said once, with their names.
fn joined(errors: Vec<StartError>) -> Vec<StartError> {
    let mut joined: Vec<StartError> = Vec::new();
    for error in errors {
        let same = match &error {
            StartError::Aws { fault, .. } if fault.origin.is_some() => joined.iter_mut().find_map(|known| {
                let StartError::Aws { what, fault: known } = known else { return None };
                (known.origin == fault.origin).then_some(what)
            }),
            _ => None,
        };
        match (same, error) {
            (Some(known), StartError::Aws { what, .. }) => {
                known.push_str(", ");
                known.push_str(&what);
            }
            (_, error) => joined.push(error),
        }
    }
    joined
}

/// Finds a queue, or says which one cannot be used.
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
