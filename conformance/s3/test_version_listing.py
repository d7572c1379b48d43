"""ListObjectVersions: order, pages, prefixes."""

import pytest

from support import versions
from support.refusal import refused


@pytest.fixture
def filled(s3, versioned):
    """Three versions of `a`, a marker over one of `b`, one of `c/1` and two of `c/2`; the ids of each key, the newest first."""
    ids = {}
    for key, count in (("a", 3), ("b", 1), ("c/1", 1), ("c/2", 2)):
        made = [s3.put_object(Bucket=versioned, Key=key, Body=b"x" * n)["VersionId"] for n in range(count)]
        ids[key] = made[::-1]
    ids["b"].insert(0, s3.delete_object(Bucket=versioned, Key="b")["VersionId"])
    return versioned, ids


def _all(s3, bucket, **options):
    """`(key, version id)` of every version and marker, page by page, and how many pages there were."""
    seen, pages = [], 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, **options):
        seen += [(found["Key"], found["VersionId"]) for found in page.get("Versions", []) + page.get("DeleteMarkers", [])]
        pages += 1
    return seen, pages


def test_keys_ascend_and_versions_descend(s3, filled):
    bucket, ids = filled
    found = [(key, version) for key, version, _latest in versions.listed(s3, bucket)]
    assert found == [(key, version) for key in ("a", "b", "c/1", "c/2") for version in ids[key] if version != ids["b"][0]]


def test_only_the_newest_is_the_latest(s3, filled):
    bucket, ids = filled
    latest = {(key, version) for key, version, is_latest in versions.listed(s3, bucket) if is_latest}
    latest |= {(key, version) for key, version, is_latest in versions.markers(s3, bucket) if is_latest}
    assert latest == {(key, ids[key][0]) for key in ids}


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_add_up(s3, filled, size):
    bucket, ids = filled
    seen, pages = _all(s3, bucket, PaginationConfig={"PageSize": size})
    assert sorted(seen) == sorted((key, version) for key in ids for version in ids[key])
    assert len(seen) == 8 and pages == -(-8 // size)


def test_full_page_that_is_the_last_says_so(s3, filled):
    bucket, _ids = filled
    page = s3.list_object_versions(Bucket=bucket, MaxKeys=8)
    assert page["IsTruncated"] is False and "NextKeyMarker" not in page


def test_prefix(s3, filled):
    bucket, ids = filled
    assert versions.listed(s3, bucket, Prefix="c/2") == [("c/2", ids["c/2"][0], True), ("c/2", ids["c/2"][1], False)]


def test_delimiter_rolls_up_keys(s3, filled):
    bucket, _ids = filled
    page = s3.list_object_versions(Bucket=bucket, Delimiter="/")
    assert [found["Prefix"] for found in page["CommonPrefixes"]] == ["c/"]
    assert {found["Key"] for found in page["Versions"]} == {"a", "b"}


def test_key_marker_alone_skips_the_whole_key(s3, filled):
    bucket, _ids = filled
    assert {key for key, _version, _latest in versions.listed(s3, bucket, KeyMarker="a")} == {"b", "c/1", "c/2"}


def test_version_id_marker_needs_a_key_marker(s3, filled):
    bucket, ids = filled
    with refused("InvalidArgument", status=400):
        s3.list_object_versions(Bucket=bucket, VersionIdMarker=ids["a"][0])


def test_entry_describes_its_version(s3, filled):
    bucket, ids = filled
    entry = s3.list_object_versions(Bucket=bucket, Prefix="c/2")["Versions"][1]
    head = s3.head_object(Bucket=bucket, Key="c/2", VersionId=ids["c/2"][1])
    assert (entry["Size"], entry["ETag"], entry["StorageClass"]) == (head["ContentLength"], head["ETag"], "STANDARD")
    # A list may show fractions of a second; HEAD never does.
    assert entry["LastModified"].replace(microsecond=0) == head["LastModified"]


def test_bucket_without_versioning_lists_null_versions(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert versions.listed(s3, bucket) == [("k", "null", True)]
