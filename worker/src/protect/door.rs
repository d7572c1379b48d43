//! The way to ECS that this task has.

use std::time::Duration;

use aws_config::SdkConfig;
use common::settings::Reader;

#[cfg(test)]
pub(super) use self::script::Script;
use super::agent::Agent;
use super::ecs::Ecs;
use super::failure::Failure;
use super::http::base;
use super::machine::Ask;

/// The agent gives up on ECS after four seconds; whoever does not answer by now will not.
const PATIENCE: Duration = Duration::from_secs(8);

/// What ECS tells a container by its environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// `ECS_AGENT_URI`
    pub agent_uri: Option<String>,
    /// `ECS_CONTAINER_METADATA_URI_V4`
    pub metadata_uri: Option<String>,
}

/// Where protection is asked for.
#[derive(Debug)]
pub struct Door(Way);

#[derive(Debug)]
enum Way {
    Agent(Agent),
    Ecs(Box<Ecs>),
    #[cfg(test)]
    Script(Script),
}

impl Surroundings {
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let mut given = |name| reader.variable(name, |text| Ok(text.to_owned()));
        Self { agent_uri: given("ECS_AGENT_URI"), metadata_uri: given("ECS_CONTAINER_METADATA_URI_V4") }
    }

    /// The agent if there is one, else the API; `None` where this is no ECS task, or where what ECS says of itself makes no sense.
    pub fn door(&self, config: &SdkConfig) -> Option<Door> {
        let usable = |name, text: &Option<String>| {
            let uri = base(text.as_deref()?);
            uri.inspect_err(|expected| tracing::warn!(variable = name, expected, "cannot be used")).ok()
        };
        if let Some(base) = usable("ECS_AGENT_URI", &self.agent_uri) {
            return Some(Door(Way::Agent(Agent::new(base))));
        }
        let metadata = usable("ECS_CONTAINER_METADATA_URI_V4", &self.metadata_uri)?;
        Some(Door(Way::Ecs(Box::new(Ecs::new(config, metadata)))))
    }
}

impl Door {
    /// Asks, and waits for the answer, but not for ever.
    pub(super) async fn send(&self, ask: Ask) -> Result<(), Failure> {
        let answer = async {
            match &self.0 {
                Way::Agent(agent) => agent.send(ask).await,
                Way::Ecs(ecs) => ecs.send(ask).await,
                #[cfg(test)]
                Way::Script(script) => script.send(ask).await,
            }
        };
        tokio::time::timeout(PATIENCE, answer).await.unwrap_or_else(|_| Err(Failure::uncertain("timeout")))
    }

    /// For the log.
    pub fn name(&self) -> &'static str {
        match self.0 {
            Way::Agent(_) => "agent",
            Way::Ecs(_) => "api",
            #[cfg(test)]
            Way::Script(_) => "script",
        }
    }
}

#[cfg(test)]
impl Door {
    pub(super) fn scripted(script: Script) -> Self {
        Self(Way::Script(script))
    }
}

/// A way that leads nowhere, for tests of the keeper on paused time.
#[cfg(test)]
mod script {
    use std::cell::{Cell, RefCell};
    use std::fmt;
    use std::rc::Rc;
    use std::time::Duration;

    use tokio::time::{Instant, sleep};

    use super::{Ask, Failure};

    #[derive(Clone)]
    pub(in super::super) struct Script(Rc<Shared>);

    struct Shared {
        /// Of the number of the request, counted from 0.
        answer: Box<dyn Fn(usize) -> Result<(), Failure>>,
        after: Cell<Duration>,
        asked: RefCell<Vec<(Instant, Ask)>>,
    }

    impl Script {
        pub(in super::super) fn new(answer: impl Fn(usize) -> Result<(), Failure> + 'static) -> Self {
            Self(Rc::new(Shared {
                answer: Box::new(answer),
                after: Cell::default(),
                asked: RefCell::default(),
            }))
        }

        pub(in super::super) fn answer_after(&self, after: Duration) {
            self.0.after.set(after);
        }

        pub(in super::super) fn asked(&self) -> Vec<(Instant, Ask)> {
            self.0.asked.borrow().clone()
        }

        pub(super) async fn send(&self, ask: Ask) -> Result<(), Failure> {
            let nth = self.0.asked.borrow().len();
            self.0.asked.borrow_mut().push((Instant::now(), ask));
            sleep(self.0.after.get()).await;
            (self.0.answer)(nth)
        }
    }

    impl fmt::Debug for Script {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Script")
        }
    }
}
