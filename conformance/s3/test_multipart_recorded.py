"""Checksums of multipart uploads where AWS's answer is known from a recording (21 February 2026) rather than from its documentation."""

import pytest

from support import checksums, multipart
from support.multipart import part_of
from support.refusal import refused

PART = b"abc"


def _single_part(s3, bucket, algorithm, checksum_type, body=PART):
    """An upload of one part, sent with a checksum, all but completed."""
    upload = multipart.begin(s3, bucket, "k", ChecksumAlgorithm=algorithm, ChecksumType=checksum_type)
    upload.put(1, body, f"Checksum{algorithm}", ChecksumAlgorithm=algorithm)
    return upload


def _whole(algorithm, body=PART):
    return {f"Checksum{algorithm}": checksums.header_value(algorithm, body)}


def _checksums_of(reply):
    return {name: value for name, value in reply.items() if name.startswith("Checksum")}


def test_upload_without_algorithm_lists_no_checksums_of_parts(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    reply = upload.put(1, PART, ChecksumAlgorithm="CRC32C")
    assert reply["ChecksumCRC32C"] == checksums.header_value("CRC32C", PART)
    listed = s3.list_parts(**upload.where)
    assert (_checksums_of(listed), _checksums_of(listed["Parts"][0])) == ({}, {})


def test_part_copied_into_an_upload_without_algorithm_has_no_checksum(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=PART)
    upload = multipart.begin(s3, bucket, "k")
    reply = s3.upload_part_copy(**upload.where, PartNumber=1, CopySource={"Bucket": bucket, "Key": "source"})
    assert _checksums_of(reply["CopyPartResult"]) == {}


@pytest.mark.parametrize("algorithm", ["CRC32C", "SHA256", "CRC64NVME"])
def test_upload_without_algorithm_takes_no_checksums_of_parts(s3, bucket, algorithm):
    """Recorded for the algorithm that the part was sent with, and for another one."""
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, PART, ChecksumAlgorithm="CRC32C")
    part = upload.parts[0] | {f"Checksum{algorithm}": checksums.header_value(algorithm, PART)}
    with refused("InvalidPart", status=400):
        upload.complete([part])
    assert upload.complete()["ChecksumCRC64NVME"] == checksums.header_value("CRC64NVME", PART)


@pytest.mark.parametrize("checksum_type", ["FULL_OBJECT", "COMPOSITE"])
def test_upload_without_algorithm_takes_no_checksum_type(s3, bucket, checksum_type):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, PART)
    with refused("InvalidRequest", status=400):
        upload.complete(ChecksumType=checksum_type)


def test_upload_without_algorithm_ignores_another_checksum_of_the_whole(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, PART)
    reply = upload.complete(ChecksumCRC32C=checksums.composite("CRC32C", [b"other", b"other"]))
    assert reply["ChecksumCRC64NVME"] == checksums.header_value("CRC64NVME", PART)


@pytest.mark.parametrize("given", ["right", "composite"])
def test_full_object_checksum_without_its_type_is_a_bad_digest(s3, bucket, given):
    upload = _single_part(s3, bucket, "CRC32C", "FULL_OBJECT")
    value = {"right": checksums.header_value("CRC32C", PART), "composite": checksums.composite("CRC32C", [PART])}
    with refused("BadDigest", status=400):
        upload.complete(ChecksumCRC32C=value[given])
    upload.complete(ChecksumType="FULL_OBJECT", **_whole("CRC32C"))


@pytest.mark.parametrize("options", [{}, {"ChecksumType": "FULL_OBJECT"}], ids=["untyped", "typed"])
def test_full_object_checksum_of_another_algorithm_is_a_bad_digest(s3, bucket, options):
    upload = _single_part(s3, bucket, "CRC32C", "FULL_OBJECT")
    with refused("BadDigest", status=400):
        upload.complete(**_whole("CRC64NVME"), **options)


def test_full_object_upload_completes_without_any_checksum_of_the_whole(s3, bucket):
    reply = _single_part(s3, bucket, "CRC64NVME", "FULL_OBJECT").complete()
    assert reply["ChecksumCRC64NVME"] == checksums.header_value("CRC64NVME", PART)


def test_composite_part_with_another_algorithm_is_a_bad_digest(s3, bucket):
    upload = _single_part(s3, bucket, "CRC32", "COMPOSITE")
    part = {name: upload.parts[0][name] for name in ("PartNumber", "ETag")}
    with refused("BadDigest", status=400):
        upload.complete([part | _whole("SHA256")])


@pytest.mark.parametrize("checksum_type", ["COMPOSITE", "FULL_OBJECT"])
def test_wrong_checksum_of_a_part_is_an_invalid_part(s3, bucket, checksum_type):
    upload = _single_part(s3, bucket, "CRC32C", checksum_type)
    with refused("InvalidPart", status=400):
        upload.complete([upload.parts[0] | _whole("CRC32C", b"other")])


def test_attributes_leave_out_the_number_of_parts(s3, bucket):
    reply = _single_part(s3, bucket, "SHA256", "COMPOSITE").complete()
    found = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Checksum"])["Checksum"]
    assert reply["ChecksumSHA256"] == found["ChecksumSHA256"] + "-1"


@pytest.mark.parametrize("checksum_type", ["COMPOSITE", "FULL_OBJECT"])
@pytest.mark.parametrize("read", ["get_object", "head_object"])
def test_only_part_has_a_checksum(s3, bucket, read, checksum_type):
    """Of a composite one its own, of a full object that of the object, which it is."""
    _single_part(s3, bucket, "CRC32C", checksum_type).complete()
    reply = getattr(s3, read)(Bucket=bucket, Key="k", PartNumber=1, ChecksumMode="ENABLED")
    assert (reply["ChecksumCRC32C"], reply["ChecksumType"]) == (checksums.header_value("CRC32C", PART), checksum_type)


def test_one_of_several_parts_has_a_checksum_where_they_are_composite(s3, bucket):
    for key, checksum_type in [("composite", "COMPOSITE"), ("full", "FULL_OBJECT")]:
        upload = multipart.begin(s3, bucket, key, ChecksumAlgorithm="CRC32C", ChecksumType=checksum_type)
        upload.put(1, part_of(b"a"), "ChecksumCRC32C", ChecksumAlgorithm="CRC32C")
        upload.put(2, PART, "ChecksumCRC32C", ChecksumAlgorithm="CRC32C")
        upload.complete()
    part = {"Bucket": bucket, "PartNumber": 2, "ChecksumMode": "ENABLED"}
    assert s3.get_object(Key="composite", **part)["ChecksumCRC32C"] == checksums.header_value("CRC32C", PART)
    assert _checksums_of(s3.get_object(Key="full", **part)) == {}


def test_unknown_upload_is_told_before_its_missing_parts(s3, bucket):
    with refused("NoSuchUpload", status=404):
        s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId="VXBsb2FkIElEIG5vYm9keSBldmVyIGdhdmU")


def test_complete_of_no_parts_is_refused(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, PART)
    with refused("InvalidRequest", status=400):
        s3.complete_multipart_upload(**upload.where)
    assert len(s3.list_parts(**upload.where)["Parts"]) == 1
