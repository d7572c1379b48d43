//! One small request to the ECS agent of this task: plain HTTP to a link-local address, seldom, so each has a connection of its own.

use bytes::Bytes;
use futures::future::{Either, select};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::failure::Failure;

/// A reply of the agent's has a few hundred bytes, the metadata of a task a few thousand.
const REPLY_BYTES_MAX: usize = 256 * 1024;

/// Where the agent is, with the path that names this task.
///
/// # Errors
/// What was expected.
pub(super) fn base(text: &str) -> Result<Uri, String> {
    let uri: Option<Uri> = text.trim_end_matches('/').parse().ok();
    let usable =
        |uri: &Uri| uri.scheme_str() == Some("http") && uri.host().is_some() && uri.query().is_none();
    uri.filter(usable).ok_or_else(|| "expected http://HOST/PATH".to_owned())
}

/// Sends it, and gives status and body. The caller sets a deadline.
pub(super) async fn exchange(
    method: Method,
    base: &Uri,
    path: &str,
    json: Option<String>,
) -> Result<(StatusCode, Bytes), Failure> {
    let unusable = || Failure::refused("address");
    let authority = base.authority().ok_or_else(unusable)?;
    let host = authority.host().trim_matches(['[', ']']);
    let path = format!("{}{path}", base.path().trim_end_matches('/'));
    let mut request = Request::builder().method(method).uri(path).header("host", authority.as_str());
    if json.is_some() {
        request = request.header("content-type", "application/json");
    }
    let body = Full::new(Bytes::from(json.unwrap_or_default()));
    let request = request.body(body).map_err(|_| unusable())?;
    let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80)));
    let stream = stream.await.map_err(|_| Failure::refused("connect"))?;
    let opened = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = opened.map_err(|_| Failure::uncertain("connection"))?;
    let reply = std::pin::pin!(async move {
        let reply = sender.send_request(request).await.map_err(|_| Failure::uncertain("connection"))?;
        let status = reply.status();
        let body = Limited::new(reply.into_body(), REPLY_BYTES_MAX).collect().await;
        Ok((status, body.map_err(|_| Failure::uncertain("reply"))?.to_bytes()))
    });
    // The connection moves what the exchange reads. It may end before that has been looked at.
    match select(reply, std::pin::pin!(connection)).await {
        Either::Left((reply, _)) => reply,
        Either::Right((_, reply)) => reply.await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_plain_http_with_a_host() {
        let uri = base("http://169.254.170.2/api/0123-abc/").unwrap();
        assert_eq!((uri.host(), uri.path()), (Some("169.254.170.2"), "/api/0123-abc"));
        assert!(base("http://127.0.0.1:8080").is_ok());
        for bad in ["", "169.254.170.2", "https://host/x", "http://", "/api", "http://h/x?y", "ftp://h"] {
            assert!(base(bad).is_err(), "{bad}");
        }
    }
}
