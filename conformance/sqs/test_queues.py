"""Queues: names, attributes, listings, tags."""

import json

import pytest

from support import queues
from support.names import unique
from support.refusal import refused
from support.waits import until


def _attributes(sqs, url):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def test_url_ends_in_account_and_name(sqs, make_queue):
    url = make_queue()
    account, name = url.rsplit("/", 2)[1:]
    assert len(account) == 12 and account.isdigit()
    assert sqs.get_queue_url(QueueName=name)["QueueUrl"] == url


def test_arn_names_region_account_and_queue(sqs, queue, region):
    account, name = queue.rsplit("/", 2)[1:]
    assert queues.arn_of(sqs, queue) == f"arn:aws:sqs:{region}:{account}:{name}"


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("VisibilityTimeout", "30"),
        ("MessageRetentionPeriod", "345600"),
        ("MaximumMessageSize", "1048576"),
        ("DelaySeconds", "0"),
        ("ReceiveMessageWaitTimeSeconds", "0"),
        ("SqsManagedSseEnabled", "true"),
        ("ApproximateNumberOfMessages", "0"),
        ("ApproximateNumberOfMessagesNotVisible", "0"),
        ("ApproximateNumberOfMessagesDelayed", "0"),
    ],
)
def test_attribute_default(sqs, queue, name, default):
    assert _attributes(sqs, queue)[name] == default


def test_timestamps_are_whole_seconds(sqs, queue):
    attributes = _attributes(sqs, queue)
    assert attributes["CreatedTimestamp"].isdigit() and len(attributes["CreatedTimestamp"]) == 10
    assert attributes["LastModifiedTimestamp"].isdigit()


def test_only_the_attributes_asked_for_are_returned(sqs, queue):
    reply = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout", "DelaySeconds"])
    assert reply["Attributes"].keys() == {"VisibilityTimeout", "DelaySeconds"}


def test_create_with_attributes(sqs, make_queue):
    wanted = {"VisibilityTimeout": "600", "ReceiveMessageWaitTimeSeconds": "20", "MessageRetentionPeriod": "60"}
    assert wanted.items() <= _attributes(sqs, make_queue(**wanted)).items()


def test_set_attributes_changes_only_what_it_names(sqs, make_queue):
    url = make_queue(VisibilityTimeout="600")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "7"})
    changed = until(lambda: (found := _attributes(sqs, url))["DelaySeconds"] == "7" and found, "DelaySeconds is 7")
    assert changed["VisibilityTimeout"] == "600"


def test_create_again_with_the_same_attributes_answers_the_same_url(sqs, make_queue):
    url = make_queue(VisibilityTimeout="600")
    again = sqs.create_queue(QueueName=url.rsplit("/", 1)[1], Attributes={"VisibilityTimeout": "600"})
    assert again["QueueUrl"] == url


def test_create_again_with_other_attributes_is_refused(sqs, make_queue):
    url = make_queue(VisibilityTimeout="600")
    with refused("QueueAlreadyExists", "QueueNameExists", status=400):
        sqs.create_queue(QueueName=url.rsplit("/", 1)[1], Attributes={"VisibilityTimeout": "601"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VisibilityTimeout", "43201"),
        ("VisibilityTimeout", "-1"),
        ("VisibilityTimeout", "soon"),
        ("MessageRetentionPeriod", "59"),
        ("MessageRetentionPeriod", "1209601"),
        ("MaximumMessageSize", "1023"),
        ("MaximumMessageSize", "1048577"),
        ("DelaySeconds", "901"),
        ("ReceiveMessageWaitTimeSeconds", "21"),
        ("RedrivePolicy", "not json"),
        ("Policy", "not json"),
    ],
)
def test_attribute_value_out_of_range_is_refused(sqs, queue, name, value):
    with refused("InvalidAttributeValue", "InvalidParameterValue", status=400):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={name: value})


