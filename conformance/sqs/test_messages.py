"""Messages: bodies, attributes, sizes, digests."""

import hashlib

import pytest

from support import queues, sqs_md5
from support.refusal import refused

SIZE_BYTES_MAX = 1024 * 1024


def test_round_trip(sqs, queue):
    sent = sqs.send_message(QueueUrl=queue, MessageBody="hello")
    message = queues.receive_one(sqs, queue)
    assert (message["Body"], message["MessageId"]) == ("hello", sent["MessageId"])
    assert sent["MD5OfMessageBody"] == message["MD5OfBody"] == hashlib.md5(b"hello").hexdigest()


def test_body_is_returned_verbatim(sqs, queue):
    body = '{"key": "a+b %20/../\\u00e4"}\r\n\t<ü&😀> '
    sqs.send_message(QueueUrl=queue, MessageBody=body)
    message = queues.receive_one(sqs, queue)
    assert (message["Body"], message["MD5OfBody"]) == (body, hashlib.md5(body.encode()).hexdigest())


ALLOWED = ["\t", "\n", "\r", " ", "\ud7ff", "\ue000", "\ufffd", "\U00010000", "\U0010ffff", "\x7f", "\x85"]
FORBIDDEN = ["\x00", "\x01", "\x08", "\x0b", "\x0c", "\x1f", "\ufffe", "\uffff"]


@pytest.mark.parametrize("character", ALLOWED, ids=[f"U+{ord(c):04X}" for c in ALLOWED])
def test_character_is_allowed(sqs, queue, character):
    sqs.send_message(QueueUrl=queue, MessageBody=f"a{character}b")
    assert queues.receive_one(sqs, queue)["Body"] == f"a{character}b"


@pytest.mark.parametrize("character", FORBIDDEN, ids=[f"U+{ord(c):04X}" for c in FORBIDDEN])
def test_character_is_forbidden(sqs, queue, character):
    with refused("InvalidMessageContents", status=400):
        sqs.send_message(QueueUrl=queue, MessageBody=f"a{character}b")


def test_empty_body_is_refused(sqs, queue):
    with refused("MissingParameter", "InvalidParameterValue", status=400):
        sqs.send_message(QueueUrl=queue, MessageBody="")


def test_body_of_1_mib_is_taken(sqs, queue):
    body = "x" * SIZE_BYTES_MAX
    sqs.send_message(QueueUrl=queue, MessageBody=body)
    assert queues.receive_one(sqs, queue)["MD5OfBody"] == hashlib.md5(body.encode()).hexdigest()


def test_body_of_1_mib_outside_ascii_is_taken(sqs, queue):
    # boto3 escapes it, which makes 3 MiB on the wire; the body itself is what counts.
    body = "ü" * (SIZE_BYTES_MAX // 2)
    sqs.send_message(QueueUrl=queue, MessageBody=body)
    assert queues.receive_one(sqs, queue)["MD5OfBody"] == hashlib.md5(body.encode()).hexdigest()


def test_body_over_1_mib_is_refused(sqs, queue):
    with refused("InvalidParameterValue", status=400):
        sqs.send_message(QueueUrl=queue, MessageBody="x" * (SIZE_BYTES_MAX + 1))


def test_size_is_counted_in_utf8_bytes(sqs, queue):
    with refused("InvalidParameterValue", status=400):
        sqs.send_message(QueueUrl=queue, MessageBody="ü" * (SIZE_BYTES_MAX // 2 + 1))


def test_attributes_count_towards_the_size(sqs, queue):
    attribute = {"a": {"DataType": "String", "StringValue": "v"}}
    with refused("InvalidParameterValue", status=400):
        sqs.send_message(QueueUrl=queue, MessageBody="x" * SIZE_BYTES_MAX, MessageAttributes=attribute)


def test_a_queue_can_lower_the_size(sqs, make_queue):
    url = make_queue(MaximumMessageSize="1024")
    sqs.send_message(QueueUrl=url, MessageBody="x" * 1024)
    with refused("InvalidParameterValue", status=400):
        sqs.send_message(QueueUrl=url, MessageBody="x" * 1025)


ATTRIBUTES = {
    "trace": {"DataType": "String", "StringValue": "ü 1"},
    "size": {"DataType": "Number", "StringValue": "12.50"},
    "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    "tenant.id": {"DataType": "String.uuid", "StringValue": "x"},
}


def test_message_attributes_round_trip(sqs, queue):
    sent = sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=ATTRIBUTES)
    message = queues.receive_one(sqs, queue, MessageAttributeNames=["All"])
    assert message["MessageAttributes"] == ATTRIBUTES
    assert sent["MD5OfMessageAttributes"] == message["MD5OfMessageAttributes"] == sqs_md5.of_attributes(ATTRIBUTES)


def test_message_attributes_are_returned_only_when_asked_for(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=ATTRIBUTES)
    assert "MessageAttributes" not in queues.receive_one(sqs, queue)


@pytest.mark.parametrize(
    ("asked", "returned"),
    [
        (["size", "missing"], {"size"}),
        (["tenant.*"], {"tenant.id"}),
        ([".*"], set(ATTRIBUTES)),
        (["trace", "raw"], {"trace", "raw"}),
    ],
    ids=["by-name", "by-prefix", "everything", "two"],
)
def test_message_attributes_are_selected(sqs, queue, asked, returned):
    sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=ATTRIBUTES)
    message = queues.receive_one(sqs, queue, MessageAttributeNames=asked)
    assert set(message["MessageAttributes"]) == returned
    selected = {name: ATTRIBUTES[name] for name in returned}
    assert message["MD5OfMessageAttributes"] == sqs_md5.of_attributes(selected)


def test_ten_message_attributes_are_taken(sqs, queue):
    attributes = {f"a{number}": {"DataType": "String", "StringValue": "v"} for number in range(10)}
    sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=attributes)
    assert queues.receive_one(sqs, queue, MessageAttributeNames=["All"])["MessageAttributes"] == attributes


