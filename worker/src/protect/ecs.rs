//! The ECS API itself (`UpdateTaskProtection`), where the task has no agent endpoint. Which task this is, its metadata endpoint says.

use aws_config::SdkConfig;
use aws_sdk_ecs::Client;
use aws_sdk_ecs::config::StalledStreamProtectionConfig;
use aws_sdk_ecs::config::retry::RetryConfig;
use common::aws::{Sender, small_request_timeouts};
use common::fault::Fault;
use http::{Method, Uri};
use serde_json::Value;
use tokio::sync::OnceCell;

use super::failure::Failure;
use super::http::exchange;
use super::machine::Ask;

const OPERATION: &str = "UpdateTaskProtection";

#[derive(Debug)]
pub(super) struct Ecs {
    client: Client,
    metadata: Uri,
    /// Read once, when it is first needed.
    task: OnceCell<Task>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Task {
    cluster: String,
    arn: String,
}

impl Ecs {
    /// The caller tries again, so the SDK does not.
    pub(super) fn new(config: &SdkConfig, metadata: Uri) -> Self {
        let builder = aws_sdk_ecs::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(small_request_timeouts())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .interceptor(Sender);
        Self { client: Client::from_conf(builder.build()), metadata, task: OnceCell::new() }
    }

    pub(super) async fn send(&self, ask: Ask) -> Result<(), Failure> {
        let task = self.task.get_or_try_init(|| self.look()).await?;
        let request = self.client.update_task_protection().cluster(&task.cluster).tasks(&task.arn);
        let request = match ask {
            Ask::Protect { minutes } => {
                let minutes = i32::try_from(minutes).unwrap_or(i32::MAX);
                request.protection_enabled(true).expires_in_minutes(minutes)
            }
            Ask::Release => request.protection_enabled(false),
        };
        let reply = request.send().await.map_err(|error| Failure::from(Fault::of(OPERATION, &error)))?;
        if let Some(failure) = reply.failures().first() {
            return Err(Failure::refused(failure.reason().unwrap_or_default()));
        }
        let enabled = reply.protected_tasks().iter().find(|found| found.task_arn() == Some(&task.arn));
        match enabled {
            Some(found) if found.protection_enabled() == matches!(ask, Ask::Protect { .. }) => Ok(()),
            Some(_) => Err(Failure::uncertain("not applied")),
            None => Err(Failure::uncertain("reply")),
        }
    }

    async fn look(&self) -> Result<Task, Failure> {
        // Nothing was asked of ECS yet, whatever becomes of this.
        let nothing_asked = |failure| Failure { uncertain: false, ..failure };
        let reply = exchange(Method::GET, &self.metadata, "/task", None).await;
        let (status, reply) = reply.map_err(nothing_asked)?;
        let task = if status.is_success() { read(&reply) } else { None };
        task.ok_or_else(|| Failure::refused("metadata"))
    }
}

fn read(reply: &[u8]) -> Option<Task> {
    let reply: Value = serde_json::from_slice(reply).ok()?;
    let text = |field| reply.get(field)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    Some(Task { cluster: text("Cluster")?, arn: text("TaskARN")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_metadata_names_the_task() {
        let task = read(br#"{"Cluster":"c","TaskARN":"arn:t","Family":"worker"}"#).unwrap();
        assert_eq!(task, Task { cluster: "c".into(), arn: "arn:t".into() });
        for bad in [&b"{}"[..], b"", br#"{"Cluster":"","TaskARN":"t"}"#, br#"{"Cluster":1,"TaskARN":"t"}"#] {
            assert_eq!(read(bad), None);
        }
    }
}
