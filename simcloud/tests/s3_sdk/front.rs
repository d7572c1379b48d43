//! What no SDK sends: raw header bytes, hosts, the query protocol, presigned requests. Over a socket.

use std::net::SocketAddr;

use simcloud::{Cloud, Options, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A served cloud with the bucket `landing`; it ends with the set.
async fn served(options: Options) -> (SocketAddr, JoinSet<std::io::Result<()>>) {
    let cloud = Cloud::new(options).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = JoinSet::new();
    server.spawn(serve(cloud, listener, std::future::pending()));
    let made = exchange(address, b"PUT /landing HTTP/1.1\r\nHost: x\r\n", b"").await;
    assert!(made.starts_with(b"HTTP/1.1 200"));
    (address, server)
}

/// One request on a connection of its own; `head` goes without the empty line at its end.
async fn exchange(address: SocketAddr, head: &[u8], body: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let rest = format!("Connection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(&[head, rest.as_bytes(), body].concat()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    answer
}

fn has(answer: &[u8], wanted: &[u8]) -> bool {
    answer.windows(wanted.len()).any(|window| window == wanted)
}

#[tokio::test]
async fn headers_keep_their_bytes() {
    let (address, _server) = served(Options::default()).await;
    let head = b"PUT /landing/k HTTP/1.1\r\nHost: x\r\ncontent-disposition: attachment; filename=\"r\xe9sum\xe9.pdf\"\r\n\
                 cache-control: \xc3\x84\r\nexpires: \xff0\r\nx-amz-meta-a: caf\xe9\r\nx-amz-meta-b: 1\r\nx-amz-meta-b: 2\r\n";
    assert!(exchange(address, head, b"body").await.starts_with(b"HTTP/1.1 200"));
    for method in ["GET", "HEAD"] {
        let head = format!("{method} /landing/k HTTP/1.1\r\nHost: x\r\n");
        let answer = exchange(address, head.as_bytes(), b"").await;
        for line in [
            &b"content-disposition: attachment; filename=\"r\xe9sum\xe9.pdf\"\r\n"[..],
            b"cache-control: \xc3\x84\r\n",
            b"expires: \xff0\r\n",
            b"content-type: binary/octet-stream\r\n",
            b"x-amz-meta-a: =?UTF-8?Q?caf=C3=A9?=\r\n",
            b"x-amz-meta-b: 1,2\r\n",
        ] {
            assert!(has(&answer, line), "{method}: {}", String::from_utf8_lossy(&answer));
        }
    }
}

#[tokio::test]
async fn the_host_may_name_the_bucket() {
    let (address, _server) = served(Options::default()).await;
    let put = b"PUT /k HTTP/1.1\r\nHost: landing.localhost:4566\r\n";
    assert!(exchange(address, put, b"body").await.starts_with(b"HTTP/1.1 200"));
    let list = b"GET / HTTP/1.1\r\nHost: landing.s3.amazonaws.com\r\n";
    assert!(has(&exchange(address, list, b"").await, b"<Key>k</Key>"));
    let unknown = exchange(address, b"GET / HTTP/1.1\r\nHost: landing.example.com\r\n", b"").await;
    assert!(unknown.starts_with(b"HTTP/1.1 400") && has(&unknown, b"landing.example.com"));
}

#[tokio::test]
async fn the_query_protocol_is_refused_in_its_own_form() {
    let (address, _server) = served(Options::default()).await;
    let form = b"Content-Type: application/x-www-form-urlencoded\r\n";
    let signed = b"Authorization: AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, \
                   Signature=0\r\n";
    let post = b"POST / HTTP/1.1\r\nHost: x\r\n";
    let body = b"Action=ListQueues&Version=2012-11-05";
    for head in [[post, &form[..]].concat(), [post, &form[..], signed].concat()] {
        let answer = exchange(address, &head, body).await;
        assert!(answer.starts_with(b"HTTP/1.1 501"), "{}", String::from_utf8_lossy(&answer));
        assert!(has(&answer, b"content-type: application/xml\r\n"));
        assert!(has(&answer, b"<ErrorResponse><Error><Type>Receiver</Type><Code>NotImplemented</Code>"));
        assert!(has(&answer, b"ListQueues"));
    }
    let get = exchange(address, b"GET /?Action=Publish HTTP/1.1\r\nHost: x\r\n", b"").await;
    assert!(get.starts_with(b"HTTP/1.1 501") && has(&get, b"<ErrorResponse>"));
}

#[tokio::test]
async fn a_presigned_request_needs_its_time_and_its_signature() {
    let options = Options {
        access_key_id: Some("AKID".into()),
        secret_access_key: Some("secret".into()),
        ..Options::default()
    };
    let cloud = Cloud::new(options.clone()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = JoinSet::new();
    server.spawn(serve(cloud, listener, std::future::pending()));
    let get = async |query: &str| {
        let head = format!("GET /landing/k?{query} HTTP/1.1\r\nHost: x\r\n");
        exchange(address, head.as_bytes(), b"").await
    };
    // The cloud's time is 2026-05-28.
    let query = |date: &str| {
        format!(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F{date}%2Fus-east-1%2Fs3%2Faws4_request&\
             X-Amz-Date={date}T000000Z&X-Amz-Expires=604800&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
        )
    };
    assert!(has(&get(&query("20260501")).await, b"<Message>Request has expired</Message>"));
    assert!(has(&get(&query("20260528")).await, b"<Code>SignatureDoesNotMatch</Code>"));
    assert!(has(&get("AWSAccessKeyId=AKID&Expires=1&Signature=0").await, b"Request has expired"));
    assert!(has(&get("AWSAccessKeyId=AKID&Expires=9999999999&Signature=0").await, b"SignatureDoesNotMatch"));
    assert!(has(&get("AWSAccessKeyId=OTHER&Expires=9999999999&Signature=0").await, b"InvalidAccessKeyId"));
}
