"""Buckets: being there, being empty, and their EventBridge switch."""

import pytest
from botocore.handlers import validate_bucket_name

from support.names import unique
from support.refusal import refused


def test_new_bucket_is_there(s3, bucket):
    assert s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_new_bucket_is_listed(s3, bucket):
    assert bucket in {entry["Name"] for entry in s3.list_buckets()["Buckets"]}


def test_location_of_us_east_1_is_null(s3, bucket, region):
    expected = None if region == "us-east-1" else region
    assert s3.get_bucket_location(Bucket=bucket).get("LocationConstraint") == expected


def test_head_of_missing_bucket_is_404(s3):
    with refused("404", status=404):
        s3.head_bucket(Bucket=unique("missing"))


@pytest.mark.parametrize(
    ("operation", "request_members"),
    [
        ("get_object", {"Key": "k"}),
        ("put_object", {"Key": "k", "Body": b"x"}),
        ("list_objects_v2", {}),
        ("create_multipart_upload", {"Key": "k"}),
        ("delete_bucket", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_missing_bucket_is_named_as_such(s3, operation, request_members):
    with refused("NoSuchBucket", status=404):
        getattr(s3, operation)(Bucket=unique("missing"), **request_members)


def test_invalid_bucket_name_is_refused(aws):
    s3 = aws.client("s3")
    # Otherwise botocore would refuse the name itself.
    s3.meta.events.unregister("before-parameter-build.s3", validate_bucket_name)
    with refused("InvalidBucketName", status=400):
        s3.create_bucket(Bucket="No_Capitals_Or_Underscores")


def test_bucket_with_objects_cannot_be_deleted(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    with refused("BucketNotEmpty", status=409):
        s3.delete_bucket(Bucket=bucket)


def test_deleted_bucket_is_gone(s3, make_bucket):
    bucket = make_bucket()
    s3.delete_bucket(Bucket=bucket)
    with refused("404"):
        s3.head_bucket(Bucket=bucket)


def test_eventbridge_notifications_are_off_at_first(s3, bucket):
    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(Bucket=bucket)


def test_eventbridge_notifications_switch_on_and_off(s3, bucket):
    on = {"EventBridgeConfiguration": {}}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=on)
    assert "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=bucket)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(Bucket=bucket)
