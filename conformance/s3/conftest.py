"""Buckets for the checks of S3."""

import contextlib
from collections.abc import Callable, Iterator

import pytest
from botocore.exceptions import ClientError

from support import versions
from support.names import unique


def _remove(s3, bucket: str) -> None:
    """Best effort: a target that cannot clean up fails elsewhere, by a check of its own."""
    with contextlib.suppress(ClientError):
        for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
            for upload in page.get("Uploads", []):
                s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    with contextlib.suppress(ClientError):
        versions.remove_all(s3, bucket)
        s3.delete_bucket(Bucket=bucket)


@pytest.fixture
def make_bucket(s3, region: str) -> Iterator[Callable[[], str]]:
    """Makes buckets that go away with the check."""
    made: list[str] = []

    def make() -> str:
        name = unique("bucket")
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=name, **where)
        made.append(name)
        return name

    yield make
    for name in made:
        _remove(s3, name)


@pytest.fixture
def bucket(make_bucket: Callable[[], str]) -> str:
    return make_bucket()


@pytest.fixture
def versioned(s3, bucket: str) -> str:
    """A bucket that keeps versions."""
    versions.enable(s3, bucket)
    return bucket
