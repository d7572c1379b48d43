"""Headers and metadata as bytes: outside ASCII, encoded words, repeated. Recorded on AWS where a date stands beside it."""

import pytest

from support import raw_s3

SYSTEM = ["Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type", "Expires"]
LATIN_1 = b'attachment; filename="r\xe9sum\xe9.pdf"'
UTF_8 = "ÄMÄZÕÑ S3".encode()


def _put(aws, bucket, *headers: tuple[str, bytes]) -> None:
    status, _headers, reply = raw_s3.exchange_raw(aws, "PUT", f"/{bucket}/k", list(headers), b"body")
    assert status == 200, reply


def _returned(aws, bucket, name: str) -> list[bytes]:
    status, headers, reply = raw_s3.exchange_raw(aws, "GET", f"/{bucket}/k")
    assert status == 200, reply
    return [value for other, value in headers if other.lower() == name.lower()]


@pytest.mark.parametrize("value", [LATIN_1, UTF_8], ids=["latin-1", "utf-8"])
@pytest.mark.parametrize("name", SYSTEM)
def test_system_header_comes_back_byte_for_byte(aws, bucket, name, value):
    # UTF-8 in Cache-Control and Content-Disposition: 2026-02-21.
    _put(aws, bucket, (name, value))
    assert _returned(aws, bucket, name) == [value]


def test_multipart_upload_and_copy_keep_system_headers(aws, s3, bucket):
    header = ("Content-Disposition", LATIN_1)
    status, _headers, reply = raw_s3.exchange_raw(aws, "POST", f"/{bucket}/parts?uploads", [header])
    assert status == 200, reply
    upload = {"Bucket": bucket, "Key": "parts", "UploadId": reply.split(b"UploadId>")[1].split(b"<")[0].decode()}
    part = s3.upload_part(**upload, PartNumber=1, Body=b"body")
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    s3.copy_object(Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "parts"})
    assert _returned(aws, bucket, "Content-Disposition") == [LATIN_1]


def test_content_encoding_is_kept_without_the_framing(s3, bucket):
    # 2026-02-21, of a body that was sent in frames.
    s3.put_object(Bucket=bucket, Key="k", Body=b"body", ContentEncoding="gzip, aws-chunked")
    assert s3.head_object(Bucket=bucket, Key="k")["ContentEncoding"] == "gzip"


@pytest.mark.parametrize(
    ("sent", "returned"),
    [
        ("plain ~!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}", "plain ~!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}"),
        ("=?UTF-8?Q?actually-ascii?=", "actually-ascii"),
        ("=?UTF-8?B?YWJj?=", "abc"),
        ("=?UTF-8?B?w4RNw4Raw5XDkSBTMw==?=", "=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?="),
        ("=?UTF-8?Q?=00=01=02=03?=", "=?UTF-8?B?AAECAw==?="),
        ("=?UTF-8?Q?=EF=BF=BD=EF=BF=BD?=", "=?UTF-8?B?77+977+9?="),
        ("=?UTF-8?B?=GGG?=", "=?UTF-8?B?77+9Ye+/vQ==?="),
    ],
    ids=["ascii", "q", "b", "umlauts", "controls", "replacements", "malformed"],
)
def test_encoded_words_in_metadata(aws, bucket, sent, returned):
    # 2026-02-21, of these and of longer texts.
    _put(aws, bucket, ("x-amz-meta-a", sent.encode()))
    assert _returned(aws, bucket, "x-amz-meta-a") == [returned.encode()]


@pytest.mark.parametrize(
    ("sent", "returned"),
    [
        (b"Mini\xc3\xb6", b"=?UTF-8?Q?Mini=C3=83=C2=B6?="),
        (b"\xc3\xb6", b"=?UTF-8?B?w4PCtg==?="),
        (b"caf\xe9", b"=?UTF-8?Q?caf=C3=A9?="),
    ],
    ids=["utf-8", "utf-8-alone", "latin-1"],
)
def test_raw_bytes_of_metadata_are_read_as_latin_1(aws, bucket, sent, returned):
    # The first two as a maintainer of another store saw them on AWS on 2025-05-12.
    _put(aws, bucket, ("x-amz-meta-a", sent))
    assert _returned(aws, bucket, "x-amz-meta-a") == [returned]


def test_repeated_metadata_is_joined(aws, bucket):
    _put(aws, bucket, ("x-amz-meta-a", b"1"), ("X-Amz-Meta-A", b"2"))
    assert _returned(aws, bucket, "x-amz-meta-a") == [b"1,2"]


def test_metadata_counts_decoded(aws, bucket):
    text = "é" * 1023
    words = " ".join("=?UTF-8?Q?" + "=C3=A9" * len(text[at : at + 10]) + "?=" for at in range(0, len(text), 10))
    _put(aws, bucket, ("x-amz-meta-a", words.encode()))
    words += " =?UTF-8?Q?=C3=A9?="
    status, _headers, reply = raw_s3.exchange_raw(
        aws, "PUT", f"/{bucket}/k", [("x-amz-meta-a", words.encode())], b"body"
    )
    assert status == 400 and b"MetadataTooLarge" in reply


def test_an_override_is_any_text_of_latin_1(aws, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"body")
    target = f"/{bucket}/k?response-content-disposition=caf%C3%A9&response-expires=never"
    status, headers, reply = raw_s3.exchange_raw(aws, "GET", target)
    assert status == 200, reply
    headers = {name.lower(): value for name, value in headers}
    assert (headers["content-disposition"], headers["expires"]) == (b"caf\xe9", b"never")


def test_an_override_outside_latin_1_is_refused(aws, s3, bucket):
    # 2026-02-21.
    s3.put_object(Bucket=bucket, Key="k", Body=b"body")
    status, _headers, reply = raw_s3.exchange_raw(aws, "GET", f"/{bucket}/k?response-cache-control=%E2%80%94")
    assert status == 400
    assert b"<Code>InvalidArgument</Code>" in reply
    assert b"<ArgumentName>response-cache-control</ArgumentName>" in reply
