//! The settings of `drayage reap`.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};
use common::service::StartError;
use common::settings::{REACH, Reach, Reader, Setting, Variable, list, with_flags};
use common::transfer::check_bucket_name;

use super::decide::Rules;

const BUCKET: Setting = Setting {
    name: "bucket",
    value: "BUCKET,…",
    default: None,
    help: "the target buckets whose orphaned uploads are to go",
};
const PREFIX: Setting =
    Setting { name: "prefix", value: "PREFIX", default: None, help: "only keys that begin with this" };
const OLDER_THAN: Setting = Setting {
    name: "older-than",
    value: "AGE",
    default: Some("24h"),
    help: "only uploads older than this, such as 90m, 24h or 7d; at least 1h",
};
const INITIATOR: Setting = Setting {
    name: "initiator",
    value: "TEXT",
    default: None,
    help: "only uploads whose initiator (an ARN) contains this; needed where others upload to the bucket too",
};
const OWN: &[Setting] = &[BUCKET, PREFIX, OLDER_THAN, INITIATOR];

/// Far above what lies between creating and noting an upload: see [`super`].
const OLDER_THAN_S_MIN: u64 = 3_600;
const OLDER_THAN_S_MAX: u64 = 366 * 86_400;

/// What to reap, and where.
#[derive(Debug, Clone)]
pub struct Settings {
    pub reach: Reach,
    pub buckets: BTreeSet<String>,
    pub prefix: Option<String>,
    pub rules: Rules,
    pub dry_run: bool,
    pub json: bool,
}

/// The subcommand, with a flag for each setting.
pub fn command() -> Command {
    let switch = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    with_flags(Command::new("reap"), &[OWN, REACH])
        .about("Aborts multipart uploads that no transfer in the ledger has noted")
        .after_help("Exit status: 0 when every upload was looked at, 1 when something could not be, 64 for wrong settings.")
        .arg(switch("dry-run", "Only tell what would be aborted"))
        .arg(switch("json", "Print one JSON line for each upload that is old enough, and one for each bucket"))
}

impl Settings {
    /// # Errors
    /// [`StartError::Usage`] with everything that is wrong.
    pub fn read(matches: &ArgMatches, variable: Variable<'_>) -> Result<Self, StartError> {
        let mut reader = Reader::new(matches, &[OWN, REACH], variable);
        let buckets = reader.required(&BUCKET, buckets);
        let prefix = reader.optional(&PREFIX, |text| Ok(text.to_owned()));
        let older_than = reader.required(&OLDER_THAN, age);
        let initiator = reader.optional(&INITIATOR, |text| match text {
            // It would be in every initiator.
            "" => Err("expected a part of an ARN".to_owned()),
            text => Ok(text.to_owned()),
        });
        let reach = Reach::read(&mut reader);
        let settings = (|| {
            Some(Self {
                reach: reach?,
                buckets: buckets?.into_iter().collect(),
                prefix,
                rules: Rules { older_than: older_than?, initiator },
                dry_run: matches.get_flag("dry-run"),
                json: matches.get_flag("json"),
            })
        })();
        reader.finish(settings).map_err(|mistakes| StartError::Usage(mistakes.to_string()))
    }
}

fn buckets(text: &str) -> Result<Vec<String>, String> {
    let names = list(text)?;
    for name in &names {
        check_bucket_name(name).map_err(|expected| format!("{name:?}: {expected}"))?;
    }
    Ok(names)
}

fn age(text: &str) -> Result<Duration, String> {
    let units = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    let read = units.into_iter().find_map(|(unit, seconds)| {
        let count: u64 = text.strip_suffix(unit)?.parse().ok()?;
        count.checked_mul(seconds)
    });
    let fits = read.filter(|age_s| (OLDER_THAN_S_MIN..=OLDER_THAN_S_MAX).contains(age_s));
    fits.map(Duration::from_secs).ok_or_else(|| "expected an age from 1h to 366d, such as 90m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_units_and_an_hour_is_the_least() {
        assert_eq!(age("24h"), Ok(Duration::from_secs(86_400)));
        assert_eq!(age("60m"), age("1h"));
        assert_eq!(age("3600s"), age("1h"));
        assert_eq!(age("7d"), age("168h"));
        for bad in [
            "",
            "h",
            "24",
            "59m",
            "-1h",
            "1.5h",
            "24H",
            "367d",
            "99999999999999999999d",
            "9999999999999999999d",
        ] {
            assert!(age(bad).is_err(), "{bad}");
        }
    }
}
