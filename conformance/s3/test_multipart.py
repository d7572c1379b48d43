"""Multipart uploads: what Complete accepts, what the listings show, what an abort leaves."""

import pytest
from botocore.exceptions import ClientError

from support import checksums, multipart
from support.multipart import PART_BYTES_MIN, part_of
from support.refusal import refused

TAIL = b"tail"
UNKNOWN_UPLOAD_ID = "VXBsb2FkIElEIG5vYm9keSBldmVyIGdhdmU"


def _body(s3, bucket, key="k"):
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def _part(number, reply):
    return {"PartNumber": number, "ETag": reply["ETag"]}


def test_complete_joins_the_parts_in_order(s3, bucket):
    parts = [part_of(b"a"), part_of(b"b", PART_BYTES_MIN + 1), TAIL]
    upload = multipart.begin(s3, bucket, "k")
    replies = {number: upload.put(number, parts[number - 1]) for number in (3, 1, 2)}
    upload.complete([_part(number, replies[number]) for number in (1, 2, 3)])
    assert _body(s3, bucket) == b"".join(parts)


def test_etag_of_a_part_is_its_md5(s3, bucket):
    assert multipart.begin(s3, bucket, "k").put(1, TAIL)["ETag"] == checksums.etag(TAIL)


def test_etag_of_a_multipart_object_counts_the_parts(s3, bucket):
    parts = [part_of(b"a"), TAIL]
    reply = multipart.upload(s3, bucket, "k", dict(enumerate(parts, 1)))
    assert reply["ETag"] == checksums.multipart_etag(parts)
    assert s3.head_object(Bucket=bucket, Key="k")["ETag"] == checksums.multipart_etag(parts)


def test_complete_names_the_object(s3, bucket):
    reply = multipart.upload(s3, bucket, "a b", {1: TAIL})
    assert (reply["Bucket"], reply["Key"]) == (bucket, "a b")
    assert "Location" in reply


def test_one_small_part_is_enough(s3, bucket):
    assert multipart.upload(s3, bucket, "k", {1: TAIL})["ETag"] == checksums.multipart_etag([TAIL])


def test_one_empty_part_makes_an_empty_object(s3, bucket):
    multipart.upload(s3, bucket, "k", {1: b""})
    assert _body(s3, bucket) == b""


def test_nothing_is_visible_before_complete(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, TAIL)
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="k")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_the_old_object_stays_until_complete(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"old")
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, TAIL)
    assert _body(s3, bucket) == b"old"
    upload.complete()
    assert _body(s3, bucket) == TAIL


def test_headers_of_create_become_the_objects(s3, bucket):
    multipart.upload(
        s3,
        bucket,
        "k",
        {1: TAIL},
        ContentType="text/csv",
        ContentEncoding="gzip",
        Metadata={"token": "t"},
        StorageClass="STANDARD_IA",
        Tagging="a=1",
    )
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["ContentType"], head["ContentEncoding"]) == ("text/csv", "gzip")
    assert (head["Metadata"], head["StorageClass"]) == ({"token": "t"}, "STANDARD_IA")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "a", "Value": "1"}]


def test_a_part_sent_again_replaces_the_first(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, b"first")
    again = upload.put(1, b"second")
    upload.complete([_part(1, again)])
    assert _body(s3, bucket) == b"second"


