"""A known workload, and what must come of it. Everything is counted here as it is put in, not read back."""

import json
import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import boto3
from botocore.config import Config

from .processes import until

RULES = """\
version = 1

[lanes]
default = "fast"
bulk = "bulk"
bulk_over_bytes = 8_388_608

[[customer]]
id = "acme"
bucket = "landing"
prefix = "acme/"

[[customer]]
id = "globex"
bucket = "landing"
prefix = "globex/"

[[rule]]
name = "everything"
match.bucket = "landing"
target.bucket = "delivered"
"""
LANDING, TABLE = "landing", "FileTransferMetadata"
ENDED = ("completed", "superseded", "failed")
MIB = 1024 * 1024
LARGE_BYTES = 256 * MIB
LARGE_FILES_MAX = 5
# A heartbeat is sent after a third of the 13 s that a lease of `drayage local` lasts.
PAUSE_S = 5.5


@dataclass
class Expected:
    # By state, lane and customer.
    files: Counter = field(default_factory=Counter)
    # By lane and customer.
    bytes: Counter = field(default_factory=Counter)
    # By outcome.
    events: Counter = field(default_factory=Counter)
    # By queue and reason.
    parked: Counter = field(default_factory=Counter)

    def event(self, lane: str, customer: str, state: str, size_bytes: int = 0) -> None:
        self.events["created"] += 1
        self.files[("queued", lane, customer)] += 1
        self.files[(state, lane, customer)] += 1
        if state == "completed":
            self.bytes[(lane, customer)] += size_bytes

    def states(self) -> Counter:
        """Of files that came to their end."""
        states: Counter = Counter()
        for (state, _, _), number in self.files.items():
            states[state] += number
        del states["queued"]
        return states

    def ended(self) -> int:
        return self.states().total()


