"""Receiving: limits, long polls, delays, counts."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import queues
from support.refusal import refused
from support.waits import until


def _count(sqs, url, kind=""):
    name = f"ApproximateNumberOfMessages{kind}"
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def test_empty_queue_answers_without_messages(sqs, queue):
    assert not sqs.receive_message(QueueUrl=queue).get("Messages")


def test_at_most_as_many_as_asked_for(sqs, queue):
    for number in range(12):
        sqs.send_message(QueueUrl=queue, MessageBody=str(number))
    assert len(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]) == 1
    assert len(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20, MaxNumberOfMessages=10)["Messages"]) <= 10


def test_every_message_is_received(sqs, queue):
    sent = {sqs.send_message(QueueUrl=queue, MessageBody=str(number))["MessageId"] for number in range(25)}
    received = [message["MessageId"] for message in queues.receive(sqs, queue, 25)]
    assert set(received) == sent


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("MaxNumberOfMessages", 0),
        ("MaxNumberOfMessages", 11),
        ("WaitTimeSeconds", 21),
        ("WaitTimeSeconds", -1),
        ("VisibilityTimeout", 43_201),
        ("VisibilityTimeout", -1),
    ],
)
def test_parameter_out_of_range_is_refused(sqs, queue, member, value):
    with refused("InvalidParameterValue", "ReadCountOutOfRange", status=400):
        sqs.receive_message(QueueUrl=queue, **{member: value})


def test_empty_long_poll_waits_its_time(sqs, queue):
    start = time.monotonic()
    assert not sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages")
    assert time.monotonic() - start >= 0.9


def test_empty_long_poll_waits_as_the_queue_says(sqs, make_queue):
    url = make_queue(ReceiveMessageWaitTimeSeconds="1")
    start = time.monotonic()
    assert not sqs.receive_message(QueueUrl=url).get("Messages")
    assert time.monotonic() - start >= 0.9


def test_long_poll_returns_as_soon_as_a_message_arrives(sqs, queue):
    with ThreadPoolExecutor(1) as pool:
        poll = pool.submit(sqs.receive_message, QueueUrl=queue, WaitTimeSeconds=20)
        # Nothing tells that the poll is open; should the message overtake it, it finds the message at once.
        sqs.send_message(QueueUrl=queue, MessageBody="x")
        sent = time.monotonic()
        assert [message["Body"] for message in poll.result()["Messages"]] == ["x"]
        assert time.monotonic() - sent < 19


def test_long_poll_returns_when_a_message_becomes_visible_again(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    queues.receive_one(sqs, queue, VisibilityTimeout=1)
    start = time.monotonic()
    assert queues.receive_one(sqs, queue)["Body"] == "x"
    assert time.monotonic() - start < 19


def test_several_long_polls_share_the_messages(sqs, queue):
    with ThreadPoolExecutor(4) as pool:
        polls = [pool.submit(queues.receive_one, sqs, queue) for _ in range(4)]
        for number in range(4):
            sqs.send_message(QueueUrl=queue, MessageBody=str(number))
        assert {poll.result()["Body"] for poll in polls} == {"0", "1", "2", "3"}


def test_delayed_message_arrives_later(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x", DelaySeconds=1)
    sent = time.monotonic()
    assert queues.receive_one(sqs, queue)["Body"] == "x"
    assert time.monotonic() - sent >= 0.5


def test_delayed_message_is_hidden_and_counted(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x", DelaySeconds=900)
    assert queues.nothing_to_receive(sqs, queue)
    until(lambda: _count(sqs, queue, "Delayed") == 1, "one delayed message")


def test_delay_of_the_queue_applies_and_can_be_overridden(sqs, make_queue):
    url = make_queue(DelaySeconds="900")
    sqs.send_message(QueueUrl=url, MessageBody="late")
    sqs.send_message(QueueUrl=url, MessageBody="now", DelaySeconds=0)
    assert queues.receive_one(sqs, url)["Body"] == "now"
    assert queues.nothing_to_receive(sqs, url)


def test_delay_over_900_seconds_is_refused(sqs, queue):
    with refused("InvalidParameterValue", status=400):
        sqs.send_message(QueueUrl=queue, MessageBody="x", DelaySeconds=901)


def test_waiting_and_in_flight_messages_are_counted(sqs, queue):
    for number in range(3):
        sqs.send_message(QueueUrl=queue, MessageBody=str(number))
    until(lambda: _count(sqs, queue) == 3, "three waiting")
    receipt = queues.receive_one(sqs, queue, VisibilityTimeout=600)["ReceiptHandle"]
    until(lambda: (_count(sqs, queue), _count(sqs, queue, "NotVisible")) == (2, 1), "two waiting, one in flight")
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=receipt)
    until(lambda: (_count(sqs, queue), _count(sqs, queue, "NotVisible")) == (2, 0), "two waiting, none in flight")


def test_purged_queue_is_empty(sqs, queue):
    for number in range(3):
        sqs.send_message(QueueUrl=queue, MessageBody=str(number))
    sqs.purge_queue(QueueUrl=queue)
    until(lambda: _count(sqs, queue) == 0, "no message waiting")
    assert queues.nothing_to_receive(sqs, queue)
