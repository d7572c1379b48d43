"""Rules and targets, and events of one's own."""

import json

import pytest

from support import queues, rules
from support.names import unique
from support.refusal import refused


def _put(eventbridge, source, detail="{}", **entry):
    entry = {"Source": source, "DetailType": "Test", "Detail": detail} | entry
    reply = eventbridge.put_events(Entries=[entry])
    assert reply["FailedEntryCount"] == 0, reply
    return reply["Entries"][0]["EventId"]


def test_describe_rule(eventbridge, make_rule, queue):
    pattern = {"source": [unique("source")]}
    rule = make_rule(pattern, queue)
    described = eventbridge.describe_rule(Name=rule.name)
    assert (described["Arn"], described["State"], described["EventBusName"]) == (rule.arn, "ENABLED", "default")
    assert json.loads(described["EventPattern"]) == pattern


def test_rule_is_listed_by_prefix(eventbridge, make_rule, queue):
    rule = make_rule({"source": ["x"]}, queue)
    assert [found["Name"] for found in eventbridge.list_rules(NamePrefix=rule.name)["Rules"]] == [rule.name]


def test_targets_are_listed(eventbridge, sqs, make_rule, queue):
    rule = make_rule({"source": ["x"]}, queue)
    targets = eventbridge.list_targets_by_rule(Rule=rule.name)["Targets"]
    assert targets == [{"Id": "queue", "Arn": queues.arn_of(sqs, queue)}]


def test_putting_a_rule_again_replaces_its_pattern(eventbridge, make_rule, queue):
    rule = make_rule({"source": ["x"]}, queue)
    again = eventbridge.put_rule(Name=rule.name, EventPattern='{"source": ["y"]}')
    assert again["RuleArn"] == rule.arn
    assert json.loads(eventbridge.describe_rule(Name=rule.name)["EventPattern"]) == {"source": ["y"]}


def test_missing_rule_is_not_found(eventbridge, sqs, queue):
    with refused("ResourceNotFoundException", status=400):
        eventbridge.describe_rule(Name=unique("missing"))
    with refused("ResourceNotFoundException", status=400):
        eventbridge.put_targets(Rule=unique("missing"), Targets=[{"Id": "1", "Arn": queues.arn_of(sqs, queue)}])


def test_rule_with_targets_cannot_be_deleted(eventbridge, make_rule, queue):
    rule = make_rule({"source": ["x"]}, queue)
    with refused("ValidationException", status=400):
        eventbridge.delete_rule(Name=rule.name)
    eventbridge.remove_targets(Rule=rule.name, Ids=["queue"])
    eventbridge.delete_rule(Name=rule.name)
    with refused("ResourceNotFoundException"):
        eventbridge.describe_rule(Name=rule.name)


def test_deleting_a_missing_rule_succeeds(eventbridge):
    eventbridge.delete_rule(Name=unique("missing"))


def test_rule_without_pattern_or_schedule_is_refused(eventbridge):
    with refused("ValidationException", status=400):
        eventbridge.put_rule(Name=unique("rule"))


def test_put_event_arrives_in_its_envelope(eventbridge, sqs, make_rule, queue, region):
    source = unique("source")
    make_rule({"source": [source]}, queue)
    event_id = _put(eventbridge, source, '{"a": [1, "ü\\uffff"]}', Resources=["arn:x"])
    event = rules.event(sqs, queue)
    assert (event["id"], event["source"], event["detail-type"]) == (event_id, source, "Test")
    assert (event["version"], event["region"], event["resources"]) == ("0", region, ["arn:x"])
    assert event["detail"] == {"a": [1, "ü\uffff"]}
    assert len(event["account"]) == 12
    assert event["time"].endswith("Z")


def test_event_that_does_not_match_is_not_delivered(eventbridge, sqs, make_rule, queue):
    source = unique("source")
    make_rule({"source": [source], "detail": {"wanted": [True]}}, queue)
    _put(eventbridge, source, '{"wanted": false}')
    _put(eventbridge, source, '{"wanted": true}')
    assert rules.event(sqs, queue)["detail"] == {"wanted": True}
    assert queues.nothing_to_receive(sqs, queue)


