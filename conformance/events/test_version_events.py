"""S3 events of buckets that keep versions, and of every way to write and delete."""

import pytest

from support import checksums, multipart, queues, raw_s3, rules, versions


@pytest.fixture
def watched(make_bucket, make_rule, queue):
    """A bucket whose events reach `queue`."""
    bucket = make_bucket()
    make_rule({"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}, queue)
    return bucket


@pytest.fixture
def versioned(s3, watched):
    """The same, and it keeps versions."""
    versions.enable(s3, watched)
    return watched


def _words(event):
    return event["detail-type"], event["detail"]["reason"], event["detail"].get("deletion-type")


def _version(event):
    return event["detail"]["object"].get("version-id")


def _sequence(event):
    return event["detail"]["object"]["sequencer"].ljust(32, "0")


def test_put_names_its_version(s3, sqs, versioned, queue):
    version = s3.put_object(Bucket=versioned, Key="k", Body=b"x")["VersionId"]
    assert _version(rules.event(sqs, queue)) == version


def test_copy_names_its_version(s3, sqs, versioned, queue):
    s3.put_object(Bucket=versioned, Key="source", Body=b"x")
    version = s3.copy_object(Bucket=versioned, Key="k", CopySource={"Bucket": versioned, "Key": "source"})["VersionId"]
    found = {event["detail"]["reason"]: _version(event) for event in rules.events(sqs, queue, 2)}
    assert found["CopyObject"] == version


def test_complete_names_its_version(s3, sqs, versioned, queue):
    version = multipart.upload(s3, versioned, "k", {1: b"x"})["VersionId"]
    event = rules.event(sqs, queue)
    assert (_words(event), _version(event)) == (("Object Created", "CompleteMultipartUpload", None), version)


def test_form_has_a_reason_of_its_own(s3, sqs, watched, queue):
    form = s3.generate_presigned_post(watched, "from a form", ExpiresIn=3600)
    status, reply = raw_s3.post_form(form, b"hello")
    assert status == 204, reply
    event = rules.event(sqs, queue)
    assert _words(event) == ("Object Created", "POST Object", None)
    described = event["detail"]["object"]
    assert (described["key"], described["size"]) == ("from a form", 5)
    assert described["etag"] == checksums.etag(b"hello").strip('"')


@pytest.mark.parametrize("several", [False, True], ids=["delete-object", "delete-objects"])
def test_delete_that_makes_a_marker_names_it(s3, sqs, versioned, queue, several):
    s3.put_object(Bucket=versioned, Key="k", Body=b"x")
    created = rules.event(sqs, queue)
    if several:
        reply = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "k"}]})
        marker = reply["Deleted"][0]["DeleteMarkerVersionId"]
    else:
        marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    deleted = rules.event(sqs, queue)
    assert _words(deleted) == ("Object Deleted", "DeleteObject", "Delete Marker Created")
    # Recorded 21 January 2025, as a notification to a queue: a marker has the ETag of no bytes, and no size.
    assert set(deleted["detail"]["object"]) == {"key", "etag", "version-id", "sequencer"}
    assert (_version(deleted), deleted["detail"]["object"]["etag"]) == (marker, checksums.etag(b"").strip('"'))
    assert _sequence(deleted) > _sequence(created)


def test_delete_of_a_version_is_for_good(s3, sqs, versioned, queue):
    version = s3.put_object(Bucket=versioned, Key="k", Body=b"x")["VersionId"]
    created = rules.event(sqs, queue)
    s3.delete_object(Bucket=versioned, Key="k", VersionId=version)
    deleted = rules.event(sqs, queue)
    assert _words(deleted) == ("Object Deleted", "DeleteObject", "Permanently Deleted")
    assert _version(deleted) == version
    # Recorded 21 January 2025.
    assert set(deleted["detail"]["object"]) == {"key", "version-id", "sequencer"}
    assert _sequence(deleted) > _sequence(created)


def test_delete_of_a_marker_is_for_good(s3, sqs, versioned, queue):
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    made = rules.event(sqs, queue)
    s3.delete_object(Bucket=versioned, Key="k", VersionId=marker)
    deleted = rules.event(sqs, queue)
    assert (_words(made)[2], _words(deleted)[2]) == ("Delete Marker Created", "Permanently Deleted")
    assert (_version(made), _version(deleted)) == (marker, marker)
    # Recorded 21 January 2025.
    assert set(deleted["detail"]["object"]) == {"key", "version-id", "sequencer"}


def test_suspended_bucket_tells_of_a_marker(s3, sqs, versioned, queue):
    versions.suspend(s3, versioned)
    s3.put_object(Bucket=versioned, Key="k", Body=b"x")
    rules.event(sqs, queue)
    s3.delete_object(Bucket=versioned, Key="k")
    assert _words(rules.event(sqs, queue)) == ("Object Deleted", "DeleteObject", "Delete Marker Created")


def test_sequencers_order_puts_and_deletes_of_a_key(s3, sqs, versioned, queue):
    for number in range(3):
        s3.put_object(Bucket=versioned, Key="k", Body=b"x" * number)
        s3.delete_object(Bucket=versioned, Key="k")
    order = [version for _key, version, _latest in reversed(versions.listed(s3, versioned))]
    found = rules.events(sqs, queue, 6)
    by_version = {_version(event): _sequence(event) for event in found}
    puts = [by_version[version] for version in order]
    assert puts == sorted(puts) and len(set(by_version.values())) == 6


def test_tags_and_reads_report_nothing_of_creation(s3, sqs, versioned, queue):
    version = s3.put_object(Bucket=versioned, Key="k", Body=b"x")["VersionId"]
    rules.event(sqs, queue)
    tags = {"TagSet": [{"Key": "a", "Value": "1"}]}
    s3.put_object_tagging(Bucket=versioned, Key="k", VersionId=version, Tagging=tags)
    s3.get_object(Bucket=versioned, Key="k", VersionId=version)
    s3.put_object(Bucket=versioned, Key="after", Body=b"x")
    found = rules.event(sqs, queue)
    while found["detail-type"] == "Object Tags Added":
        found = rules.event(sqs, queue)
    assert (found["detail-type"], found["detail"]["object"]["key"]) == ("Object Created", "after")
    assert queues.nothing_to_receive(sqs, queue)
