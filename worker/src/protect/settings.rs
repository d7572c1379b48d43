//! The settings of protection.

use std::time::Duration;

use common::settings::{Reader, Setting, bounded, seconds};

use super::door::Surroundings;
use super::machine::{MINUTES_MAX, MINUTES_MIN, Policy};

const TASK_PROTECTION: Setting = Setting {
    name: "task-protection",
    value: "auto|off",
    default: Some("auto"),
    help: "in an ECS task, ask ECS not to stop it for scale-in or a deployment while it works on something long",
};
const AFTER: Setting = Setting {
    name: "task-protection-after-s",
    value: "SECONDS",
    default: Some("10"),
    help: "what is held for so long counts as long; 0: every message",
};
const MINUTES: Setting = Setting {
    name: "task-protection-minutes",
    value: "MINUTES",
    default: Some("30"),
    help: "the expiry that is asked for, and renewed at half time",
};

pub(crate) const SETTINGS: &[Setting] = &[TASK_PROTECTION, AFTER, MINUTES];

/// How long nothing may have needed protection before it is given up.
const LINGER: Duration = Duration::from_secs(60);

/// `Some(None)`: off.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Option<(Policy, Surroundings)>> {
    let on = reader.required(&TASK_PROTECTION, |text| match text {
        "auto" => Ok(true),
        "off" => Ok(false),
        _ => Err("expected auto or off".to_owned()),
    });
    let after = reader.required(&AFTER, |text| seconds(text, 0..=3_600));
    let minutes = reader.required(&MINUTES, |text| bounded(text, MINUTES_MIN..=MINUTES_MAX));
    let surroundings = Surroundings::read(reader);
    let policy = Policy { after: after?, minutes: minutes?, linger: LINGER };
    Some(on?.then_some((policy, surroundings)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::settings::with_flags;

    fn read_from(arguments: &[&str]) -> Result<Option<(Policy, Surroundings)>, String> {
        let command = with_flags(clap::Command::new("worker"), &[SETTINGS]);
        let matches = command.get_matches_from([&["worker"], arguments].concat());
        let variable = |name: &str| (name == "ECS_AGENT_URI").then(|| "http://169.254.170.2/api".into());
        let mut reader = Reader::new(&matches, &[SETTINGS], &variable);
        let settings = read(&mut reader);
        reader.finish(settings).map_err(|mistakes| mistakes.to_string())
    }

    #[test]
    fn it_is_on_unless_switched_off() {
        let (policy, surroundings) = read_from(&[]).unwrap().unwrap();
        assert_eq!((policy.after, policy.minutes), (Duration::from_secs(10), 30));
        assert_eq!(surroundings.agent_uri.as_deref(), Some("http://169.254.170.2/api"));
        assert_eq!(surroundings.metadata_uri, None);
        assert_eq!(read_from(&["--task-protection", "off"]), Ok(None));
    }

    #[test]
    fn the_limits_are_those_of_ecs() {
        for (minutes, good) in [("0", false), ("1", true), ("2880", true), ("2881", false)] {
            assert_eq!(read_from(&["--task-protection-minutes", minutes]).is_ok(), good, "{minutes}");
        }
        let wrong = read_from(&["--task-protection", "on", "--task-protection-after-s", "-"]).unwrap_err();
        assert_eq!(wrong.lines().count(), 2, "{wrong}");
    }
}
