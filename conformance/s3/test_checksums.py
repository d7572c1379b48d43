"""Checksums of objects put in one piece: sent in a header or behind the body, computed when none is sent."""

import base64

import pytest

from support import checksums, raw_s3
from support.refusal import refused

BODY = b"every byte counts" * 10_000
algorithms = pytest.mark.parametrize("algorithm", checksums.ALGORITHMS)


def _stored(s3, bucket, key="k"):
    return s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")


def test_an_object_put_without_checksum_gets_a_crc64nvme(s3_plain, bucket):
    reply = s3_plain.put_object(Bucket=bucket, Key="k", Body=BODY)
    expected = checksums.header_value("CRC64NVME", BODY)
    assert (reply["ChecksumCRC64NVME"], reply["ChecksumType"]) == (expected, "FULL_OBJECT")
    stored = _stored(s3_plain, bucket)
    assert (stored["ChecksumCRC64NVME"], stored["ChecksumType"]) == (expected, "FULL_OBJECT")


def test_the_default_of_boto3_is_kept(s3, bucket):
    expected = checksums.header_value("CRC32", BODY)
    assert s3.put_object(Bucket=bucket, Key="k", Body=BODY)["ChecksumCRC32"] == expected
    assert _stored(s3, bucket)["ChecksumCRC32"] == expected


@algorithms
def test_checksum_is_kept_and_returned(s3, bucket, algorithm):
    member, expected = f"Checksum{algorithm}", checksums.header_value(algorithm, BODY)
    assert s3.put_object(Bucket=bucket, Key="k", Body=BODY, ChecksumAlgorithm=algorithm)[member] == expected
    stored = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert stored["Body"].read() == BODY
    assert (stored[member], stored["ChecksumType"]) == (expected, "FULL_OBJECT")


@algorithms
def test_wrong_checksum_is_a_bad_digest(s3, bucket, algorithm):
    wrong = {f"Checksum{algorithm}": checksums.header_value(algorithm, b"other")}
    with refused("BadDigest", status=400):
        s3.put_object(Bucket=bucket, Key="k", Body=BODY, **wrong)
    with refused("404"):
        s3.head_object(Bucket=bucket, Key="k")


@algorithms
def test_checksum_of_the_wrong_length_is_refused(s3, bucket, algorithm):
    malformed = {f"Checksum{algorithm}": base64.b64encode(b"xyz").decode()}
    with refused("InvalidRequest", status=400):
        s3.put_object(Bucket=bucket, Key="k", Body=BODY, **malformed)


def test_checksums_are_returned_only_when_asked_for(s3_plain, bucket):
    s3_plain.put_object(Bucket=bucket, Key="k", Body=BODY)
    assert not [name for name in s3_plain.head_object(Bucket=bucket, Key="k") if name.startswith("Checksum")]


def test_wrong_checksum_of_a_part_is_a_bad_digest(s3, bucket):
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="CRC32")["UploadId"]
    where = {"Bucket": bucket, "Key": "k", "UploadId": upload_id}
    with refused("BadDigest", status=400):
        s3.upload_part(**where, PartNumber=1, Body=BODY, ChecksumCRC32=checksums.header_value("CRC32", b"other"))
    assert not s3.list_parts(**where).get("Parts")


@pytest.mark.parametrize("marker", [raw_s3.UNSIGNED_TRAILER, raw_s3.SIGNED_TRAILER], ids=["unsigned", "signed"])
@algorithms
def test_trailing_checksum_is_kept(aws, s3, bucket, marker, algorithm):
    trailer = (f"x-amz-checksum-{algorithm.lower()}", checksums.header_value(algorithm, BODY))
    status, reply = raw_s3.put_chunked(aws, bucket, "k", BODY, marker=marker, trailer=trailer)
    assert status == 200, reply
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == BODY
    assert _stored(s3, bucket)[f"Checksum{algorithm}"] == trailer[1]


@pytest.mark.parametrize("marker", [raw_s3.UNSIGNED_TRAILER, raw_s3.SIGNED_TRAILER], ids=["unsigned", "signed"])
@algorithms
def test_wrong_trailing_checksum_is_a_bad_digest(aws, s3, bucket, marker, algorithm):
    trailer = (f"x-amz-checksum-{algorithm.lower()}", checksums.header_value(algorithm, b"other"))
    status, reply = raw_s3.put_chunked(aws, bucket, "k", BODY, marker=marker, trailer=trailer)
    assert (status, b"BadDigest" in reply) == (400, True), reply
    with refused("404"):
        s3.head_object(Bucket=bucket, Key="k")


def test_signed_chunks_without_trailer(aws, s3, bucket):
    status, reply = raw_s3.put_chunked(aws, bucket, "k", BODY, marker=raw_s3.SIGNED_CHUNKS, trailer=None)
    assert status == 200, reply
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == BODY


def test_chunking_is_no_part_of_the_content_encoding(aws, s3, bucket):
    trailer = ("x-amz-checksum-crc32", checksums.header_value("CRC32", BODY))
    raw_s3.put_chunked(aws, bucket, "k", BODY, marker=raw_s3.UNSIGNED_TRAILER, trailer=trailer)
    assert s3.head_object(Bucket=bucket, Key="k").get("ContentEncoding", "") == ""


def test_an_empty_chunked_body_is_an_empty_object(aws, s3, bucket):
    trailer = ("x-amz-checksum-crc64nvme", checksums.header_value("CRC64NVME", b""))
    status, reply = raw_s3.put_chunked(aws, bucket, "k", b"", marker=raw_s3.UNSIGNED_TRAILER, trailer=trailer)
    assert status == 200, reply
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 0
