//! simcloud on a loopback port: `cargo run -p simcloud --example serve -- [--port N] [--data DIR] [--fast-etags]
//! [--secret-access-key SECRET]`.
//!
//! Prints `listening on http://127.0.0.1:PORT` and serves until Ctrl-C or SIGTERM. Without `--data`, objects are in memory.

use std::io::Write as _;
use std::process::ExitCode;

use simcloud::{Cloud, Options};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, Default)]
struct Arguments {
    /// 0 asks the system for a free one.
    port: u16,
    options: Options,
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut parsed = Arguments::default();
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{name} needs a value"));
        match name.as_str() {
            "--port" => parsed.port = value()?.parse().map_err(|_| "--port needs a number below 65536")?,
            "--data" => parsed.options.data_dir = Some(value()?.into()),
            "--secret-access-key" => parsed.options.secret_access_key = Some(value()?),
            "--fast-etags" => parsed.options.fast_etags = true,
            _ => return Err(format!("unknown argument {name}")),
        }
    }
    Ok(parsed)
}

async fn run(mut arguments: Arguments) -> std::io::Result<()> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a served cloud lives in its users' time; nothing is decided on it"
    )]
    let now = std::time::SystemTime::now();
    arguments.options.epoch = now;
    let cloud = Cloud::new(arguments.options)?;
    let listener = TcpListener::bind(("127.0.0.1", arguments.port)).await?;
    writeln!(std::io::stdout(), "listening on http://{}", listener.local_addr()?)?;
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stop = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    simcloud::serve(cloud, listener, stop).await
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match parse(std::env::args().skip(1)) {
        Ok(arguments) => run(arguments).await.map_err(|error| error.to_string()),
        Err(usage) => Err(usage),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "failed to serve: {error}");
            ExitCode::FAILURE
        }
    }
}
