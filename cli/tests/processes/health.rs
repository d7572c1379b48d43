//! `drayage health`, and what it says of a process that hangs.

use rustix::process::Signal;
use tokio::net::TcpListener;

use crate::support::drayage::{ACCESS_KEY, Drayage, run};
use crate::support::fleet::Fleet;

/// A port that nobody listened on a moment ago.
async fn free_port() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    listener.local_addr().unwrap().port().to_string()
}

#[tokio::test]
async fn a_service_is_alive_until_it_hangs_and_again_when_it_goes_on() {
    let (fleet, port) = (Fleet::new().await, free_port().await);
    let worker = fleet.worker("worker-1", &["--health-port", &port]).await;
    let ask = ["health", "--health-port", &port];
    run(&ask).await.succeeded();
    worker.signal(Signal::STOP);
    // The kernel still takes the connection, but nobody answers.
    run(&ask).await.failed(1).said("does not answer");
    worker.signal(Signal::CONT);
    run(&ask).await.succeeded();
    worker.signal(Signal::TERM);
    worker.ended().await.succeeded();
    run(&ask).await.failed(1).said("cannot be connected to");
}

#[tokio::test]
async fn the_port_comes_from_the_same_variable_on_both_sides() {
    let (fleet, port) = (Fleet::new().await, free_port().await);
    let rules = fleet.rules();
    let variables = [
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", ACCESS_KEY),
        ("DRAYAGE_HEALTH_PORT", &port),
    ];
    let arguments = fleet.arguments("dispatcher", &["--rules", &rules, "--wait-s", "1"]);
    let dispatcher = Drayage::start_with(&arguments, &variables);
    dispatcher.says("\"message\":\"dispatching\"").await;
    Drayage::start_with(&["health"], &variables).ended().await.succeeded();
    dispatcher.signal(Signal::TERM);
    dispatcher.ended().await.succeeded();
}

#[tokio::test]
async fn a_port_that_is_taken_or_not_given_is_said() {
    let fleet = Fleet::new().await;
    let taken = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let worker = Drayage::start(&fleet.arguments("worker", &["--health-port", &port]));
    worker.ended().await.failed(1).said(&format!("failed to listen on 127.0.0.1:{port} for health checks"));
    run(&["health"]).await.failed(64).said("--health-port (or DRAYAGE_HEALTH_PORT) is missing");
    run(&["health", "--health-port", "0"]).await.failed(64).said("expected a whole number from 1 to 65535");
}
