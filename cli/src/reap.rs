//! `drayage reap`: one sweep over each bucket, told on standard output, what went wrong on standard error.
//!
//! Keys are not shown. They are the customers', and the standard output of a scheduled task is a log; the upload's id finds the key
//! (`aws s3api list-multipart-uploads`) for whoever may see it.

use aws_smithy_types::date_time::Format;
use clap::ArgMatches;
use common::output::{out, out_json};
use common::say;
use common::service::StartError;
use common::shutdown::StopSignals;
use serde_json::{Value, json};
use worker::reap::{Counts, Done, Finding, Notice, Orphan, Reaper, Settings};

use crate::stoppable::settings;

/// A sweep that is stopped has not looked at every upload, which is what exit 0 says.
pub(crate) async fn main(matches: &ArgMatches, mut signals: StopSignals) -> Result<(), StartError> {
    let stopped = || StartError::Local("interrupted: the next run goes on with what is left".to_owned());
    let read = settings(matches, &mut signals, |matches| Settings::read(matches, &crate::variable));
    let settings = read.await?.ok_or_else(stopped)?;
    tokio::select! {
        biased;
        () = signals.next() => Err(stopped()),
        ended = Box::pin(sweep_all(&settings)) => ended,
    }
}

async fn sweep_all(settings: &Settings) -> Result<(), StartError> {
    let reaper = Reaper::prepare(settings).await?;
    let mut unfinished = 0;
    for bucket in &settings.buckets {
        let swept = reaper
            .sweep(bucket, |notice| match notice {
                Notice::Upload(finding) if settings.json => out_json(&finding_json(finding).to_string()),
                Notice::Upload(finding) => out(&finding_text(finding)),
                Notice::Page(counts) => say!("{bucket}: {}", counts_text(counts, settings.dry_run)),
            })
            .await;
        unfinished += usize::from(!swept.is_whole());
        if settings.json {
            let fault = swept.stopped_by.as_ref().map(ToString::to_string);
            out_json(&summary_json(bucket, &swept.counts, settings.dry_run, fault.as_deref()).to_string());
        } else {
            out(&format!("{bucket}: {}", counts_text(&swept.counts, settings.dry_run)));
        }
        if let Some(fault) = swept.stopped_by {
            say!("drayage: {}", StartError::Aws { what: format!("bucket {bucket}"), fault });
        }
    }
    match unfinished {
        0 => Ok(()),
        count => {
            let all = settings.buckets.len();
            Err(StartError::Local(format!("{count} of {all} buckets could not be swept whole")))
        }
    }
}

fn sentence(orphan: Orphan) -> &'static str {
    match orphan {
        Orphan::Unknown => "no transfer has noted it",
        Orphan::Ended => "its transfer has come to its end",
        Orphan::Replaced => "its transfer goes on without it",
    }
}

fn finding_text(finding: &Finding) -> String {
    let (action, why) = match &finding.done {
        Done::Aborted(orphan) => ("aborted", sentence(*orphan).to_owned()),
        Done::WouldAbort(orphan) => ("would abort", sentence(*orphan).to_owned()),
        Done::Gone(orphan) => ("gone", format!("{}; somebody else ended it", sentence(*orphan))),
        Done::Left { transfer, status, forgotten: false } => {
            ("left", format!("transfer {transfer} is {status}"))
        }
        Done::Left { transfer, status, forgotten: true } => {
            ("left", format!("transfer {transfer} is {status}, untouched for more than 14 days: redrive it"))
        }
        Done::Failed(fault) => ("failed", fault.to_string()),
    };
    let hours = finding.age.as_secs() / 3_600;
    format!("{action:<11}  {}  {hours:>4} h  {}  {why}", finding.bucket, finding.upload_id)
}

