//! The in-process transport: an HTTP client for the AWS SDK whose other end is a [`Cloud`].
//!
//! A request that is sent is the world's: it is applied in a task of its own, so a caller that drops its future may still have caused
//! the effect, as with a real network. What the caller had *not* sent yet is lost: a streaming body whose caller is gone is cut.
//! Nothing here opens a socket or reads a clock other than tokio's, so it runs on a paused `current_thread` runtime.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use s3s::Body;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::{Cloud, front};

impl Cloud {
    /// An HTTP client that hands the SDK's requests to this cloud. The endpoint URL does not matter; `http://simcloud.local` is usual.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(InProcess { cloud: self.clone() })
    }
}

#[derive(Debug)]
struct InProcess {
    cloud: Cloud,
}

impl HttpClient for InProcess {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            cloud: self.cloud.clone(),
            read_timeout: settings.read_timeout(),
        })
    }
}

/// One way in. There is no connection to make, so the connect timeout has nothing to bound.
#[derive(Debug)]
struct Connector {
    cloud: Cloud,
    /// From sending the request to the head of the response.
    read_timeout: Option<Duration>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (cloud, read_timeout) = (self.cloud.clone(), self.read_timeout);
        HttpConnectorFuture::new(async move {
            let answer = exchange(cloud, request);
            match read_timeout {
                Some(limit) => match tokio::time::timeout(limit, answer).await {
                    Ok(answered) => answered,
                    Err(elapsed) => Err(ConnectorError::timeout(Box::new(elapsed))),
                },
                None => answer.await,
            }
        })
    }
}

async fn exchange(cloud: Cloud, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(Box::new(error)))?;
    let caller = CancellationToken::new();
    let _gone_on_drop = caller.clone().drop_guard();
    let request = receive(request, &caller);
    #[expect(clippy::disallowed_methods, reason = "the world goes on when its caller is dropped")]
    let world = tokio::spawn(async move { front::handle(&cloud, request).await });
    let response: Response<Body> = match world.await {
        Ok(Ok(response)) => response,
        Ok(Err(severed)) => return Err(ConnectorError::io(Box::new(severed))),
        Err(failed) => return Err(ConnectorError::other(Box::new(failed), None)),
    };
    HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
        .map_err(|error| ConnectorError::other(Box::new(error), None))
}

/// The request as the world sees it: a body in memory has been sent whole, a streaming one comes as long as its caller lives.
fn receive(request: Request<SdkBody>, caller: &CancellationToken) -> Request<Body> {
    // Not `is_streaming`: the SDK wraps what is in memory, for its length and its pace, and keeps the bytes beside.
    let whole = request.body().bytes().map(Bytes::copy_from_slice);
    let mut request = request.map(|body| match whole {
        Some(bytes) => Body::from(bytes),
        None => {
            Body::http_body_unsync(Sending { inner: body, gone: Box::pin(caller.clone().cancelled_owned()) })
        }
    });
    // The origin form, as it would come over a socket; the authority becomes the Host header.
    let authority = request.uri().authority().map(|authority| authority.as_str().to_owned());
    if let Some(host) = authority.and_then(|authority| http::HeaderValue::try_from(authority).ok())
        && !request.headers().contains_key(http::header::HOST)
    {
        request.headers_mut().insert(http::header::HOST, host);
    }
    request
}

#[derive(Debug, thiserror::Error)]
#[error("the caller is gone")]
struct CallerGone;

/// A streaming request body, cut when its caller is gone.
struct Sending {
    inner: SdkBody,
    gone: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl HttpBody for Sending {
    type Data = Bytes;
    type Error = s3s::StdError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.gone.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(CallerGone.into())));
        }
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn size_hint(&self) -> SizeHint {
        HttpBody::size_hint(&self.inner)
    }
}
