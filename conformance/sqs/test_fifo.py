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


# What follows was recorded on AWS; the date stands beside each, where it is known.


def _receive(sqs, url, **options):
    messages = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=queues.POLL_S, **options)["Messages"]
    return messages, [message["Body"] for message in messages]


def test_receive_hands_out_all_of_a_group_before_the_next(sqs, fifo):
    for group, body in (("g", "g1"), ("h", "h1"), ("g", "g2"), ("g", "g3")):
        _send(sqs, fifo, group, body)
    _, bodies = _receive(sqs, fifo, MaxNumberOfMessages=10)
    assert bodies == ["g1", "g2", "g3", "h1"]


def test_group_that_was_served_comes_after_the_others(sqs, fifo):
    for group, body in (("g", "g1"), ("h", "h1"), ("g", "g2")):
        _send(sqs, fifo, group, body)
    messages, bodies = _receive(sqs, fifo, MaxNumberOfMessages=1)
    assert bodies == ["g1"]
    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=messages[0]["ReceiptHandle"])
    _, bodies = _receive(sqs, fifo, MaxNumberOfMessages=10)
    assert bodies == ["h1", "g2"]


def test_first_of_a_group_is_received_while_a_later_one_is_in_flight(sqs, fifo):
    for body in ("first", "second"):
        _send(sqs, fifo, "g", body)
    messages, bodies = _receive(sqs, fifo, MaxNumberOfMessages=2, VisibilityTimeout=60)
    assert bodies == ["first", "second"]
    handle = messages[0]["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=fifo, ReceiptHandle=handle, VisibilityTimeout=0)
    _, bodies = _receive(sqs, fifo, MaxNumberOfMessages=10)
    assert bodies == ["first"]


def test_delay_of_0_is_taken(sqs, fifo):
    sqs.send_message(
        QueueUrl=fifo, MessageBody="x", MessageGroupId="g", MessageDeduplicationId="d", DelaySeconds=0
    )
    assert queues.receive_one(sqs, fifo)["Body"] == "x"


def test_delay_of_0_leaves_the_delay_of_the_queue(sqs, fifo):
    """31 July 2025."""
    sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"DelaySeconds": "900"})
    sqs.send_message(
        QueueUrl=fifo, MessageBody="x", MessageGroupId="g", MessageDeduplicationId="d", DelaySeconds=0
    )
    assert queues.nothing_to_receive(sqs, fifo)


@pytest.mark.parametrize("missing", ["MessageGroupId", "MessageDeduplicationId"])
def test_batch_is_refused_whole_when_an_entry_lacks_what_fifo_wants(sqs, fifo, missing):
    """30 April 2024."""
    entries = [
        {"Id": str(nth), "MessageBody": "x", "MessageGroupId": "g", "MessageDeduplicationId": str(nth)}
        for nth in range(2)
    ]
    del entries[1][missing]
    with refused("InvalidParameterValue", status=400):
        sqs.send_message_batch(QueueUrl=fifo, Entries=entries)
    assert queues.nothing_to_receive(sqs, fifo)


def test_purge_forgets_what_was_sent(sqs, fifo):
    _send(sqs, fifo, "g", "before", "id")
    sqs.purge_queue(QueueUrl=fifo)
    _send(sqs, fifo, "g", "after", "id")
    assert queues.receive_one(sqs, fifo)["Body"] == "after"


def test_true_may_be_written_with_a_capital(sqs):
    """30 April 2024."""
    name = unique("queue") + ".fifo"
    attributes = {"FifoQueue": "True", "ContentBasedDeduplication": "True"}
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    shown = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    sqs.delete_queue(QueueUrl=url)
    assert (shown["FifoQueue"], shown["ContentBasedDeduplication"]) == ("true", "true")


def test_kind_of_queue_cannot_be_changed(sqs, fifo):
    """14 May 2024."""
    sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"FifoQueue": "true"})
    with refused("InvalidAttributeValue", status=400):
        sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"FifoQueue": "false"})


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("FifoQueue", "false"),
        ("ContentBasedDeduplication", "false"),
        ("DeduplicationScope", "queue"),
        ("FifoThroughputLimit", "perQueue"),
    ],
)
def test_attribute_of_fifo_on_a_standard_queue_is_refused(sqs, attribute, value):
    """15 May 2024."""
    with refused("InvalidAttributeName", status=400):
        sqs.create_queue(QueueName=unique("queue"), Attributes={attribute: value})
