"""Presigned requests: who may use them, until when, for what. Recorded on AWS on 2026-02-21, except where it says otherwise."""

import base64
import datetime
from urllib.parse import quote, urlsplit

import boto3
import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from support import raw_s3
from support.clients import ACCESS_KEY_ID, SECRET_ACCESS_KEY

V2, V4 = "s3", "s3v4"
PUT, GET = "put_object", "get_object"


def _client(aws, version: str, secret: str = SECRET_ACCESS_KEY):
    return boto3.session.Session(
        aws_access_key_id=ACCESS_KEY_ID, aws_secret_access_key=secret, region_name=aws.region
    ).client(
        "s3",
        endpoint_url=aws.endpoint,
        config=Config(
            signature_version=version,
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def _url(aws, version: str, operation: str, bucket: str, expires_s: int = 600, secret: str = SECRET_ACCESS_KEY, **params):
    client = _client(aws, version, secret)
    return client.generate_presigned_url(operation, Params={"Bucket": bucket, "Key": "k", **params}, ExpiresIn=expires_s)


def _send(method: str, url: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return raw_s3.request_presigned(method, url, body, fields)


def _sign(aws, method: str, target: str, query: dict[str, str], headers: dict[str, str] | None = None) -> str:
    """A URL with parameters that boto3 would put into headers."""
    request = AWSRequest(method=method, url=aws.endpoint + target, params=query, headers=headers or {})
    S3SigV4QueryAuth(Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY), "s3", aws.region).add_auth(request)
    return request.url


@pytest.fixture
def taken(s3, bucket: str) -> str:
    """A bucket with an object."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"old")
    return bucket


def _body(s3, bucket: str) -> bytes:
    return s3.get_object(Bucket=bucket, Key="k")["Body"].read()


@pytest.mark.parametrize("version", [V2, V4])
def test_put_get_delete(aws, bucket, version):
    assert _send("PUT", _url(aws, version, PUT, bucket), b"new")[0] == 200
    assert _send("GET", _url(aws, version, GET, bucket)) == (200, b"new")
    assert _send("DELETE", _url(aws, version, "delete_object", bucket))[0] == 204


@pytest.mark.parametrize("version", [V2, V4])
def test_time_has_passed(aws, s3, taken, version):
    before = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=2)
    valid = raw_s3.presigned_at(aws, "PUT", f"/{taken}/k", before, expires_s=3 * 3600)
    assert _send("PUT", valid, b"old")[0] == 200
    if version == V2:
        url = _url(aws, V2, PUT, taken, expires_s=-60)
    else:
        url = raw_s3.presigned_at(aws, "PUT", f"/{taken}/k", before, expires_s=3600)
    status, reply = _send("PUT", url, b"new")
    assert status == 403
    assert b"<Code>AccessDenied</Code><Message>Request has expired</Message>" in reply
    assert _body(s3, taken) == b"old"


@pytest.mark.parametrize("version", [V2, V4])
def test_another_secret_is_refused(aws, s3, taken, version):
    status, reply = _send("PUT", _url(aws, version, PUT, taken, secret="another"), b"new")
    assert status == 403 and b"<Code>SignatureDoesNotMatch</Code>" in reply
    assert _body(s3, taken) == b"old"


@pytest.mark.parametrize("version", [V2, V4])
def test_a_url_is_for_one_method_and_one_key(aws, s3, taken, version):
    url = _url(aws, version, GET, taken)
    assert _send("PUT", url, b"new")[0] == 403
    assert _send("GET", url.replace("/k?", "/other?"))[0] == 403
    assert _body(s3, taken) == b"old"


def test_missing_parameter_of_version_4(aws, taken):
    url = _url(aws, V4, GET, taken)
    date = next(pair for pair in urlsplit(url).query.split("&") if pair.startswith("X-Amz-Date="))
    status, reply = _send("GET", url.replace(f"&{date}", ""))
    assert status == 400 and b"<Code>AuthorizationQueryParametersError</Code>" in reply


def test_missing_parameter_of_version_2(aws, taken):
    url = _url(aws, V2, GET, taken)
    expires = next(pair for pair in urlsplit(url).query.split("&") if pair.startswith("Expires="))
    status, reply = _send("GET", url.replace(f"&{expires}", "").replace(f"{expires}&", ""))
    assert status == 403 and b"<Code>AccessDenied</Code>" in reply


def test_malformed_credential(aws, taken):
    status, reply = _send("GET", _url(aws, V4, GET, taken).replace("%2F", "%252F"))
    assert status == 400 and b"<Code>AuthorizationQueryParametersError</Code>" in reply


def test_longer_than_a_week_is_refused(aws, taken):
    # By the documentation.
    status, reply = _send("GET", _url(aws, V4, GET, taken, expires_s=7 * 24 * 3600 + 1))
    assert status == 400 and b"<Code>AuthorizationQueryParametersError</Code>" in reply


def test_signed_metadata_has_to_come(aws, s3, taken):
    url = _url(aws, V4, PUT, taken, Metadata={"foo": "bar"})
    status, reply = _send("PUT", url, b"new")
    assert status == 403 and b"<Code>SignatureDoesNotMatch</Code>" in reply
    assert _body(s3, taken) == b"old"
    assert _send("PUT", url, b"new", x_amz_meta_foo="bar")[0] == 200
    assert s3.head_object(Bucket=taken, Key="k")["Metadata"] == {"foo": "bar"}


@pytest.mark.parametrize("name", ["x-amz-meta-wrong", "x-amz-date", "x-amz-expires", "x-amz-user-agent"])
def test_unsigned_amazon_header_is_refused(aws, s3, taken, name):
    status, reply = raw_s3.request_presigned("PUT", _url(aws, V4, PUT, taken), b"new", {name: "1"})
    assert status == 403
    assert b"<Code>AccessDenied</Code>" in reply and f"<HeadersNotSigned>{name}</HeadersNotSigned>".encode() in reply
    assert _body(s3, taken) == b"old"


def test_unsigned_hash_of_the_body_is_ignored(aws, bucket):
    url = _url(aws, V4, PUT, bucket)
    assert _send("PUT", url, b"new", x_amz_content_sha256="UNSIGNED-PAYLOAD")[0] == 200


def test_signed_hash_of_the_body_has_to_come(aws, bucket):
    url = _sign(aws, "PUT", f"/{bucket}/k", {}, {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
    assert _send("PUT", url, b"new")[0] == 403
    assert _send("PUT", url, b"new", x_amz_content_sha256="UNSIGNED-PAYLOAD")[0] == 200


def test_version_4_leaves_other_headers_free(aws, bucket):
    assert _send("PUT", _url(aws, V4, PUT, bucket), b"new", Content_Type="text/xml")[0] == 200
    url = _url(aws, V4, PUT, bucket, ContentType="text/plain")
    assert _send("PUT", url, b"new", Content_Type="text/plain")[0] == 200
    assert _send("PUT", url, b"new", Content_Type="text/xml")[0] == 403


def test_version_2_signs_the_content_type_and_no_encoding(aws, bucket):
    url = _url(aws, V2, PUT, bucket, ContentEncoding="identity")
    assert _send("PUT", url, b"new", Content_Encoding="gzip")[0] == 200
    assert _send("PUT", url, b"new", Content_Type="text/xml")[0] == 403


def test_version_2_carries_metadata_in_the_query(aws, s3, bucket):
    url = _url(aws, V2, PUT, bucket, Metadata={"foo": "bar"})
    assert "x-amz-meta-foo=bar" in url
    assert _send("PUT", url, b"new")[0] == 200
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"foo": "bar"}
    assert _send("PUT", url, b"new", x_amz_meta_wrong="wrong")[0] == 403


def test_if_none_match_in_the_query(aws, s3, bucket):
    url = _sign(aws, "PUT", f"/{bucket}/k", {"If-None-Match": "*"})
    assert _send("PUT", url, b"first")[0] == 200
    assert _send("PUT", url, b"second")[0] == 412
    assert _body(s3, bucket) == b"first"


def test_if_match_in_the_query(aws, s3, taken):
    url = _sign(aws, "PUT", f"/{taken}/k", {"If-Match": "d41d8cd98f00b204e9800998ecf8427e"})
    assert _send("PUT", url, b"new")[0] == 412
    assert _body(s3, taken) == b"old"


def test_metadata_and_storage_class_in_the_query(aws, s3, bucket):
    query = {"x-amz-meta-foo": "test_—_é", "x-amz-storage-class": "STANDARD_IA"}
    assert _send("PUT", _sign(aws, "PUT", f"/{bucket}/k", query), b"new")[0] == 200
    got = s3.head_object(Bucket=bucket, Key="k")
    assert got["StorageClass"] == "STANDARD_IA"
    assert got["Metadata"] == {"foo": "=?UTF-8?Q?test=5F=E2=80=94=5F=C3=A9?="}


def test_checksum_in_the_query_is_not_compared(aws, s3, bucket):
    # CRC32 of nothing, as an SDK presigns it, with bytes.
    query = {"x-amz-checksum-crc32": "AAAAAA==", "x-amz-sdk-checksum-algorithm": "CRC32"}
    assert _send("PUT", _sign(aws, "PUT", f"/{bucket}/k", query), b"123456")[0] == 200
    got = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (got["ChecksumCRC64NVME"], got.get("ChecksumCRC32")) == ("CVmbZh4IWzA=", None)


def test_signed_content_md5_has_to_come(aws, bucket):
    md5 = base64.b64encode(bytes.fromhex("e10adc3949ba59abbe56e057f20f883e")).decode()
    url = _url(aws, V4, PUT, bucket, ContentMD5=md5)
    assert _send("PUT", url, b"123456")[0] == 403
    assert _send("PUT", url, b"123456", Content_MD5=md5)[0] == 200


@pytest.mark.parametrize("version", [V2, V4])
def test_overrides_are_signed(aws, taken, version):
    url = _url(aws, version, GET, taken, ResponseContentType="text/plain")
    assert _send("GET", url)[0] == 200
    assert _send("GET", url.replace(quote("text/plain", safe=""), "text%2Fhtml"))[0] == 403


@pytest.mark.parametrize("version", [V2, V4])
def test_keys_of_any_characters_verify(aws, bucket, version):
    key = "table/date=2023-06-28/a b+c%/é~*'().csv"
    assert _send("PUT", _url(aws, version, PUT, bucket, Key=key), b"new")[0] == 200
    assert _send("GET", _url(aws, version, GET, bucket, Key=key)) == (200, b"new")
