//! PutBucketLifecycleConfiguration, GetBucketLifecycleConfiguration and DeleteBucketLifecycle: rules as requests write them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use s3s::dto::{
    AbortIncompleteMultipartUpload, DeleteBucketLifecycleInput, DeleteBucketLifecycleOutput,
    ExpirationStatus, GetBucketLifecycleConfigurationInput, GetBucketLifecycleConfigurationOutput,
    LifecycleExpiration, LifecycleRule, LifecycleRuleAndOperator, LifecycleRuleFilter,
    NoncurrentVersionExpiration, PutBucketLifecycleConfigurationInput, PutBucketLifecycleConfigurationOutput,
    Timestamp,
};
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};

use super::errors::{invalid_argument, invalid_request, malformed_xml, not_implemented, refuse};
use super::lifecycle::{Expiration, Filter, Noncurrent, Rule};
use super::object::timestamp;
use super::store::Store;
use super::tags;

const RULES_MAX: usize = 1000;
const DAY_S: u64 = 86_400;

impl Store {
    pub(super) async fn put_bucket_lifecycle_configuration(
        &self,
        request: S3Request<PutBucketLifecycleConfigurationInput>,
    ) -> S3Result<S3Response<PutBucketLifecycleConfigurationOutput>> {
        let input = request.input;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let asked = input.lifecycle_configuration.map(|it| it.rules).unwrap_or_default();
        if asked.is_empty() || asked.len() > RULES_MAX {
            return Err(malformed_xml());
        }
        let rules = asked
            .into_iter()
            .enumerate()
            .map(|(index, asked)| read(index, asked))
            .collect::<S3Result<Vec<_>>>()?;
        if rules.iter().map(|rule| &rule.id).collect::<BTreeSet<_>>().len() < rules.len() {
            return Err(invalid_argument("Rule ID must be unique. Found same ID for more than one rule"));
        }
        bucket.configure(|settings| settings.lifecycle = rules)?;
        Ok(S3Response::new(PutBucketLifecycleConfigurationOutput::default()))
    }

    pub(super) async fn get_bucket_lifecycle_configuration(
        &self,
        request: S3Request<GetBucketLifecycleConfigurationInput>,
    ) -> S3Result<S3Response<GetBucketLifecycleConfigurationOutput>> {
        let input = request.input;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        let rules = bucket.settings().lifecycle;
        if rules.is_empty() {
            return Err(refuse(
                S3ErrorCode::NoSuchLifecycleConfiguration,
                "The lifecycle configuration does not exist",
            ));
        }
        Ok(S3Response::new(GetBucketLifecycleConfigurationOutput {
            rules: Some(rules.into_iter().map(write).collect()),
            ..Default::default()
        }))
    }

    pub(super) async fn delete_bucket_lifecycle(
        &self,
        request: S3Request<DeleteBucketLifecycleInput>,
    ) -> S3Result<S3Response<DeleteBucketLifecycleOutput>> {
        let input = request.input;
        let bucket = self.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
        bucket.configure(|settings| settings.lifecycle = Vec::new())?;
        Ok(S3Response::with_status(DeleteBucketLifecycleOutput::default(), http::StatusCode::NO_CONTENT))
    }
}

fn read(index: usize, asked: LifecycleRule) -> S3Result<Rule> {
    if asked.transitions.is_some() || asked.noncurrent_version_transitions.is_some() {
        return Err(not_implemented("lifecycle transitions"));
    }
    let rule = Rule {
        id: asked.id.filter(|id| !id.is_empty()).unwrap_or_else(|| format!("rule-{}", index + 1)),
        is_enabled: match asked.status.as_str() {
            ExpirationStatus::ENABLED => true,
            ExpirationStatus::DISABLED => false,
            _ => return Err(malformed_xml()),
        },
        filter: read_filter(asked.filter, asked.prefix)?,
        expiration: asked.expiration.map(read_expiration).transpose()?,
        noncurrent: asked.noncurrent_version_expiration.as_ref().map(read_noncurrent).transpose()?,
        abort_after_days: asked
            .abort_incomplete_multipart_upload
            .map(|abort| days(abort.days_after_initiation, "DaysAfterInitiation"))
            .transpose()?,
    };
    if rule.expiration.is_none() && rule.noncurrent.is_none() && rule.abort_after_days.is_none() {
        return Err(invalid_request("At least one action needs to be specified in a rule."));
    }
    if rule.abort_after_days.is_some() && !rule.filter.tags.is_empty() {
        return Err(invalid_request("AbortIncompleteMultipartUpload cannot be specified with Tags."));
    }
    Ok(rule)
}

