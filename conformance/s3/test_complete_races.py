"""A conditional Complete of an upload whose key changed after Create. What is marked as recorded was recorded on AWS on 2026-02-21;
the rest is AWS's documentation ("if a conflicting operation occurs during the upload")."""

import pytest

from support import multipart, versions
from support.refusal import refused

STALE = '"00000000000000000000000000000000"'


def _put(s3, bucket, body):
    return s3.put_object(Bucket=bucket, Key="k", Body=body)["ETag"]


def _body(s3, bucket):
    return s3.get_object(Bucket=bucket, Key="k")["Body"].read()


def _begin(s3, bucket):
    """An upload of `k` with one part."""
    upload = multipart.begin(s3, bucket, "k")
    upload.put(1, b"upload")
    return upload


def test_put_meanwhile_fails_if_none_match(s3, bucket):
    """Recorded."""
    upload = _begin(s3, bucket)
    _put(s3, bucket, b"put")
    with refused("PreconditionFailed", status=412):
        upload.complete(IfNoneMatch="*")
    assert _body(s3, bucket) == b"put"


def test_delete_meanwhile_conflicts_although_nothing_is_there(s3, bucket):
    """Recorded: 412 before the delete, 409 after it, and the upload that begins after it can be completed."""
    _put(s3, bucket, b"before")
    upload = _begin(s3, bucket)
    with refused("PreconditionFailed", status=412):
        upload.complete(IfNoneMatch="*")
    s3.delete_object(Bucket=bucket, Key="k")
    with refused("ConditionalRequestConflict", status=409):
        upload.complete(IfNoneMatch="*")
    with refused("NoSuchKey", status=404):
        s3.get_object(Bucket=bucket, Key="k")
    _begin(s3, bucket).complete(IfNoneMatch="*")
    assert _body(s3, bucket) == b"upload"


def test_put_meanwhile_conflicts_although_its_etag_is_given(s3, bucket):
    """Recorded: the ETag of before is 412, that of the put is 409, and the upload that begins after it can be completed."""
    before = _put(s3, bucket, b"before")
    upload = _begin(s3, bucket)
    meanwhile = _put(s3, bucket, b"meanwhile")
    with refused("PreconditionFailed", status=412):
        upload.complete(IfMatch=before)
    with refused("ConditionalRequestConflict", status=409):
        upload.complete(IfMatch=meanwhile)
    assert _body(s3, bucket) == b"meanwhile"
    _begin(s3, bucket).complete(IfMatch=meanwhile)
    assert _body(s3, bucket) == b"upload"


def test_put_of_equal_bytes_conflicts(s3, bucket):
    """Recorded."""
    before = _put(s3, bucket, b"equal")
    upload = _begin(s3, bucket)
    assert _put(s3, bucket, b"equal") == before
    with refused("ConditionalRequestConflict", status=409):
        upload.complete(IfMatch=before)
    assert _body(s3, bucket) == b"equal"


def test_delete_meanwhile_is_no_such_key_and_then_a_conflict(s3, bucket):
    """Recorded: NoSuchKey while nothing is there, 409 once the same bytes are back."""
    before = _put(s3, bucket, b"before")
    upload = _begin(s3, bucket)
    s3.delete_object(Bucket=bucket, Key="k")
    with refused("NoSuchKey", status=404):
        upload.complete(IfMatch=before)
    assert _put(s3, bucket, b"before") == before
    with refused("ConditionalRequestConflict", status=409):
        upload.complete(IfMatch=before)
    assert _body(s3, bucket) == b"before"


def test_refused_condition_spends_no_upload_of_an_unchanged_key(s3, bucket):
    """Recorded, with the ETag of what had been there before Create."""
    before = _put(s3, bucket, b"before")
    upload = _begin(s3, bucket)
    with refused("PreconditionFailed", status=412):
        upload.complete(IfMatch=STALE)
    upload.complete(IfMatch=before)
    assert _body(s3, bucket) == b"upload"


def test_a_conflict_stays_one(s3, bucket):
    upload = _begin(s3, bucket)
    meanwhile = _put(s3, bucket, b"meanwhile")
    for _ in range(2):
        with refused("ConditionalRequestConflict", status=409):
            upload.complete(IfMatch=meanwhile)
    assert _body(s3, bucket) == b"meanwhile"


@pytest.mark.parametrize("writer", ["copy", "complete"])
def test_every_kind_of_write_conflicts(s3, bucket, writer):
    upload = _begin(s3, bucket)
    if writer == "copy":
        s3.put_object(Bucket=bucket, Key="source", Body=b"meanwhile")
        s3.copy_object(Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "source"})
    else:
        multipart.upload(s3, bucket, "k", {1: b"meanwhile"})
    meanwhile = s3.head_object(Bucket=bucket, Key="k")["ETag"]
    with refused("ConditionalRequestConflict", status=409):
        upload.complete(IfMatch=meanwhile)
    assert _body(s3, bucket) == b"meanwhile"


def test_delete_marker_made_meanwhile_conflicts(s3, bucket):
    versions.enable(s3, bucket)
    before = _put(s3, bucket, b"before")
    upload = _begin(s3, bucket)
    s3.delete_object(Bucket=bucket, Key="k")
    with refused("NoSuchKey", status=404):
        upload.complete(IfMatch=before)
    with refused("ConditionalRequestConflict", status=409):
        upload.complete(IfNoneMatch="*")


def test_write_to_another_key_is_no_conflict(s3, bucket):
    upload = _begin(s3, bucket)
    s3.put_object(Bucket=bucket, Key="kk", Body=b"other")
    upload.complete(IfNoneMatch="*")
    assert _body(s3, bucket) == b"upload"


def test_complete_without_a_condition_replaces_what_was_put_meanwhile(s3, bucket):
    upload = _begin(s3, bucket)
    _put(s3, bucket, b"meanwhile")
    upload.complete()
    assert _body(s3, bucket) == b"upload"
