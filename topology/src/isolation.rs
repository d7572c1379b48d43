//! Keeps what this machine says about AWS away from a process that must know one embedded AWS only.

use std::process::Command;

/// For a process of ours: fake credentials, and nothing else about AWS. It has no home folder, since that is where the SDK's files lie.
pub fn isolate(command: &mut Command, access_key: &str) {
    replace_aws_variables(command, access_key);
    command.env("HOME", "/nonexistent");
}

/// For another tool, which may need its home folder: fake credentials, and no variable, profile or metadata service of the machine's.
///
/// All variables that begin with `AWS_` go, not a list of them: the SDK learns to read new ones. An agent of ECS would protect the task that
/// this machine is, so its variables go as well.
pub fn replace_aws_variables(command: &mut Command, access_key: &str) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("AWS_") || text.starts_with("ECS_") {
            command.env_remove(&name);
        }
    }
    command
        .env("AWS_ACCESS_KEY_ID", access_key)
        .env("AWS_SECRET_ACCESS_KEY", access_key)
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
}
