//! Dispatchers and workers as processes, against a simcloud in the test: its faults and gates stop the world at will.

use aws_config::SdkConfig;
use simcloud::Options;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use topology::World;

use super::drayage::{ACCESS, ACCESS_KEY, Drayage};

/// A cloud that only takes [`ACCESS_KEY`] and `us-east-1`, served on a loopback port.
#[derive(Debug)]
pub(crate) struct Fleet {
    pub(crate) world: World,
    pub(crate) endpoint_url: String,
    serving: JoinHandle<std::io::Result<()>>,
    folder: TempDir,
}

impl Fleet {
    pub(crate) async fn new() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the processes compare their clock with the replies' dates"
        )]
        let epoch = std::time::SystemTime::now();
        let options = Options { access_key_id: Some(ACCESS_KEY.to_owned()), epoch, ..Options::default() };
        let world = World::with(options).await.unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint_url = format!("http://{}", listener.local_addr().unwrap());
        #[expect(clippy::disallowed_methods, reason = "the cloud answers while the test waits for processes")]
        let serving = tokio::spawn(simcloud::serve(world.cloud.clone(), listener, std::future::pending()));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("rules.toml"), common::routes::DEFAULT_RULES).unwrap();
        Self { world, endpoint_url, serving, folder }
    }

    pub(crate) fn config(&self) -> &SdkConfig {
        &self.world.config
    }

    pub(crate) fn rules(&self) -> String {
        self.folder.path().join("rules.toml").display().to_string()
    }

    /// A service with the fewest settings that reach this cloud.
    pub(crate) fn arguments<'a>(&'a self, role: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let shared = [role, "--region", "us-east-1", "--endpoint-url", &self.endpoint_url];
        [&shared, more].concat()
    }

    /// A dispatcher at work.
    pub(crate) async fn dispatcher(&self, more: &[&str]) -> Drayage {
        let rules = self.rules();
        let own = [&["--rules", &rules, "--wait-s", "1"], more].concat();
        let dispatcher = Drayage::start(&self.arguments("dispatcher", &own));
        dispatcher.says("\"message\":\"dispatching\"").await;
        dispatcher
    }

    /// A worker at work.
    pub(crate) async fn worker(&self, worker_id: &str, more: &[&str]) -> Drayage {
        self.worker_in(&[], worker_id, more).await
    }

    /// A worker at work, told more by its environment.
    pub(crate) async fn worker_in(
        &self,
        variables: &[(&str, &str)],
        worker_id: &str,
        more: &[&str],
    ) -> Drayage {
        let own = [&["--worker-id", worker_id, "--wait-s", "1"], more].concat();
        let worker = Drayage::start_with(&self.arguments("worker", &own), &[&ACCESS, variables].concat());
        worker.says("\"message\":\"working\"").await;
        worker
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
