"""Dead-letter queues."""

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
    """A queue whose messages are given two tries."""
    return make_queue(RedrivePolicy=_policy(queues.arn_of(sqs, dead_letters), 2))


def _policy(arn, receives_max):
    return json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": receives_max})


def _exhaust(sqs, url, receives):
    """Receives the one message `receives` times, and lets it go each time."""
    for _ in range(receives):
        message = queues.receive_one(sqs, url, VisibilityTimeout=0, MessageSystemAttributeNames=["All"])
    return message


def test_message_moves_when_a_receive_would_exceed_the_count(sqs, source, dead_letters):
    sent = sqs.send_message(QueueUrl=source, MessageBody="poison")
    _exhaust(sqs, source, 2)
    assert queues.nothing_to_receive(sqs, source)
    dead = queues.receive_one(sqs, dead_letters)
    assert (dead["Body"], dead["MessageId"]) == ("poison", sent["MessageId"])


def test_message_stays_until_the_count_is_used_up(sqs, source, dead_letters):
    sqs.send_message(QueueUrl=source, MessageBody="poison")
    _exhaust(sqs, source, 1)
    assert queues.nothing_to_receive(sqs, dead_letters)
    assert queues.receive_one(sqs, source)["Body"] == "poison"


def test_moved_message_keeps_attributes_and_enqueue_time(sqs, source, dead_letters):
    attribute = {"a": {"DataType": "String", "StringValue": "v"}}
    sqs.send_message(QueueUrl=source, MessageBody="poison", MessageAttributes=attribute)
    before = _exhaust(sqs, source, 2)
    assert queues.nothing_to_receive(sqs, source)
    dead = queues.receive_one(sqs, dead_letters, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"])
    assert dead["MessageAttributes"] == attribute
    assert dead["Attributes"]["SentTimestamp"] == before["Attributes"]["SentTimestamp"]


def test_moved_message_names_its_source(sqs, source, dead_letters):
    sqs.send_message(QueueUrl=source, MessageBody="poison")
    _exhaust(sqs, source, 2)
    assert queues.nothing_to_receive(sqs, source)
    dead = queues.receive_one(sqs, dead_letters, MessageSystemAttributeNames=["All"])
    assert dead["Attributes"]["DeadLetterQueueSourceArn"] == queues.arn_of(sqs, source)


def test_deleting_on_the_last_try_keeps_it_out_of_the_dead_letters(sqs, source, dead_letters):
    sqs.send_message(QueueUrl=source, MessageBody="saved")
    _exhaust(sqs, source, 1)
    message = queues.receive_one(sqs, source)
    sqs.delete_message(QueueUrl=source, ReceiptHandle=message["ReceiptHandle"])
    assert queues.nothing_to_receive(sqs, source)
    assert queues.nothing_to_receive(sqs, dead_letters)


def test_other_messages_do_not_wait_for_poison(sqs, source, dead_letters):
    sqs.send_message(QueueUrl=source, MessageBody="poison")
    _exhaust(sqs, source, 2)
    sqs.send_message(QueueUrl=source, MessageBody="good")
    assert queues.receive_one(sqs, source)["Body"] == "good"


def test_redrive_policy_is_returned(sqs, source, dead_letters):
    reply = sqs.get_queue_attributes(QueueUrl=source, AttributeNames=["RedrivePolicy"])["Attributes"]
    policy = json.loads(reply["RedrivePolicy"])
    assert (policy["deadLetterTargetArn"], int(policy["maxReceiveCount"])) == (queues.arn_of(sqs, dead_letters), 2)


def test_sources_of_a_dead_letter_queue_are_listed(sqs, source, dead_letters):
    listed = until(
        lambda: sqs.list_dead_letter_source_queues(QueueUrl=dead_letters).get("queueUrls"), "the source is listed"
    )
    assert listed == [source]


def test_missing_dead_letter_queue_is_refused(sqs, queue):
    policy = _policy(queues.arn_of(sqs, queue) + "-missing", 2)
    with refused("InvalidParameterValue", "InvalidAttributeValue", status=400):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy})


@pytest.mark.parametrize("receives_max", [0, 1001])
def test_receive_count_out_of_range_is_refused(sqs, queue, dead_letters, receives_max):
    policy = _policy(queues.arn_of(sqs, dead_letters), receives_max)
    with refused("InvalidParameterValue", "InvalidAttributeValue", status=400):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy})
