//! A simulated world is the same world in every process.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::process::Command;

/// Everything that a seed prints of itself, its trace's hash first.
fn played(seed: &str) -> String {
    let loadtest = Command::new(env!("CARGO_BIN_EXE_loadtest"))
        .args(["simulate", "--seed", seed, "--files", "6"])
        // Nothing of the machine's own AWS configuration may play a part.
        .env("AWS_CONFIG_FILE", "/nowhere")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
        .output()
        .unwrap();
    let text = String::from_utf8(loadtest.stdout).unwrap();
    assert!(loadtest.status.success(), "{text}");
    assert!(text.contains(" trace ") && text.contains("every promise was kept"), "{text}");
    text
}

#[test]
fn the_same_seed_is_the_same_world_in_two_processes() {
    let first = played("7");
    assert_eq!(first, played("7"));
    assert_ne!(first, played("8"));
}
