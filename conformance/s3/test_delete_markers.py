"""Deleting where versions are kept: delete markers, and deleting for good."""

import pytest

from support import checksums, multipart, versions
from support.refusal import refused


def _put(s3, bucket, body, key="k"):
    return s3.put_object(Bucket=bucket, Key=key, Body=body)["VersionId"]


def _get(s3, bucket, **options):
    return s3.get_object(Bucket=bucket, Key="k", **options)["Body"].read()


def _headers(refusal):
    return refusal.response["ResponseMetadata"]["HTTPHeaders"]


@pytest.fixture
def deleted(s3, versioned):
    """A bucket whose only object `k` is deleted: the ids of its version and of the marker."""
    version = _put(s3, versioned, b"stored")
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    return versioned, version, marker


def test_delete_makes_a_marker_and_names_it(s3, versioned):
    version = _put(s3, versioned, b"stored")
    reply = s3.delete_object(Bucket=versioned, Key="k")
    assert (reply["ResponseMetadata"]["HTTPStatusCode"], reply["DeleteMarker"]) == (204, True)
    assert reply["VersionId"] not in ("null", version)
    assert versions.markers(s3, versioned) == [("k", reply["VersionId"], True)]
    assert versions.listed(s3, versioned) == [("k", version, False)]


def test_deleted_object_is_not_there_and_says_why(s3, deleted):
    bucket, _version, _marker = deleted
    with refused("NoSuchKey", status=404) as refusal:
        s3.get_object(Bucket=bucket, Key="k")
    assert _headers(refusal)["x-amz-delete-marker"] == "true"
    with refused("404", status=404) as refusal:
        s3.head_object(Bucket=bucket, Key="k")
    assert _headers(refusal)["x-amz-delete-marker"] == "true"


def test_deleted_version_can_be_read_by_its_id(s3, deleted):
    bucket, version, _marker = deleted
    assert _get(s3, bucket, VersionId=version) == b"stored"


@pytest.mark.parametrize("operation", ["get_object", "head_object"])
def test_marker_cannot_be_read(s3, deleted, operation):
    bucket, _version, marker = deleted
    with refused("MethodNotAllowed", "405", status=405) as refusal:
        getattr(s3, operation)(Bucket=bucket, Key="k", VersionId=marker)
    headers = _headers(refusal)
    assert headers["x-amz-delete-marker"] == "true" and headers["last-modified"]


