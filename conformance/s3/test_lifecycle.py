"""Lifecycle rules, as far as a check can see them: what they do takes days."""

import datetime

import pytest

from support.refusal import refused


def _put(s3, bucket, *rules):
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": list(rules)})


def _rule(**actions):
    return {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "in/"}} | (actions or {"Expiration": {"Days": 30}})


def test_new_bucket_has_no_rules(s3, bucket):
    with refused("NoSuchLifecycleConfiguration", status=404):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)


@pytest.mark.parametrize(
    "actions",
    [
        {"Expiration": {"Days": 30}},
        {"Expiration": {"ExpiredObjectDeleteMarker": True}},
        {"NoncurrentVersionExpiration": {"NoncurrentDays": 7, "NewerNoncurrentVersions": 2}},
        {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}},
        {"Filter": {"And": {"Prefix": "in/", "Tags": [{"Key": "a", "Value": "1"}]}}, "Expiration": {"Days": 1}},
        {"Filter": {"ObjectSizeGreaterThan": 1000}, "Status": "Disabled", "Expiration": {"Days": 1}},
    ],
    ids=["days", "markers", "noncurrent", "uploads", "tagged", "sized"],
)
def test_rule_is_kept_as_it_was_put(s3, bucket, actions):
    rule = _rule(**actions)
    _put(s3, bucket, rule)
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [rule]


def test_rules_replace_all_earlier_ones(s3, bucket):
    _put(s3, bucket, _rule())
    _put(s3, bucket, _rule() | {"ID": "other"})
    assert [rule["ID"] for rule in s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]] == ["other"]


def test_rules_can_be_deleted(s3, bucket):
    _put(s3, bucket, _rule())
    s3.delete_bucket_lifecycle(Bucket=bucket)
    with refused("NoSuchLifecycleConfiguration", status=404):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)


def test_zero_days_are_refused(s3, bucket):
    with refused("InvalidArgument", status=400):
        _put(s3, bucket, _rule(Expiration={"Days": 0}))


def test_date_has_to_be_midnight(s3, bucket):
    with refused("InvalidArgument", status=400):
        _put(s3, bucket, _rule(Expiration={"Date": datetime.datetime(2030, 1, 1, 12, tzinfo=datetime.timezone.utc)}))


def test_rule_without_action_is_refused(s3, bucket):
    with refused("InvalidRequest", status=400):
        _put(s3, bucket, {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}})


def test_ids_are_unique(s3, bucket):
    with refused("InvalidArgument", status=400):
        _put(s3, bucket, _rule(), _rule())
