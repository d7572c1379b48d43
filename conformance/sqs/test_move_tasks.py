"""Message move tasks: from a dead-letter queue back."""

import base64
import json

import pytest

from support import queues
from support.refusal import refused
from support.waits import until


@pytest.fixture
def dead_letters(make_queue):
    return make_queue()


@pytest.fixture
def source(sqs, make_queue, dead_letters):
    """A queue whose messages are given one try."""
    policy = {"deadLetterTargetArn": queues.arn_of(sqs, dead_letters), "maxReceiveCount": 1}
    return make_queue(RedrivePolicy=json.dumps(policy))


def _kill(sqs, source, dead_letters, body):
    sqs.send_message(QueueUrl=source, MessageBody=body)
    assert queues.receive_one(sqs, source, VisibilityTimeout=0)["Body"] == body
    assert queues.nothing_to_receive(sqs, source)
    return queues.receive_one(sqs, dead_letters, VisibilityTimeout=0)


def _ended(sqs, arn):
    def latest():
        task = sqs.list_message_move_tasks(SourceArn=arn)["Results"][0]
        return task if task["Status"] not in ("CREATED", "RUNNING") else None

    return until(latest, "the end of the task")


def test_messages_go_back_to_their_source_as_new_ones(sqs, source, dead_letters):
    dead = _kill(sqs, source, dead_letters, "poison")
    arn = queues.arn_of(sqs, dead_letters)
    assert sqs.start_message_move_task(SourceArn=arn)["TaskHandle"]
    task = _ended(sqs, arn)
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)
    assert "TaskHandle" not in task
    back = queues.receive_one(sqs, source, MessageSystemAttributeNames=["All"])
    assert back["Body"] == "poison"
    assert back["Attributes"]["ApproximateReceiveCount"] == "1"
    assert back["MessageId"] != dead["MessageId"]
    assert queues.nothing_to_receive(sqs, dead_letters)


def test_messages_go_to_a_destination(sqs, make_queue, source, dead_letters):
    _kill(sqs, source, dead_letters, "poison")
    elsewhere = make_queue()
    arn = queues.arn_of(sqs, dead_letters)
    sqs.start_message_move_task(SourceArn=arn, DestinationArn=queues.arn_of(sqs, elsewhere))
    assert _ended(sqs, arn)["Status"] == "COMPLETED"
    assert queues.receive_one(sqs, elsewhere)["Body"] == "poison"


def test_message_without_a_source_fails_the_task(sqs, source, dead_letters):
    sqs.send_message(QueueUrl=dead_letters, MessageBody="by hand")
    arn = queues.arn_of(sqs, dead_letters)
    sqs.start_message_move_task(SourceArn=arn)
    task = _ended(sqs, arn)
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")


def test_source_must_be_a_dead_letter_queue(sqs, queue):
    with refused("InvalidParameterValue"):
        sqs.start_message_move_task(SourceArn=queues.arn_of(sqs, queue))


def test_unknown_queue_is_refused(sqs, queue):
    with refused("ResourceNotFoundException"):
        sqs.start_message_move_task(SourceArn=queues.arn_of(sqs, queue) + "-none")


def test_handle_that_is_none_is_refused(sqs):
    """30 April 2024."""
    with refused("InvalidParameterValue", status=400):
        sqs.cancel_message_move_task(TaskHandle="bm9uZQ==")


@pytest.mark.parametrize("suffix", ["", "-none"], ids=["no-task", "no-queue"])
def test_unknown_task_cannot_be_cancelled(sqs, queue, suffix):
    """30 April 2024."""
    handle = {"taskId": "4f6c1c1e-7a0b-4a9e-9f43-0c5d2b8a1e77", "sourceArn": queues.arn_of(sqs, queue) + suffix}
    with refused("ResourceNotFoundException", status=404):
        sqs.cancel_message_move_task(TaskHandle=base64.b64encode(json.dumps(handle).encode()).decode())


@pytest.mark.parametrize("rate", [0, 501])
def test_rate_has_limits(sqs, source, dead_letters, rate):
    with refused("InvalidParameterValue"):
        sqs.start_message_move_task(
            SourceArn=queues.arn_of(sqs, dead_letters), MaxNumberOfMessagesPerSecond=rate
        )
