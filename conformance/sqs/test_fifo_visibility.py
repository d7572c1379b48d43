"""Visibility in a FIFO queue: what a hidden message keeps back, and receipts whose timeout is over.

Where a date is given, AWS's answer was recorded then.
"""

import time

import pytest

from support import queues
from support.names import unique
from support.refusal import refused


@pytest.fixture
def group_of_three(sqs):
    """A FIFO queue, and three messages of one group just received from it, hidden for ten minutes."""
    url = sqs.create_queue(QueueName=unique("queue") + ".fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    for nth in range(3):
        sqs.send_message(
            QueueUrl=url, MessageBody=str(nth), MessageGroupId="g", MessageDeduplicationId=str(nth)
        )
    yield url, queues.receive(sqs, url, 3, VisibilityTimeout=600)
    sqs.delete_queue(QueueUrl=url)


def _change(sqs, url, message, timeout_s):
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=timeout_s)


@pytest.mark.parametrize("hidden", [0, 1, 2])
def test_a_hidden_message_keeps_back_the_later_ones_of_its_group_alone(sqs, group_of_three, hidden):
    """Recorded on 2025-11-19: the other two are visible, and only those before the hidden one are handed out."""
    url, messages = group_of_three
    for nth, message in enumerate(messages):
        if nth != hidden:
            _change(sqs, url, message, 0)
    expected = [str(nth) for nth in range(hidden)]
    got = [message["Body"] for message in queues.receive(sqs, url, len(expected), VisibilityTimeout=600)]
    assert got == expected
    assert queues.nothing_to_receive(sqs, url)


def test_delete_after_the_timeout_is_refused(sqs, group_of_three):
    """Recorded on 2025-03-28."""
    url, [message, *_] = group_of_three
    _change(sqs, url, message, 1)
    time.sleep(1.5)
    with refused("InvalidParameterValue", status=400) as refusal:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert "The receipt handle has expired" in refusal.message