fn read_filter(filter: Option<LifecycleRuleFilter>, prefix: Option<String>) -> S3Result<Filter> {
    let Some(filter) = filter else {
        // Either has to be there, even if it is empty.
        return Ok(Filter { prefix: Some(prefix.ok_or_else(malformed_xml)?), ..Filter::default() });
    };
    if prefix.is_some() {
        return Err(malformed_xml());
    }
    let and = filter.and.unwrap_or_default();
    let tagged = and.tags.unwrap_or_default().into_iter().chain(filter.tag).collect();
    Ok(Filter {
        prefix: filter.prefix.or(and.prefix),
        tags: tags::of_set(tagged)?,
        larger_than_bytes: filter.object_size_greater_than.or(and.object_size_greater_than),
        smaller_than_bytes: filter.object_size_less_than.or(and.object_size_less_than),
    })
}

fn read_expiration(asked: LifecycleExpiration) -> S3Result<Expiration> {
    match (asked.days, asked.date, asked.expired_object_delete_marker) {
        (Some(asked), None, None) => Ok(Expiration::Days(days(Some(asked), "Days")?)),
        (None, Some(date), None) => {
            let unix = SystemTime::from(date_of(date)).duration_since(SystemTime::UNIX_EPOCH);
            match unix.map(|unix| unix.as_secs()) {
                Ok(unix_s) if unix_s % DAY_S == 0 => Ok(Expiration::Date(unix_s)),
                _ => Err(invalid_argument("'Date' must be at midnight GMT")),
            }
        }
        (None, None, Some(true)) => Ok(Expiration::OfMarkers),
        _ => Err(malformed_xml()),
    }
}

fn date_of(date: Timestamp) -> time::OffsetDateTime {
    date.into()
}

fn read_noncurrent(asked: &NoncurrentVersionExpiration) -> S3Result<Noncurrent> {
    let kept = asked.newer_noncurrent_versions.unwrap_or_default();
    let kept = usize::try_from(kept)
        .map_err(|_| invalid_argument("'NewerNoncurrentVersions' must be a positive integer"))?;
    Ok(Noncurrent { days: days(asked.noncurrent_days, "NoncurrentDays")?, kept })
}

fn days(asked: Option<i32>, name: &str) -> S3Result<u64> {
    let days = asked.and_then(|days| u64::try_from(days).ok()).filter(|days| *days > 0);
    days.ok_or_else(|| invalid_argument(format!("'{name}' must be a positive integer")))
}

fn write(rule: Rule) -> LifecycleRule {
    let signed = |days: u64| i32::try_from(days).unwrap_or(i32::MAX);
    let status = if rule.is_enabled { ExpirationStatus::ENABLED } else { ExpirationStatus::DISABLED };
    let expiration = rule.expiration.map(|expiration| {
        let empty = LifecycleExpiration::default();
        match expiration {
            Expiration::Days(days) => LifecycleExpiration { days: Some(signed(days)), ..empty },
            Expiration::Date(unix_s) => LifecycleExpiration { date: Some(timestamp(unix_s)), ..empty },
            Expiration::OfMarkers => {
                LifecycleExpiration { expired_object_delete_marker: Some(true), ..empty }
            }
        }
    });
    let noncurrent = rule.noncurrent.map(|noncurrent| NoncurrentVersionExpiration {
        noncurrent_days: Some(signed(noncurrent.days)),
        newer_noncurrent_versions: i32::try_from(noncurrent.kept).ok().filter(|kept| *kept > 0),
    });
    let abort = rule
        .abort_after_days
        .map(|days| AbortIncompleteMultipartUpload { days_after_initiation: Some(signed(days)) });
    LifecycleRule {
        id: Some(rule.id),
        status: ExpirationStatus::from_static(status),
        filter: Some(write_filter(rule.filter)),
        expiration,
        noncurrent_version_expiration: noncurrent,
        abort_incomplete_multipart_upload: abort,
        noncurrent_version_transitions: None,
        prefix: None,
        transitions: None,
    }
}

/// One condition stands alone, several stand within `And`.
fn write_filter(filter: Filter) -> LifecycleRuleFilter {
    let Filter { prefix, tags, larger_than_bytes, smaller_than_bytes } = filter;
    let ranges = usize::from(larger_than_bytes.is_some()) + usize::from(smaller_than_bytes.is_some());
    let count = usize::from(prefix.is_some()) + tags.len() + ranges;
    if count > 1 {
        let tags = Some(tags::to_set(&tags)).filter(|tags| !tags.is_empty());
        let and = LifecycleRuleAndOperator {
            prefix,
            tags,
            object_size_greater_than: larger_than_bytes,
            object_size_less_than: smaller_than_bytes,
        };
        return LifecycleRuleFilter { and: Some(and), ..LifecycleRuleFilter::default() };
    }
    LifecycleRuleFilter {
        and: None,
        prefix: prefix.or_else(|| (count == 0).then(String::new)),
        tag: first_tag(&tags),
        object_size_greater_than: larger_than_bytes,
        object_size_less_than: smaller_than_bytes,
    }
}

fn first_tag(tags: &BTreeMap<String, String>) -> Option<s3s::dto::Tag> {
    tags::to_set(tags).into_iter().next()
}
