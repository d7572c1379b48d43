//! `loadtest soak`: real processes under SIGKILL, SIGTERM and a network that lies.
//!
//! This process is the AWS (simcloud on a loopback port, with faults planted in its HTTP layer), the client that puts files in, and the
//! hand that kills: it starts one dispatcher and several workers exactly as `drayage local` does, and starts again what it has ended.
//!
//! 1. Put files in while signals strike, both drawn from a seed.
//! 2. When all signals have struck: no more faults; wait until every transfer has come to its end.
//! 3. Stop everything, and look: every byte, every item of the ledger, every queue, every upload.

mod audit;
mod crew;
mod faults;
mod landed;
mod options;
mod report;
mod traffic;
mod watch;

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::Duration;

use aws_credential_types::Credentials;
use clap::ArgMatches;
use common::aws::{self, Access};
use common::shutdown::stop_signal;
use indicatif::{ProgressBar, ProgressStyle};
use simcloud::Cloud;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep, timeout};

use crate::error::Error;
use crate::output::{out, write_json};
use crew::Crew;
use landed::Landed;
use options::Options;
pub(crate) use options::command;
use report::Report;
use traffic::Traffic;
use watch::Watch;

const REGION: &str = "us-east-1";
const ACCESS_KEY: &str = "soak";
/// Simulated AWS keeps its bytes here, below a temporary folder.
const DATA: &str = "s3";

pub(crate) fn main(matches: &ArgMatches) -> Result<(), Error> {
    let options = Options::read(matches)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::failed_to("start the runtime", error))?;
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = run(&options) => ended,
            () = stop_signal() => Err(Error::Failed("interrupted before the end".to_owned())),
        }
    });
    // Open connections of simcloud must not hold the exit up.
    runtime.shutdown_timeout(Duration::from_secs(1));
    let report = ended?;
    out(&report.text());
    if let Some(path) = &options.report {
        write_json(path, &report)?;
    }
    report.verdict()
}

async fn run(options: &Options) -> Result<Report, Error> {
    let failed = |what: &'static str| move |error: std::io::Error| Error::failed_to(what, error);
    let folder = tempfile::Builder::new().prefix("drayage-soak-").tempdir();
    let folder = folder.map_err(failed("make a temporary folder"))?;
    let landed = Landed::default();
    let cloud = Cloud::new(simcloud::Options {
        observer: landed.observer(traffic::LANDING),
        data_dir: Some(folder.path().join(DATA)),
        seed: options.seed,
        #[expect(clippy::disallowed_methods, reason = "the embedded AWS shows the time that it is")]
        epoch: std::time::SystemTime::now(),
        ..simcloud::Options::default()
    });
    let cloud = cloud.map_err(failed("make the embedded AWS"))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed("listen"))?;
    let endpoint_url = format!("http://{}", listener.local_addr().map_err(failed("listen"))?);
    #[expect(clippy::disallowed_methods, reason = "the embedded AWS runs beside everything else")]
    let serving = tokio::spawn(simcloud::serve(cloud.clone(), listener, std::future::pending()));
    let access = Access {
        region: Some(REGION.to_owned()),
        endpoint_url: Some(endpoint_url.clone()),
        credentials: Some(Credentials::new(ACCESS_KEY, ACCESS_KEY, None, None, "loadtest")),
        http_client: Some(cloud.http_client()),
    };
    let config = access.load().await;
    let (sources, targets) = (BTreeSet::from([traffic::LANDING]), BTreeSet::from([traffic::DELIVERED]));
    topology::create(&cloud, &config, &sources, &targets)
        .await
        .map_err(|error| Error::Failed(error.to_string()))?;

    let bar = bar(options);
    let watch = Watch::new();
    let changes = cloud.item_changes(topology::TABLE);
    let traffic = Traffic::new(aws::s3(&config), options);
    let crew = Crew::new(options, &endpoint_url, folder.path())?;
    if options.faults {
        faults::plant(cloud.faults());
    }
    let started = Instant::now();
    let story = async {
        let strike = crew.strike(options, |nth| {
            traffic.release(nth);
            bar.set_position(nth as u64);
        });
        futures::future::try_join(traffic.put_all(), async {
            strike.await;
            Ok(())
        })
        .await?;
        cloud.faults().clear();
        bar.set_message("waiting for the last transfers");
        let ended = timeout(options.patience, async {
            while !watch.all_ended(&landed) {
                sleep(Duration::from_millis(100)).await;
            }
        });
        let in_time = ended.await.is_ok();
        // Deletes of messages follow the ledger's last write.
        sleep(Duration::from_secs(2)).await;
        crew.stop();
        Ok::<_, Error>(in_time)
    };
    let mut in_time = Ok(true);
    tokio::select! {
        biased;
        () = watch.follow(changes) => {}
        ((), told) = futures::future::join(crew.keep(&watch), story) => in_time = told,
    }
    let in_time = in_time?;
    let took = started.elapsed();
    bar.finish_and_clear();
    let findings = audit::look(&config, &traffic, &landed, &watch).await?;
    serving.abort();
    if options.keep_logs {
        let kept = folder.keep();
        common::say!("logs and bytes are kept in {}", kept.display());
    }
    Ok(Report::new(options, took, in_time, &traffic, &watch, crew.exits(), findings, cloud.faults().hits()))
}

fn bar(options: &Options) -> ProgressBar {
    let bar = ProgressBar::new((options.kills + options.terms) as u64);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} signals  {elapsed}  {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
