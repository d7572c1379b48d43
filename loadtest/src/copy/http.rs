//! A raw HTTP client: hyper's connections, kept open, and nothing else. No signatures, no checksums, no retries.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, ETAG, HOST};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use md5::{Digest as _, Md5};
use tokio::net::TcpStream;

/// Bytes at hand, or the body of a reply that is passed on as it comes.
pub(super) type Outgoing = Either<Full<Bytes>, Incoming>;
type Connection = SendRequest<Outgoing>;

/// A server, and the connections to it that are free.
#[derive(Debug)]
pub(super) struct Http {
    address: SocketAddr,
    host: String,
    free: Mutex<Vec<Connection>>,
}

/// A reply whose body has not been read. The connection is free again when it has.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) response: Response<Incoming>,
    connection: Connection,
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Http {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, host: address.to_string(), free: Mutex::new(Vec::new()) }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    async fn connection(&self) -> Result<Connection, String> {
        let free = || self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        while let Some(mut connection) = free() {
            if connection.ready().await.is_ok() {
                return Ok(connection);
            }
        }
        let stream = TcpStream::connect(self.address).await.map_err(text)?;
        stream.set_nodelay(true).map_err(text)?;
        let (sender, driver) = handshake(TokioIo::new(stream)).await.map_err(text)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "a connection is driven beside its requests; it ends with the process"
        )]
        tokio::spawn(driver);
        Ok(sender)
    }

    /// Gives a connection back whose reply has been read.
    fn finished(&self, connection: Connection) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }

    /// Sends a request; anything but success is an error with the reply's text.
    pub(super) async fn open(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        len: Option<u64>,
        body: Outgoing,
    ) -> Result<Open, String> {
        let what = format!("{method} {path}");
        let mut request = Request::builder().method(method).uri(path).header(HOST, &self.host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(len) = len {
            request = request.header(CONTENT_LENGTH, len);
        }
        let request = request.body(body).map_err(text)?;
        let mut connection = self.connection().await?;
        let response = connection.send_request(request).await.map_err(|error| format!("{what}: {error}"))?;
        let status = response.status();
        if status.is_success() {
            return Ok(Open { response, connection });
        }
        let body = response.into_body().collect().await.map_err(text)?.to_bytes();
        Err(format!("{what}: {status} {}", String::from_utf8_lossy(&body).trim()))
    }

    /// Sends bytes and reads the whole reply.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<(HeaderMap, Bytes), String> {
        let len = (method != Method::GET && method != Method::DELETE).then_some(body.len() as u64);
        let opened = self.open(method, path, headers, len, Either::Left(Full::new(body))).await?;
        self.whole(opened).await
    }

    /// Reads a reply to its end.
    pub(super) async fn whole(&self, opened: Open) -> Result<(HeaderMap, Bytes), String> {
        let (parts, body) = opened.response.into_parts();
        let body = body.collect().await.map_err(text)?.to_bytes();
        self.finished(opened.connection);
        Ok((parts.headers, body))
    }

    /// Reads a reply to its end, piece by piece, and keeps nothing.
    pub(super) async fn read(&self, opened: Open, mut each: impl FnMut(&Bytes)) -> Result<(), String> {
        let mut body = opened.response.into_body();
        while let Some(frame) = body.frame().await {
            if let Some(bytes) = frame.map_err(text)?.data_ref() {
                each(bytes);
            }
        }
        self.finished(opened.connection);
        Ok(())
    }

    pub(super) async fn create_bucket(&self, bucket: &str) -> Result<(), String> {
        self.call(Method::PUT, &format!("/{bucket}"), &[], Bytes::new()).await.map(drop)
    }

    /// The object's ETag, without quotes.
    pub(super) async fn put(&self, bucket: &str, key: &str, body: Bytes) -> Result<String, String> {
        let (headers, _) = self.call(Method::PUT, &format!("/{bucket}/{key}"), &[], body).await?;
        etag(&headers)
    }

    /// With a `Content-MD5`, so that the object's ETag is its MD5 as it is on AWS: rclone takes an ETag of 32 hex digits for one, and sends
    /// it with its own PUT.
    pub(super) async fn put_with_md5(&self, bucket: &str, key: &str, body: Bytes) -> Result<String, String> {
        let md5 = STANDARD.encode(Md5::digest(&body));
        let headers = [("content-md5", md5.as_str())];
        let (headers, _) = self.call(Method::PUT, &format!("/{bucket}/{key}"), &headers, body).await?;
        etag(&headers)
    }

    pub(super) async fn delete(&self, bucket: &str, key: &str) -> Result<(), String> {
        self.call(Method::DELETE, &format!("/{bucket}/{key}"), &[], Bytes::new()).await.map(drop)
    }

    /// A GET whose body is to be read by the caller: of the whole object, or of `offset..offset + len`.
    pub(super) async fn get(
        &self,
        bucket: &str,
        key: &str,
        range: Option<(u64, u64)>,
    ) -> Result<Open, String> {
        let range = range.map(|(offset, len)| format!("bytes={offset}-{}", offset + len - 1));
        let headers: Vec<(&str, &str)> = range.iter().map(|range| ("range", range.as_str())).collect();
        self.open(Method::GET, &format!("/{bucket}/{key}"), &headers, None, Either::Left(Full::default()))
            .await
    }

    /// Sends the body of a GET that `from` made as the body of a PUT; the PUT's reply.
    pub(super) async fn pass_on(
        &self,
        from: &Self,
        got: Open,
        path: &str,
        len: u64,
    ) -> Result<HeaderMap, String> {
        let body = Either::Right(got.response.into_body());
        let put = self.open(Method::PUT, path, &[], Some(len), body).await?;
        from.finished(got.connection);
        Ok(self.whole(put).await?.0)
    }
}

pub(super) fn etag(headers: &HeaderMap) -> Result<String, String> {
    let value = headers.get(ETAG).and_then(|value| value.to_str().ok());
    value.map(|value| value.trim_matches('"').to_owned()).ok_or_else(|| "the reply has no ETag".to_owned())
}
