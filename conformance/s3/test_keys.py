"""Hostile keys: verbatim, never normalised, or refused with a type."""

import pytest
from botocore.exceptions import ClientError

from support.names import unique

# Legal on S3. A leading `..` is not (see the last check).
KEYS = {
    "leading-slash": "/a",
    "double-slash": "a//b",
    "only-slashes": "///",
    "trailing-slash": "a/",
    "dot-segment": "a/./b",
    "dot-dot-segment": "a/../b",
    "percent-encoded-slash": "a%2Fb",
    "percent-encoded-space": "a%20b",
    "lone-percent": "100%",
    "space-and-plus": "a b+c",
    "leading-space": " a ",
    "query-and-fragment": "a?b=c&d#e;f",
    "backslash": "a\\..\\b",
    "xml": "<a b='c'>&amp;\"]]>",
    "colon-and-at": "c:d@e,f=g$h",
    "newline": "a\nb\r\nc\td",
    "control-characters": "a\x01\x1f\x7fb",
    "umlaut-composed": "\u00e4",
    "umlaut-decomposed": "a\u0308",
    "right-to-left": "א\u202eb",
    "emoji": "👩‍👩‍👧/😀",
    "noncharacter": "a\ufffe\uffffb",
    "byte-order-mark": "\ufeffa",
    "astral": "\U0010ffff",
    "glob": "*?[a-z]{b}!~",
    "looks-like-a-query": "?uploads",
    "1024-bytes": "😀/" * 204 + "abcd",
}
# Keys that no XML 1.0 document can hold: boto3 cannot read a reply that names one, nor write a request that does.
NOT_IN_XML = {"control-characters", "noncharacter"}
IN_XML = {name: key for name, key in KEYS.items() if name not in NOT_IN_XML}
hostile = pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
hostile_in_xml = pytest.mark.parametrize("key", IN_XML.values(), ids=IN_XML.keys())


@hostile
def test_key_round_trip(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    s3.delete_object(Bucket=bucket, Key=key)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@hostile
def test_key_as_copy_source(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key})
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == key.encode()


@hostile_in_xml
def test_key_of_a_multipart_upload(s3, bucket, key):
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload_id, PartNumber=1, Body=b"x")
    uploads = s3.list_multipart_uploads(Bucket=bucket, EncodingType="url")["Uploads"]
    assert [entry["UploadId"] for entry in uploads] == [upload_id]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id, MultipartUpload=parts)
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"x"


def test_composed_and_decomposed_umlauts_are_two_keys(s3, bucket):
    for key in ("\u00e4", "a\u0308"):
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    for key in ("\u00e4", "a\u0308"):
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()


def test_keys_that_a_path_would_fold_together_stay_apart(s3, bucket):
    keys = ["a", "/a", "./a", "x/../a", "a/", "a//", "A"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    for key in keys:
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == len(keys)


def test_dot_dot_never_reaches_another_bucket(s3, make_bucket):
    """S3 documents that a key must not climb above its root; refusing it and keeping it verbatim are both safe."""
    bucket, other = make_bucket(), make_bucket()
    name = unique("escape")
    key = f"../{other}/{name}"
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400, str(error)
    else:
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"x"
    assert s3.list_objects_v2(Bucket=other)["KeyCount"] == 0


def test_delete_objects_takes_hostile_keys(s3, bucket):
    # boto3 writes line ends into XML as they are, which every reader of XML turns into a newline.
    keys = [key for name, key in IN_XML.items() if name != "newline"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    reply = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys]})
    assert {entry["Key"] for entry in reply["Deleted"]} == set(keys)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_pages_continue_after_hostile_keys(s3, bucket):
    keys = sorted(KEYS.values(), key=lambda key: key.encode())
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 1})
    assert [entry["Key"] for page in pages for entry in page.get("Contents", [])] == keys
