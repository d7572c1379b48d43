"""Encryption at rest: what was asked for is what HEAD and GET say, however the object came to be."""

import pytest

from support import multipart
from support.refusal import refused

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
KMS = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY}


def _put(s3, bucket, options):
    s3.put_object(Bucket=bucket, Key="k", Body=b"body", **options)


def _upload(s3, bucket, options):
    multipart.upload(s3, bucket, "k", {1: multipart.part_of(b"a"), 2: b"tail"}, **options)


def _copy(s3, bucket, options):
    s3.put_object(Bucket=bucket, Key="source", Body=b"body")
    s3.copy_object(Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "source"}, **options)


WAYS = pytest.mark.parametrize("make", [_put, _upload, _copy], ids=["put", "multipart", "copy"])


def _encryption(reply):
    return reply["ServerSideEncryption"], reply.get("SSEKMSKeyId"), reply.get("BucketKeyEnabled", False)


@WAYS
@pytest.mark.parametrize("bucket_key", [True, False])
def test_kms_key_and_bucket_key_are_kept(s3, bucket, make, bucket_key):
    make(s3, bucket, {**KMS, "BucketKeyEnabled": bucket_key})
    expected = ("aws:kms", KEY, bucket_key)
    assert _encryption(s3.head_object(Bucket=bucket, Key="k")) == expected
    assert _encryption(s3.get_object(Bucket=bucket, Key="k")) == expected


@WAYS
def test_sse_s3_has_no_key(s3, bucket, make):
    make(s3, bucket, {"ServerSideEncryption": "AES256"})
    assert _encryption(s3.head_object(Bucket=bucket, Key="k")) == ("AES256", None, False)


def test_create_and_complete_say_the_encryption(s3, bucket):
    created = s3.create_multipart_upload(Bucket=bucket, Key="k", **KMS)
    assert _encryption(created)[:2] == ("aws:kms", KEY)
    upload = multipart.Upload(s3, bucket, "k", created["UploadId"])
    assert _encryption(upload.put(1, b"part"))[:2] == ("aws:kms", KEY)
    assert _encryption(upload.complete())[:2] == ("aws:kms", KEY)


def test_copy_does_not_carry_the_encryption(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=b"body", **KMS)
    s3.copy_object(Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "source"})
    assert _encryption(s3.head_object(Bucket=bucket, Key="k")) == ("AES256", None, False)


@WAYS
def test_kms_key_without_kms_is_refused(s3, bucket, make):
    with refused("InvalidArgument", status=400):
        make(s3, bucket, {"ServerSideEncryption": "AES256", "SSEKMSKeyId": KEY})
    with refused("404"):
        s3.head_object(Bucket=bucket, Key="k")
