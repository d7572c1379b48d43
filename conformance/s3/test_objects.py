"""Objects: bytes, headers, metadata, classes, limits, deletion."""

import datetime

import pytest

from support import checksums, raw_s3
from support.refusal import refused

BODY = b"All work and no play"


def test_put_then_get_returns_the_bytes(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    reply = s3.get_object(Bucket=bucket, Key="k")
    assert (reply["Body"].read(), reply["ContentLength"]) == (BODY, len(BODY))


def test_empty_object(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    reply = s3.get_object(Bucket=bucket, Key="k")
    assert (reply["Body"].read(), reply["ContentLength"]) == (b"", 0)


def test_etag_of_a_single_put_is_its_md5(s3, bucket):
    etag = checksums.etag(BODY)
    assert s3.put_object(Bucket=bucket, Key="k", Body=BODY)["ETag"] == etag
    assert s3.head_object(Bucket=bucket, Key="k")["ETag"] == etag


def test_put_replaces_the_whole_object(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, Metadata={"old": "1"}, ContentType="text/plain")
    s3.put_object(Bucket=bucket, Key="k", Body=b"new")
    reply = s3.get_object(Bucket=bucket, Key="k")
    assert reply["Body"].read() == b"new"
    assert reply["Metadata"] == {}
    assert reply["ContentType"] == "binary/octet-stream"


def test_last_modified_is_about_now(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    reply = s3.head_object(Bucket=bucket, Key="k")
    server_now = datetime.datetime.strptime(
        reply["ResponseMetadata"]["HTTPHeaders"]["date"], "%a, %d %b %Y %H:%M:%S %Z"
    ).replace(tzinfo=datetime.UTC)
    assert abs(server_now - reply["LastModified"]) < datetime.timedelta(minutes=5)


def test_missing_key_is_no_such_key(s3, bucket):
    with refused("NoSuchKey", status=404):
        s3.get_object(Bucket=bucket, Key="missing")


def test_head_of_missing_key_is_404(s3, bucket):
    with refused("404", status=404):
        s3.head_object(Bucket=bucket, Key="missing")


def test_every_reply_has_a_request_id(s3, bucket):
    assert s3.put_object(Bucket=bucket, Key="k", Body=BODY)["ResponseMetadata"]["RequestId"]


def test_content_type_defaults_to_octet_stream(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    assert s3.head_object(Bucket=bucket, Key="k")["ContentType"] == "binary/octet-stream"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("ContentType", "text/csv; charset=utf-8"),
        ("ContentEncoding", "gzip"),
        ("ContentDisposition", 'attachment; filename="report 1.csv"'),
        ("ContentLanguage", "de-CH, en"),
        ("CacheControl", "max-age=60, private"),
    ],
)
def test_content_header_is_kept(s3, bucket, member, value):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, **{member: value})
    assert s3.head_object(Bucket=bucket, Key="k")[member] == value
    assert s3.get_object(Bucket=bucket, Key="k")[member] == value


def test_expires_is_kept(s3, bucket):
    expires = datetime.datetime(2030, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, Expires=expires)
    assert s3.head_object(Bucket=bucket, Key="k")["ExpiresString"] == "Wed, 02 Jan 2030 03:04:05 GMT"


def test_get_can_override_response_headers(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, ContentType="text/plain")
    reply = s3.get_object(Bucket=bucket, Key="k", ResponseContentType="text/csv", ResponseCacheControl="no-cache")
    assert (reply["ContentType"], reply["CacheControl"]) == ("text/csv", "no-cache")


def test_user_metadata_names_become_lower_case(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, Metadata={"Upload-Token": "A b,C", "x": ""})
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"upload-token": "A b,C", "x": ""}


def test_user_metadata_of_almost_2_kb_is_taken(s3, bucket):
    metadata = {"m": "v" * 1900}
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, Metadata=metadata)
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == metadata


def test_user_metadata_over_2_kb_is_refused(s3, bucket):
    with refused("MetadataTooLarge", status=400):
        s3.put_object(Bucket=bucket, Key="k", Body=BODY, Metadata={"a": "v" * 1100, "b": "v" * 1100})


def test_key_of_1024_bytes_is_taken(s3, bucket):
    key = "é" * 512
    s3.put_object(Bucket=bucket, Key=key, Body=BODY)
    assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == len(BODY)