def test_the_etag_of_a_replaced_part_is_invalid(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    first = upload.put(1, b"first")
    upload.put(1, b"second")
    with refused("InvalidPart", status=400):
        upload.complete([_part(1, first)])


def test_part_numbers_may_have_gaps(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(2, part_of(b"a"))
    upload.put(10_000, TAIL)
    upload.complete()
    assert _body(s3, bucket) == part_of(b"a") + TAIL


def test_parts_that_complete_does_not_name_are_left_out(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    kept = upload.put(1, b"kept")
    upload.put(2, b"left out")
    upload.complete([_part(1, kept)])
    assert _body(s3, bucket) == b"kept"


def test_a_small_part_before_the_last_is_too_small(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, part_of(b"a", PART_BYTES_MIN - 1))
    upload.put(2, TAIL)
    with refused("EntityTooSmall", status=400):
        upload.complete()
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="k")


def test_a_wrong_etag_is_an_invalid_part(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, TAIL)
    with refused("InvalidPart", status=400):
        upload.complete([{"PartNumber": 1, "ETag": checksums.etag(b"other")}])


def test_a_part_never_sent_is_an_invalid_part(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, part_of(b"a"))
    with refused("InvalidPart", status=400):
        upload.complete([*upload.parts, {"PartNumber": 2, "ETag": checksums.etag(TAIL)}])


def test_parts_out_of_order_are_refused(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, part_of(b"a"))
    upload.put(2, part_of(b"b"))
    with refused("InvalidPartOrder", status=400):
        upload.complete(upload.parts[::-1])


def test_a_part_named_twice_is_refused(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, part_of(b"a"))
    with refused("InvalidPartOrder", status=400):
        upload.complete([upload.parts[0], upload.parts[0]])


def test_complete_without_parts_is_refused(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, TAIL)
    with refused("MalformedXML", "InvalidRequest", status=400):
        upload.complete([])


def test_an_upload_survives_a_refused_complete(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, TAIL)
    with refused("InvalidPart"):
        upload.complete([{"PartNumber": 1, "ETag": checksums.etag(b"other")}])
    upload.complete()
    assert _body(s3, bucket) == TAIL


@pytest.mark.parametrize("number", [0, 10_001])
def test_part_numbers_end_at_10000(s3, bucket, number):
    upload = multipart.begin(s3, bucket, "k")
    with refused("InvalidArgument", status=400):
        upload.put(number, TAIL)


@pytest.mark.parametrize("operation", ["upload_part", "list_parts", "complete", "abort"])
def test_unknown_upload_is_no_such_upload(s3, bucket, operation):
    upload = multipart.Upload(s3, bucket, "k", UNKNOWN_UPLOAD_ID)
    with refused("NoSuchUpload", status=404):
        match operation:
            case "upload_part":
                upload.put(1, TAIL)
            case "list_parts":
                s3.list_parts(**upload.where)
            case "complete":
                upload.complete([{"PartNumber": 1, "ETag": checksums.etag(TAIL)}])
            case "abort":
                upload.abort()


def test_an_upload_belongs_to_its_key(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    with refused("NoSuchUpload", status=404):
        s3.upload_part(Bucket=bucket, Key="other", UploadId=upload.upload_id, PartNumber=1, Body=TAIL)


def test_an_aborted_upload_takes_no_more(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, TAIL)
    upload.abort()
    with refused("NoSuchUpload", status=404):
        upload.put(2, TAIL)
    with refused("NoSuchUpload", status=404):
        upload.complete()
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="k")


def test_a_completed_upload_takes_no_more(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, TAIL)
    upload.complete()
    with refused("NoSuchUpload", status=404):
        upload.put(2, TAIL)


def test_completing_twice_changes_nothing(s3, bucket):
    """S3 answers the second Complete like the first, or, as documented, NoSuchUpload: a caller has to expect both."""
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, TAIL)
    first = upload.complete()
    try:
        assert upload.complete()["ETag"] == first["ETag"]
    except ClientError as error:
        assert error.response["Error"]["Code"] == "NoSuchUpload"
    assert _body(s3, bucket) == TAIL


def test_uploads_of_one_key_do_not_mix(s3, bucket):
    one, two = multipart.begin(s3, bucket, "k"), multipart.begin(s3, bucket, "k")
    assert one.upload_id != two.upload_id
    one.put(1, b"one")
    two.put(1, b"two")
    two.complete()
    assert _body(s3, bucket) == b"two"
    one.complete()
    assert _body(s3, bucket) == b"one"


def test_a_wrong_object_size_is_refused(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, TAIL)
    with refused("InvalidRequest", status=400):
        upload.complete(MpuObjectSize=len(TAIL) + 1)
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="k")


def test_the_right_object_size_is_accepted(s3, bucket):
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, TAIL)
    upload.complete(MpuObjectSize=len(TAIL))
    assert _body(s3, bucket) == TAIL