class Workload:
    def __init__(self, port: int, local_pid: int) -> None:
        def client(service: str):
            return boto3.client(
                service,
                endpoint_url=f"http://127.0.0.1:{port}",
                region_name="us-east-1",
                aws_access_key_id="local",
                aws_secret_access_key="local",
                config=Config(s3={"addressing_style": "path"}, proxies={}, read_timeout=60),
            )

        self.s3, self.sqs, self.events, self.ledger = map(client, ("s3", "sqs", "events", "dynamodb"))
        self.local_pid = local_pid
        self.random = Random(6)
        self.expected = Expected()

    def put_all_in(self) -> None:
        self.tap_events()
        self.small_files()
        self.originals = self.tapped()
        self.overwrite()
        self.duplicates(self.originals[1:6])
        self.strange_events(self.originals)
        self.poison()
        self.large_files("large")

    def put_more_in(self) -> None:
        """Once the first is in Prometheus: what was counted before a series was first scraped is no increase of it, and a machine may be fast
        enough for all of it to have been."""
        for customer in ("acme", "globex"):
            for number in range(5):
                self.put(customer, f"more-{number}.csv", 2_000 + number)
        self.all_ended()
        self.duplicates(self.originals[8:11])
        self.large_files("more")

    def tap_events(self) -> None:
        """A second target of S3's events, so that they can be sent again exactly as they were."""
        self.tap = self.sqs.create_queue(QueueName="tap")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.tap, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.events.put_rule(Name="tap", EventPattern=json.dumps({"source": ["aws.s3"]}))
        self.events.put_targets(Rule="tap", Targets=[{"Id": "tap", "Arn": arn}])

    def put(self, customer: str, name: str, size_bytes: int) -> None:
        self.s3.put_object(Bucket=LANDING, Key=f"{customer}/{name}", Body=self.random.randbytes(size_bytes))
        self.expected.event("fast", customer, "completed", size_bytes)

    def small_files(self) -> None:
        for customer, count in (("acme", 30), ("globex", 20)):
            for number in range(count):
                self.put(customer, f"{number}.csv", 1_000 + number)
        self.all_ended()

    def overwrite(self) -> None:
        """After the first version is over: nothing is superseded by chance."""
        self.put("acme", "0.csv", 5_000)
        self.all_ended()

    def duplicates(self, events: list[dict]) -> None:
        for event in events:
            self.send("ingest", json.dumps(event))
            self.expected.events["created"] += 1
            self.expected.events["duplicate"] += 1

    def strange_events(self, originals: list[dict]) -> None:
        def changed(**of_object) -> dict:
            event = json.loads(json.dumps(originals[7]))
            event["detail"]["object"].update(of_object)
            return event

        customer = originals[7]["detail"]["object"]["key"].split("/")[0]
        # Of a version that is not there any more, and of a file that never was.
        self.send("ingest", json.dumps(changed(etag="0" * 32, sequencer="00")))
        self.expected.event("fast", customer, "superseded")
        self.send("ingest", json.dumps(changed(key="acme/ghost.csv", sequencer="01")))
        self.expected.event("fast", "acme", "failed")
        self.expected.parked[("fast", "source_missing")] += 1
        # Of a bucket that no rule looks at, and of no object's creation.
        elsewhere = changed()
        elsewhere["detail"]["bucket"]["name"] = "elsewhere"
        self.send("ingest", json.dumps(elsewhere))
        self.expected.events["created"] += 1
        self.expected.events["unrouted"] += 1
        self.send("ingest", json.dumps(changed() | {"detail-type": "Object Deleted"}))
        self.expected.events["ignored"] += 1

    def poison(self) -> None:
        self.send("ingest", "poison")
        self.expected.events["malformed"] += 1
        self.expected.parked[("ingest", "malformed_event")] += 1
        self.send("fast", "poison")
        self.expected.parked[("fast", "malformed_transfer")] += 1

    def large_files(self, name: str) -> None:
        """While one is being copied, the embedded AWS stands still for a while: the copy lasts, so its lease needs a heartbeat. A copy
        that was over before anybody saw it does not count, and another file is put in."""
        for number in range(LARGE_FILES_MAX):
            content = self.random.randbytes(MIB) * (LARGE_BYTES // MIB)
            self.s3.put_object(Bucket=LANDING, Key=f"globex/{name}-{number}.bin", Body=content)
            self.expected.event("bulk", "globex", "completed", LARGE_BYTES)
            if self.is_under_way():
                os.kill(self.local_pid, signal.SIGSTOP)
                try:
                    time.sleep(PAUSE_S)
                finally:
                    os.kill(self.local_pid, signal.SIGCONT)
                return self.all_ended()
        raise SystemExit(f"{LARGE_FILES_MAX} large files were over before anybody saw them being copied")

    def is_under_way(self) -> bool:
        def seen() -> str:
            states = self.states()
            return "processing" if states["processing"] else "over" if self.ended(states) else ""

        return until("the large file is being copied", seen, every_s=0.005) == "processing"

    def send(self, queue: str, body: str) -> None:
        self.sqs.send_message(QueueUrl=self.sqs.get_queue_url(QueueName=queue)["QueueUrl"], MessageBody=body)

    def tapped(self) -> list[dict]:
        found: dict[str, dict] = {}

        def all_of_them() -> bool:
            messages = self.sqs.receive_message(QueueUrl=self.tap, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
            events = [json.loads(message["Body"]) for message in messages]
            # What was delivered made an event too.
            found.update({event["id"]: event for event in events if event["detail"]["bucket"]["name"] == LANDING})
            for message in messages:
                self.sqs.delete_message(QueueUrl=self.tap, ReceiptHandle=message["ReceiptHandle"])
            return len(found) == sum(self.expected.events.values())

        until("the events of all files", all_of_them)
        return sorted(found.values(), key=lambda event: event["detail"]["object"]["key"])

    def states(self) -> Counter:
        """What the ledger says, whole."""
        pages = self.ledger.get_paginator("scan").paginate(TableName=TABLE, ConsistentRead=True)
        return Counter(item["status"]["S"] for page in pages for item in page["Items"])

    def ended(self, states: Counter) -> bool:
        return sum(states[state] for state in ENDED) == self.expected.ended()

    def all_ended(self) -> None:
        until(f"{self.expected.ended()} files have come to their end", lambda: self.ended(self.states()))
