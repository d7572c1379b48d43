"""Uploads from browsers' forms."""

from support import checksums, raw_s3, versions


def test_form_uploads_its_file(s3, bucket):
    form = s3.generate_presigned_post(
        bucket,
        "k",
        Fields={"Content-Type": "text/csv", "x-amz-meta-of": "form"},
        Conditions=[{"Content-Type": "text/csv"}, {"x-amz-meta-of": "form"}],
        ExpiresIn=3600,
    )
    status, reply = raw_s3.post_form(form, b"a,b\r\n")
    assert status == 204, reply
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["ETag"]) == (b"a,b\r\n", checksums.etag(b"a,b\r\n"))
    assert (got["ContentType"], got["Metadata"]) == ("text/csv", {"of": "form"})


def test_policy_limits_the_length(s3, bucket):
    form = s3.generate_presigned_post(bucket, "k", Conditions=[["content-length-range", 1, 4]], ExpiresIn=3600)
    status, reply = raw_s3.post_form(form, b"12345")
    assert status == 400 and b"EntityTooLarge" in reply
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_policy_names_the_key(s3, bucket):
    form = s3.generate_presigned_post(bucket, "k", ExpiresIn=3600)
    form["fields"]["key"] = "other"
    status, _reply = raw_s3.post_form(form, b"x")
    assert status == 403
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_form_makes_a_version(s3, bucket):
    versions.enable(s3, bucket)
    for body in (b"one", b"two"):
        status, reply = raw_s3.post_form(s3.generate_presigned_post(bucket, "k", ExpiresIn=3600), body)
        assert status == 204, reply
    assert [latest for _key, _version, latest in versions.listed(s3, bucket)] == [True, False]
