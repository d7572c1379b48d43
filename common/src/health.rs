//! Whether a service is alive: it answers on a loopback port of its own, from the very thread that does its work.
//!
//! A service is one future on one thread. If that thread hangs, or never comes back to its events, nothing answers; that is what a
//! restart cures. AWS out of reach, a denied permission or an empty queue are no illness of the process: it goes on answering, and
//! the alarms tell. It answers from before the start's checks until the drain has ended.

use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::service::StartError;
use crate::settings::{Setting, bounded};

pub const HEALTH_PORT: Setting = Setting {
    name: "health-port",
    value: "PORT",
    default: None,
    help: "answer `drayage health` on this port of 127.0.0.1; without it nothing listens",
};

/// What `drayage health` waits for a connection, and then for the answer. Together below the five seconds that a health check of a
/// container has by default.
const PATIENCE: Duration = Duration::from_secs(2);
/// What one client may take to say what it wants: others wait meanwhile.
const CLIENT_PATIENCE: Duration = Duration::from_millis(500);
const REQUEST_BYTES_MAX: usize = 4_096;
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(100);

const REQUEST: &[u8] = b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 17\r\n\
    connection: close\r\n\r\ndrayage is alive\n";

/// A port.
///
/// # Errors
/// What was expected.
pub fn port(text: &str) -> Result<u16, String> {
    bounded(text, 1..=u16::MAX)
}

/// Runs a service and answers for it, if it has a port to answer on.
///
/// # Errors
/// The service's own, and when the port is not to be had.
pub async fn beside(
    port: Option<u16>,
    service: impl Future<Output = Result<(), StartError>>,
) -> Result<(), StartError> {
    let Some(port) = port else { return service.await };
    let listener = TcpListener::bind(at(port)).await;
    let listener = listener.map_err(|error| {
        StartError::Local(format!("failed to listen on {} for health checks: {error}", at(port)))
    })?;
    // Answers first: whoever is busy without end still says that it is alive, and whoever hangs says nothing.
    tokio::select! {
        biased;
        never = answer(&listener) => match never {},
        ended = service => ended,
    }
}

async fn answer(listener: &TcpListener) -> Infallible {
    loop {
        match listener.accept().await {
            // A client that does not speak or listen is its own trouble.
            Ok((client, _)) => drop(tokio::time::timeout(CLIENT_PATIENCE, answer_one(client)).await),
            // No file descriptor is free, or the client has gone: neither is worth a busy loop.
            Err(_) => tokio::time::sleep(PAUSE_AFTER_ERROR).await,
        }
    }
}

async fn answer_one(mut client: TcpStream) -> std::io::Result<()> {
    let (mut request, mut chunk) = (Vec::new(), [0; 512]);
    while !request.windows(4).any(|end| end == b"\r\n\r\n") && request.len() < REQUEST_BYTES_MAX {
        match client.read(&mut chunk).await? {
            0 => return Ok(()),
            len => request.extend_from_slice(chunk.get(..len).unwrap_or_default()),
        }
    }
    client.write_all(ANSWER).await?;
    client.shutdown().await
}

/// Asks the service on this port. Blocks.
///
/// # Errors
/// What was wrong with its answer, or that there was none.
pub fn ask(port: u16) -> Result<(), String> {
    let failed = |what: &str, error: std::io::Error| format!("{} {what}: {error}", at(port));
    let mut service = std::net::TcpStream::connect_timeout(&at(port), PATIENCE)
        .map_err(|error| failed("cannot be connected to", error))?;
    let asked = || {
        service.set_read_timeout(Some(PATIENCE))?;
        service.set_write_timeout(Some(PATIENCE))?;
        service.write_all(REQUEST)?;
        let mut answer = vec![0; ANSWER.len()];
        service.read_exact(&mut answer)?;
        Ok(answer)
    };
    match { asked }() {
        Ok(answer) if answer == ANSWER => Ok(()),
        Ok(_) => Err(format!("{} answers, but is no drayage of this version", at(port))),
        Err(error) => Err(failed("does not answer", error)),
    }
}

fn at(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_as_long_as_it_says() {
        let answer = std::str::from_utf8(ANSWER).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    }

    #[tokio::test]
    async fn a_client_that_says_nothing_holds_up_the_next_one_only_for_a_moment() {
        let listener = TcpListener::bind(at(0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let silent = TcpStream::connect(address).await.unwrap();
        let client = async {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(REQUEST).await.unwrap();
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).await.unwrap();
            answer
        };
        let answered = tokio::select! {
            never = answer(&listener) => match never {},
            answered = client => answered,
        };
        assert!(answered == ANSWER);
        drop(silent);
    }

    #[tokio::test]
    async fn a_service_without_a_port_just_runs_and_its_error_comes_through() {
        assert!(beside(None, async { Ok(()) }).await.is_ok());
        let failed = beside(None, async { Err(StartError::Local("no".to_owned())) }).await;
        assert!(matches!(failed, Err(StartError::Local(what)) if what == "no"));
    }
}
