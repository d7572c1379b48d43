"""Object tags."""

from urllib.parse import urlencode

import pytest

from support.refusal import refused

TAGS = [{"Key": "team", "Value": "ops & dev"}, {"Key": "ümlaut", "Value": "a=b"}]
BODY = b"x"


def _by_key(tags):
    return {tag["Key"]: tag["Value"] for tag in tags}


def test_object_without_tags_has_an_empty_set(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


def test_tags_of_the_put_header_are_kept(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, Tagging=urlencode(_by_key(TAGS)))
    assert _by_key(s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]) == _by_key(TAGS)


def test_get_counts_tags(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, Tagging="a=1&b=2")
    assert s3.get_object(Bucket=bucket, Key="k")["TagCount"] == 2


def test_get_without_tags_has_no_count(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    assert "TagCount" not in s3.get_object(Bucket=bucket, Key="k")


def test_put_object_tagging_replaces_the_set(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, Tagging="old=1")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": TAGS})
    assert _by_key(s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]) == _by_key(TAGS)


def test_delete_object_tagging_empties_the_set(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, Tagging="old=1")
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


def test_overwriting_an_object_drops_its_tags(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, Tagging="old=1")
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []


def test_ten_tags_are_taken(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, Tagging=urlencode({f"t{n}": n for n in range(10)}))
    assert len(s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]) == 10


def test_eleven_tags_are_refused(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    tags = [{"Key": f"t{number}", "Value": "v"} for number in range(11)]
    with refused("BadRequest", "InvalidTag", status=400):
        s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": tags})


def test_tags_of_missing_object_are_no_such_key(s3, bucket):
    with refused("NoSuchKey", status=404):
        s3.get_object_tagging(Bucket=bucket, Key="missing")


@pytest.mark.parametrize("header", ["a=1&a=2", "a=1,b=2"], ids=["name-twice", "comma"])
def test_malformed_tags_header_is_refused(s3, bucket, header):
    """Recorded 23 February 2026."""
    with refused("InvalidArgument", status=400):
        s3.put_object(Bucket=bucket, Key="k", Body=BODY, Tagging=header)


@pytest.mark.parametrize(
    "tags",
    [
        [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "1"}],
        [{"Key": "a,b", "Value": "1"}],
        [{"Key": "aws:a", "Value": "1"}],
    ],
    ids=["name-twice", "comma-in-a-name", "reserved-name"],
)
def test_invalid_tag_changes_nothing(s3, bucket, tags):
    """Recorded 23 February 2026."""
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, Tagging="old=1")
    with refused("InvalidTag", status=400):
        s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": tags})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "old", "Value": "1"}]


@pytest.mark.parametrize("named", [True, False], ids=["by-version-id", "latest"])
def test_delete_marker_has_no_tags(s3, versioned, named):
    """Recorded 23 February 2026: 405, unlike for a read of the latest version."""
    s3.put_object(Bucket=versioned, Key="k", Body=BODY)
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    where = {"Bucket": versioned, "Key": "k"} | ({"VersionId": marker} if named else {})
    with refused("MethodNotAllowed", status=405):
        s3.put_object_tagging(**where, Tagging={"TagSet": TAGS})
    with refused("MethodNotAllowed", status=405):
        s3.get_object_tagging(**where)
    with refused("MethodNotAllowed", status=405):
        s3.delete_object_tagging(**where)
