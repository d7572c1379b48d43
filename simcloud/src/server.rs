//! The loopback HTTP transport: HTTP/1.1 with keep-alive, a task per connection.

use std::time::Duration;

use http::{HeaderValue, Request, Response, header};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use s3s::Body;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{Cloud, front};

/// How long requests in flight may take once the server is told to stop.
const DRAIN: Duration = Duration::from_secs(2);
/// Room for a request's head (a 1,024-byte key is 3,072 bytes when percent-encoded) and for one read of a body, in bytes.
const BUFFER_BYTES_MAX: usize = 1024 * 1024;
/// How long to wait when the system has no more file descriptors to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Serves `cloud` on `listener` until `stop` resolves; then requests in flight are finished, for at most two seconds.
///
/// # Errors
/// When the listener is not usable at all.
pub async fn serve(
    cloud: Cloud,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> std::io::Result<()> {
    listener.local_addr()?;
    let stopping = CancellationToken::new();
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(cloud.clone(), stream, stopping.clone()));
                }
                Err(error) => {
                    // Such as too few file descriptors: clients wait in the listener's queue meanwhile.
                    tracing::warn!(os_error = error.raw_os_error().map(i64::from), %error, "failed to accept");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    stopping.cancel();
    let drain = async { while connections.join_next().await.is_some() {} };
    // What is left after the drain is aborted with the set.
    let _ = tokio::time::timeout(DRAIN, drain).await;
    Ok(())
}

/// The front's answer. A client that asked for `100 Continue` and got its final answer at once (an error before the body was wanted,
/// or no body at all) must not reuse the connection: botocore would leave out the body of its next request.
async fn answer(cloud: &Cloud, request: Request<Incoming>) -> Result<Response<Body>, front::Severed> {
    let expects_continue = request.headers().contains_key(header::EXPECT);
    let is_empty = request.body().is_end_stream();
    let mut response = front::handle(cloud, request.map(Body::from)).await?;
    if expects_continue && (is_empty || !response.status().is_success()) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

async fn connection(cloud: Cloud, stream: TcpStream, stopping: CancellationToken) {
    // Without it, the last packet of every answer waits for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let cloud = cloud.clone();
        async move { answer(&cloud, request).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(BUFFER_BYTES_MAX)
        .max_headers(256)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended: Result<(), hyper::Error> = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
