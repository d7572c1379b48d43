"""Conditional reads and writes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from support import multipart
from support.refusal import refused

STALE = '"00000000000000000000000000000000"'


@pytest.fixture
def stored(s3, bucket):
    """An object `k`: its ETag and the time it was last modified."""
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"stored")["ETag"]
    return etag, s3.head_object(Bucket=bucket, Key="k")["LastModified"]


def _body(s3, bucket, key="k"):
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def test_get_if_match(s3, bucket, stored):
    assert s3.get_object(Bucket=bucket, Key="k", IfMatch=stored[0])["Body"].read() == b"stored"


def test_get_if_match_of_another_etag_fails(s3, bucket, stored):
    with refused("PreconditionFailed", status=412):
        s3.get_object(Bucket=bucket, Key="k", IfMatch=STALE)


def test_ranged_get_if_match_of_another_etag_fails(s3, bucket, stored):
    with refused("PreconditionFailed", status=412):
        s3.get_object(Bucket=bucket, Key="k", IfMatch=STALE, Range="bytes=0-1")


def test_head_if_match_of_another_etag_fails(s3, bucket, stored):
    with refused("412", status=412):
        s3.head_object(Bucket=bucket, Key="k", IfMatch=STALE)


def test_get_if_none_match_of_the_same_etag_is_not_modified(s3, bucket, stored):
    with refused("304", "NotModified", status=304):
        s3.get_object(Bucket=bucket, Key="k", IfNoneMatch=stored[0])


def test_get_if_none_match_of_another_etag(s3, bucket, stored):
    assert s3.get_object(Bucket=bucket, Key="k", IfNoneMatch=STALE)["Body"].read() == b"stored"


def test_get_if_modified_since_then_is_not_modified(s3, bucket, stored):
    with refused("304", "NotModified", status=304):
        s3.get_object(Bucket=bucket, Key="k", IfModifiedSince=stored[1])


def test_get_if_modified_since_earlier(s3, bucket, stored):
    reply = s3.get_object(Bucket=bucket, Key="k", IfModifiedSince=stored[1] - timedelta(hours=1))
    assert reply["Body"].read() == b"stored"


@pytest.mark.parametrize("read", ["get_object", "head_object"])
def test_if_modified_since_a_time_to_come_is_ignored(s3, bucket, stored, read):
    """Recorded 21 February 2026."""
    reply = getattr(s3, read)(Bucket=bucket, Key="k", IfModifiedSince=stored[1] + timedelta(days=1))
    assert reply["ContentLength"] == len(b"stored")


def test_copy_source_if_modified_since_a_time_to_come_is_ignored(s3, bucket, stored):
    """Recorded 23 February 2026, and for a part 21 February 2026."""
    source = {"CopySource": {"Bucket": bucket, "Key": "k"}}
    source["CopySourceIfModifiedSince"] = stored[1] + timedelta(days=1)
    s3.copy_object(Bucket=bucket, Key="copy", **source)
    upload = multipart.begin(s3, bucket, "parts")
    part = s3.upload_part_copy(**upload.where, PartNumber=1, **source)["CopyPartResult"]
    upload.complete([{"PartNumber": 1, "ETag": part["ETag"]}])
    assert (_body(s3, bucket, "copy"), _body(s3, bucket, "parts")) == (b"stored", b"stored")


def test_get_if_unmodified_since_earlier_fails(s3, bucket, stored):
    with refused("PreconditionFailed", status=412):
        s3.get_object(Bucket=bucket, Key="k", IfUnmodifiedSince=stored[1] - timedelta(hours=1))


def test_if_match_outweighs_if_unmodified_since(s3, bucket, stored):
    earlier = stored[1] - timedelta(hours=1)
    assert s3.get_object(Bucket=bucket, Key="k", IfMatch=stored[0], IfUnmodifiedSince=earlier)["ETag"] == stored[0]


def test_if_none_match_outweighs_if_modified_since(s3, bucket, stored):
    earlier = stored[1] - timedelta(hours=1)
    with refused("304", "NotModified", status=304):
        s3.get_object(Bucket=bucket, Key="k", IfNoneMatch=stored[0], IfModifiedSince=earlier)


def test_put_if_none_match_creates(s3, bucket):
    s3.put_object(Bucket=bucket, Key="new", Body=b"1", IfNoneMatch="*")
    assert _body(s3, bucket, "new") == b"1"


def test_put_if_none_match_does_not_replace(s3, bucket, stored):
    with refused("PreconditionFailed", status=412):
        s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*")
    assert _body(s3, bucket) == b"stored"


def test_put_if_match_replaces_what_it_names(s3, bucket, stored):
    s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch=stored[0])
    assert _body(s3, bucket) == b"2"


def test_put_if_match_of_another_etag_fails(s3, bucket, stored):
    with refused("PreconditionFailed", status=412):
        s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch=STALE)
    assert _body(s3, bucket) == b"stored"


def test_put_if_match_of_a_missing_key_is_no_such_key(s3, bucket):
    with refused("NoSuchKey", status=404):
        s3.put_object(Bucket=bucket, Key="missing", Body=b"2", IfMatch=STALE)


CONDITIONS_NOT_TAKEN = pytest.mark.parametrize(
    "conditions",
    [{"IfMatch": "*"}, {"IfNoneMatch": STALE}, {"IfMatch": STALE, "IfNoneMatch": "*"}],
    ids=["any-match", "none-match-of-an-etag", "both"],
)


@CONDITIONS_NOT_TAKEN
@pytest.mark.parametrize("key", ["k", "missing"])
def test_put_takes_one_condition_in_one_form(s3, bucket, stored, key, conditions):
    """Whatever is there. Recorded 21 February 2026."""
    with refused("NotImplemented", status=501):
        s3.put_object(Bucket=bucket, Key=key, Body=b"2", **conditions)
    assert _body(s3, bucket) == b"stored"


@CONDITIONS_NOT_TAKEN
@pytest.mark.parametrize("key", ["k", "missing"])
def test_copy_takes_one_condition_in_one_form(s3, bucket, stored, key, conditions):
    """Whatever is there. Recorded 21 February 2026."""
    s3.put_object(Bucket=bucket, Key="source", Body=b"2")
    with refused("NotImplemented", status=501):
        s3.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": bucket, "Key": "source"}, **conditions)
    assert _body(s3, bucket) == b"stored"


def test_one_of_many_concurrent_creations_wins(s3, bucket):
    def create(number):
        try:
            s3.put_object(Bucket=bucket, Key="race", Body=str(number).encode(), IfNoneMatch="*")
        except ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] in (409, 412), str(error)
            return None
        return str(number).encode()

    with ThreadPoolExecutor(16) as pool:
        winners = [body for body in pool.map(create, range(32)) if body]
    assert len(winners) == 1
    assert _body(s3, bucket, "race") == winners[0]


def test_complete_if_none_match_creates(s3, bucket):
    upload = multipart.begin(s3, bucket, "new")
    upload.put(1, b"1")
    upload.complete(IfNoneMatch="*")
    assert _body(s3, bucket, "new") == b"1"


def test_complete_if_none_match_does_not_replace(s3, bucket, stored):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, b"2")
    with refused("PreconditionFailed", status=412):
        upload.complete(IfNoneMatch="*")
    assert _body(s3, bucket) == b"stored"


def test_complete_if_match_replaces_what_it_names(s3, bucket, stored):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, b"2")
    upload.complete(IfMatch=stored[0])
    assert _body(s3, bucket) == b"2"


def test_complete_if_match_of_another_etag_fails(s3, bucket, stored):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, b"2")
    with refused("PreconditionFailed", status=412):
        upload.complete(IfMatch=STALE)
    assert _body(s3, bucket) == b"stored"


def test_copy_if_none_match_does_not_replace(s3, bucket, stored):
    s3.put_object(Bucket=bucket, Key="source", Body=b"2")
    with refused("PreconditionFailed", status=412):
        s3.copy_object(Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "source"}, IfNoneMatch="*")
    assert _body(s3, bucket) == b"stored"


def test_copy_if_match_of_another_etag_fails(s3, bucket, stored):
    s3.put_object(Bucket=bucket, Key="source", Body=b"2")
    with refused("PreconditionFailed", status=412):
        s3.copy_object(Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "source"}, IfMatch=STALE)
    assert _body(s3, bucket) == b"stored"


def test_copy_source_if_match(s3, bucket, stored):
    source = {"Bucket": bucket, "Key": "k"}
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, CopySourceIfMatch=stored[0])
    assert _body(s3, bucket, "copy") == b"stored"


@pytest.mark.parametrize("condition", ["match", "none_match", "unmodified_since"])
def test_copy_source_condition_that_fails(s3, bucket, stored, condition):
    options = {
        "match": {"CopySourceIfMatch": STALE},
        "none_match": {"CopySourceIfNoneMatch": stored[0]},
        "unmodified_since": {"CopySourceIfUnmodifiedSince": stored[1] - timedelta(hours=1)},
    }[condition]
    with refused("PreconditionFailed", status=412):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "k"}, **options)
