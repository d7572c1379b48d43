//! `drayage local` and its processes take nothing from what this machine says about AWS.

use std::path::Path;

use crate::support::drayage::{Drayage, Ended};
use crate::support::files;

/// Settings that break any client of an embedded AWS which reads them.
const PROFILE: &str = "\
[default]
region = eu-west-1
use_fips_endpoint = true
use_dualstack_endpoint = true
endpoint_url = http://127.0.0.1:1
max_attempts = 0
retry_mode = adaptive
services = elsewhere
ca_bundle = /nowhere
role_arn = arn:aws:iam::000000000000:role/nobody
source_profile = default
[services elsewhere]
s3 =
  endpoint_url = http://127.0.0.1:1
";

const VARIABLES: [(&str, &str); 15] = [
    ("AWS_ACCESS_KEY_ID", "somebody"),
    ("AWS_SECRET_ACCESS_KEY", ""),
    ("AWS_SESSION_TOKEN", "token"),
    ("AWS_USE_FIPS_ENDPOINT", "true"),
    ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
    ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
    ("AWS_ENDPOINT_URL_S3", "nonsense"),
    ("AWS_REGION", "not a region"),
    ("AWS_MAX_ATTEMPTS", "0"),
    ("AWS_RETRY_MODE", "adaptive"),
    ("AWS_CA_BUNDLE", "/nowhere"),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1"),
    ("AWS_SIGV4A_SIGNING_REGION_SET", "*"),
    ("AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "-1"),
    ("ECS_AGENT_URI", "http://127.0.0.1:1"),
];

async fn delivers(folder: &Path, variables: &[(&str, &str)]) -> Ended {
    let source = folder.display().to_string();
    let arguments = ["local", "--port", "0", "--workers", "1", "--once", &source];
    Drayage::start_with(&arguments, variables).ended().await.succeeded()
}

#[tokio::test]
async fn variables_and_profiles_of_this_machine_mean_nothing_to_the_embedded_aws() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("in");
    files::write(&source, &files::few());
    let profile = folder.path().join("config");
    std::fs::write(&profile, PROFILE).unwrap();
    let profile = profile.display().to_string();
    let files = [("AWS_CONFIG_FILE", &*profile), ("AWS_SHARED_CREDENTIALS_FILE", &*profile)];
    delivers(&source, &[&VARIABLES[..], &files].concat()).await;
}

#[tokio::test]
async fn a_second_source_of_rules_in_the_environment_does_not_stop_the_dispatcher() {
    let folder = tempfile::tempdir().unwrap();
    files::write(folder.path(), &files::few());
    delivers(folder.path(), &[("DRAYAGE_RULES_TEXT", "version = 1")]).await;
}
