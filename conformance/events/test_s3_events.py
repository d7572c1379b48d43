"""S3 events on their way through EventBridge into a queue: what starts a transfer."""

import re

import pytest

from support import checksums, multipart, queues, rules
from support.refusal import refused


@pytest.fixture
def watched(make_bucket, make_rule, queue):
    """A bucket whose events reach `queue`."""
    bucket = make_bucket()
    make_rule({"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}, queue)
    return bucket


def _sequence(event):
    """Sequencers compare as text once the shorter is padded on the right with zeros."""
    return event["detail"]["object"]["sequencer"].ljust(32, "0")


def test_envelope(s3, sqs, watched, queue, region):
    s3.put_object(Bucket=watched, Key="k", Body=b"hello")
    event = rules.event(sqs, queue)
    assert (event["version"], event["source"], event["detail-type"]) == ("0", "aws.s3", "Object Created")
    assert (event["region"], event["resources"]) == (region, [f"arn:aws:s3:::{watched}"])
    assert re.fullmatch(r"\d{12}", event["account"])
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", event["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["time"])


def test_detail(s3, sqs, watched, queue):
    put = s3.put_object(Bucket=watched, Key="k", Body=b"hello")
    detail = rules.event(sqs, queue)["detail"]
    assert (detail["version"], detail["bucket"], detail["reason"]) == ("0", {"name": watched}, "PutObject")
    assert detail["object"]["key"] == "k"
    assert detail["object"]["size"] == 5
    assert detail["object"]["etag"] == checksums.etag(b"hello").strip('"')
    assert re.fullmatch(r"[0-9A-Fa-f]+", detail["object"]["sequencer"])
    assert "version-id" not in detail["object"]
    assert detail["request-id"] == put["ResponseMetadata"]["RequestId"]
    assert re.fullmatch(r"\d{12}", detail["requester"])
    assert detail["source-ip-address"]


def test_copy(s3, sqs, watched, queue):
    s3.put_object(Bucket=watched, Key="source", Body=b"x")
    s3.copy_object(Bucket=watched, Key="copy", CopySource={"Bucket": watched, "Key": "source"})
    found = {event["detail"]["object"]["key"]: event["detail"]["reason"] for event in rules.events(sqs, queue, 2)}
    assert found == {"source": "PutObject", "copy": "CopyObject"}


def test_multipart_upload_reports_once_at_complete(s3, sqs, watched, queue):
    reply = multipart.upload(s3, watched, "k", {1: multipart.part_of(b"a"), 2: b"tail"})
    detail = rules.event(sqs, queue)["detail"]
    assert detail["reason"] == "CompleteMultipartUpload"
    assert detail["object"]["size"] == multipart.PART_BYTES_MIN + 4
    assert detail["object"]["etag"] == reply["ETag"].strip('"')
    assert queues.nothing_to_receive(sqs, queue)


def test_empty_object(s3, sqs, watched, queue):
    s3.put_object(Bucket=watched, Key="k", Body=b"")
    assert rules.event(sqs, queue)["detail"]["object"]["size"] == 0


@pytest.mark.parametrize("several", [False, True], ids=["delete-object", "delete-objects"])
def test_delete(s3, sqs, watched, queue, several):
    s3.put_object(Bucket=watched, Key="k", Body=b"x")
    created = rules.event(sqs, queue)
    if several:
        s3.delete_objects(Bucket=watched, Delete={"Objects": [{"Key": "k"}]})
    else:
        s3.delete_object(Bucket=watched, Key="k")
    deleted = rules.event(sqs, queue)
    assert deleted["detail-type"] == "Object Deleted"
    assert deleted["detail"]["reason"] == "DeleteObject"
    assert deleted["detail"]["deletion-type"] == "Permanently Deleted"
    # Recorded 21 January 2025: an object that is gone has neither size nor ETag.
    assert set(deleted["detail"]["object"]) == {"key", "sequencer"}
    assert deleted["detail"]["object"]["key"] == "k"
    assert _sequence(deleted) > _sequence(created)


def test_sequencers_of_a_key_grow(s3, sqs, watched, queue):
    for number in range(5):
        s3.put_object(Bucket=watched, Key="k", Body=b"x" * number)
    # Events come in any order: the size tells which put an event is of.
    by_put = sorted(rules.events(sqs, queue, 5), key=lambda event: event["detail"]["object"]["size"])
    sequence = [_sequence(event) for event in by_put]
    assert sequence == sorted(set(sequence)) and len(sequence) == 5


KEYS = {
    "space-plus-percent": "a b+c%20d",
    "umlaut-and-emoji": "ü/😀",
    "quotes": "\"a'\\b",
    "newline-and-control": "a\nb\x01c",
    "noncharacter": "a\uffffb",
    "dot-segments": "a/../b//c",
    "markup": "<a>&amp;",
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
def test_key_is_raw(s3, sqs, watched, queue, key):
    s3.put_object(Bucket=watched, Key=key, Body=b"x")
    assert rules.event(sqs, queue)["detail"]["object"]["key"] == key


def test_rule_can_select_by_key_and_size(s3, sqs, make_bucket, make_rule, queue):
    bucket = make_bucket()
    wanted = {"key": [{"prefix": "in/"}], "size": [{"numeric": [">", 3]}]}
    make_rule({"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}, "object": wanted}}, queue)
    for key, body in (("out/1", b"12345"), ("in/small", b"1"), ("in/big", b"12345")):
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    assert rules.event(sqs, queue)["detail"]["object"]["key"] == "in/big"
    assert queues.nothing_to_receive(sqs, queue)


def test_rule_can_select_by_type(s3, sqs, make_bucket, make_rule, queue):
    bucket = make_bucket()
    make_rule({"detail-type": ["Object Deleted"], "detail": {"bucket": {"name": [bucket]}}}, queue)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.delete_object(Bucket=bucket, Key="k")
    assert rules.event(sqs, queue)["detail-type"] == "Object Deleted"
    assert queues.nothing_to_receive(sqs, queue)


def test_bucket_with_notifications_off_is_silent(s3, sqs, make_bucket, make_rule, queue):
    silent, reporting = make_bucket(False), make_bucket()
    make_rule({"source": ["aws.s3"], "detail": {"bucket": {"name": [silent, reporting]}}}, queue)
    s3.put_object(Bucket=silent, Key="k", Body=b"x")
    s3.put_object(Bucket=reporting, Key="k", Body=b"x")
    assert rules.event(sqs, queue)["detail"]["bucket"]["name"] == reporting
    assert queues.nothing_to_receive(sqs, queue)


def test_refused_write_reports_nothing(s3, sqs, watched, queue):
    s3.put_object(Bucket=watched, Key="k", Body=b"first", IfNoneMatch="*")
    with refused("PreconditionFailed"):
        s3.put_object(Bucket=watched, Key="k", Body=b"second!", IfNoneMatch="*")
    with refused("BadDigest"):
        s3.put_object(Bucket=watched, Key="k", Body=b"x", ContentMD5=checksums.content_md5(b"other"))
    assert rules.event(sqs, queue)["detail"]["object"]["size"] == 5
    assert queues.nothing_to_receive(sqs, queue)


def test_open_and_aborted_uploads_report_nothing(s3, sqs, watched, queue):
    upload = multipart.begin(s3, watched, "k")
    upload.put(1, b"x")
    upload.abort()
    s3.put_object(Bucket=watched, Key="after", Body=b"x")
    assert rules.event(sqs, queue)["detail"]["object"]["key"] == "after"
