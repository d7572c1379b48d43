"""FIFO queues: order within a group, and duplicates."""

import pytest

from support import queues
from support.names import unique
from support.refusal import refused


@pytest.fixture
def fifo(sqs):
    """A FIFO queue that is given a deduplication id with every message."""
    url = sqs.create_queue(QueueName=unique("queue") + ".fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


def _send(sqs, url, group, body, deduplication_id=None):
    return sqs.send_message(
        QueueUrl=url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=deduplication_id or body
    )


def test_name_without_suffix_is_refused(sqs):
    with refused("InvalidParameterValue"):
        sqs.create_queue(QueueName=unique("queue"), Attributes={"FifoQueue": "true"})


def test_suffix_without_attribute_is_refused(sqs):
    with refused("InvalidParameterValue"):
        sqs.create_queue(QueueName=unique("queue") + ".fifo")


def test_attributes_say_what_it_is(sqs, fifo):
    shown = sqs.get_queue_attributes(QueueUrl=fifo, AttributeNames=["All"])["Attributes"]
    assert (shown["FifoQueue"], shown["ContentBasedDeduplication"]) == ("true", "false")


def test_standard_queue_does_not_become_one(sqs, queue):
    with refused("InvalidAttributeName"):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"FifoQueue": "true"})


def test_messages_of_a_group_come_in_order(sqs, fifo):
    for nth in range(5):
        _send(sqs, fifo, "g", str(nth))
    got = []
    while len(got) < 5:
        for message in queues.receive(sqs, fifo):
            got.append(message["Body"])
            sqs.delete_message(QueueUrl=fifo, ReceiptHandle=message["ReceiptHandle"])
    assert got == ["0", "1", "2", "3", "4"]


def test_group_waits_for_its_message_in_flight(sqs, fifo):
    _send(sqs, fifo, "g", "first")
    _send(sqs, fifo, "g", "second")
    first = queues.receive_one(sqs, fifo, VisibilityTimeout=60)
    assert first["Body"] == "first"
    assert queues.nothing_to_receive(sqs, fifo)
    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=first["ReceiptHandle"])
    assert queues.receive_one(sqs, fifo)["Body"] == "second"


def test_other_groups_do_not_wait(sqs, fifo):
    _send(sqs, fifo, "g", "first")
    _send(sqs, fifo, "g", "second")
    _send(sqs, fifo, "h", "other")
    assert queues.receive_one(sqs, fifo, VisibilityTimeout=60)["Body"] == "first"
    assert queues.receive_one(sqs, fifo, VisibilityTimeout=60)["Body"] == "other"


def test_released_message_comes_before_later_ones(sqs, fifo):
    _send(sqs, fifo, "g", "first")
    _send(sqs, fifo, "g", "second")
    first = queues.receive_one(sqs, fifo, VisibilityTimeout=60)
    sqs.change_message_visibility(QueueUrl=fifo, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
    assert queues.receive_one(sqs, fifo)["Body"] == "first"


def test_duplicate_is_taken_and_not_delivered(sqs, fifo):
    first = _send(sqs, fifo, "g", "once", "id")
    again = _send(sqs, fifo, "g", "twice", "id")
    assert (first["MessageId"], first["SequenceNumber"]) == (again["MessageId"], again["SequenceNumber"])
    message = queues.receive_one(sqs, fifo)
    assert message["Body"] == "once"
    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=message["ReceiptHandle"])
    assert queues.nothing_to_receive(sqs, fifo)


def test_content_makes_the_deduplication_id(sqs, fifo):
    sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"ContentBasedDeduplication": "true"})
    for body in ("x", "x", "y"):
        sqs.send_message(QueueUrl=fifo, MessageBody=body, MessageGroupId="g")
    messages = queues.receive(sqs, fifo, 2)
    assert [message["Body"] for message in messages] == ["x", "y"]


def test_without_content_or_id_it_is_refused(sqs, fifo):
    with refused("InvalidParameterValue"):
        sqs.send_message(QueueUrl=fifo, MessageBody="x", MessageGroupId="g")


def test_without_group_it_is_refused(sqs, fifo):
    with refused("MissingParameter"):
        sqs.send_message(QueueUrl=fifo, MessageBody="x", MessageDeduplicationId="d")


def test_delay_of_one_message_is_refused(sqs, fifo):
    with refused("InvalidParameterValue"):
        sqs.send_message(
            QueueUrl=fifo, MessageBody="x", MessageGroupId="g", MessageDeduplicationId="d", DelaySeconds=1
        )


def test_deduplication_id_on_a_standard_queue_is_refused(sqs, queue):
    with refused("InvalidParameterValue"):
        sqs.send_message(QueueUrl=queue, MessageBody="x", MessageDeduplicationId="d")


def test_message_shows_group_and_sequence(sqs, fifo):
    first = _send(sqs, fifo, "g", "a")
    second = _send(sqs, fifo, "g", "b")
    assert int(first["SequenceNumber"]) < int(second["SequenceNumber"])
    shown = queues.receive_one(sqs, fifo, MessageSystemAttributeNames=["All"])["Attributes"]
    assert (shown["MessageGroupId"], shown["MessageDeduplicationId"]) == ("g", "a")
    assert shown["SequenceNumber"] == first["SequenceNumber"]


def test_dead_letter_queue_must_be_of_the_same_kind(sqs, fifo, queue):
    policy = '{"deadLetterTargetArn": "%s", "maxReceiveCount": 1}' % queues.arn_of(sqs, queue)
    with refused("InvalidParameterValue"):
        sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"RedrivePolicy": policy})
