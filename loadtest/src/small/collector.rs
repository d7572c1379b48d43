//! Where a worker's telemetry goes: an OTLP endpoint that takes every export, counts it and keeps nothing. It speaks as much gRPC as
//! an exporter needs: an empty message and a status of 0. It runs in the server's process, so that what telemetry costs is the
//! worker's own share.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt as _, Full, combinators::WithTrailers};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// An empty message: not compressed, no bytes.
const EMPTY: &[u8] = &[0; 5];
const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

type Trailers = std::future::Ready<Option<Result<HeaderMap, Infallible>>>;
type Reply = Response<WithTrailers<Full<Bytes>, Trailers>>;

/// Bytes of exports so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Exported {
    pub(super) trace_bytes: u64,
    pub(super) metric_bytes: u64,
}

#[derive(Debug, Default)]
struct Counts {
    traces: AtomicU64,
    metrics: AtomicU64,
}

#[derive(Debug)]
pub(super) struct Collector {
    listener: TcpListener,
    counts: Arc<Counts>,
}

/// What is asked of a collector while it serves.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    address: SocketAddr,
    counts: Arc<Counts>,
}

impl Collector {
    pub(super) async fn bind() -> std::io::Result<(Self, Endpoint)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let counts = Arc::new(Counts::default());
        let endpoint = Endpoint { address: listener.local_addr()?, counts: Arc::clone(&counts) };
        Ok((Self { listener, counts }, endpoint))
    }

    /// Serves until it is dropped.
    pub(super) async fn serve(self) -> Result<Infallible, std::io::Error> {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                accepted = self.listener.accept() => {
                    let (stream, _) = accepted?;
                    connections.spawn(connection(stream, Arc::clone(&self.counts)));
                }
            }
        }
    }
}

impl Endpoint {
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn exported(&self) -> Exported {
        Exported {
            trace_bytes: self.counts.traces.load(Ordering::Relaxed),
            metric_bytes: self.counts.metrics.load(Ordering::Relaxed),
        }
    }
}

/// An exporter that goes away is none of ours: its last export was counted, or was not.
async fn connection(stream: TcpStream, counts: Arc<Counts>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(request, Arc::clone(&counts)));
    let _ = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, counts: Arc<Counts>) -> Result<Reply, hyper::Error> {
    let path = request.uri().path().to_owned();
    let bytes = request.into_body().collect().await?.to_bytes().len() as u64;
    let status = match path.as_str() {
        TRACES => {
            counts.traces.fetch_add(bytes, Ordering::Relaxed);
            "0"
        }
        METRICS => {
            counts.metrics.fetch_add(bytes, Ordering::Relaxed);
            "0"
        }
        // There is no such method here.
        _ => "12",
    };
    let trailers = HeaderMap::from_iter([(
        header::HeaderName::from_static("grpc-status"),
        HeaderValue::from_static(status),
    )]);
    let body = Full::new(Bytes::from_static(EMPTY)).with_trailers(std::future::ready(Some(Ok(trailers))));
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use hyper::client::conn::http2::handshake;

    use super::*;

    /// The status that a call ends with.
    async fn call(address: SocketAddr, path: &str, body: &'static [u8]) -> HeaderValue {
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut sender, driver) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        let request =
            Request::post(format!("http://{address}{path}")).body(Full::new(Bytes::from_static(body)));
        let call = async {
            let reply = sender.send_request(request.unwrap()).await.unwrap();
            let reply = reply.into_body().collect().await.unwrap();
            reply.trailers().unwrap()["grpc-status"].clone()
        };
        tokio::select! {
            status = call => status,
            ended = driver => unreachable!("the connection ended first: {ended:?}"),
        }
    }

    #[tokio::test]
    async fn exports_are_counted_by_signal_and_anything_else_is_refused() {
        let (collector, endpoint) = Collector::bind().await.unwrap();
        let calls = async {
            assert_eq!(call(endpoint.address, TRACES, b"12345678").await, "0");
            assert_eq!(call(endpoint.address, METRICS, b"123").await, "0");
            assert_eq!(call(endpoint.address, "/grpc.health.v1.Health/Check", b"").await, "12");
        };
        tokio::select! {
            () = calls => {}
            ended = collector.serve() => unreachable!("{ended:?}"),
        }
        assert_eq!(endpoint.exported(), Exported { trace_bytes: 8, metric_bytes: 3 });
    }
}
