//! What stands between the worker and AWS: it may answer in AWS's place, and change what AWS answers.
//!
//! It also keeps raw bytes in headers, as S3 does with those of an object: simcloud has no place for them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::body::SdkBody;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::yard::{VISIBILITY, Yard};

/// A proxy's page.
pub(crate) const HTML: &str = "<html><head><title>no</title></head><body>no</body></html>";
/// What says that a reply is AWS's.
pub(crate) const REQUEST_ID: &[(&str, &[u8])] = &[("x-amz-request-id", b"1"), ("x-amzn-requestid", b"1")];

type Pairs = Vec<(String, Vec<u8>)>;

/// What happens to a request.
#[derive(Debug, Clone)]
pub(crate) enum Does {
    /// It is answered, and AWS never sees it.
    Answer(u16, Pairs, String),
    /// AWS does it, and its reply is replaced.
    AnswerAfter(u16, Pairs, String),
    /// AWS's reply has this header, or more than one of the name: in place of those that AWS gave it.
    Header(String, Vec<u8>),
}

impl Does {
    pub(crate) fn answer(status: u16, headers: &[(&str, &[u8])], body: &str) -> Self {
        Self::Answer(status, pairs(headers), body.to_owned())
    }

    pub(crate) fn answer_after(status: u16, headers: &[(&str, &[u8])], body: &str) -> Self {
        Self::AnswerAfter(status, pairs(headers), body.to_owned())
    }

    pub(crate) fn header(name: &str, value: &[u8]) -> Self {
        Self::Header(name.to_owned(), value.to_vec())
    }
}

fn pairs(headers: &[(&str, &[u8])]) -> Pairs {
    headers.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect()
}

#[derive(Debug)]
struct Rule {
    /// Part of `METHOD /path?query target`.
    of: String,
    skip: usize,
    times: usize,
    does: Does,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Rule>,
    /// Raw headers of objects, by path.
    kept: BTreeMap<String, Pairs>,
    requests: Vec<String>,
    /// Names of `x-amz-` headers that were sent unsigned, which S3 refuses.
    unsigned: Vec<String>,
}

/// One place between a yard and its cloud.
#[derive(Debug, Clone)]
pub(crate) struct Between {
    inner: SharedHttpClient,
    state: Arc<Mutex<State>>,
}

impl Between {
    /// A yard all of whose requests go through here, but for those of its own S3 client.
    pub(crate) async fn yard() -> (Yard, Self) {
        let mut yard = Yard::new().await;
        let between = Self { inner: yard.world.cloud.http_client(), state: Arc::default() };
        let config = yard.world.config.to_builder().http_client(between.clone());
        yard.world.config = config.build();
        yard.ledger = yard.world.ledger();
        yard.queue = yard.world.queue("fast", VISIBILITY).await.unwrap();
        between.state.lock().unwrap().requests.clear();
        (yard, between)
    }

    /// For every request that has `of` in `METHOD /path?query target`.
    pub(crate) fn always(&self, of: &str, does: Does) {
        self.some(of, 0, usize::MAX, does);
    }

    pub(crate) fn some(&self, of: &str, skip: usize, times: usize, does: Does) {
        self.state.lock().unwrap().rules.push(Rule { of: of.to_owned(), skip, times, does });
    }

    pub(crate) fn clear(&self) {
        self.state.lock().unwrap().rules.clear();
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.state.lock().unwrap().requests.clone()
    }

    /// The raw headers that an object was sent with.
    pub(crate) fn kept(&self, path: &str) -> Pairs {
        self.state.lock().unwrap().kept.get(path).cloned().unwrap_or_default()
    }

    pub(crate) fn unsigned(&self) -> Vec<String> {
        self.state.lock().unwrap().unsigned.clone()
    }
}

impl HttpClient for Between {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Wire { inner, state: self.state.clone() })
    }
}

#[derive(Debug)]
struct Wire {
    inner: SharedHttpConnector,
    state: Arc<Mutex<State>>,
}

impl HttpConnector for Wire {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let uri: http::Uri = request.uri().parse().unwrap();
        let path = uri.path().to_owned();
        let (does, is_head) = {
            let mut state = self.state.lock().unwrap();
            let target = request.headers().get("x-amz-target").unwrap_or_default();
            let line = format!("{} {} {target}", request.method(), uri.path_and_query().unwrap());
            let does: Vec<Does> = state.rules.iter_mut().filter_map(|rule| rule.meets(&line)).collect();
            state.requests.push(line);
            state.unsigned.extend(unsigned(request.headers()));
            let raw = take_raw(request.headers_mut());
            if !raw.is_empty() {
                state.kept.insert(path, raw);
            }
            (does, request.method() == "HEAD")
        };
        let inner = self.inner.clone();
        HttpConnectorFuture::new(async move {
            if let Some(Does::Answer(status, headers, body)) =
                does.iter().find(|does| matches!(does, Does::Answer(..)))
            {
                return Ok(reply(*status, headers, body, is_head));
            }
            let mut replied = inner.call(request).await?;
            for does in &does {
                if let Does::Header(name, _) = does {
                    replied.headers_mut().remove(name);
                }
            }
            for does in does {
                match does {
                    Does::Header(name, value) => append(replied.headers_mut(), &[(name, value)]),
                    Does::AnswerAfter(status, headers, body) => {
                        replied = reply(status, &headers, &body, is_head);
                    }
                    Does::Answer(..) => {}
                }
            }
            Ok(replied)
        })
    }
}

impl Rule {
    fn meets(&mut self, line: &str) -> Option<Does> {
        if !line.contains(&self.of) {
            return None;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.times = self.times.checked_sub(1)?;
        Some(self.does.clone())
    }
}

fn reply(status: u16, headers: &Pairs, body: &str, is_head: bool) -> HttpResponse {
    let sent = if is_head { SdkBody::empty() } else { SdkBody::from(body) };
    let mut reply = HttpResponse::new(status.try_into().unwrap(), sent);
    append(reply.headers_mut(), headers);
    append(reply.headers_mut(), &[("content-length".to_owned(), body.len().to_string().into_bytes())]);
    reply
}

fn append(headers: &mut Headers, more: &[(String, Vec<u8>)]) {
    let mut map = map_of(headers);
    for (name, value) in more {
        map.append(HeaderName::try_from(name).unwrap(), HeaderValue::from_bytes(value).unwrap());
    }
    *headers = Headers::try_from(map).unwrap();
}

fn map_of(headers: &Headers) -> HeaderMap {
    let pair = |(name, value): (&str, &[u8])| {
        (HeaderName::try_from(name).unwrap(), HeaderValue::from_bytes(value).unwrap())
    };
    headers.iter_bytes().map(pair).collect()
}

/// What simcloud could not read.
fn take_raw(headers: &mut Headers) -> Pairs {
    let raw: Pairs = headers
        .iter_bytes()
        .filter(|(_, value)| !value.is_ascii())
        .map(|(name, value)| (name.to_owned(), value.to_vec()))
        .collect();
    for (name, _) in &raw {
        headers.remove(name);
    }
    raw
}

fn unsigned(headers: &Headers) -> Vec<String> {
    let authorization = headers.get("authorization").unwrap_or_default();
    let signed = authorization.split("SignedHeaders=").nth(1).unwrap_or_default();
    let signed: Vec<&str> = signed.split(',').next().unwrap_or_default().split(';').collect();
    let names = headers.iter_bytes().map(|(name, _)| name);
    names.filter(|name| name.starts_with("x-amz-") && !signed.contains(name)).map(str::to_owned).collect()
}
