//! A worker that finds an ECS agent in its environment.

use rustix::process::Signal;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use crate::support::drayage::{ACCESS_KEY, Drayage};
use crate::support::files::{MIB, bytes};
use crate::support::fleet::Fleet;
use crate::support::ledger;
use crate::support::store::{delivered, put};
use crate::support::within;

/// Answers every request with the same status and, to what was asked for, the same agreement.
struct Agent {
    uri: String,
    asked: UnboundedReceiver<Value>,
    serving: JoinHandle<()>,
}

impl Agent {
    async fn new(status: &'static str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let uri = format!("http://{}/api/0123", listener.local_addr().unwrap());
        let (asks, asked) = unbounded_channel();
        #[expect(clippy::disallowed_methods, reason = "the agent answers while the test waits for processes")]
        let serving = tokio::spawn(async move {
            loop {
                answer(&listener, status, &asks).await.unwrap();
            }
        });
        Self { uri, asked, serving }
    }

    async fn next(&mut self) -> Value {
        within("a request to the agent", self.asked.recv()).await.expect("a request to the agent")
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(listener: &TcpListener, status: &str, asks: &UnboundedSender<Value>) -> std::io::Result<()> {
    let mut client = BufReader::new(listener.accept().await?.0);
    let (mut head, mut len) = (String::new(), 0);
    while client.read_line(&mut head).await? > 2 {
        let line = head.lines().last().unwrap_or_default().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            len = value.trim().parse().unwrap();
        }
    }
    assert!(head.starts_with("PUT /api/0123/task-protection/v1/state "), "{head}");
    let mut body = vec![0; len];
    client.read_exact(&mut body).await?;
    let ask: Value = serde_json::from_slice(&body).unwrap();
    let reply =
        serde_json::json!({ "protection": { "ProtectionEnabled": ask["ProtectionEnabled"] } }).to_string();
    let reply =
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{reply}", reply.len());
    client.write_all(reply.as_bytes()).await?;
    asks.send(ask).ok();
    Ok(())
}

async fn worker(fleet: &Fleet, agent: &Agent, after_s: &str) -> Drayage {
    let own = ["--wait-s", "1", "--part-bytes", "5MiB", "--task-protection-after-s", after_s];
    let variables = [
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", ACCESS_KEY),
        ("ECS_AGENT_URI", &agent.uri),
    ];
    let worker = Drayage::start_with(&fleet.arguments("worker", &own), &variables);
    worker.says("\"protected_by\":\"agent\"").await;
    worker
}

#[tokio::test]
async fn a_busy_worker_is_protected_until_its_last_message_is_settled() {
    let (fleet, mut agent) = (Fleet::new().await, Agent::new("200 OK").await);
    let gate = fleet.world.cloud.faults().gate("S3", "UploadPart");
    let _dispatcher = fleet.dispatcher(&[]).await;
    let worker = worker(&fleet, &agent, "0").await;
    let (s3, content) = (fleet.world.s3(), bytes(11 * MIB, 1));
    put(&s3, "large", &content).await;
    gate.reached().await;
    assert_eq!(agent.next().await, serde_json::json!({ "ProtectionEnabled": true, "ExpiresInMinutes": 30 }));
    worker.signal(Signal::TERM);
    gate.open();
    assert_eq!(agent.next().await, serde_json::json!({ "ProtectionEnabled": false }));
    // Settled before it was released: the ledger already says so.
    let done = ledger::over(&fleet.world.dynamodb(), 1).await.pop().unwrap();
    assert_eq!((done.text("status"), done.number("attempts")), ("completed", 1));
    worker.ended().await.succeeded();
    assert!(delivered(&s3, "large").await == content);
    assert!(agent.asked.try_recv().is_err(), "nothing more is asked");
}

#[tokio::test]
async fn an_agent_that_fails_holds_up_nothing_and_is_said_once() {
    let (fleet, mut agent) = (Fleet::new().await, Agent::new("500 Internal Server Error").await);
    let gate = fleet.world.cloud.faults().gate("S3", "UploadPart");
    let _dispatcher = fleet.dispatcher(&[]).await;
    let worker = worker(&fleet, &agent, "0").await;
    let (s3, content) = (fleet.world.s3(), bytes(11 * MIB, 2));
    put(&s3, "large", &content).await;
    gate.reached().await;
    for _ in 0..2 {
        assert_eq!(agent.next().await["ProtectionEnabled"], true);
    }
    gate.open();
    let done = ledger::over(&fleet.world.dynamodb(), 1).await.pop().unwrap();
    assert_eq!(done.text("status"), "completed");
    assert!(delivered(&s3, "large").await == content);
    worker.signal(Signal::TERM);
    let ended = worker.ended().await.succeeded();
    assert_eq!(ended.err.matches("failed to change the task's protection").count(), 1, "{ended:#?}");
}

#[tokio::test]
async fn a_short_copy_asks_for_nothing() {
    let (fleet, mut agent) = (Fleet::new().await, Agent::new("200 OK").await);
    let _dispatcher = fleet.dispatcher(&[]).await;
    let worker = worker(&fleet, &agent, "3600").await;
    let s3 = fleet.world.s3();
    put(&s3, "small", b"x").await;
    ledger::over(&fleet.world.dynamodb(), 1).await;
    worker.signal(Signal::TERM);
    worker.ended().await.succeeded();
    assert!(agent.asked.try_recv().is_err());
}
