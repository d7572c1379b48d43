"""Copies from and to buckets that keep versions."""

import pytest

from support import checksums, multipart
from support.refusal import refused


@pytest.fixture
def history(s3, versioned):
    """An object `k` of two versions, `one` and `two`: their ids."""
    ids = [s3.put_object(Bucket=versioned, Key="k", Body=body)["VersionId"] for body in (b"one", b"two")]
    return versioned, *ids


def _source(bucket, version=None):
    return {"Bucket": bucket, "Key": "k"} | ({"VersionId": version} if version else {})


def _get(s3, bucket, key):
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def test_copy_of_a_version_names_it(s3, history):
    bucket, first, _second = history
    reply = s3.copy_object(Bucket=bucket, Key="copy", CopySource=_source(bucket, first))
    assert (reply["CopySourceVersionId"], _get(s3, bucket, "copy")) == (first, b"one")
    assert reply["VersionId"] == s3.head_object(Bucket=bucket, Key="copy")["VersionId"]


def test_copy_without_a_version_is_of_the_latest(s3, history):
    bucket, _first, second = history
    reply = s3.copy_object(Bucket=bucket, Key="copy", CopySource=_source(bucket))
    assert (reply["CopySourceVersionId"], _get(s3, bucket, "copy")) == (second, b"two")


def test_older_version_comes_back_by_a_copy_onto_its_key(s3, history):
    bucket, first, _second = history
    latest = s3.copy_object(Bucket=bucket, Key="k", CopySource=_source(bucket, first))["VersionId"]
    assert (_get(s3, bucket, "k"), latest != first) == (b"one", True)


def test_copy_source_if_match_is_about_the_version(s3, history):
    bucket, first, _second = history
    source = _source(bucket, first)
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, CopySourceIfMatch=checksums.etag(b"one"))
    with refused("PreconditionFailed", status=412):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, CopySourceIfMatch=checksums.etag(b"two"))


def test_copy_of_a_version_under_a_marker(s3, history):
    bucket, first, _second = history
    s3.delete_object(Bucket=bucket, Key="k")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=_source(bucket, first))
    assert _get(s3, bucket, "copy") == b"one"


def test_copy_of_a_deleted_object_is_no_such_key(s3, history):
    bucket, _first, _second = history
    s3.delete_object(Bucket=bucket, Key="k")
    with refused("NoSuchKey", status=404):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=_source(bucket))


def test_copy_of_a_marker_is_refused(s3, history):
    bucket, _first, _second = history
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    with refused("InvalidRequest", status=400):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=_source(bucket, marker))


def test_part_copy_of_a_version_names_it(s3, history):
    bucket, first, _second = history
    upload = multipart.begin(s3, bucket, "copy")
    part = s3.upload_part_copy(**upload.where, PartNumber=1, CopySource=_source(bucket, first))
    assert part["CopySourceVersionId"] == first
    upload.complete([{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}])
    assert _get(s3, bucket, "copy") == b"one"


def test_copy_to_a_bucket_without_versioning_makes_no_version(s3, history, make_bucket):
    bucket, first, _second = history
    target = make_bucket()
    s3.copy_object(Bucket=target, Key="copy", CopySource=_source(bucket, first))
    assert (_get(s3, target, "copy"), "VersionId" in s3.head_object(Bucket=target, Key="copy")) == (b"one", False)
