"""Copies made by the server as a verified copy needs them: checksums, conditions, and everything replaced."""

from support import checksums, multipart
from support.refusal import refused

BODY = b"to be copied"
ETAG = "ETag"
CRC64 = "ChecksumCRC64NVME"


def _copy(s3, bucket, key="copy", **options):
    return s3.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": bucket, "Key": "source"}, **options)


def test_copy_computes_the_checksum_that_it_is_asked_for(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=BODY, ChecksumAlgorithm="SHA256")
    result = _copy(s3, bucket, ChecksumAlgorithm="CRC64NVME")["CopyObjectResult"]
    expected = (checksums.header_value("CRC64NVME", BODY), "FULL_OBJECT")
    assert (result[CRC64], result["ChecksumType"]) == expected
    copy = s3.head_object(Bucket=bucket, Key="copy", ChecksumMode="ENABLED")
    assert (copy[CRC64], copy["ChecksumType"]) == expected
    assert "ChecksumSHA256" not in copy


def test_copy_of_a_composite_checksum_has_one_of_the_whole(s3, bucket):
    parts = {1: multipart.part_of(b"a"), 2: b"tail"}
    upload = multipart.begin(s3, bucket, "source", ChecksumAlgorithm="SHA256")
    for number, part in parts.items():
        upload.put(number, part, "ChecksumSHA256", ChecksumAlgorithm="SHA256")
    upload.complete()
    result = _copy(s3, bucket, ChecksumAlgorithm="CRC64NVME")["CopyObjectResult"]
    assert result[CRC64] == checksums.header_value("CRC64NVME", b"".join(parts.values()))


def test_copied_parts_carry_checksums_that_make_the_whole(s3, bucket):
    source = multipart.part_of(b"a") + b"0123456789"
    s3.put_object(Bucket=bucket, Key="source", Body=source)
    upload = multipart.begin(s3, bucket, "copy", ChecksumAlgorithm="CRC64NVME", ChecksumType="FULL_OBJECT")
    cuts = [(0, multipart.PART_BYTES_MIN), (multipart.PART_BYTES_MIN, len(source))]
    for number, (start, end) in enumerate(cuts, 1):
        asked = {"CopySource": {"Bucket": bucket, "Key": "source"}, "CopySourceRange": f"bytes={start}-{end - 1}"}
        part = s3.upload_part_copy(**upload.where, PartNumber=number, **asked)["CopyPartResult"]
        assert part[CRC64] == checksums.header_value("CRC64NVME", source[start:end])
        upload.parts.append({"PartNumber": number, ETAG: part[ETAG], CRC64: part[CRC64]})
    listed = s3.list_parts(**upload.where)["Parts"]
    assert [part[CRC64] for part in listed] == [part[CRC64] for part in upload.parts]
    whole = checksums.header_value("CRC64NVME", source)
    assert upload.complete(ChecksumCRC64NVME=whole, ChecksumType="FULL_OBJECT")[CRC64] == whole


def test_copied_parts_that_are_not_the_whole_are_refused(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=BODY)
    upload = multipart.begin(s3, bucket, "copy", ChecksumAlgorithm="CRC64NVME", ChecksumType="FULL_OBJECT")
    part = s3.upload_part_copy(**upload.where, PartNumber=1, CopySource={"Bucket": bucket, "Key": "source"})
    upload.parts.append({"PartNumber": 1, ETAG: part["CopyPartResult"][ETAG]})
    other = checksums.header_value("CRC64NVME", b"other")
    with refused("BadDigest", status=400):
        upload.complete(ChecksumCRC64NVME=other, ChecksumType="FULL_OBJECT")


def test_copy_if_none_match_makes_what_is_not_there(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=BODY)
    _copy(s3, bucket, IfNoneMatch="*")
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == BODY


def test_copy_if_match_replaces_what_is_as_it_was(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=BODY)
    there = s3.put_object(Bucket=bucket, Key="copy", Body=b"there")
    _copy(s3, bucket, IfMatch=there[ETAG])
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == BODY


def test_copy_if_match_of_nothing_is_no_such_key(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=BODY)
    with refused("NoSuchKey", status=404):
        _copy(s3, bucket, IfMatch=checksums.etag(BODY))


def test_copy_that_replaces_everything_carries_nothing(s3, bucket):
    dress = {"ContentType": "text/plain", "CacheControl": "max-age=1", "Metadata": {"a": "1"}, "Tagging": "a=1"}
    s3.put_object(Bucket=bucket, Key="source", Body=BODY, **dress)
    _copy(s3, bucket, MetadataDirective="REPLACE", TaggingDirective="REPLACE", Metadata={"b": "2"})
    copy = s3.head_object(Bucket=bucket, Key="copy")
    assert (copy["Metadata"], copy.get("CacheControl")) == ({"b": "2"}, None)
    assert s3.get_object_tagging(Bucket=bucket, Key="copy")["TagSet"] == []


def test_copy_source_is_named_verbatim(s3, bucket):
    keys = ["a b+c%2F", "x?versionId=y", "../up", "\u00fc/\u20ac", "a//b/"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
        s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key})
        assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == key.encode()
