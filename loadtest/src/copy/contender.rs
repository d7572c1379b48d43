//! Who copies: the floor, Drayage, and the tools that are installed.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command as Asked;
use tokio::time::timeout;

use super::job::Job;
use super::measure::Plan;
use super::{drayage, pipe, tools};

/// What a tool may take to say its version.
const VERSION_PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Pipe,
    Drayage,
    Rclone,
    /// The same, with one PUT for each object however large.
    RclonePut,
    S5cmd,
    Awscli,
    Boto3,
}

/// One row of every workload.
#[derive(Debug, Clone)]
pub(super) struct Contender {
    pub(super) kind: Kind,
    /// Instead of the tool's usual program on PATH.
    pub(super) program: Option<String>,
}

/// Whether a contender can be run here.
#[derive(Debug, Clone)]
pub(super) enum Found {
    Here { program: String, version: String },
    Missing,
}

impl Kind {
    pub(super) const ALL: [Self; 7] =
        [Self::Pipe, Self::Drayage, Self::Rclone, Self::RclonePut, Self::S5cmd, Self::Awscli, Self::Boto3];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pipe => "pipe",
            Self::Drayage => "drayage",
            Self::Rclone => "rclone",
            Self::RclonePut => "rclone-put",
            Self::S5cmd => "s5cmd",
            Self::Awscli => "awscli",
            Self::Boto3 => "boto3",
        }
    }

    /// The name by which its program is given.
    pub(super) fn program_name(self) -> &'static str {
        if self == Self::RclonePut { Self::Rclone.name() } else { self.name() }
    }

    /// Not part of this binary.
    pub(super) fn is_tool(self) -> bool {
        !matches!(self, Self::Pipe | Self::Drayage)
    }

    /// The usual program, and how it says its version.
    fn asked(self) -> Option<(&'static str, &'static [&'static str])> {
        match self {
            Self::Pipe | Self::Drayage => None,
            Self::Rclone | Self::RclonePut => Some(("rclone", &["version"])),
            Self::S5cmd => Some(("s5cmd", &["version"])),
            Self::Awscli => Some(("aws", &["--version"])),
            Self::Boto3 => Some(("python3", &["-c", "import boto3; print('boto3', boto3.__version__)"])),
        }
    }
}

impl Contender {
    pub(super) fn title(&self) -> &'static str {
        match self.kind {
            Kind::Pipe => "raw HTTP pipe (floor)",
            Kind::Drayage => "Drayage",
            Kind::RclonePut => "rclone, one PUT",
            other => other.name(),
        }
    }

    pub(super) async fn find(&self) -> Found {
        let Some((usual, arguments)) = self.kind.asked() else {
            let own = std::env::current_exe().map(|path| path.display().to_string());
            let version = env!("CARGO_PKG_VERSION").to_owned();
            return own.map_or(Found::Missing, |program| Found::Here { program, version });
        };
        let program = self.program.clone().unwrap_or_else(|| usual.to_owned());
        let asked = Asked::new(&program).args(arguments).stdin(Stdio::null()).kill_on_drop(true).output();
        match timeout(VERSION_PATIENCE, asked).await {
            Ok(Ok(said)) if said.status.success() => {
                let said = String::from_utf8_lossy(&said.stdout).into_owned();
                Found::Here { program, version: said.lines().next().unwrap_or_default().trim().to_owned() }
            }
            _ => Found::Missing,
        }
    }

    /// The processes that do the job.
    ///
    /// # Errors
    /// Why this contender is not asked to.
    pub(super) fn plan(
        &self,
        program: &str,
        job: &Job,
        job_file: &Path,
        folder: &Path,
    ) -> Result<Plan, String> {
        match self.kind {
            Kind::Pipe => Ok(tools::own(program, pipe::ROLE, job_file)),
            Kind::Drayage => Ok(tools::own(program, drayage::ROLE, job_file)),
            Kind::Rclone => Ok(tools::rclone(program, job, job.part_bytes)),
            Kind::RclonePut => Ok(tools::rclone(program, job, tools::ONE_PUT_BYTES_MAX)),
            Kind::Boto3 => tools::boto3(program, job_file, folder),
            Kind::S5cmd | Kind::Awscli if job.objects.len() > tools::PROCESSES_MAX => {
                Err("two processes for each object: not a way to copy so many".to_owned())
            }
            Kind::S5cmd => Ok(tools::s5cmd(program, job)),
            Kind::Awscli => tools::awscli(program, job, folder),
        }
    }
}
