//! Each way to ECS, request by request.

use common::settings::Reader;
use serde_json::{Value, json};

use super::server::{Seen, Server, protection};
use crate::protect::{Ask, Door, Surroundings};

const PROTECT: Ask = Ask::Protect { minutes: 30 };
const TARGET: &str = "AmazonEC2ContainerServiceV20141113.UpdateTaskProtection";

async fn agent(server: &Server) -> Door {
    let surroundings = Surroundings {
        agent_uri: Some(format!("{}/api/0123/", server.url())),
        metadata_uri: Some("http://127.0.0.1:1/not-asked".to_owned()),
    };
    surroundings.door(&server.sdk_config().await).unwrap()
}

async fn api(server: &Server) -> Door {
    let surroundings = Surroundings {
        agent_uri: Some("nonsense".to_owned()),
        metadata_uri: Some(server.url() + "/v4/0123"),
    };
    surroundings.door(&server.sdk_config().await).unwrap()
}

fn seen(line: &str, target: Option<&str>, json: Value) -> Seen {
    Seen { line: line.to_owned(), target: target.map(str::to_owned), json }
}

async fn code(server: &Server, door: &Door, ask: Ask) -> (String, bool) {
    let failure = server.beside(door.send(ask)).await.unwrap_err();
    (failure.code, failure.uncertain)
}

#[tokio::test]
async fn the_agent_is_asked_with_the_path_of_the_task() {
    let server = Server::new(&[protection(true), protection(false)]).await;
    let door = agent(&server).await;
    assert_eq!(door.name(), "agent");
    assert_eq!(server.beside(door.send(PROTECT)).await, Ok(()));
    assert_eq!(server.beside(door.send(Ask::Release)).await, Ok(()));
    let line = "PUT /api/0123/task-protection/v1/state";
    assert_eq!(
        server.seen.take(),
        [
            seen(line, None, json!({ "ProtectionEnabled": true, "ExpiresInMinutes": 30 })),
            seen(line, None, json!({ "ProtectionEnabled": false })),
        ]
    );
}

#[tokio::test]
async fn what_the_agent_refuses_is_told_by_its_code() {
    let failure = json!({ "failure": { "Arn": "arn:t", "Detail": null, "Reason": "DEPLOYMENT_BLOCKED" } });
    let error =
        json!({ "error": { "Arn": "arn:t", "Code": "ThrottlingException", "Message": "Rate exceeded" } });
    let silent = json!({ "error": { "Arn": "arn:t", "Code": "RequestCanceled", "Message": "Timed out" } });
    let server = Server::new(&[(200, failure), (400, error), (504, silent), (200, json!("?"))]).await;
    let door = agent(&server).await;
    assert_eq!(code(&server, &door, PROTECT).await, ("DEPLOYMENT_BLOCKED".into(), false));
    assert_eq!(code(&server, &door, PROTECT).await, ("ThrottlingException".into(), false));
    assert_eq!(code(&server, &door, PROTECT).await, ("RequestCanceled".into(), true));
    assert_eq!(code(&server, &door, Ask::Release).await, ("reply".into(), true));
}

#[tokio::test]
async fn an_agent_that_does_not_answer_is_not_waited_for_without_end() {
    let server = Server::new(&[]).await;
    let door = agent(&server).await;
    let mut asked = std::pin::pin!(server.beside(door.send(PROTECT)));
    // Real time until the request has arrived; from then on there is only the deadline to wait for.
    while server.seen.borrow().is_empty() {
        tokio::select! {
            biased;
            _ = &mut asked => panic!("answered by nobody"),
            () = tokio::task::yield_now() => {}
        }
    }
    tokio::time::pause();
    let failure = asked.await.unwrap_err();
    assert_eq!((failure.code.as_str(), failure.uncertain), ("timeout", true));
}

