//! The task's own agent endpoint: `PUT $ECS_AGENT_URI/task-protection/v1/state`. It calls ECS with the task's role.
//!
//! It says no in several ways: `failure` (ECS refuses this task, often with status 200), `error` (the call itself failed: a
//! permission, a throttle, a timeout of the agent's), or with something that is not its JSON at all.

use http::{Method, StatusCode, Uri};
use serde_json::{Value, json};

use super::failure::Failure;
use super::http::exchange;
use super::machine::Ask;

const PATH: &str = "/task-protection/v1/state";

#[derive(Debug)]
pub(super) struct Agent {
    base: Uri,
}

impl Agent {
    pub(super) fn new(base: Uri) -> Self {
        Self { base }
    }

    pub(super) async fn send(&self, ask: Ask) -> Result<(), Failure> {
        let (status, reply) = exchange(Method::PUT, &self.base, PATH, Some(body(ask))).await?;
        read(ask, status, &reply)
    }
}

fn body(ask: Ask) -> String {
    match ask {
        Ask::Protect { minutes } => json!({ "ProtectionEnabled": true, "ExpiresInMinutes": minutes }),
        Ask::Release => json!({ "ProtectionEnabled": false }),
    }
    .to_string()
}

fn read(ask: Ask, status: StatusCode, reply: &[u8]) -> Result<(), Failure> {
    let reply: Value = serde_json::from_slice(reply).unwrap_or_default();
    let text = |object: &str, field: &str| reply.get(object)?.get(field)?.as_str().map(str::to_owned);
    if reply.get("failure").is_some_and(|failure| !failure.is_null()) {
        return Err(Failure::refused(&text("failure", "Reason").unwrap_or_default()));
    }
    if reply.get("error").is_some_and(|error| !error.is_null()) {
        let code = text("error", "Code").unwrap_or_default();
        // The agent did not hear from ECS: the request may have got there.
        let uncertain = status.is_server_error() || code.starts_with("Request");
        return Err(Failure { uncertain, ..Failure::refused(&code) });
    }
    if !status.is_success() {
        let code = format!("HTTP {}", status.as_u16());
        return Err(Failure { uncertain: status.is_server_error(), ..Failure::refused(&code) });
    }
    match reply.pointer("/protection/ProtectionEnabled").and_then(Value::as_bool) {
        Some(enabled) if enabled == matches!(ask, Ask::Protect { .. }) => Ok(()),
        Some(_) => Err(Failure::uncertain("not applied")),
        None => Err(Failure::uncertain("reply")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROTECT: Ask = Ask::Protect { minutes: 30 };

    fn read_as(ask: Ask, status: u16, reply: &Value) -> Result<(), (String, bool)> {
        let read = read(ask, StatusCode::from_u16(status).unwrap(), reply.to_string().as_bytes());
        read.map_err(|failure| (failure.code, failure.uncertain))
    }

    fn error(code: &str) -> Value {
        json!({ "requestID": "1", "error": { "Arn": "arn:task", "Code": code, "Message": "arn:secret" } })
    }

    #[test]
    fn a_request_says_what_ecs_expects() {
        assert_eq!(body(PROTECT), r#"{"ExpiresInMinutes":30,"ProtectionEnabled":true}"#);
        assert_eq!(body(Ask::Release), r#"{"ProtectionEnabled":false}"#);
    }

    #[test]
    fn a_reply_counts_only_when_it_says_what_was_asked_for() {
        let protection = |enabled| json!({ "protection": { "ProtectionEnabled": enabled, "ExpirationDate": null, "TaskArn": "t" } });
        assert_eq!(read_as(PROTECT, 200, &protection(json!(true))), Ok(()));
        assert_eq!(read_as(Ask::Release, 200, &protection(json!(false))), Ok(()));
        assert_eq!(read_as(PROTECT, 200, &protection(json!(false))), Err(("not applied".into(), true)));
        assert_eq!(read_as(PROTECT, 200, &protection(json!("true"))), Err(("reply".into(), true)));
    }

    #[test]
    fn refusals_are_told_from_what_may_have_taken_effect() {
        let failure = json!({ "failure": { "Arn": "t", "Detail": null, "Reason": "TASK_NOT_VALID" } });
        for status in [200, 400] {
            assert_eq!(read_as(PROTECT, status, &failure), Err(("TASK_NOT_VALID".into(), false)));
        }
        let denied = read_as(PROTECT, 400, &error("AccessDeniedException"));
        assert_eq!(denied, Err(("AccessDeniedException".into(), false)));
        let throttled = read_as(PROTECT, 400, &error("ThrottlingException"));
        assert_eq!(throttled, Err(("ThrottlingException".into(), false)));
        for (status, code) in [(504, "RequestCanceled"), (200, "RequestError"), (500, "ServerException")] {
            assert_eq!(read_as(PROTECT, status, &error(code)), Err((code.into(), true)));
        }
        assert_eq!(read_as(PROTECT, 404, &json!("no such page")), Err(("HTTP 404".into(), false)));
        assert_eq!(read_as(PROTECT, 502, &json!({})), Err(("HTTP 502".into(), true)));
        assert_eq!(read_as(PROTECT, 200, &json!({ "error": {} })), Err(("no code".into(), false)));
    }
}