def test_every_matching_rule_delivers(eventbridge, sqs, make_rule, make_queue):
    source, one, two = unique("source"), make_queue(), make_queue()
    make_rule({"source": [source]}, one)
    make_rule({"source": [{"prefix": source}]}, two)
    event_id = _put(eventbridge, source)
    assert rules.event(sqs, one)["id"] == rules.event(sqs, two)["id"] == event_id


def test_every_target_of_a_rule_receives(eventbridge, sqs, make_rule, make_queue):
    source, one, two = unique("source"), make_queue(), make_queue()
    rule = make_rule({"source": [source]}, one)
    eventbridge.put_targets(Rule=rule.name, Targets=[{"Id": "two", "Arn": queues.arn_of(sqs, two)}])
    event_id = _put(eventbridge, source)
    assert rules.event(sqs, one)["id"] == rules.event(sqs, two)["id"] == event_id


def test_disabled_rule_delivers_nothing(eventbridge, sqs, make_rule, queue):
    source = unique("source")
    rule = make_rule({"source": [source]}, queue, state="DISABLED")
    _put(eventbridge, source, '{"n": 1}')
    assert queues.nothing_to_receive(sqs, queue)
    eventbridge.enable_rule(Name=rule.name)
    _put(eventbridge, source, '{"n": 2}')
    assert rules.event(sqs, queue)["detail"] == {"n": 2}
    eventbridge.disable_rule(Name=rule.name)
    assert eventbridge.describe_rule(Name=rule.name)["State"] == "DISABLED"


def test_removed_target_receives_nothing(eventbridge, sqs, make_rule, make_queue):
    source, removed, kept = unique("source"), make_queue(), make_queue()
    rule = make_rule({"source": [source]}, removed)
    make_rule({"source": [source]}, kept)
    eventbridge.remove_targets(Rule=rule.name, Ids=["queue"])
    _put(eventbridge, source)
    rules.event(sqs, kept)
    assert queues.nothing_to_receive(sqs, removed)


def test_undeliverable_event_goes_to_the_dead_letter_queue(eventbridge, sqs, make_rule, make_queue):
    source, target, dead_letters = unique("source"), make_queue(), make_queue()
    target_arn = queues.arn_of(sqs, target)
    dead_letter_config = {"Arn": queues.arn_of(sqs, dead_letters)}
    rule = make_rule({"source": [source]}, target, DeadLetterConfig=dead_letter_config)
    sqs.delete_queue(QueueUrl=target)
    event_id = _put(eventbridge, source)
    message = queues.receive_one(sqs, dead_letters, MessageAttributeNames=["All"])
    assert json.loads(message["Body"])["id"] == event_id
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert (attributes["RULE_ARN"], attributes["TARGET_ARN"]) == (rule.arn, target_arn)
    assert {"ERROR_CODE", "ERROR_MESSAGE"} <= attributes.keys()


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"Detail": "not json"}, "MalformedDetail"),
        ({"Detail": "[1]"}, "MalformedDetail"),
        ({"Source": ""}, "InvalidArgument"),
        ({"DetailType": ""}, "InvalidArgument"),
    ],
    ids=["detail-not-json", "detail-not-an-object", "no-source", "no-detail-type"],
)
def test_bad_entry_fails_alone(eventbridge, entry, code):
    good = {"Source": unique("source"), "DetailType": "Test", "Detail": "{}"}
    reply = eventbridge.put_events(Entries=[good | entry, good])
    assert reply["FailedEntryCount"] == 1
    assert reply["Entries"][0]["ErrorCode"] == code
    assert reply["Entries"][1]["EventId"]


def test_more_than_10_entries_are_refused(eventbridge):
    entry = {"Source": "x", "DetailType": "Test", "Detail": "{}"}
    with refused("ValidationException", status=400):
        eventbridge.put_events(Entries=[entry] * 11)


def test_default_bus_is_there(eventbridge):
    assert eventbridge.describe_event_bus()["Name"] == "default"
    assert "default" in [bus["Name"] for bus in eventbridge.list_event_buses()["EventBuses"]]


def test_event_for_a_bus_that_is_not_there_gets_an_id(eventbridge):
    """8 January 2025."""
    assert _put(eventbridge, unique("source"), EventBusName=unique("bus"))


def test_describe_rule_names_its_owner(eventbridge, make_rule, queue):
    """8 January 2025."""
    rule = make_rule({"source": ["x"]}, queue)
    assert eventbridge.describe_rule(Name=rule.name)["CreatedBy"] == rule.arn.split(":")[4]