@pytest.mark.parametrize("key", ["k" * 1025, "é" * 513], ids=["ascii", "utf8"])
def test_key_over_1024_bytes_is_refused(s3, bucket, key):
    with refused("KeyTooLongError", status=400):
        s3.put_object(Bucket=bucket, Key=key, Body=BODY)


def test_storage_class_is_kept(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, StorageClass="STANDARD_IA")
    assert s3.head_object(Bucket=bucket, Key="k")["StorageClass"] == "STANDARD_IA"
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["StorageClass"] == "STANDARD_IA"


def test_standard_storage_class_is_listed_but_not_in_headers(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    assert "StorageClass" not in s3.head_object(Bucket=bucket, Key="k")
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["StorageClass"] == "STANDARD"


def test_unknown_storage_class_is_refused(s3, bucket):
    with refused("InvalidStorageClass", status=400):
        s3.put_object(Bucket=bucket, Key="k", Body=BODY, StorageClass="CARDBOARD_BOX")


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_archived_object_cannot_be_read(s3, bucket, storage_class):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, StorageClass=storage_class)
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == len(BODY)
    with refused("InvalidObjectState", status=403):
        s3.get_object(Bucket=bucket, Key="k")


def test_encryption_defaults_to_aes256(s3, bucket):
    assert s3.put_object(Bucket=bucket, Key="k", Body=BODY)["ServerSideEncryption"] == "AES256"
    assert s3.head_object(Bucket=bucket, Key="k")["ServerSideEncryption"] == "AES256"


def test_kms_encryption_is_reported(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, ServerSideEncryption="aws:kms", BucketKeyEnabled=True)
    reply = s3.head_object(Bucket=bucket, Key="k")
    assert (reply["ServerSideEncryption"], reply["BucketKeyEnabled"]) == ("aws:kms", True)


def test_website_redirect_is_kept(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, WebsiteRedirectLocation="/elsewhere")
    assert s3.head_object(Bucket=bucket, Key="k")["WebsiteRedirectLocation"] == "/elsewhere"


def test_wrong_content_md5_is_a_bad_digest(s3, bucket):
    with refused("BadDigest", status=400):
        s3.put_object(Bucket=bucket, Key="k", Body=BODY, ContentMD5=checksums.content_md5(b"other"))
    with refused("404"):
        s3.head_object(Bucket=bucket, Key="k")


def test_malformed_content_md5_is_an_invalid_digest(s3, bucket):
    with refused("InvalidDigest", status=400):
        s3.put_object(Bucket=bucket, Key="k", Body=BODY, ContentMD5="bm90IGFuIG1kNQ==")


def test_deleted_object_is_gone(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    assert s3.delete_object(Bucket=bucket, Key="k")["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="k")


def test_deleting_a_missing_object_succeeds(s3, bucket):
    assert s3.delete_object(Bucket=bucket, Key="missing")["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_delete_objects_reports_every_key_even_missing_ones(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=BODY)
    reply = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "missing"}]})
    assert {entry["Key"] for entry in reply["Deleted"]} == {"a", "missing"}
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_quiet_delete_objects_reports_only_errors(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=BODY)
    reply = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}], "Quiet": True})
    assert "Deleted" not in reply and "Errors" not in reply
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_delete_objects_takes_1000_keys_and_not_one_more(s3, bucket):
    keys = [{"Key": f"k{number}"} for number in range(1001)]
    assert len(s3.delete_objects(Bucket=bucket, Delete={"Objects": keys[:1000]})["Deleted"]) == 1000
    with refused("MalformedXML", status=400):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": keys})


def test_presigned_put_and_get_work_without_an_sdk(s3, bucket):
    where = {"Bucket": bucket, "Key": "a b/ü"}
    assert raw_s3.request_presigned("PUT", s3.generate_presigned_url("put_object", Params=where), BODY)[0] == 200
    assert raw_s3.request_presigned("GET", s3.generate_presigned_url("get_object", Params=where)) == (200, BODY)


def test_an_upload_cut_short_publishes_nothing(s3_plain, bucket):
    url = s3_plain.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    raw_s3.put_cut_short(url, BODY, content_length=len(BODY) + 1)
    with refused("404"):
        s3_plain.head_object(Bucket=bucket, Key="k")
