"""Buckets that keep versions, so that a check says only what it is about."""


def enable(s3, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def suspend(s3, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


def listed(s3, bucket: str, **options) -> list[tuple[str, str, bool]]:
    """`(key, version id, is the latest)` of the objects that there are, delete markers left out."""
    found = s3.list_object_versions(Bucket=bucket, **options).get("Versions", [])
    return [(version["Key"], version["VersionId"], version["IsLatest"]) for version in found]


def markers(s3, bucket: str, **options) -> list[tuple[str, str, bool]]:
    """The same of the delete markers."""
    found = s3.list_object_versions(Bucket=bucket, **options).get("DeleteMarkers", [])
    return [(marker["Key"], marker["VersionId"], marker["IsLatest"]) for marker in found]


def remove_all(s3, bucket: str) -> None:
    """Every version and every delete marker, so that the bucket can go."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for found in page.get("Versions", []) + page.get("DeleteMarkers", []):
            s3.delete_object(Bucket=bucket, Key=found["Key"], VersionId=found["VersionId"])
