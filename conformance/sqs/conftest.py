"""Queues for the checks of SQS."""

import contextlib
from collections.abc import Callable, Iterator

import pytest
from botocore.exceptions import ClientError

from support.names import unique


@pytest.fixture
def make_queue(sqs) -> Iterator[Callable[..., str]]:
    """Makes queues with the given attributes that go away with the check; answers their URLs."""
    made: list[str] = []

    def make(**attributes: str) -> str:
        url = sqs.create_queue(QueueName=unique("queue"), Attributes=attributes)["QueueUrl"]
        made.append(url)
        return url

    yield make
    for url in made:
        with contextlib.suppress(ClientError):
            sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def queue(make_queue: Callable[..., str]) -> str:
    return make_queue()
