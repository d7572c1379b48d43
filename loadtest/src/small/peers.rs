//! The loops of other languages: their scripts, and the packages that they need, in one folder.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

const SCRIPTS: [(&str, &str); 5] = [
    ("consumer.mjs", include_str!("node/consumer.mjs")),
    ("package.json", include_str!("node/package.json")),
    ("package-lock.json", include_str!("node/package-lock.json")),
    ("consumer.py", include_str!("python/consumer.py")),
    ("requirements.txt", include_str!("python/requirements.txt")),
];

#[derive(Debug)]
pub(super) struct Peers(PathBuf);

impl Peers {
    /// Writes the scripts into the folder.
    pub(super) fn new(folder: &Path) -> Result<Self, String> {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let folder = folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?;
        for (name, text) in SCRIPTS {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(Self(folder))
    }

    pub(super) fn node_script(&self) -> PathBuf {
        self.0.join("consumer.mjs")
    }

    pub(super) fn python_script(&self) -> PathBuf {
        self.0.join("consumer.py")
    }

    /// That of the folder, or the one on PATH.
    pub(super) fn python(&self) -> PathBuf {
        let own = self.own_python();
        if own.is_file() { own } else { PathBuf::from("python3") }
    }

    fn own_python(&self) -> PathBuf {
        self.0.join("venv/bin/python")
    }

    /// Installs the packages of Node. What cannot be installed is said, and is a row that is missing.
    pub(super) async fn install_node(&self) {
        let arguments = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"];
        self.step(Command::new("npm").args(arguments)).await;
    }

    /// Installs the packages of Python, into an environment of their own.
    pub(super) async fn install_python(&self, python: &str) {
        if self.step(Command::new(python).args(["-m", "venv", "venv"])).await {
            let arguments = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
            self.step(Command::new(self.own_python()).args(arguments).arg("requirements.txt")).await;
        }
    }

    async fn step(&self, command: &mut Command) -> bool {
        let name = command.as_std().get_program().to_string_lossy().into_owned();
        let command =
            command.current_dir(&self.0).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        match command.status().await {
            Ok(status) if status.success() => return true,
            Ok(status) => common::say!("{name} failed to install: {status}"),
            Err(error) => common::say!("{name} failed to install: {error}"),
        }
        false
    }
}