def test_deleted_object_is_not_listed(s3, deleted):
    bucket, _version, _marker = deleted
    _put(s3, bucket, b"x", key="other")
    assert [found["Key"] for found in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["other"]
    assert [found["Key"] for found in s3.list_objects(Bucket=bucket)["Contents"]] == ["other"]


def test_prefix_of_deleted_objects_only_is_not_listed(s3, versioned):
    for key in ("gone/1", "gone/2", "here/1"):
        _put(s3, versioned, b"x", key=key)
    for key in ("gone/1", "gone/2"):
        s3.delete_object(Bucket=versioned, Key=key)
    page = s3.list_objects_v2(Bucket=versioned, Delimiter="/", MaxKeys=1)
    assert ([found["Prefix"] for found in page["CommonPrefixes"]], page["IsTruncated"]) == (["here/"], False)


def test_deleting_the_marker_brings_the_object_back(s3, deleted):
    bucket, version, marker = deleted
    reply = s3.delete_object(Bucket=bucket, Key="k", VersionId=marker)
    assert (reply["DeleteMarker"], reply["VersionId"]) == (True, marker)
    assert _get(s3, bucket) == b"stored"
    assert versions.listed(s3, bucket) == [("k", version, True)]


def test_markers_stack(s3, deleted):
    bucket, _version, marker = deleted
    second = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    assert sorted(versions.markers(s3, bucket)) == sorted([("k", second, True), ("k", marker, False)])


def test_key_that_never_was_gets_a_marker(s3, versioned):
    marker = s3.delete_object(Bucket=versioned, Key="never")["VersionId"]
    assert versions.markers(s3, versioned) == [("never", marker, True)]


def test_deleting_a_version_is_for_good(s3, versioned):
    first, second = _put(s3, versioned, b"one"), _put(s3, versioned, b"two")
    reply = s3.delete_object(Bucket=versioned, Key="k", VersionId=second)
    assert (reply["VersionId"], "DeleteMarker" in reply) == (second, False)
    with refused("NoSuchVersion", status=404):
        s3.get_object(Bucket=versioned, Key="k", VersionId=second)
    assert (_get(s3, versioned), versions.listed(s3, versioned)) == (b"one", [("k", first, True)])


def test_deleting_a_version_twice_succeeds(s3, versioned):
    _put(s3, versioned, b"one")
    second = _put(s3, versioned, b"two")
    for _ in range(2):
        reply = s3.delete_object(Bucket=versioned, Key="k", VersionId=second)
        assert reply["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert _get(s3, versioned) == b"one"


def test_deleting_null_removes_the_object_from_before(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    versions.enable(s3, bucket)
    after = _put(s3, bucket, b"after")
    s3.delete_object(Bucket=bucket, Key="k", VersionId="null")
    assert versions.listed(s3, bucket) == [("k", after, True)]


def test_suspended_bucket_gets_a_null_marker_in_place_of_the_null_version(s3, bucket):
    versions.enable(s3, bucket)
    kept = _put(s3, bucket, b"kept")
    versions.suspend(s3, bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"null")
    for _ in range(2):
        reply = s3.delete_object(Bucket=bucket, Key="k")
        assert (reply["DeleteMarker"], reply["VersionId"]) == (True, "null")
    assert versions.markers(s3, bucket) == [("k", "null", True)]
    assert versions.listed(s3, bucket) == [("k", kept, False)]


def test_bucket_with_a_marker_is_not_empty(s3, versioned):
    s3.delete_object(Bucket=versioned, Key="never")
    with refused("BucketNotEmpty", status=409):
        s3.delete_bucket(Bucket=versioned)


def test_bucket_with_an_older_version_is_not_empty(s3, deleted):
    bucket, _version, marker = deleted
    s3.delete_object(Bucket=bucket, Key="k", VersionId=marker)
    s3.delete_object(Bucket=bucket, Key="k")
    with refused("BucketNotEmpty", status=409):
        s3.delete_bucket(Bucket=bucket)


def test_write_after_a_delete_is_current(s3, deleted):
    bucket, _version, _marker = deleted
    latest = _put(s3, bucket, b"again")
    assert (_get(s3, bucket), s3.head_object(Bucket=bucket, Key="k")["VersionId"]) == (b"again", latest)


def test_put_if_none_match_creates_over_a_marker(s3, deleted):
    bucket, _version, _marker = deleted
    s3.put_object(Bucket=bucket, Key="k", Body=b"again", IfNoneMatch="*")
    assert _get(s3, bucket) == b"again"


def test_put_if_match_finds_nothing_behind_a_marker(s3, deleted):
    bucket, _version, marker = deleted
    with refused("NoSuchKey", status=404):
        s3.put_object(Bucket=bucket, Key="k", Body=b"again", IfMatch=checksums.etag(b"stored"))
    assert versions.markers(s3, bucket) == [("k", marker, True)]


def test_complete_if_none_match_creates_over_a_marker(s3, deleted):
    bucket, _version, _marker = deleted
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, b"again")
    upload.complete(IfNoneMatch="*")
    assert _get(s3, bucket) == b"again"


def test_delete_objects_makes_markers(s3, versioned):
    _put(s3, versioned, b"x", key="a")
    entries = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "a"}, {"Key": "never"}]})["Deleted"]
    made = {(entry["Key"], entry["DeleteMarkerVersionId"], entry["DeleteMarker"]) for entry in entries}
    assert made == {(key, marker, True) for key, marker, _latest in versions.markers(s3, versioned)}
    assert {key for key, _marker, _is in made} == {"a", "never"}


def test_delete_objects_deletes_versions_and_markers(s3, deleted):
    bucket, version, marker = deleted
    wanted = {"Objects": [{"Key": "k", "VersionId": version}, {"Key": "k", "VersionId": marker}]}
    entries = {entry["VersionId"]: entry for entry in s3.delete_objects(Bucket=bucket, Delete=wanted)["Deleted"]}
    assert "DeleteMarker" not in entries[version]
    assert (entries[marker]["DeleteMarker"], entries[marker]["DeleteMarkerVersionId"]) == (True, marker)
    assert (versions.listed(s3, bucket), versions.markers(s3, bucket)) == ([], [])