#[tokio::test]
async fn an_agent_that_is_not_there_has_done_nothing() {
    let server = Server::new(&[]).await;
    let door = agent(&server).await;
    drop(server);
    let failure = door.send(PROTECT).await.unwrap_err();
    assert_eq!((failure.code.as_str(), failure.uncertain), ("connect", false));
}

#[tokio::test]
async fn without_an_agent_the_api_is_asked_for_the_task_that_the_metadata_names() {
    let task = json!({ "Cluster": "arn:c", "TaskARN": "arn:t", "Family": "worker" });
    let done = |enabled: bool| json!({ "protectedTasks": [{ "taskArn": "arn:t", "protectionEnabled": enabled }], "failures": [] });
    let server = Server::new(&[(500, json!({})), (200, task), (200, done(true)), (200, done(false))]).await;
    let door = api(&server).await;
    assert_eq!(door.name(), "api");
    // Asked again when it is needed again, until it is known, and not any more then.
    assert_eq!(code(&server, &door, PROTECT).await, ("metadata".into(), false));
    assert_eq!(server.beside(door.send(PROTECT)).await, Ok(()));
    assert_eq!(server.beside(door.send(Ask::Release)).await, Ok(()));
    let request =
        |enabled: bool| json!({ "cluster": "arn:c", "tasks": ["arn:t"], "protectionEnabled": enabled });
    let mut protect = request(true);
    protect["expiresInMinutes"] = json!(30);
    assert_eq!(
        server.seen.take(),
        [
            seen("GET /v4/0123/task", None, Value::Null),
            seen("GET /v4/0123/task", None, Value::Null),
            seen("POST /", Some(TARGET), protect),
            seen("POST /", Some(TARGET), request(false)),
        ]
    );
}

#[tokio::test]
async fn what_the_api_refuses_is_told_by_its_code_and_not_repeated() {
    let task = json!({ "Cluster": "arn:c", "TaskARN": "arn:t" });
    let refused =
        json!({ "protectedTasks": [], "failures": [{ "arn": "arn:t", "reason": "TASK_NOT_VALID" }] });
    let throttled = json!({ "__type": "ThrottlingException", "message": "Rate exceeded" });
    let other =
        json!({ "protectedTasks": [{ "taskArn": "arn:t", "protectionEnabled": false }], "failures": [] });
    let broken = json!({ "__type": "ServerException" });
    let answers = [(200, task), (200, refused), (400, throttled), (200, other), (500, broken)];
    let server = Server::new(&answers).await;
    let door = api(&server).await;
    assert_eq!(code(&server, &door, PROTECT).await, ("TASK_NOT_VALID".into(), false));
    assert_eq!(code(&server, &door, PROTECT).await, ("ThrottlingException".into(), false));
    assert_eq!(code(&server, &door, PROTECT).await, ("not applied".into(), true));
    assert_eq!(code(&server, &door, PROTECT).await, ("ServerException".into(), true));
    assert_eq!(server.seen.borrow().len(), answers.len(), "the SDK tries nothing twice");
}

#[tokio::test]
async fn metadata_that_cannot_be_read_protected_nothing() {
    let endless = Value::String("x".repeat(1_000_000));
    let server = Server::new(&[(200, endless)]).await;
    let door = api(&server).await;
    assert_eq!(code(&server, &door, PROTECT).await, ("reply".into(), false));
}

#[test]
fn off_ecs_there_is_no_door() {
    let config = aws_config::SdkConfig::builder().build();
    assert!(Surroundings::default().door(&config).is_none());
    let nonsense = Surroundings { agent_uri: Some("x".to_owned()), metadata_uri: Some("y".to_owned()) };
    assert!(nonsense.door(&config).is_none());
    let matches = clap::Command::new("worker").get_matches_from(["worker"]);
    let mut reader = Reader::new(&matches, &[], &|_| Some(std::ffi::OsString::new()));
    let empty = Surroundings::read(&mut reader);
    assert_eq!(empty, Surroundings::default());
}
