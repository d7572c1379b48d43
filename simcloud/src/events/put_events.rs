//! PutEvents: events of one's own.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::EventBus;
use super::delivery::iso_8601;
use super::errors::validation;
use crate::api::{ApiError, ApiResult};

const ENTRIES_MAX: usize = 10;
/// All entries together are at most this long: 1 MiB.
const REQUEST_BYTES_MAX: usize = 1_048_576;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PutEvents {
    entries: Vec<Entry>,
    endpoint_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    /// Seconds since 1970.
    time: Option<f64>,
    source: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    event_bus_name: Option<String>,
    trace_header: Option<String>,
}

/// Why an entry is refused: the code and its message.
type Refusal = (&'static str, String);

impl EventBus {
    pub(super) fn put_events(&self, request: PutEvents) -> ApiResult {
        if request.endpoint_id.is_some() {
            return Err(ApiError::not_implemented("EventBridge", "PutEvents with EndpointId"));
        }
        if !(1..=ENTRIES_MAX).contains(&request.entries.len()) {
            return Err(validation(format!("Entries must hold 1 to {ENTRIES_MAX} events.")));
        }
        if request.entries.iter().map(Entry::size_bytes).sum::<usize>() > REQUEST_BYTES_MAX {
            return Err(validation("Total size of the entries in the request is over the limit."));
        }
        let (mut replies, mut failed) = (Vec::with_capacity(request.entries.len()), 0);
        for entry in request.entries {
            replies.push(match entry.check() {
                Ok(detail) => json!({"EventId": self.put_event(&entry, &detail)}),
                Err((code, message)) => {
                    failed += 1;
                    json!({"ErrorCode": code, "ErrorMessage": message})
                }
            });
        }
        Ok(json!({"FailedEntryCount": failed, "Entries": replies}))
    }

    /// Publishes the event and gives its id. One for a bus that does not exist gets an id too, and goes nowhere.
    fn put_event(&self, entry: &Entry, detail: &Map<String, Value>) -> String {
        let id = self.entropy.uuid();
        let seconds = std::time::Duration::try_from_secs_f64(entry.time.unwrap_or(-1.0)).ok();
        let time = seconds.and_then(|seconds| std::time::SystemTime::UNIX_EPOCH.checked_add(seconds));
        let event = json!({
            "version": "0",
            "id": id,
            "detail-type": entry.detail_type,
            "source": entry.source,
            "account": self.account_id,
            "time": iso_8601(time.unwrap_or_else(|| self.clock.now())),
            "region": self.region,
            "resources": entry.resources,
            "detail": detail,
        });
        if self.check_bus(entry.event_bus_name.as_deref()).is_ok() {
            self.publish(&event, &event.to_string());
        }
        id
    }
}

impl Entry {
    /// As AWS counts it: the time takes 14 bytes, everything else its UTF-8 length.
    fn size_bytes(&self) -> usize {
        let texts = [&self.source, &self.detail_type, &self.detail, &self.trace_header];
        let time = if self.time.is_some() { 14 } else { 0 };
        time + texts.into_iter().flatten().chain(&self.resources).map(String::len).sum::<usize>()
    }

    /// The event's detail, if the entry is valid.
    fn check(&self) -> Result<Map<String, Value>, Refusal> {
        let required = |value: &Option<String>, name: &str| match value.as_deref() {
            None | Some("") => Err((
                "InvalidArgument",
                format!("Parameter {name} is not valid. Reason: {name} is a required argument."),
            )),
            Some(_) => Ok(()),
        };
        required(&self.source, "Source")?;
        required(&self.detail_type, "DetailType")?;
        required(&self.detail, "Detail")?;
        if self.source.as_deref().is_some_and(|source| source.starts_with("aws.")) {
            return Err(("NotAuthorizedForSourceException", "Not authorized for the source.".to_owned()));
        }
        let detail = self.detail.as_deref().unwrap_or_default();
        serde_json::from_str(detail).map_err(|_| ("MalformedDetail", "Detail is malformed.".to_owned()))
    }
}
