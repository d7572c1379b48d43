"""Copies what a job file says, with boto3: the body of a GET is the source of a managed upload."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

with open(sys.argv[1], encoding="utf-8") as file:
    job = json.load(file)

in_flight = job["at_once"] * job["parts_in_flight"]
s3 = boto3.client(
    "s3",
    endpoint_url=job["endpoint_url"],
    # Over plain HTTP it would hash every body for the signature, which it need not do over HTTPS.
    config=Config(
        max_pool_connections=2 * in_flight,
        s3={"addressing_style": "path", "payload_signing_enabled": False},
    ),
)
transfer = TransferConfig(
    multipart_threshold=job["part_bytes"],
    multipart_chunksize=job["part_bytes"],
    max_concurrency=job["parts_in_flight"],
)


def copy(key):
    got = s3.get_object(Bucket=job["source_bucket"], Key=key)
    if job["object_bytes"] <= job["part_bytes"]:
        s3.put_object(Bucket=job["target_bucket"], Key=key, Body=got["Body"].read())
    else:
        s3.upload_fileobj(got["Body"], job["target_bucket"], key, Config=transfer)


with ThreadPoolExecutor(job["at_once"]) as threads:
    for _ in threads.map(copy, (each["key"] for each in job["objects"])):
        pass
