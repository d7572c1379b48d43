"""Buckets that keep versions: writing, reading, suspending."""

import pytest

from support import checksums, multipart, versions
from support.refusal import refused


def _put(s3, bucket, body, key="k", **options):
    return s3.put_object(Bucket=bucket, Key=key, Body=body, **options)["VersionId"]


def _get(s3, bucket, key="k", **options):
    return s3.get_object(Bucket=bucket, Key=key, **options)["Body"].read()


def test_new_bucket_has_no_versioning_status(s3, bucket):
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)


def test_status_is_what_was_put_last(s3, bucket):
    for switch, status in ((versions.enable, "Enabled"), (versions.suspend, "Suspended"), (versions.enable, "Enabled")):
        switch(s3, bucket)
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == status


def test_status_has_to_be_given(s3, bucket):
    with refused("IllegalVersioningConfigurationException", "MalformedXML", status=400):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={})


def test_write_without_versioning_names_no_version(s3, bucket):
    assert "VersionId" not in s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert "VersionId" not in s3.head_object(Bucket=bucket, Key="k")


def test_each_write_has_an_id_of_its_own(s3, versioned):
    ids = {_put(s3, versioned, b"same") for _ in range(5)}
    assert len(ids) == 5 and "null" not in ids


def test_older_versions_stay(s3, versioned):
    ids = [_put(s3, versioned, body) for body in (b"one", b"two", b"three")]
    assert [_get(s3, versioned, VersionId=version) for version in ids] == [b"one", b"two", b"three"]


def test_read_without_id_is_of_the_latest_and_names_it(s3, versioned):
    _put(s3, versioned, b"one")
    latest = _put(s3, versioned, b"two")
    got = s3.get_object(Bucket=versioned, Key="k")
    assert (got["Body"].read(), got["VersionId"]) == (b"two", latest)
    assert s3.head_object(Bucket=versioned, Key="k")["VersionId"] == latest


def test_head_of_a_version(s3, versioned):
    first = _put(s3, versioned, b"one")
    _put(s3, versioned, b"three")
    head = s3.head_object(Bucket=versioned, Key="k", VersionId=first)
    assert (head["ContentLength"], head["ETag"], head["VersionId"]) == (3, checksums.etag(b"one"), first)


def test_range_of_a_version(s3, versioned):
    first = _put(s3, versioned, b"0123456789")
    _put(s3, versioned, b"other")
    assert _get(s3, versioned, VersionId=first, Range="bytes=3-5") == b"345"