def test_unknown_attribute_is_refused(sqs, queue):
    with refused("InvalidAttributeName", status=400):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Colour": "red"})
    with refused("InvalidAttributeName", status=400):
        sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Colour"])


@pytest.mark.parametrize("name", ["with space", "dot.dot", "ümlaut", "q" * 81], ids=["space", "dot", "umlaut", "long"])
def test_illegal_queue_name_is_refused(sqs, name):
    with refused("InvalidParameterValue", status=400):
        sqs.create_queue(QueueName=name)


def test_missing_queue_has_the_legacy_code_and_the_class(sqs):
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as caught:
        sqs.get_queue_url(QueueName=unique("missing"))
    assert caught.value.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize("operation", ["send", "receive", "attributes", "purge"])
def test_operation_on_a_missing_queue_is_refused(sqs, queue, operation):
    url = queue + "-missing"
    with refused("QueueDoesNotExist"):
        match operation:
            case "send":
                sqs.send_message(QueueUrl=url, MessageBody="x")
            case "receive":
                sqs.receive_message(QueueUrl=url)
            case "attributes":
                sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
            case "purge":
                sqs.purge_queue(QueueUrl=url)


def test_list_queues_selects_by_prefix(sqs, make_queue):
    url = make_queue()
    make_queue()
    prefix = url.rsplit("/", 1)[1]
    assert until(lambda: sqs.list_queues(QueueNamePrefix=prefix).get("QueueUrls"), "the queue is listed") == [url]


def test_list_queues_without_match_is_empty(sqs):
    assert not sqs.list_queues(QueueNamePrefix=unique("missing")).get("QueueUrls")


def test_list_queues_pages(sqs):
    prefix = unique("page")
    made = {sqs.create_queue(QueueName=f"{prefix}-{number}")["QueueUrl"] for number in range(3)}
    until(lambda: len(sqs.list_queues(QueueNamePrefix=prefix).get("QueueUrls", [])) == 3, "three queues are listed")
    first = sqs.list_queues(QueueNamePrefix=prefix, MaxResults=2)
    rest = sqs.list_queues(QueueNamePrefix=prefix, MaxResults=2, NextToken=first["NextToken"])
    assert (len(first["QueueUrls"]), len(rest["QueueUrls"])) == (2, 1)
    assert set(first["QueueUrls"] + rest["QueueUrls"]) == made
    assert "NextToken" not in rest
    for url in made:
        sqs.delete_queue(QueueUrl=url)


def test_deleted_queue_is_gone(sqs, make_queue):
    url = make_queue()
    sqs.delete_queue(QueueUrl=url)

    def gone():
        try:
            sqs.get_queue_url(QueueName=url.rsplit("/", 1)[1])
        except sqs.exceptions.QueueDoesNotExist:
            return True
        return False

    until(gone, "the queue does not exist")


def test_policy_is_kept(sqs, queue):
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queues.arn_of(sqs, queue),
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    kept = until(lambda: _attributes(sqs, queue).get("Policy"), "the policy is there")
    assert json.loads(kept)["Statement"][0]["Principal"] == statement["Principal"]


def test_tags(sqs, queue):
    sqs.tag_queue(QueueUrl=queue, Tags={"team": "ops", "stage": "test"})
    sqs.untag_queue(QueueUrl=queue, TagKeys=["stage"])
    assert sqs.list_queue_tags(QueueUrl=queue)["Tags"] == {"team": "ops"}


def test_name_does_for_the_url(sqs, queue):
    """20 August 2024."""
    name = queue.rsplit("/", 1)[1]
    sqs.send_message(QueueUrl=name, MessageBody="x")
    assert queues.receive_one(sqs, queue)["Body"] == "x"


def test_refusal_has_the_code_of_both_protocols(sqs, queue):
    """30 April 2024."""
    with refused("InvalidParameterValue") as refusal:
        sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=11)
    assert refusal.response["Error"]["QueryErrorCode"] == "InvalidParameterValueException"
