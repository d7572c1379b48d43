"""Virtual-hosted requests: the bucket stands in the host's name. By AWS's documentation."""

from support import raw_s3
from support.refusal import refused


def _by_host(aws, method: str, bucket: str, target: str, body: bytes = b"") -> tuple[int, bytes]:
    host = f"{bucket}.s3.{aws.region}.amazonaws.com"
    status, _headers, reply = raw_s3.exchange_raw(aws, method, target, body=body, host=host)
    return status, reply


def test_bucket_of_the_host_is_listed(aws, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"body")
    status, reply = _by_host(aws, "GET", bucket, "/")
    assert status == 200
    assert b"<ListBucketResult" in reply and b"<Key>k</Key>" in reply


def test_object_of_the_host(aws, s3, bucket):
    assert _by_host(aws, "PUT", bucket, "/a/b", b"body")[0] == 200
    assert s3.get_object(Bucket=bucket, Key="a/b")["Body"].read() == b"body"
    assert _by_host(aws, "GET", bucket, "/a/b") == (200, b"body")
    assert _by_host(aws, "DELETE", bucket, "/a/b")[0] == 204
    with refused("404"):
        s3.head_object(Bucket=bucket, Key="a/b")


def test_slashes_before_a_key_belong_to_it(aws, s3, bucket):
    # 2026-02-21.
    assert _by_host(aws, "PUT", bucket, "//foo", b"body")[0] == 200
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["/foo"]


def test_missing_bucket_of_the_host(aws, bucket):
    status, reply = _by_host(aws, "GET", f"no-{bucket}", "/")
    assert status == 404 and b"<Code>NoSuchBucket</Code>" in reply
