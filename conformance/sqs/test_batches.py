"""Batches: limits, ids, and entries that fail alone."""

import pytest

from support import queues
from support.refusal import refused

SIZE_BYTES_MAX = 1024 * 1024


def _entries(count):
    return [{"Id": f"id-{number}", "MessageBody": str(number)} for number in range(count)]


@pytest.fixture
def in_flight(sqs, queue):
    """Three messages just received, hidden for ten minutes."""
    sqs.send_message_batch(QueueUrl=queue, Entries=_entries(3))
    return queues.receive(sqs, queue, 3, VisibilityTimeout=600)


def test_ten_messages_are_sent(sqs, queue):
    reply = sqs.send_message_batch(QueueUrl=queue, Entries=_entries(10))
    assert {entry["Id"] for entry in reply["Successful"]} == {f"id-{number}" for number in range(10)}
    assert not reply.get("Failed")
    assert {message["Body"] for message in queues.receive(sqs, queue, 10)} == {str(number) for number in range(10)}


def test_entries_carry_attributes_delays_and_groups(sqs, queue):
    attribute = {"a": {"DataType": "String", "StringValue": "v"}}
    entries = [
        {"Id": "now", "MessageBody": "now", "MessageAttributes": attribute, "MessageGroupId": "g"},
        {"Id": "late", "MessageBody": "late", "DelaySeconds": 900},
    ]
    sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    message = queues.receive_one(sqs, queue, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"])
    assert (message["Body"], message["MessageAttributes"]) == ("now", attribute)
    assert message["Attributes"]["MessageGroupId"] == "g"
    assert queues.nothing_to_receive(sqs, queue)


def test_a_bad_entry_fails_alone(sqs, queue):
    entries = [{"Id": "good", "MessageBody": "x"}, {"Id": "bad", "MessageBody": "\uffff"}]
    reply = sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    assert [entry["Id"] for entry in reply["Successful"]] == ["good"]
    failed = reply["Failed"]
    assert [(entry["Id"], entry["SenderFault"]) for entry in failed] == [("bad", True)]
    assert failed[0]["Code"] == "InvalidMessageContents"
    assert queues.receive_one(sqs, queue)["Body"] == "x"


def test_empty_batch_is_refused(sqs, queue):
    with refused("EmptyBatchRequest", status=400):
        sqs.send_message_batch(QueueUrl=queue, Entries=[])


def test_eleven_entries_are_refused(sqs, queue):
    with refused("TooManyEntriesInBatchRequest", status=400):
        sqs.send_message_batch(QueueUrl=queue, Entries=_entries(11))
    assert queues.nothing_to_receive(sqs, queue)


def test_ids_have_to_differ(sqs, queue):
    with refused("BatchEntryIdsNotDistinct", status=400):
        sqs.send_message_batch(QueueUrl=queue, Entries=_entries(1) * 2)


@pytest.mark.parametrize("entry_id", ["", "a b", "ü", "a.b", "i" * 81], ids=["empty", "space", "umlaut", "dot", "long"])
def test_malformed_id_is_refused(sqs, queue, entry_id):
    with refused("InvalidBatchEntryId", status=400):
        sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": entry_id, "MessageBody": "x"}])


def test_batch_of_1_mib_is_taken(sqs, queue):
    half = "x" * (SIZE_BYTES_MAX // 2)
    entries = [{"Id": "a", "MessageBody": half}, {"Id": "b", "MessageBody": half}]
    assert len(sqs.send_message_batch(QueueUrl=queue, Entries=entries)["Successful"]) == 2


def test_batch_over_1_mib_is_too_long(sqs, queue):
    half = "x" * (SIZE_BYTES_MAX // 2)
    entries = [{"Id": "a", "MessageBody": half}, {"Id": "b", "MessageBody": half + "x"}]
    with refused("BatchRequestTooLong", status=400):
        sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    assert queues.nothing_to_receive(sqs, queue)


def test_delete_batch(sqs, queue, in_flight):
    entries = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(in_flight)]
    reply = sqs.delete_message_batch(QueueUrl=queue, Entries=entries)
    assert {entry["Id"] for entry in reply["Successful"]} == {"0", "1", "2"}
    assert not reply.get("Failed")


def test_a_bad_handle_in_a_delete_batch_fails_alone(sqs, queue, in_flight):
    entries = [
        {"Id": "good", "ReceiptHandle": in_flight[0]["ReceiptHandle"]},
        {"Id": "bad", "ReceiptHandle": "not a handle"},
    ]
    reply = sqs.delete_message_batch(QueueUrl=queue, Entries=entries)
    assert [entry["Id"] for entry in reply["Successful"]] == ["good"]
    assert [(entry["Id"], entry["Code"], entry["SenderFault"]) for entry in reply["Failed"]] == [
        ("bad", "ReceiptHandleIsInvalid", True)
    ]


def test_change_visibility_batch(sqs, queue, in_flight):
    entries = [
        {"Id": "released", "ReceiptHandle": in_flight[0]["ReceiptHandle"], "VisibilityTimeout": 0},
        {"Id": "extended", "ReceiptHandle": in_flight[1]["ReceiptHandle"], "VisibilityTimeout": 900},
    ]
    reply = sqs.change_message_visibility_batch(QueueUrl=queue, Entries=entries)
    assert {entry["Id"] for entry in reply["Successful"]} == {"released", "extended"}
    assert queues.receive_one(sqs, queue)["MessageId"] == in_flight[0]["MessageId"]
    assert queues.nothing_to_receive(sqs, queue)


def test_too_long_a_timeout_in_a_change_batch_fails_alone(sqs, queue, in_flight):
    entries = [
        {"Id": "good", "ReceiptHandle": in_flight[0]["ReceiptHandle"], "VisibilityTimeout": 900},
        {"Id": "bad", "ReceiptHandle": in_flight[1]["ReceiptHandle"], "VisibilityTimeout": 43_200},
    ]
    reply = sqs.change_message_visibility_batch(QueueUrl=queue, Entries=entries)
    assert [entry["Id"] for entry in reply["Successful"]] == ["good"]
    assert [(entry["Id"], entry["Code"]) for entry in reply["Failed"]] == [("bad", "InvalidParameterValue")]


@pytest.mark.parametrize("operation", ["delete", "change"])
def test_empty_and_oversized_batches_of_receipts_are_refused(sqs, queue, operation):
    call = sqs.delete_message_batch if operation == "delete" else sqs.change_message_visibility_batch
    with refused("EmptyBatchRequest"):
        call(QueueUrl=queue, Entries=[])
    entry = {"ReceiptHandle": "x"} | ({} if operation == "delete" else {"VisibilityTimeout": 0})
    with refused("TooManyEntriesInBatchRequest"):
        call(QueueUrl=queue, Entries=[entry | {"Id": str(number)} for number in range(11)])


def test_list_of_no_failures_is_left_out(sqs, queue):
    """30 April 2024."""
    reply = sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": "0", "MessageBody": "x"}])
    assert "Failed" not in reply
