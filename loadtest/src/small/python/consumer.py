"""Moves files as a job file says, with boto3 and a thread for each file in flight, until standard input ends."""

import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import boto3
from botocore.config import Config

BATCH = 10
OWNER = "boto3"

if sys.argv[1] == "--version":
    print(f"boto3 {boto3.__version__}, python {sys.version.split()[0]}")
    sys.exit(0)

with open(sys.argv[1], encoding="utf-8") as file:
    job = json.load(file)


def client(service, **s3):
    config = Config(
        region_name=job["region"],
        max_pool_connections=2 * job["in_flight"],
        retries={"total_max_attempts": 1},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3=s3 or None,
    )
    return boto3.client(
        service,
        endpoint_url=job["endpoint_url"],
        aws_access_key_id=job["access_key"],
        aws_secret_access_key=job["access_key"],
        config=config,
    )


sqs = client("sqs")
dynamodb = client("dynamodb")
# Over plain HTTP it would hash every body for the signature, which it need not do over HTTPS.
s3 = client("s3", addressing_style="path", payload_signing_enabled=False)


def update(step, file_id, before, after, values):
    shard = int(file_id[:8], 16) % job["status_shards"]
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    dynamodb.update_item(
        TableName=job["table"],
        Key={job["table_key"]: {"S": file_id}},
        UpdateExpression=step["update"],
        ConditionExpression=step["condition"],
        ExpressionAttributeNames=job["names"],
        ExpressionAttributeValues={
            ":from": {"S": before},
            ":to": {"S": after},
            ":shard": {"S": f"{after}#{shard}"},
            ":owner": {"S": OWNER},
            ":now": {"S": now},
            **values,
        },
    )


def move(message):
    transfer = json.loads(message["Body"])["transfer"]
    source, target = transfer["source"], transfer["target"]
    started = time.monotonic()
    update(job["claim"], transfer["id"], "queued", "processing", {})
    body = s3.get_object(Bucket=source["bucket"], Key=source["key"])["Body"].read()
    put = s3.put_object(Bucket=target["bucket"], Key=target["key"], Body=body)
    took_ms = round((time.monotonic() - started) * 1000)
    values = {":took": {"N": str(took_ms)}, ":etag": {"S": put["ETag"]}}
    update(job["complete"], transfer["id"], "processing", "completed", values)
    return message["ReceiptHandle"]


def delete(receipts):
    entries = [{"Id": str(index), "ReceiptHandle": receipt} for index, receipt in enumerate(receipts)]
    if sqs.delete_message_batch(QueueUrl=job["queue_url"], Entries=entries).get("Failed"):
        raise RuntimeError("failed to delete messages")


free = threading.Semaphore(job["in_flight"])
lock = threading.Lock()
done = []


def run(message):
    try:
        receipt = move(message)
        with lock:
            done.append(receipt)
            batch = done[:BATCH] if len(done) >= BATCH else []
            del done[: len(batch)]
        if batch:
            delete(batch)
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    finally:
        free.release()


def leash():
    # Not through the buffer of `sys.stdin`, whose lock the interpreter's end would wait for.
    while os.read(0, 64):
        pass
    os._exit(0)


threading.Thread(target=leash, daemon=True).start()
with ThreadPoolExecutor(job["in_flight"]) as threads:
    while True:
        for _ in range(BATCH):
            free.acquire()
        reply = sqs.receive_message(QueueUrl=job["queue_url"], MaxNumberOfMessages=BATCH, WaitTimeSeconds=2)
        messages = reply.get("Messages", [])
        for message in messages:
            threads.submit(run, message)
        for _ in range(BATCH - len(messages)):
            free.release()
        if not messages:
            with lock:
                batch, done[:] = done[:], []
            if batch:
                delete(batch)
