"""Checksums of multipart objects: full-object, composite, and what Complete refuses."""

import pytest

from support import checksums, multipart
from support.multipart import part_of
from support.refusal import refused

PARTS = [part_of(b"a"), b"tail"]
WHOLE = b"".join(PARTS)


def _upload(s3, bucket, algorithm, checksum_type):
    """An upload of PARTS, each with its checksum, all but completed."""
    upload = multipart.begin(s3, bucket, "k", ChecksumAlgorithm=algorithm, ChecksumType=checksum_type)
    for number, part in enumerate(PARTS, 1):
        upload.put(number, part, f"Checksum{algorithm}", ChecksumAlgorithm=algorithm)
    return upload


def test_create_says_what_was_agreed(s3, bucket):
    reply = s3.create_multipart_upload(
        Bucket=bucket, Key="k", ChecksumAlgorithm="CRC64NVME", ChecksumType="FULL_OBJECT"
    )
    assert (reply["ChecksumAlgorithm"], reply["ChecksumType"]) == ("CRC64NVME", "FULL_OBJECT")


def test_an_upload_without_checksums_gets_a_crc64nvme(s3_plain, bucket):
    reply = multipart.upload(s3_plain, bucket, "k", dict(enumerate(PARTS, 1)))
    expected = checksums.header_value("CRC64NVME", WHOLE)
    assert (reply["ChecksumCRC64NVME"], reply["ChecksumType"]) == (expected, "FULL_OBJECT")
    stored = s3_plain.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (stored["ChecksumCRC64NVME"], stored["ChecksumType"]) == (expected, "FULL_OBJECT")


@pytest.mark.parametrize("algorithm", checksums.CRC)
def test_full_object_checksum_is_of_the_whole(s3, bucket, algorithm):
    reply = _upload(s3, bucket, algorithm, "FULL_OBJECT").complete()
    expected = checksums.header_value(algorithm, WHOLE)
    assert (reply[f"Checksum{algorithm}"], reply["ChecksumType"]) == (expected, "FULL_OBJECT")
    stored = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (stored[f"Checksum{algorithm}"], stored["ChecksumType"]) == (expected, "FULL_OBJECT")


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "SHA1", "SHA256"])
def test_composite_checksum_is_of_the_parts_checksums(s3, bucket, algorithm):
    reply = _upload(s3, bucket, algorithm, "COMPOSITE").complete()
    expected = checksums.composite(algorithm, PARTS)
    assert (reply[f"Checksum{algorithm}"], reply["ChecksumType"]) == (expected, "COMPOSITE")
    stored = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (stored[f"Checksum{algorithm}"], stored["ChecksumType"]) == (expected, "COMPOSITE")


@pytest.mark.parametrize(("algorithm", "expected"), [("CRC64NVME", "FULL_OBJECT"), ("SHA256", "COMPOSITE")])
def test_the_type_has_a_default_for_each_algorithm(s3, bucket, algorithm, expected):
    reply = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm)
    assert reply["ChecksumType"] == expected


@pytest.mark.parametrize(
    ("algorithm", "checksum_type"), [("SHA1", "FULL_OBJECT"), ("SHA256", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE")]
)
def test_type_that_the_algorithm_cannot_have_is_refused(s3, bucket, algorithm, checksum_type):
    with refused("InvalidRequest", status=400):
        s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm, ChecksumType=checksum_type)


@pytest.mark.parametrize("algorithm", checksums.CRC)
def test_complete_with_the_right_checksum(s3, bucket, algorithm):
    upload = _upload(s3, bucket, algorithm, "FULL_OBJECT")
    right = {f"Checksum{algorithm}": checksums.header_value(algorithm, WHOLE)}
    upload.complete(ChecksumType="FULL_OBJECT", MpuObjectSize=len(WHOLE), **right)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == WHOLE


@pytest.mark.parametrize("algorithm", checksums.CRC)
def test_complete_with_a_wrong_checksum_publishes_nothing(s3, bucket, algorithm):
    upload = _upload(s3, bucket, algorithm, "FULL_OBJECT")
    wrong = {f"Checksum{algorithm}": checksums.header_value(algorithm, b"other")}
    with refused("BadDigest", "InvalidRequest", status=400):
        upload.complete(ChecksumType="FULL_OBJECT", **wrong)
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="k")


def test_complete_with_another_type_is_refused(s3, bucket):
    """Documented as BadDigest, seen as InvalidRequest."""
    upload = _upload(s3, bucket, "CRC32", "FULL_OBJECT")
    with refused("BadDigest", "InvalidRequest", status=400):
        upload.complete(ChecksumType="COMPOSITE")


