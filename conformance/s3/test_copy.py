"""Copies made by the server."""

from support import checksums, multipart
from support.refusal import refused

BODY = b"to be copied"


def _source(bucket, key="source"):
    return {"Bucket": bucket, "Key": key}


def test_copy_carries_bytes_headers_and_metadata(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=BODY, ContentType="text/plain", Metadata={"a": "1"})
    reply = s3.copy_object(Bucket=bucket, Key="copy", CopySource=_source(bucket))
    assert reply["CopyObjectResult"]["ETag"] == checksums.etag(BODY)
    copy = s3.get_object(Bucket=bucket, Key="copy")
    assert (copy["Body"].read(), copy["ContentType"], copy["Metadata"]) == (BODY, "text/plain", {"a": "1"})


def test_copy_to_another_bucket(s3, make_bucket):
    source, target = make_bucket(), make_bucket()
    s3.put_object(Bucket=source, Key="source", Body=BODY)
    s3.copy_object(Bucket=target, Key="copy", CopySource=_source(source))
    assert s3.get_object(Bucket=target, Key="copy")["Body"].read() == BODY


def test_copy_replaces_metadata_when_told_to(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=BODY, ContentType="text/plain", Metadata={"a": "1"})
    replaced = {"MetadataDirective": "REPLACE", "Metadata": {"b": "2"}, "ContentType": "text/csv"}
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=_source(bucket), **replaced)
    copy = s3.head_object(Bucket=bucket, Key="copy")
    assert (copy["Metadata"], copy["ContentType"]) == ({"b": "2"}, "text/csv")


def test_copy_ignores_new_metadata_unless_told_to_replace(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=BODY, Metadata={"a": "1"})
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=_source(bucket), Metadata={"b": "2"})
    assert s3.head_object(Bucket=bucket, Key="copy")["Metadata"] == {"a": "1"}


def test_copy_carries_tags(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=BODY, Tagging="a=1")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=_source(bucket))
    assert s3.get_object_tagging(Bucket=bucket, Key="copy")["TagSet"] == [{"Key": "a", "Value": "1"}]


def test_copy_replaces_tags_when_told_to(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=BODY, Tagging="a=1")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=_source(bucket), TaggingDirective="REPLACE", Tagging="b=2")
    assert s3.get_object_tagging(Bucket=bucket, Key="copy")["TagSet"] == [{"Key": "b", "Value": "2"}]


def test_copy_does_not_carry_the_storage_class(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=BODY, StorageClass="STANDARD_IA")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=_source(bucket))
    assert "StorageClass" not in s3.head_object(Bucket=bucket, Key="copy")


def test_copy_does_not_carry_the_website_redirect(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=BODY, WebsiteRedirectLocation="/elsewhere")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=_source(bucket))
    assert "WebsiteRedirectLocation" not in s3.head_object(Bucket=bucket, Key="copy")


def test_copy_carries_the_checksum(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=BODY, ChecksumAlgorithm="SHA256")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=_source(bucket))
    copy = s3.head_object(Bucket=bucket, Key="copy", ChecksumMode="ENABLED")
    assert copy["ChecksumSHA256"] == checksums.header_value("SHA256", BODY)


def test_copy_onto_itself_has_to_change_something(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=BODY)
    with refused("InvalidRequest", status=400):
        s3.copy_object(Bucket=bucket, Key="source", CopySource=_source(bucket))


def test_copy_onto_itself_with_new_metadata(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=BODY, Metadata={"a": "1"})
    s3.copy_object(
        Bucket=bucket, Key="source", CopySource=_source(bucket), MetadataDirective="REPLACE", Metadata={"b": "2"}
    )
    after = s3.get_object(Bucket=bucket, Key="source")
    assert (after["Body"].read(), after["Metadata"]) == (BODY, {"b": "2"})


def test_copy_onto_itself_may_name_the_same_storage_class(s3, bucket):
    """Recorded 21 February 2026."""
    s3.put_object(Bucket=bucket, Key="source", Body=BODY)
    s3.copy_object(Bucket=bucket, Key="source", CopySource=_source(bucket), StorageClass="STANDARD")
    assert s3.get_object(Bucket=bucket, Key="source")["Body"].read() == BODY


def test_copy_onto_itself_does_not_count_a_default_storage_class_as_a_change(s3, bucket):
    """Recorded 21 February 2026."""
    s3.put_object(Bucket=bucket, Key="source", Body=BODY, StorageClass="STANDARD_IA")
    with refused("InvalidRequest", status=400):
        s3.copy_object(Bucket=bucket, Key="source", CopySource=_source(bucket))


def test_copy_onto_itself_under_a_condition(s3, bucket):
    """One on the target is enough. Recorded 21 February 2026."""
    etag = s3.put_object(Bucket=bucket, Key="source", Body=BODY)["ETag"]
    onto_itself = {"Bucket": bucket, "Key": "source", "CopySource": _source(bucket)}
    assert s3.copy_object(**onto_itself, IfMatch=etag)["CopyObjectResult"]["ETag"] == etag
    with refused("PreconditionFailed", status=412):
        s3.copy_object(**onto_itself, IfNoneMatch="*")


def test_copy_of_missing_key_is_no_such_key(s3, bucket):
    with refused("NoSuchKey", status=404):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=_source(bucket, "missing"))


def test_copy_of_a_multipart_object_has_one_part(s3, bucket):
    parts = [multipart.part_of(b"a"), b"tail"]
    multipart.upload(s3, bucket, "source", dict(enumerate(parts, 1)))
    reply = s3.copy_object(Bucket=bucket, Key="copy", CopySource=_source(bucket))
    assert reply["CopyObjectResult"]["ETag"] == checksums.etag(b"".join(parts))


def test_part_copy_of_a_whole_object(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=BODY)
    upload = multipart.begin(s3, bucket, "copy")
    part = s3.upload_part_copy(**upload.where, PartNumber=1, CopySource=_source(bucket))["CopyPartResult"]
    assert part["ETag"] == checksums.etag(BODY)
    upload.complete([{"PartNumber": 1, "ETag": part["ETag"]}])
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == BODY


def test_part_copy_of_a_range(s3, bucket):
    source = multipart.part_of(b"a") + b"0123456789"
    s3.put_object(Bucket=bucket, Key="source", Body=source)
    upload = multipart.begin(s3, bucket, "copy")
    asked = f"bytes={multipart.PART_BYTES_MIN + 2}-{multipart.PART_BYTES_MIN + 5}"
    part = s3.upload_part_copy(**upload.where, PartNumber=1, CopySource=_source(bucket), CopySourceRange=asked)
    upload.complete([{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}])
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == b"2345"


def test_part_copy_source_condition_that_fails(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=BODY)
    upload = multipart.begin(s3, bucket, "copy")
    with refused("PreconditionFailed", status=412):
        s3.upload_part_copy(
            **upload.where, PartNumber=1, CopySource=_source(bucket), CopySourceIfMatch=checksums.etag(b"other")
        )