def test_eleven_message_attributes_are_refused(sqs, queue):
    attributes = {f"a{number}": {"DataType": "String", "StringValue": "v"} for number in range(11)}
    with refused("InvalidParameterValue", status=400):
        sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=attributes)


@pytest.mark.parametrize(
    "attribute",
    [
        {"DataType": "Colour", "StringValue": "red"},
        {"DataType": "String", "StringValue": ""},
        {"DataType": "Number", "StringValue": "twelve"},
    ],
    ids=["unknown-type", "empty-value", "not-a-number"],
)
def test_bad_message_attribute_is_refused(sqs, queue, attribute):
    with refused("InvalidParameterValue", status=400):
        sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes={"a": attribute})


def test_system_attributes(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    attributes = queues.receive_one(sqs, queue, MessageSystemAttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateReceiveCount"] == "1"
    assert int(attributes["SentTimestamp"]) <= int(attributes["ApproximateFirstReceiveTimestamp"])
    assert len(attributes["SentTimestamp"]) == 13
    assert attributes["SenderId"]


def test_system_attributes_are_returned_only_when_asked_for(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    assert "Attributes" not in queues.receive_one(sqs, queue)


def test_system_attributes_are_selected(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    message = queues.receive_one(sqs, queue, MessageSystemAttributeNames=["ApproximateReceiveCount"])
    assert message["Attributes"] == {"ApproximateReceiveCount": "1"}


def test_the_older_member_for_system_attributes_works_too(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    message = queues.receive_one(sqs, queue, AttributeNames=["ApproximateReceiveCount"])
    assert message["Attributes"] == {"ApproximateReceiveCount": "1"}


def test_message_group_id_on_a_standard_queue_is_carried(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x", MessageGroupId="tenant-1")
    message = queues.receive_one(sqs, queue, MessageSystemAttributeNames=["MessageGroupId"])
    assert message["Attributes"] == {"MessageGroupId": "tenant-1"}


def test_a_message_group_on_a_standard_queue_does_not_block(sqs, queue):
    for body in "abc":
        sqs.send_message(QueueUrl=queue, MessageBody=body, MessageGroupId="tenant-1")
    assert {message["Body"] for message in queues.receive(sqs, queue, 3)} == {"a", "b", "c"}


def test_trace_header_is_carried(sqs, queue):
    header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    system = {"AWSTraceHeader": {"DataType": "String", "StringValue": header}}
    sqs.send_message(QueueUrl=queue, MessageBody="x", MessageSystemAttributes=system)
    message = queues.receive_one(sqs, queue, MessageSystemAttributeNames=["AWSTraceHeader"])
    assert message["Attributes"] == {"AWSTraceHeader": header}


def test_attribute_name_may_have_letters_beyond_ascii(sqs, queue):
    attributes = {"größe.1": {"DataType": "String", "StringValue": "v"}}
    sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=attributes)
    message = queues.receive_one(sqs, queue, MessageAttributeNames=["All"])
    assert message["MessageAttributes"]["größe.1"]["StringValue"] == "v"


def test_control_character_in_an_attribute_is_refused(sqs, queue):
    attributes = {"name": {"DataType": "String", "StringValue": "a\x08"}}
    with refused("InvalidParameterValue", status=400):
        sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=attributes)


def test_star_asks_for_all_attributes(sqs, queue):
    """30 April 2024."""
    attributes = {"name": {"DataType": "String", "StringValue": "v"}}
    sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=attributes)
    message = queues.receive_one(sqs, queue, MessageAttributeNames=["*"])
    assert message["MessageAttributes"]["name"]["StringValue"] == "v"


def test_trace_of_the_request_goes_with_the_message(aws, sqs, queue):
    """27 June 2025."""
    trace = "Root=1-5f84c7a1-3d2b9c6f0a1e4b5c8d7f6e5a;Parent=53995c3f42cd8ad8;Sampled=1"

    def add_trace(request, **_):
        request.headers["X-Amzn-Trace-Id"] = trace

    client = aws.client("sqs")
    client.meta.events.register("before-send.sqs.SendMessage", add_trace)
    client.send_message(QueueUrl=queue, MessageBody="x")
    message = queues.receive_one(sqs, queue, MessageSystemAttributeNames=["AWSTraceHeader"])
    assert message["Attributes"]["AWSTraceHeader"] == trace
