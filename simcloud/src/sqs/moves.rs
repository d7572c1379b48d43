//! Message move tasks: the messages of a dead-letter queue go back where they came from, or to another queue, at a bounded rate.
//!
//! A task works by itself, a few messages at a time; each step moves them under the one lock, so that a message is always in exactly
//! one queue. What is moved is a *new* message: new id, enqueue time and receive count. Without a destination every message must
//! know the queue that gave it up; one that was sent to the dead-letter queue by hand does not, and fails the task, as on AWS.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Sqs;
use super::errors::{in_range, invalid_parameter, parse, required, unsupported};
use super::message::Envelope;
use crate::api::{ApiError, ApiResult};

const MESSAGES_PER_SECOND_MAX: u32 = 500;
/// Tasks of one queue that are remembered.
const TASKS_MAX: usize = 10;

/// One task, running or over.
#[derive(Debug)]
pub(super) struct MoveTask {
    handle: String,
    source_arn: String,
    destination_arn: Option<String>,
    /// As the caller gave it.
    per_second: Option<u32>,
    started_at_ms: u64,
    to_move: usize,
    moved: usize,
    status: Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Running,
    Completed,
    Cancelled,
    Failed(&'static str),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Start {
    source_arn: Option<String>,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    source_arn: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Cancel {
    task_handle: Option<String>,
}

impl Sqs {
    pub(super) fn start_message_move_task(&self, request: Map<String, Value>) -> ApiResult {
        let request: Start = parse(Value::Object(request))?;
        let source_arn = required(request.source_arn, "SourceArn")?;
        let per_second = request
            .max_number_of_messages_per_second
            .map(|rate| in_range("MaxNumberOfMessagesPerSecond", rate, 1..=MESSAGES_PER_SECOND_MAX));
        let per_second = per_second.transpose()?;
        let to_move = self.check_move(&source_arn, request.destination_arn.as_deref())?;
        let handle = self.handle(&source_arn);
        let mut tasks = self.moves();
        if tasks.iter().any(|task| task.source_arn == source_arn && task.status == Status::Running) {
            return Err(invalid_parameter(
                "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
            ));
        }
        tasks.push(MoveTask {
            handle: handle.clone(),
            source_arn: source_arn.clone(),
            destination_arn: request.destination_arn,
            per_second,
            started_at_ms: self.clock.unix_ms(),
            to_move,
            moved: 0,
            status: Status::Running,
        });
        while tasks.iter().filter(|task| task.source_arn == source_arn).count() > TASKS_MAX
            && let Some(oldest) = tasks.iter().position(|task| task.source_arn == source_arn)
        {
            tasks.remove(oldest);
        }
        drop(tasks);
        self.work_off(handle.clone(), per_second.unwrap_or(MESSAGES_PER_SECOND_MAX));
        Ok(json!({ "TaskHandle": handle }))
    }

    /// The latest first. Only a running task shows its handle.
    pub(super) fn list_message_move_tasks(&self, request: Map<String, Value>) -> ApiResult {
        let request: List = parse(Value::Object(request))?;
        let source_arn = required(request.source_arn, "SourceArn")?;
        let results_max = in_range("MaxResults", request.max_results.unwrap_or(1), 1..=10)?;
        self.check_source(&source_arn)?;
        let tasks = self.moves();
        let tasks = tasks.iter().rev().filter(|task| task.source_arn == source_arn);
        let results: Vec<Value> = tasks.take(results_max as usize).map(MoveTask::shown).collect();
        Ok(json!({ "Results": results }))
    }

    pub(super) fn cancel_message_move_task(&self, request: Map<String, Value>) -> ApiResult {
        let handle = required(parse::<Cancel>(Value::Object(request))?.task_handle, "TaskHandle")?;
        let source_arn = source_of(&handle)
            .ok_or_else(|| invalid_parameter("Value for parameter TaskHandle is invalid."))?;
        self.check_source(&source_arn)?;
        let mut tasks = self.moves();
        let Some(task) = tasks.iter_mut().find(|task| task.handle == handle) else {
            return Err(not_found("Task does not exist."));
        };
        if task.status != Status::Running {
            return Err(unsupported("cancelling a task that is not running"));
        }
        task.status = Status::Cancelled;
        Ok(json!({ "ApproximateNumberOfMessagesMoved": task.moved }))
    }

    fn check_source(&self, source_arn: &str) -> Result<(), ApiError> {
        if self.name_of_arn(source_arn).is_some_and(|name| self.lock().contains_key(name)) {
            return Ok(());
        }
        Err(not_found("The resource that you specified for the SourceArn parameter doesn't exist."))
    }

    /// How many messages there are to move, if the task may be started.
    fn check_move(&self, source_arn: &str, destination_arn: Option<&str>) -> Result<usize, ApiError> {
        let mut queues = self.lock();
        let now_ms = self.clock.unix_ms();
        queues.values_mut().for_each(|queue| queue.advance(now_ms));
        let named = |parameter: &str, arn: &str| {
            self.name_of_arn(arn).and_then(|name| queues.get(name)).ok_or_else(|| {
                not_found(&format!(
                    "The resource that you specified for the {parameter} parameter doesn't exist."
                ))
            })
        };
        let source = named("SourceArn", source_arn)?;
        let feeds = |queue: &super::Queue| {
            let policy = queue.attributes.redrive_policy.as_ref();
            policy.is_some_and(|policy| policy.dead_letter_target_arn == source_arn)
        };
        if !queues.values().any(feeds) {
            return Err(invalid_parameter("Source queue must be configured as a Dead Letter Queue."));
        }
        if let Some(arn) = destination_arn {
            let destination = named("DestinationArn", arn)?;
            if arn == source_arn {
                return Err(invalid_parameter(
                    "Source queue arn and destination queue arn cannot be the same.",
                ));
            }
            if source.messages.is_fifo() != destination.messages.is_fifo() {
                return Err(invalid_parameter(
                    "The source queue and destination queue must be of the same queue type.",
                ));
            }
        }
        Ok(source.messages.counts().visible)
    }

    fn handle(&self, source_arn: &str) -> String {
        BASE64.encode(json!({ "taskId": self.entropy.uuid(), "sourceArn": source_arn }).to_string())
    }

    /// Steps until the task is over, or the cloud is gone.
    fn work_off(&self, handle: String, per_second: u32) {
        let step = Duration::from_millis(1000 / u64::from(per_second)).max(Duration::from_millis(20));
        let at_once = (u128::from(per_second) * step.as_millis() / 1000).max(1);
        let sqs = self.me.clone();
        #[expect(clippy::disallowed_methods, reason = "a task of the world, not of a caller")]
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(step).await;
                let Some(sqs) = sqs.upgrade() else { return };
                for _ in 0..at_once {
                    if !sqs.move_one(&handle) {
                        return;
                    }
                }
            }
        });
    }

    /// Moves one message; whether there may be another.
    fn move_one(&self, handle: &str) -> bool {
        let mut tasks = self.moves();
        let Some(task) = tasks.iter_mut().find(|task| task.handle == handle) else { return false };
        if task.status != Status::Running {
            return false;
        }
        if task.moved == task.to_move {
            task.status = Status::Completed;
            return false;
        }
        match self.carry(task) {
            Ok(true) => task.moved += 1,
            Ok(false) => task.status = Status::Completed,
            Err(reason) => task.status = Status::Failed(reason),
        }
        task.status == Status::Running
    }

    /// Whether there was a message to carry.
    fn carry(&self, task: &MoveTask) -> Result<bool, &'static str> {
        let mut queues = self.lock();
        let now_ms = self.clock.unix_ms();
        let source_name = self.name_of_arn(&task.source_arn).unwrap_or_default();
        let source = queues.get_mut(source_name).ok_or("AWS.SimpleQueueService.NonExistentQueue")?;
        source.advance(now_ms);
        let Some(first) = source.messages.first_visible() else { return Ok(false) };
        let destination_arn = match &task.destination_arn {
            Some(arn) => arn.clone(),
            None => first.dead_letter_source.as_deref().ok_or("CouldNotDetermineMessageSource")?.to_owned(),
        };
        let missing = "AWS.SimpleQueueService.NonExistentQueue";
        let destination = self.name_of_arn(&destination_arn).filter(|name| queues.contains_key(*name));
        let destination = destination.ok_or(missing)?.to_owned();
        let moved = queues.get_mut(source_name).and_then(|source| source.messages.take_first_visible());
        let (Some(moved), Some(destination)) = (moved, queues.get_mut(&destination)) else {
            return Err(missing);
        };
        let mut content = Arc::unwrap_or_clone(moved.content);
        content.message_id = self.entropy.uuid();
        destination.send(Envelope::new(content, now_ms), now_ms, None);
        Ok(true)
    }
}

