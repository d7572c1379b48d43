"""Listing: order, prefixes, delimiters, pages."""

import pytest

from support import checksums
from support.refusal import refused


@pytest.fixture
def fill(s3, bucket):
    """Puts empty objects under the given keys; answers the bucket."""

    def put(*keys: str) -> str:
        for key in keys:
            s3.put_object(Bucket=bucket, Key=key, Body=b"")
        return bucket

    return put


def _keys(page):
    return [entry["Key"] for entry in page.get("Contents", [])]


def _prefixes(page):
    return [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]


def test_empty_bucket_lists_nothing(s3, bucket):
    page = s3.list_objects_v2(Bucket=bucket)
    assert (page["KeyCount"], page["IsTruncated"], "Contents" in page) == (0, False, False)


def test_keys_come_in_utf8_byte_order(s3, fill):
    keys = ["a", "B", "ä", "a/b", "a-b", "\uffff", "😀", "Z", "10", "9"]
    page = s3.list_objects_v2(Bucket=fill(*keys))
    assert _keys(page) == sorted(keys, key=lambda key: key.encode())


def test_entry_describes_the_object(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"12345")
    entry = s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert (entry["Key"], entry["Size"], entry["ETag"]) == ("k", 5, checksums.etag(b"12345"))
    assert entry["StorageClass"] == "STANDARD"
    assert entry["LastModified"] == s3.head_object(Bucket=bucket, Key="k")["LastModified"].replace(
        microsecond=entry["LastModified"].microsecond
    )


def test_owner_is_listed_only_when_asked_for(s3, fill):
    bucket = fill("k")
    assert "Owner" not in s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert "Owner" in s3.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"][0]


def test_entry_names_the_checksum_algorithm(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ChecksumAlgorithm="SHA256")
    entry = s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert (entry["ChecksumAlgorithm"], entry["ChecksumType"]) == (["SHA256"], "FULL_OBJECT")


def test_prefix_selects(s3, fill):
    page = s3.list_objects_v2(Bucket=fill("a/1", "a/2", "ab", "b"), Prefix="a/")
    assert (_keys(page), page["KeyCount"], page["Prefix"]) == (["a/1", "a/2"], 2, "a/")


def test_delimiter_rolls_up(s3, fill):
    page = s3.list_objects_v2(Bucket=fill("a/1", "a/2", "b", "c/d/e"), Delimiter="/")
    assert (_keys(page), _prefixes(page), page["KeyCount"]) == (["b"], ["a/", "c/"], 3)


def test_delimiter_below_a_prefix(s3, fill):
    page = s3.list_objects_v2(Bucket=fill("a/", "a/1", "a/b/1", "a/b/2", "c"), Prefix="a/", Delimiter="/")
    assert (_keys(page), _prefixes(page)) == (["a/", "a/1"], ["a/b/"])


def test_delimiter_of_several_characters(s3, fill):
    page = s3.list_objects_v2(Bucket=fill("a--b", "a--c", "a-b"), Delimiter="--")
    assert (_keys(page), _prefixes(page)) == (["a-b"], ["a--"])


def test_pages_cover_every_key_once(s3, fill):
    keys = [f"k{number}" for number in range(7)]
    bucket, token, pages = fill(*keys), {}, []
    while True:
        page = s3.list_objects_v2(Bucket=bucket, MaxKeys=3, **token)
        pages.append(_keys(page))
        if not page["IsTruncated"]:
            break
        token = {"ContinuationToken": page["NextContinuationToken"]}
    assert pages == [keys[:3], keys[3:6], keys[6:]]


def test_a_page_that_is_just_full_is_not_truncated(s3, fill):
    page = s3.list_objects_v2(Bucket=fill("a", "b", "c"), MaxKeys=3)
    assert (page["IsTruncated"], "NextContinuationToken" in page) == (False, False)


def test_rolled_up_prefixes_count_towards_the_page_and_come_once(s3, fill):
    bucket = fill("a/1", "a/2", "b/1", "b/2", "c")
    first = s3.list_objects_v2(Bucket=bucket, Delimiter="/", MaxKeys=1)
    assert (_prefixes(first), first["IsTruncated"]) == (["a/"], True)
    second = s3.list_objects_v2(
        Bucket=bucket, Delimiter="/", MaxKeys=2, ContinuationToken=first["NextContinuationToken"]
    )
    assert (_prefixes(second), _keys(second), second["IsTruncated"]) == (["b/"], ["c"], False)


def test_max_keys_0_is_an_empty_page(s3, fill):
    page = s3.list_objects_v2(Bucket=fill("a"), MaxKeys=0)
    assert (_keys(page), page["IsTruncated"]) == ([], False)


def test_start_after_skips(s3, fill):
    assert _keys(s3.list_objects_v2(Bucket=fill("a", "b", "c"), StartAfter="a")) == ["b", "c"]


def test_start_after_need_not_exist(s3, fill):
    assert _keys(s3.list_objects_v2(Bucket=fill("a", "c"), StartAfter="b")) == ["c"]


def test_garbage_continuation_token_is_refused(s3, fill):
    with refused("InvalidArgument", status=400):
        s3.list_objects_v2(Bucket=fill("a"), ContinuationToken="not a token")


def test_url_encoding_encodes_keys_and_prefixes(s3, fill):
    # Asked for explicitly, boto3 leaves the answer as it came.
    page = s3.list_objects_v2(Bucket=fill("a b+ü(1)", "p q/1"), Delimiter="/", EncodingType="url")
    assert page["EncodingType"] == "url"
    assert _keys(page)[0] in ("a+b%2B%C3%BC%281%29", "a%20b%2B%C3%BC%281%29")
    assert _prefixes(page)[0] in ("p+q/", "p%20q/", "p+q%2F", "p%20q%2F")


def test_version_1_pages_by_marker(s3, fill):
    bucket = fill("a", "b", "c")
    first = s3.list_objects(Bucket=bucket, MaxKeys=2)
    assert (_keys(first), first["IsTruncated"]) == (["a", "b"], True)
    second = s3.list_objects(Bucket=bucket, Marker="b")
    assert (_keys(second), second["IsTruncated"]) == (["c"], False)


def test_version_1_with_delimiter_names_the_next_marker(s3, fill):
    bucket = fill("a/1", "b/1", "c")
    first = s3.list_objects(Bucket=bucket, Delimiter="/", MaxKeys=1)
    assert (_prefixes(first), first["IsTruncated"]) == (["a/"], True)
    rest = s3.list_objects(Bucket=bucket, Delimiter="/", Marker=first["NextMarker"])
    assert (_prefixes(rest), _keys(rest)) == (["b/"], ["c"])
