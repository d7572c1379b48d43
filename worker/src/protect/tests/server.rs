//! What stands in for the agent, the metadata endpoint and ECS: one HTTP server that says what it is told to.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use bytes::Bytes;
use common::aws::Access;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A request as it came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) line: String,
    pub(super) target: Option<String>,
    pub(super) json: Value,
}

pub(super) struct Server {
    listener: TcpListener,
    /// In this order; after the last one nothing is answered.
    answers: RefCell<VecDeque<(u16, Value)>>,
    pub(super) seen: RefCell<Vec<Seen>>,
}

impl Server {
    pub(super) async fn new(answers: &[(u16, Value)]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        Self { listener, answers: RefCell::new(answers.iter().cloned().collect()), seen: RefCell::default() }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.listener.local_addr().unwrap())
    }

    /// An SDK whose ECS is this server.
    pub(super) async fn sdk_config(&self) -> SdkConfig {
        let access = Access {
            region: Some("us-east-1".to_owned()),
            endpoint_url: Some(self.url()),
            credentials: Some(Credentials::new("test", "test", None, None, "test")),
            ..Access::default()
        };
        access.load().await
    }

    /// Serves while `steps` go on, one connection after another.
    pub(super) async fn beside<T>(&self, steps: impl Future<Output = T>) -> T {
        let serving = async {
            loop {
                let (client, _) = self.listener.accept().await.unwrap();
                let answer = service_fn(|request| self.answer(request));
                let serving =
                    http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(client), answer);
                // A client that has gone is no matter.
                let _ = serving.await;
            }
        };
        tokio::select! {
            biased;
            output = steps => output,
            () = serving => panic!("the server ended"),
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let line = format!("{} {}", request.method(), request.uri().path());
        let target = request.headers().get("x-amz-target").map(|value| value.to_str().unwrap().to_owned());
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let json = serde_json::from_slice(&body).unwrap_or_default();
        self.seen.borrow_mut().push(Seen { line, target, json });
        let next = self.answers.borrow_mut().pop_front();
        let Some((status, reply)) = next else { return std::future::pending().await };
        Ok(Response::builder().status(status).body(Full::from(reply.to_string())).unwrap())
    }
}

pub(super) fn protection(enabled: bool) -> (u16, Value) {
    (200, json!({ "protection": { "ProtectionEnabled": enabled, "TaskArn": "arn:t" } }))
}
