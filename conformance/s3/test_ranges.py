"""Ranged reads, and reads of one part."""

import pytest

from support import checksums, multipart
from support.refusal import refused

BODY = b"0123456789"


@pytest.mark.parametrize(
    ("asked", "bytes_expected", "content_range"),
    [
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
        ("bytes=-99", BODY, "bytes 0-9/10"),
        ("bytes=0-9", BODY, "bytes 0-9/10"),
    ],
)
def test_range(s3, bucket, asked, bytes_expected, content_range):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    reply = s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert reply["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert reply["Body"].read() == bytes_expected
    assert reply["ContentRange"] == content_range
    assert reply["ContentLength"] == len(bytes_expected)


@pytest.mark.parametrize("asked", ["bytes=0-9", "bytes=0-100", "bytes=-15", "bytes=0-"])
def test_range_that_is_the_whole_object_carries_its_checksum(s3, bucket, asked):
    """Recorded 21 February 2026, for 0-100 and -15."""
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, ChecksumAlgorithm="CRC32C")
    reply = s3.get_object(Bucket=bucket, Key="k", Range=asked, ChecksumMode="ENABLED")
    assert (reply["ChecksumCRC32C"], reply["ChecksumType"]) == (checksums.header_value("CRC32C", BODY), "FULL_OBJECT")


@pytest.mark.parametrize("asked", ["bytes=0-8", "bytes=1-", "bytes=-9"])
def test_smaller_range_carries_no_checksum(s3, bucket, asked):
    """Recorded 21 February 2026."""
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, ChecksumAlgorithm="CRC32C")
    reply = s3.get_object(Bucket=bucket, Key="k", Range=asked, ChecksumMode="ENABLED")
    assert "ChecksumCRC32C" not in reply


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-12", "bytes=-0"])
def test_range_outside_the_object_is_invalid(s3, bucket, asked):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    with refused("InvalidRange", status=416):
        s3.get_object(Bucket=bucket, Key="k", Range=asked)


def test_any_range_of_an_empty_object_is_invalid(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    with refused("InvalidRange", status=416):
        s3.get_object(Bucket=bucket, Key="k", Range="bytes=0-0")


def test_head_answers_a_range_like_get(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    reply = s3.head_object(Bucket=bucket, Key="k", Range="bytes=2-4")
    assert (reply["ResponseMetadata"]["HTTPStatusCode"], reply["ContentLength"]) == (206, 3)


def test_ranged_get_keeps_the_etag_of_the_whole(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=BODY)["ETag"]
    assert s3.get_object(Bucket=bucket, Key="k", Range="bytes=1-2")["ETag"] == etag


def test_whole_get_says_that_ranges_are_accepted(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    assert s3.get_object(Bucket=bucket, Key="k")["AcceptRanges"] == "bytes"


def test_get_of_one_part(s3, bucket):
    first, last = multipart.part_of(b"a"), b"tail"
    multipart.upload(s3, bucket, "k", {1: first, 2: last})
    reply = s3.get_object(Bucket=bucket, Key="k", PartNumber=2)
    assert reply["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert reply["Body"].read() == last
    assert reply["PartsCount"] == 2
    assert reply["ContentRange"] == f"bytes {len(first)}-{len(first) + 3}/{len(first) + 4}"


def test_head_of_one_part_counts_the_parts(s3, bucket):
    multipart.upload(s3, bucket, "k", {1: multipart.part_of(b"a"), 2: b"tail"})
    reply = s3.head_object(Bucket=bucket, Key="k", PartNumber=1)
    assert (reply["ContentLength"], reply["PartsCount"]) == (multipart.PART_BYTES_MIN, 2)


def test_part_1_of_a_single_put_is_the_whole(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    assert s3.get_object(Bucket=bucket, Key="k", PartNumber=1)["Body"].read() == BODY


def test_part_1_of_a_single_put_carries_its_checksum(s3, bucket):
    """Recorded 21 February 2026."""
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, ChecksumAlgorithm="CRC32")
    reply = s3.get_object(Bucket=bucket, Key="k", PartNumber=1, ChecksumMode="ENABLED")
    assert reply["ChecksumCRC32"] == checksums.header_value("CRC32", BODY)


def test_part_that_does_not_exist_is_refused(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    with refused("InvalidPartNumber", "InvalidRange", status=416):
        s3.get_object(Bucket=bucket, Key="k", PartNumber=2)
