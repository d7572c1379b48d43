"""Receiving: long polls with a deadline, since SQS promises no message to any single poll."""

import time

DEADLINE_S = 30.0
POLL_S = 10


def receive(sqs, url: str, count: int = 1, **options) -> list[dict]:
    """At least `count` messages, gathered by long polls."""
    end = time.monotonic() + DEADLINE_S
    messages: list[dict] = []
    while len(messages) < count:
        assert time.monotonic() < end, f"{len(messages)} of {count} messages after {DEADLINE_S:.0f} s"
        wanted = min(10, count - len(messages))
        request = {"MaxNumberOfMessages": wanted, "WaitTimeSeconds": POLL_S} | options
        messages += sqs.receive_message(QueueUrl=url, **request).get("Messages", [])
    return messages


def receive_one(sqs, url: str, **options) -> dict:
    return receive(sqs, url, 1, **options)[0]


def nothing_to_receive(sqs, url: str, wait_s: int = 1) -> bool:
    """Whether a long poll of `wait_s` comes back empty (a long poll asks every server, a short one only some)."""
    return not sqs.receive_message(QueueUrl=url, WaitTimeSeconds=wait_s).get("Messages")


def arn_of(sqs, url: str) -> str:
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