def test_complete_with_a_wrong_checksum_of_a_part_is_refused(s3, bucket):
    upload = _upload(s3, bucket, "SHA256", "COMPOSITE")
    upload.parts[1]["ChecksumSHA256"] = checksums.header_value("SHA256", b"other")
    with refused("InvalidPart", "BadDigest", "InvalidRequest", status=400):
        upload.complete()
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="k")


def test_part_may_carry_a_checksum_that_create_did_not_announce(s3_plain, bucket):
    """What boto3 does by default: Create names no algorithm, each part brings a CRC32."""
    upload = multipart.begin(s3_plain, bucket, "k")
    for number, part in enumerate(PARTS, 1):
        upload.put(number, part, ChecksumCRC32=checksums.header_value("CRC32", part))
    upload.complete()
    assert s3_plain.get_object(Bucket=bucket, Key="k")["Body"].read() == WHOLE


def test_unannounced_checksum_of_a_part_is_verified(s3_plain, bucket):
    upload = multipart.begin(s3_plain, bucket, "k")
    with refused("BadDigest", status=400):
        upload.put(1, b"x", ChecksumCRC32=checksums.header_value("CRC32", b"other"))


def test_part_with_another_algorithm_than_create_is_refused(s3, bucket):
    upload = multipart.begin(s3, bucket, "k", ChecksumAlgorithm="CRC64NVME")
    with refused("InvalidRequest", status=400):
        upload.put(1, b"x", ChecksumAlgorithm="SHA256")


def test_part_reply_carries_its_checksum(s3, bucket):
    upload = multipart.begin(s3, bucket, "k", ChecksumAlgorithm="CRC64NVME")
    reply = upload.put(1, b"part", ChecksumAlgorithm="CRC64NVME")
    assert reply["ChecksumCRC64NVME"] == checksums.header_value("CRC64NVME", b"part")


def test_attributes_of_a_single_put(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"12345", ChecksumAlgorithm="SHA256")
    wanted = ["ETag", "Checksum", "ObjectSize", "ObjectParts"]
    found = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=wanted)
    assert found["ETag"] == checksums.etag(b"12345").strip('"')
    assert found["ObjectSize"] == 5
    assert found["Checksum"]["ChecksumSHA256"] == checksums.header_value("SHA256", b"12345")
    assert "ObjectParts" not in found


def test_attributes_not_asked_for_are_left_out(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"12345")
    found = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectSize"])
    assert (found["ObjectSize"], "ETag" in found, "Checksum" in found) == (5, False, False)


def test_attributes_of_a_full_object_checksum(s3, bucket):
    _upload(s3, bucket, "CRC64NVME", "FULL_OBJECT").complete()
    found = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Checksum", "ObjectSize", "ObjectParts"])
    assert found["ObjectSize"] == len(WHOLE)
    assert found["Checksum"]["ChecksumCRC64NVME"] == checksums.header_value("CRC64NVME", WHOLE)
    assert found["Checksum"]["ChecksumType"] == "FULL_OBJECT"
    assert found["ObjectParts"]["TotalPartsCount"] == 2


def test_attributes_list_the_parts_of_a_composite_checksum(s3, bucket):
    _upload(s3, bucket, "SHA256", "COMPOSITE").complete()
    found = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts", "Checksum"])
    parts = [(part["PartNumber"], part["Size"], part["ChecksumSHA256"]) for part in found["ObjectParts"]["Parts"]]
    expected = [(n, len(part), checksums.header_value("SHA256", part)) for n, part in enumerate(PARTS, 1)]
    assert parts == expected
    assert found["Checksum"]["ChecksumType"] == "COMPOSITE"


def test_attributes_page_the_parts(s3, bucket):
    _upload(s3, bucket, "SHA256", "COMPOSITE").complete()
    where = {"Bucket": bucket, "Key": "k", "ObjectAttributes": ["ObjectParts"]}
    first = s3.get_object_attributes(**where, MaxParts=1)["ObjectParts"]
    assert ([part["PartNumber"] for part in first["Parts"]], first["IsTruncated"]) == ([1], True)
    second = s3.get_object_attributes(**where, MaxParts=1, PartNumberMarker=first["NextPartNumberMarker"])[
        "ObjectParts"
    ]
    assert ([part["PartNumber"] for part in second["Parts"]], second["IsTruncated"]) == ([2], False)


def test_attributes_of_missing_key_are_no_such_key(s3, bucket):
    with refused("NoSuchKey", status=404):
        s3.get_object_attributes(Bucket=bucket, Key="missing", ObjectAttributes=["ETag"])