def test_checksum_of_a_version(s3, versioned):
    first = _put(s3, versioned, b"one", ChecksumAlgorithm="SHA256")
    _put(s3, versioned, b"two", ChecksumAlgorithm="SHA256")
    head = s3.head_object(Bucket=versioned, Key="k", VersionId=first, ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == checksums.header_value("SHA256", b"one")


def test_attributes_of_a_version(s3, versioned):
    first = _put(s3, versioned, b"one")
    _put(s3, versioned, b"three")
    wanted = s3.get_object_attributes(Bucket=versioned, Key="k", VersionId=first, ObjectAttributes=["ObjectSize"])
    assert (wanted["ObjectSize"], wanted["VersionId"]) == (3, first)


@pytest.mark.parametrize("operation", ["get_object", "head_object"])
def test_if_match_is_about_the_version_that_is_read(s3, versioned, operation):
    first = _put(s3, versioned, b"one")
    _put(s3, versioned, b"two")
    read = getattr(s3, operation)
    assert read(Bucket=versioned, Key="k", VersionId=first, IfMatch=checksums.etag(b"one"))["VersionId"] == first
    with refused("PreconditionFailed", "412", status=412):
        read(Bucket=versioned, Key="k", VersionId=first, IfMatch=checksums.etag(b"two"))


def test_version_of_another_key_is_not_there(s3, versioned):
    other = _put(s3, versioned, b"x", key="other")
    _put(s3, versioned, b"x")
    with refused("NoSuchVersion", status=404):
        s3.get_object(Bucket=versioned, Key="k", VersionId=other)
    with refused("404", status=404):
        s3.head_object(Bucket=versioned, Key="k", VersionId=other)


def test_text_that_is_no_id_is_refused(s3, versioned):
    _put(s3, versioned, b"x")
    with refused("InvalidArgument", status=400):
        s3.get_object(Bucket=versioned, Key="k", VersionId="no such id")


def test_object_from_before_has_the_id_null(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    versions.enable(s3, bucket)
    _put(s3, bucket, b"after")
    assert _get(s3, bucket, VersionId="null") == b"before"
    assert _get(s3, bucket) == b"after"


def test_null_names_the_object_of_a_bucket_without_versioning(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"only")
    assert _get(s3, bucket, VersionId="null") == b"only"


def test_suspended_bucket_replaces_the_null_version_only(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    versions.enable(s3, bucket)
    kept = _put(s3, bucket, b"kept")
    versions.suspend(s3, bucket)
    for body in (b"one", b"two"):
        s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert (_get(s3, bucket), _get(s3, bucket, VersionId="null")) == (b"two", b"two")
    assert _get(s3, bucket, VersionId=kept) == b"kept"
    assert sorted(versions.listed(s3, bucket)) == sorted([("k", "null", True), ("k", kept, False)])


def test_versions_go_on_when_versioning_is_enabled_again(s3, versioned):
    versions.suspend(s3, versioned)
    s3.put_object(Bucket=versioned, Key="k", Body=b"null")
    versions.enable(s3, versioned)
    latest = _put(s3, versioned, b"latest")
    assert (_get(s3, versioned), _get(s3, versioned, VersionId="null")) == (b"latest", b"null")
    assert latest != "null"


def test_complete_makes_a_version(s3, versioned):
    first = _put(s3, versioned, b"one")
    uploaded = multipart.upload(s3, versioned, "k", {1: b"uploaded"})["VersionId"]
    assert (_get(s3, versioned), _get(s3, versioned, VersionId=first)) == (b"uploaded", b"one")
    assert s3.head_object(Bucket=versioned, Key="k")["VersionId"] == uploaded


def test_of_two_uploads_the_one_that_started_last_is_current(s3, versioned):
    older, newer = (multipart.begin(s3, versioned, "k") for _ in range(2))
    newer.put(1, b"newer")
    older.put(1, b"older")
    latest = newer.complete()["VersionId"]
    completed_later = older.complete()["VersionId"]
    assert _get(s3, versioned, VersionId=completed_later) == b"older"
    assert (_get(s3, versioned), s3.head_object(Bucket=versioned, Key="k")["VersionId"]) == (b"newer", latest)


def test_tags_belong_to_a_version(s3, versioned):
    first = _put(s3, versioned, b"one", Tagging="of=first")
    second = _put(s3, versioned, b"two", Tagging="of=second")
    changed = {"TagSet": [{"Key": "of", "Value": "changed"}]}
    assert s3.put_object_tagging(Bucket=versioned, Key="k", VersionId=first, Tagging=changed)["VersionId"] == first
    values = [
        s3.get_object_tagging(Bucket=versioned, Key="k", **which)["TagSet"][0]["Value"]
        for which in ({"VersionId": first}, {"VersionId": second}, {})
    ]
    assert values == ["changed", "second", "second"]
    assert len(versions.listed(s3, versioned)) == 2


def test_tags_of_a_version_can_be_deleted(s3, versioned):
    first = _put(s3, versioned, b"one", Tagging="of=first")
    _put(s3, versioned, b"two", Tagging="of=second")
    s3.delete_object_tagging(Bucket=versioned, Key="k", VersionId=first)
    assert s3.get_object_tagging(Bucket=versioned, Key="k", VersionId=first)["TagSet"] == []
    assert s3.get_object_tagging(Bucket=versioned, Key="k")["TagSet"] == [{"Key": "of", "Value": "second"}]


def test_put_if_none_match_does_not_add_a_version(s3, versioned):
    only = _put(s3, versioned, b"one")
    with refused("PreconditionFailed", status=412):
        s3.put_object(Bucket=versioned, Key="k", Body=b"two", IfNoneMatch="*")
    assert versions.listed(s3, versioned) == [("k", only, True)]


def test_put_if_match_is_about_the_current_version(s3, versioned):
    _put(s3, versioned, b"one")
    _put(s3, versioned, b"two")
    with refused("PreconditionFailed", status=412):
        s3.put_object(Bucket=versioned, Key="k", Body=b"x", IfMatch=checksums.etag(b"one"))
    _put(s3, versioned, b"three", IfMatch=checksums.etag(b"two"))
    assert _get(s3, versioned) == b"three"
