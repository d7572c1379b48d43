//! How each tool is asked to copy, with the bytes passing through it: the same part size, the same number in flight, and without
//! the checksums and hashes of bodies that it would add by itself, as far as it lets itself be told: the fastest it can be.

use std::path::Path;
use std::process::Command;

use super::job::{ACCESS_KEY, Job, REGION};
use super::measure::Plan;

/// Where a tool needs processes for each object: as many objects at the most.
pub(super) const PROCESSES_MAX: usize = 100;
/// The most that S3 takes in one PUT.
pub(super) const ONE_PUT_BYTES_MAX: u64 = 5 << 30;
const BOTO3_SCRIPT: &str = include_str!("boto3_copy.py");

/// This very binary, in a role of its own.
pub(super) fn own(program: &str, role: &str, job_file: &Path) -> Plan {
    let mut command = Command::new(program);
    command.arg(role).arg(job_file);
    Plan::one(command)
}

/// Two remotes: between them rclone copies through itself, within one it would let the server copy. Objects of more than
/// `cutoff_bytes` go in parts.
pub(super) fn rclone(program: &str, job: &Job, cutoff_bytes: u64) -> Plan {
    let mut command = with_keys(Command::new(program));
    for remote in ["FROM", "TO"] {
        let settings = [
            ("TYPE", "s3"),
            ("PROVIDER", "Other"),
            ("ENDPOINT", &job.endpoint_url),
            ("ACCESS_KEY_ID", ACCESS_KEY),
            ("SECRET_ACCESS_KEY", ACCESS_KEY),
            ("REGION", REGION),
            ("FORCE_PATH_STYLE", "true"),
            ("NO_CHECK_BUCKET", "true"),
            // Buckets of today take no other ACL.
            ("ACL", "bucket-owner-full-control"),
            // The server's quick ETags are no MD5 sums of the parts.
            ("USE_MULTIPART_ETAG", "false"),
        ];
        for (name, value) in settings {
            command.env(format!("RCLONE_CONFIG_{remote}_{name}"), value);
        }
    }
    let (part_bytes, cutoff_bytes) = (format!("{}B", job.part_bytes), format!("{cutoff_bytes}B"));
    command
        .arg("copy")
        .arg(format!("from:{}/{}", job.source_bucket, job.workload))
        .arg(format!("to:{}/{}", job.target_bucket, job.workload))
        .args(["--config", "", "--retries", "1", "--quiet"])
        .args([
            "--transfers",
            &job.at_once.to_string(),
            "--s3-upload-concurrency",
            &job.parts_in_flight.to_string(),
        ])
        .args(["--s3-chunk-size", &part_bytes, "--s3-upload-cutoff", &cutoff_bytes]);
    Plan::one(command)
}

/// For each object, `cat` into `pipe`.
pub(super) fn s5cmd(program: &str, job: &Job) -> Plan {
    let parts = [
        "--concurrency".to_owned(),
        job.parts_in_flight.to_string(),
        "--part-size".to_owned(),
        (job.part_bytes >> 20).to_string(),
    ];
    let command = |verb: &str, bucket: &str, key: &str| {
        let mut command = with_keys(Command::new(program));
        command
            .args(["--endpoint-url", &job.endpoint_url, verb])
            .args(&parts)
            .arg(format!("s3://{bucket}/{key}"));
        command
    };
    let each = job.objects.iter().map(|object| {
        vec![
            command("cat", &job.source_bucket, &object.key),
            command("pipe", &job.target_bucket, &object.key),
        ]
    });
    Plan { pipelines: each.collect(), at_once: job.at_once }
}

/// For each object, `cp … -` into `cp - …`.
pub(super) fn awscli(program: &str, job: &Job, folder: &Path) -> Result<Plan, String> {
    let config = folder.join("aws-config");
    let (parts, part_mib) = (job.parts_in_flight, job.part_bytes >> 20);
    let text = format!(
        "[default]\ns3 =\n  max_concurrent_requests = {parts}\n  multipart_threshold = {part_mib}MB\n  \
         multipart_chunksize = {part_mib}MB\n  payload_signing_enabled = false\n"
    );
    std::fs::write(&config, text)
        .map_err(|error| format!("failed to write {}: {error}", config.display()))?;
    let command = |from: &str, to: &str| {
        let mut command = with_keys(Command::new(program));
        command.env("AWS_CONFIG_FILE", &config);
        command.args(["--endpoint-url", &job.endpoint_url, "s3", "cp", from, to, "--only-show-errors"]);
        command
    };
    let size = job.object_bytes.to_string();
    let each = job.objects.iter().map(|object| {
        let from = command(&format!("s3://{}/{}", job.source_bucket, object.key), "-");
        let mut to = command("-", &format!("s3://{}/{}", job.target_bucket, object.key));
        to.args(["--expected-size", &size]);
        vec![from, to]
    });
    Ok(Plan { pipelines: each.collect(), at_once: job.at_once })
}

pub(super) fn boto3(program: &str, job_file: &Path, folder: &Path) -> Result<Plan, String> {
    let script = folder.join("boto3_copy.py");
    std::fs::write(&script, BOTO3_SCRIPT)
        .map_err(|error| format!("failed to write {}: {error}", script.display()))?;
    let mut command = with_keys(Command::new(program));
    command.arg(script).arg(job_file);
    Ok(Plan::one(command))
}

/// Fake credentials, and nothing of the machine's own AWS configuration.
fn with_keys(mut command: Command) -> Command {
    topology::replace_aws_variables(&mut command, ACCESS_KEY);
    command
        .env("AWS_DEFAULT_REGION", REGION)
        .env("AWS_REGION", REGION)
        .env("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
        .env("AWS_RESPONSE_CHECKSUM_VALIDATION", "when_required");
    command
}
