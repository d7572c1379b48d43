//! The loopback transport, with raw HTTP.

use simcloud::{Cloud, Effect, Fault, Options, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// Sends `request` on one connection and reads until the server closes it.
async fn exchange(address: std::net::SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn serves_until_told_to_stop() {
    let cloud = Cloud::new(Options { access_key_id: Some("AKID".into()), ..Options::default() }).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut server = JoinSet::new();
    let served = cloud.clone();
    server.spawn(async move {
        serve(served, listener, async {
            let _ = stopped.await;
        })
        .await
    });

    let health =
        exchange(address, "GET /_simcloud/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(health.starts_with("HTTP/1.1 200") && health.ends_with("{\"status\":\"ok\"}"));
    let signed = |key: &str, region: &str| {
        format!(
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: AWS4-HMAC-SHA256 \
             Credential={key}/20260101/{region}/s3/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n"
        )
    };
    let listed = exchange(address, &signed("AKID", "us-east-1")).await;
    assert!(listed.starts_with("HTTP/1.1 200"));
    // The cloud's own time, not the machine's.
    assert!(listed.contains("date: Thu, 28 May 2026 "), "{listed}");
    assert!(exchange(address, &signed("OTHER", "us-east-1")).await.contains("InvalidAccessKeyId"));
    assert!(exchange(address, &signed("AKID", "eu-west-1")).await.contains("expecting 'us-east-1'"));
    let unsigned = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert!(exchange(address, unsigned).await.contains("AccessDenied"));

    cloud.faults().add(Fault::on("S3", "ListBuckets").effect(Effect::DropAfter));
    assert_eq!(exchange(address, &signed("AKID", "us-east-1")).await, "");

    stop.send(()).unwrap();
    server.join_next().await.unwrap().unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