impl MoveTask {
    fn shown(&self) -> Value {
        let mut shown = json!({
            "Status": self.status.name(),
            "SourceArn": self.source_arn,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.to_move,
            "StartedTimestamp": self.started_at_ms,
        });
        let optional = [
            ("TaskHandle", (self.status == Status::Running).then(|| self.handle.clone().into())),
            ("DestinationArn", self.destination_arn.clone().map(Value::from)),
            ("MaxNumberOfMessagesPerSecond", self.per_second.map(Value::from)),
            ("FailureReason", self.status.failure().map(Value::from)),
        ];
        if let Some(members) = shown.as_object_mut() {
            members.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        }
        shown
    }
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::Failed(_) => "FAILED",
        }
    }

    fn failure(self) -> Option<&'static str> {
        match self {
            Self::Failed(reason) => Some(reason),
            Self::Running | Self::Completed | Self::Cancelled => None,
        }
    }
}

/// The source queue that a handle names, or `None` if it is no handle.
fn source_of(handle: &str) -> Option<String> {
    let decoded: Value = serde_json::from_slice(&BASE64.decode(handle).ok()?).ok()?;
    decoded.get("taskId")?;
    Some(decoded.get("sourceArn")?.as_str()?.to_owned())
}

fn not_found(message: &str) -> ApiError {
    ApiError { status: StatusCode::NOT_FOUND, ..ApiError::bad("ResourceNotFoundException", message) }
}
