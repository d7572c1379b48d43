"""Rules on the default event bus, and the queues and buckets around them."""

import contextlib
import json
from collections.abc import Callable, Iterator

import pytest
from botocore.exceptions import ClientError

from support import queues, versions
from support.names import unique
from support.rules import Rule


@pytest.fixture
def make_queue(sqs) -> Iterator[Callable[[], str]]:
    """Makes queues that EventBridge may send to; answers their URLs."""
    made: list[str] = []

    def make() -> str:
        url = sqs.create_queue(QueueName=unique("queue"))["QueueUrl"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queues.arn_of(sqs, url),
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        made.append(url)
        return url

    yield make
    for url in made:
        with contextlib.suppress(ClientError):
            sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def queue(make_queue: Callable[[], str]) -> str:
    return make_queue()


@pytest.fixture
def make_rule(eventbridge, sqs) -> Iterator[Callable[..., Rule]]:
    """Makes rules that send what matches `pattern` to the queue at `url`."""
    made: list[str] = []

    def make(pattern: dict, url: str, *, state: str = "ENABLED", **target) -> Rule:
        name = unique("rule")
        arn = eventbridge.put_rule(Name=name, EventPattern=json.dumps(pattern), State=state)["RuleArn"]
        made.append(name)
        entry = {"Id": "queue", "Arn": queues.arn_of(sqs, url)} | target
        reply = eventbridge.put_targets(Rule=name, Targets=[entry])
        assert reply["FailedEntryCount"] == 0, reply
        return Rule(name, arn)

    yield make
    for name in made:
        with contextlib.suppress(ClientError):
            targets = eventbridge.list_targets_by_rule(Rule=name)["Targets"]
            if targets:
                eventbridge.remove_targets(Rule=name, Ids=[target["Id"] for target in targets])
            eventbridge.delete_rule(Name=name)


@pytest.fixture
def make_bucket(s3, region: str) -> Iterator[Callable[[bool], str]]:
    """Makes buckets that do, or do not, report to EventBridge."""
    made: list[str] = []

    def make(reporting: bool = True) -> str:
        name = unique("bucket")
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=name, **where)
        if reporting:
            s3.put_bucket_notification_configuration(
                Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
            )
        made.append(name)
        return name

    yield make
    for name in made:
        with contextlib.suppress(ClientError):
            versions.remove_all(s3, name)
            s3.delete_bucket(Bucket=name)
