"""Rules, and the events they deliver."""

import json
from dataclasses import dataclass

from support import queues


@dataclass(frozen=True)
class Rule:
    name: str
    arn: str


def events(sqs, url: str, count: int = 1) -> list[dict]:
    """The next `count` events that reached the queue, taken from it."""
    found = []
    while len(found) < count:
        message = queues.receive_one(sqs, url)
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        found.append(json.loads(message["Body"]))
    return found


def event(sqs, url: str) -> dict:
    return events(sqs, url)[0]