fn finding_json(finding: &Finding) -> Value {
    let mut line = json!({
        "bucket": finding.bucket,
        "upload_id": finding.upload_id,
        "initiated": finding.initiated.and_then(|at| at.fmt(Format::DateTime).ok()),
        "age_s": finding.age.as_secs(),
    });
    let told = match &finding.done {
        Done::Aborted(orphan) => json!({ "action": "aborted", "reason": orphan.as_str() }),
        Done::WouldAbort(orphan) => json!({ "action": "would_abort", "reason": orphan.as_str() }),
        Done::Gone(orphan) => json!({ "action": "gone", "reason": orphan.as_str() }),
        Done::Left { transfer, status, forgotten } => json!({
            "action": "left",
            "transfer": transfer.as_str(),
            "status": status.as_str(),
            "forgotten": forgotten,
        }),
        Done::Failed(fault) => json!({ "action": "failed", "error": fault.to_string() }),
    };
    if let (Value::Object(line), Value::Object(told)) = (&mut line, told) {
        line.extend(told);
    }
    line
}

fn counts_text(counts: &Counts, dry_run: bool) -> String {
    let aborted = if dry_run { "to be aborted" } else { "aborted" };
    let Counts { listed, young, foreign, left, forgotten, aborted: count, gone, failed } = counts;
    let forgotten = if *forgotten > 0 { format!(" ({forgotten} forgotten)") } else { String::new() };
    format!(
        "{listed} uploads: {count} {aborted}, {left} of living transfers{forgotten}, {young} not old enough, \
         {foreign} initiated by others, {gone} gone meanwhile, {failed} failed"
    )
}

fn summary_json(bucket: &str, counts: &Counts, dry_run: bool, error: Option<&str>) -> Value {
    let Counts { listed, young, foreign, left, forgotten, aborted, gone, failed } = counts;
    json!({
        "bucket": bucket,
        "summary": {
            "listed": listed,
            "young": young,
            "foreign": foreign,
            "left": left,
            "forgotten": forgotten,
            "aborted": if dry_run { 0 } else { *aborted },
            "would_abort": if dry_run { *aborted } else { 0 },
            "gone": gone,
            "failed": failed,
            "error": error,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::fault::{Class, Fault};
    use common::ledger::Status;
    use common::transfer::TransferId;
    use std::time::Duration;

    fn finding(done: Done) -> Finding {
        Finding {
            bucket: "delivered".to_owned(),
            upload_id: "u1".to_owned(),
            initiated: Some(aws_smithy_types::DateTime::from_secs(1_780_000_000)),
            age: Duration::from_secs(90_000),
            done,
        }
    }

    fn left(forgotten: bool) -> Finding {
        let transfer = TransferId::parse(&"a".repeat(40)).unwrap();
        finding(Done::Left { transfer, status: Status::Queued, forgotten })
    }

    #[test]
    fn a_line_says_what_became_of_an_upload_and_why() {
        let text = |done| finding_text(&finding(done));
        let aborted = "aborted      delivered    25 h  u1  no transfer has noted it";
        assert_eq!(text(Done::Aborted(Orphan::Unknown)), aborted);
        assert!(text(Done::WouldAbort(Orphan::Ended)).starts_with("would abort  delivered"));
        let denied = Fault::new(Class::Denied, "AbortMultipartUpload", "AccessDenied");
        assert!(text(Done::Failed(denied)).ends_with("AbortMultipartUpload: AccessDenied"));
        assert!(
            finding_text(&left(true)).ends_with("is queued, untouched for more than 14 days: redrive it")
        );
    }

    #[test]
    fn json_has_the_same_in_fields() {
        assert_eq!(
            finding_json(&left(false)),
            json!({
                "bucket": "delivered",
                "upload_id": "u1",
                "initiated": "2026-05-28T20:26:40Z",
                "age_s": 90_000,
                "action": "left",
                "transfer": "a".repeat(40),
                "status": "queued",
                "forgotten": false,
            })
        );
        let line = finding_json(&finding(Done::Aborted(Orphan::Replaced)));
        assert_eq!((&line["action"], &line["reason"]), (&"aborted".into(), &"replaced".into()));
    }
}
