"""Visibility: hiding, extending, giving back, receipt handles and what an older one does.

Where a date is given, AWS's answer was recorded then.
"""

import time

import pytest

from support import queues
from support.refusal import refused

HOURS_12_S = 43_200


@pytest.fixture
def in_flight(sqs, queue):
    """A message just received, hidden for ten minutes."""
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    return queues.receive_one(sqs, queue, VisibilityTimeout=600)


def _change(sqs, queue, message, timeout_s):
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=timeout_s)


def test_received_message_is_hidden(sqs, queue, in_flight):
    assert queues.nothing_to_receive(sqs, queue)


def test_released_message_comes_back_at_once(sqs, queue, in_flight):
    _change(sqs, queue, in_flight, 0)
    assert queues.receive_one(sqs, queue)["MessageId"] == in_flight["MessageId"]


def test_message_comes_back_after_its_timeout(sqs, make_queue):
    url = make_queue(VisibilityTimeout="1")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    first = queues.receive_one(sqs, url)
    assert queues.receive_one(sqs, url)["MessageId"] == first["MessageId"]


def test_visibility_0_at_receive_hides_nothing(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    first = queues.receive_one(sqs, queue, VisibilityTimeout=0)
    assert queues.receive_one(sqs, queue)["MessageId"] == first["MessageId"]


def test_extended_message_stays_hidden_past_its_first_timeout(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    timeout_s = 4
    while True:
        start = time.monotonic()
        message = queues.receive_one(sqs, queue, VisibilityTimeout=timeout_s)
        _change(sqs, queue, message, 600)
        if time.monotonic() - start < timeout_s:
            break
        # A machine slow enough to lose the race proves nothing: give the message back, and allow for more.
        _change(sqs, queue, message, 0)
        timeout_s *= 2
    assert queues.nothing_to_receive(sqs, queue, wait_s=timeout_s + 1)


def test_shortened_message_comes_back_early(sqs, queue, in_flight):
    _change(sqs, queue, in_flight, 1)
    assert queues.receive_one(sqs, queue)["MessageId"] == in_flight["MessageId"]


def test_each_receive_counts_and_has_a_handle_of_its_own(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    handles, counts = set(), []
    for _ in range(3):
        message = queues.receive_one(sqs, queue, VisibilityTimeout=0, MessageSystemAttributeNames=["All"])
        handles.add(message["ReceiptHandle"])
        counts.append(int(message["Attributes"]["ApproximateReceiveCount"]))
    assert (len(handles), counts) == (3, [1, 2, 3])


def test_first_receive_timestamp_stays(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    stamps = set()
    for _ in range(2):
        message = queues.receive_one(sqs, queue, VisibilityTimeout=0, MessageSystemAttributeNames=["All"])
        stamps.add((message["Attributes"]["ApproximateFirstReceiveTimestamp"], message["Attributes"]["SentTimestamp"]))
    assert len(stamps) == 1


def test_deleted_message_does_not_come_back(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    message = queues.receive_one(sqs, queue, VisibilityTimeout=1)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    assert queues.nothing_to_receive(sqs, queue, wait_s=2)


def test_delete_after_the_timeout_still_works_while_nobody_received_it_again(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    message = queues.receive_one(sqs, queue, VisibilityTimeout=0)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    assert queues.nothing_to_receive(sqs, queue)


def test_deleting_twice_succeeds(sqs, queue, in_flight):
    for _ in range(2):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=in_flight["ReceiptHandle"])


def test_delete_with_an_older_handle_succeeds(sqs, queue):
    """Whether it deletes is left open by AWS: the message may be gone, or come back."""
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    older = queues.receive_one(sqs, queue, VisibilityTimeout=0)
    queues.receive_one(sqs, queue, VisibilityTimeout=600)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=older["ReceiptHandle"])


def test_malformed_handle_is_refused(sqs, queue):
    with refused("ReceiptHandleIsInvalid"):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle="not a handle")
    with refused("ReceiptHandleIsInvalid"):
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle="not a handle", VisibilityTimeout=1)


def test_handle_changes_visibility_after_its_timeout(sqs, queue):
    """Recorded on 2024-04-30: no refusal, although the message is visible again."""
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    expired = queues.receive_one(sqs, queue, VisibilityTimeout=0)
    _change(sqs, queue, expired, 600)
    _change(sqs, queue, expired, 0)
    assert queues.receive_one(sqs, queue)["MessageId"] == expired["MessageId"]


def test_older_handle_exposes_what_another_receiver_holds(sqs, queue):
    """Run on AWS since 2022, without an exact date: the other receiver's ten minutes end at once."""
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    older = queues.receive_one(sqs, queue, VisibilityTimeout=0)
    queues.receive_one(sqs, queue, VisibilityTimeout=600)
    _change(sqs, queue, older, 0)
    assert queues.receive_one(sqs, queue)["MessageId"] == older["MessageId"]


def test_older_handles_work_in_a_batch(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    handles = [queues.receive_one(sqs, queue, VisibilityTimeout=0)["ReceiptHandle"] for _ in range(3)]
    queues.receive_one(sqs, queue, VisibilityTimeout=600)
    entries = [
        {"Id": str(nth), "ReceiptHandle": handle, "VisibilityTimeout": 0} for nth, handle in enumerate(handles)
    ]
    reply = sqs.change_message_visibility_batch(QueueUrl=queue, Entries=entries)
    assert [entry["Id"] for entry in reply["Successful"]] == ["0", "1", "2"]
    assert queues.receive_one(sqs, queue)["Body"] == "x"


def test_deleted_message_cannot_be_extended(sqs, queue, in_flight):
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=in_flight["ReceiptHandle"])
    with refused("InvalidParameterValue", status=400) as refusal:
        _change(sqs, queue, in_flight, 600)
    assert "not available for visibility timeout change" in refusal.message


@pytest.mark.parametrize("timeout_s", [-1, HOURS_12_S + 1])
def test_timeout_out_of_range_is_refused(sqs, queue, in_flight, timeout_s):
    with refused("InvalidParameterValue", status=400):
        _change(sqs, queue, in_flight, timeout_s)


def test_more_than_is_left_of_12_hours_is_refused_not_clamped(sqs, queue, in_flight):
    """The cap counts from the receive, so the full 12 hours are already too much right after it."""
    with refused("InvalidParameterValue", status=400):
        _change(sqs, queue, in_flight, HOURS_12_S)
    _change(sqs, queue, in_flight, 0)
    assert queues.receive_one(sqs, queue)["MessageId"] == in_flight["MessageId"]


def test_almost_12_hours_are_granted(sqs, queue, in_flight):
    # Ten minutes of margin, so that a slow machine does not use them up.
    _change(sqs, queue, in_flight, HOURS_12_S - 600)
    assert queues.nothing_to_receive(sqs, queue)


def test_a_receive_may_hide_for_12_hours(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    assert queues.receive_one(sqs, queue, VisibilityTimeout=HOURS_12_S)["Body"] == "x"
