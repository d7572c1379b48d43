"""Event patterns: one operator at a time."""

import json

import pytest

from support.names import unique
from support.refusal import refused

EVENT = {
    "id": "7bf73129-1428-4cd3-a780-95db273d1602",
    "detail-type": "Object Created",
    "source": "aws.s3",
    "account": "123456789012",
    "time": "2026-11-12T00:00:00Z",
    "region": "us-east-1",
    "resources": ["arn:aws:s3:::incoming", "arn:aws:s3:::second"],
    "detail": {
        "bucket": {"name": "incoming"},
        "object": {"key": "in/Photos/a+b ü.JPG", "size": 1500, "etag": ""},
        "reason": "PutObject",
        "nothing": None,
        "flag": True,
        "score": -2.5,
        "list": ["x", "y"],
        "request.id": "r",
        "address": "10.1.200.7",
        "address6": "2001:0db8:ffff::1",
        "empty": [],
        "items": [{"name": "a", "size": 1}, {"name": "b", "size": 2}],
    },
}


def _key(*alternatives):
    return {"detail": {"object": {"key": list(alternatives)}}}


def _size(*alternatives):
    return {"detail": {"object": {"size": list(alternatives)}}}


MATCHES = {
    "exact": {"source": ["aws.s3"]},
    "one-of-several": {"source": ["aws.sqs", "aws.s3"]},
    "every-field": {"source": ["aws.s3"], "detail-type": ["Object Created"]},
    "nested": {"detail": {"bucket": {"name": ["incoming"]}}},
    "member-of-an-array": {"resources": ["arn:aws:s3:::second"]},
    "field-of-an-array-of-objects": {"detail": {"items": {"name": ["b"]}}},
    "number": _size(1500),
    "boolean": {"detail": {"flag": [True]}},
    "null": {"detail": {"nothing": [None]}},
    "empty-string": {"detail": {"object": {"etag": [""]}}},
    "prefix": _key({"prefix": "in/"}),
    "prefix-ignoring-case": _key({"prefix": {"equals-ignore-case": "IN/"}}),
    "suffix": _key({"suffix": ".JPG"}),
    "suffix-ignoring-case": _key({"suffix": {"equals-ignore-case": ".jpg"}}),
    "equals-ignore-case": _key({"equals-ignore-case": "IN/PHOTOS/A+B Ü.jpg"}),
    "wildcard": _key({"wildcard": "in/*/*.JPG"}),
    "wildcard-of-nothing": _key({"wildcard": "in/*Photos/a+b ü.JPG*"}),
    "operator-or-value": _key("other", {"prefix": "in/"}),
    "anything-but": _key({"anything-but": "other"}),
    "anything-but-several": _key({"anything-but": ["a", "b"]}),
    "anything-but-number": _size({"anything-but": 1501}),
    "anything-but-prefix": _key({"anything-but": {"prefix": "out/"}}),
    "anything-but-suffix": _key({"anything-but": {"suffix": ".tmp"}}),
    "anything-but-ignoring-case": _key({"anything-but": {"equals-ignore-case": "other"}}),
    "anything-but-wildcard": _key({"anything-but": {"wildcard": "*/tmp/*"}}),
    "numeric-equal": _size({"numeric": ["=", 1500]}),
    "numeric-greater": _size({"numeric": [">", 1499]}),
    "numeric-greater-or-equal": _size({"numeric": [">=", 1500]}),
    "numeric-less": _size({"numeric": ["<", 1501]}),
    "numeric-range": _size({"numeric": [">", 1000, "<=", 1500]}),
    "numeric-fraction": {"detail": {"score": [{"numeric": ["<", -2.4]}]}},
    "exists": {"detail": {"reason": [{"exists": True}]}},
    "exists-with-null": {"detail": {"nothing": [{"exists": True}]}},
    "does-not-exist": {"detail": {"object": {"version-id": [{"exists": False}]}}},
    "does-not-exist-below-nothing": {"detail": {"absent": {"deeper": [{"exists": False}]}}},
    # Recorded on AWS, 15 October 2025.
    "number-with-a-fraction-of-0": _size(1500.0),
    "dot-in-a-name-of-the-pattern": {"detail": {"object.size": [1500]}},
    "dots-from-the-top": {"detail.object.size": [1500]},
    "dot-in-a-name-of-the-event": {"detail": {"request": {"id": ["r"]}}},
    "cidr": {"detail": {"address": [{"cidr": "10.1.0.0/16"}]}},
    "cidr-v6": {"detail": {"address6": [{"cidr": "2001:db8::/32"}]}},
    "empty-prefix": _key({"prefix": ""}),
    "anything-but-an-empty-wildcard": _key({"anything-but": {"wildcard": ""}}),
    "anything-but-prefix-of-a-number": _size({"anything-but": {"prefix": "1"}}),
    "wildcard-before-what-repeats": _key({"wildcard": "in/*/a+b ü.JPG"}),
    "or": {"$or": [{"source": ["aws.sqs"]}, {"detail-type": ["Object Created"]}]},
    "or-and-field": {"source": ["aws.s3"], "$or": [{"account": ["1"]}, {"region": ["us-east-1"]}]},
    "nested-or": {"detail": {"$or": [{"reason": ["CopyObject"]}, {"bucket": {"name": ["incoming"]}}]}},
}
DOES_NOT_MATCH = {
    "exact": {"source": ["aws.sqs"]},
    "case": {"source": ["AWS.S3"]},
    "one-field-of-two": {"source": ["aws.s3"], "detail-type": ["Object Deleted"]},
    "part-of-a-string": {"source": ["aws"]},
    "absent-field": {"detail": {"absent": ["x"]}},
    "no-member-of-an-array": {"resources": ["arn:aws:s3:::third"]},
    "number-as-string": _size("1500"),
    "string-as-boolean": {"detail": {"flag": ["true"]}},
    "null-for-absent": {"detail": {"absent": [None]}},
    "prefix": _key({"prefix": "out/"}),
    "prefix-case": _key({"prefix": "IN/"}),
    "suffix": _key({"suffix": ".jpg"}),
    "equals-ignore-case": _key({"equals-ignore-case": "in/photos"}),
    "wildcard": _key({"wildcard": "in/*.png"}),
    "wildcard-is-anchored": _key({"wildcard": "Photos*"}),
    "anything-but": _key({"anything-but": "in/Photos/a+b ü.JPG"}),
    "anything-but-several": {"source": [{"anything-but": ["aws.s3", "x"]}]},
    "anything-but-absent": {"detail": {"absent": [{"anything-but": "x"}]}},
    "anything-but-prefix": _key({"anything-but": {"prefix": "in/"}}),
    "anything-but-suffix": _key({"anything-but": {"suffix": ".JPG"}}),
    "anything-but-wildcard": _key({"anything-but": {"wildcard": "in/*"}}),
    "numeric-equal": _size({"numeric": ["=", 1501]}),
    "numeric-greater": _size({"numeric": [">", 1500]}),
    "numeric-range": _size({"numeric": [">", 1500, "<", 2000]}),
    "numeric-of-a-string": _key({"numeric": [">", 0]}),
    "exists": {"detail": {"absent": [{"exists": True}]}},
    "does-not-exist": {"detail": {"reason": [{"exists": False}]}},
    # Recorded on AWS, 15 October 2025.
    "anything-but-the-same-number": _size({"anything-but": 1500.0}),
    "dot-in-a-name-one-too-many": {"detail": {"object.size": {"size": [1500]}}},
    "cidr": {"detail": {"address": [{"cidr": "10.2.0.0/16"}]}},
    "cidr-of-no-address": _key({"cidr": "0.0.0.0/0"}),
    "cidr-of-a-number": _size({"cidr": "0.0.0.0/0"}),
    "null-in-an-empty-array": {"detail": {"empty": [None]}},
    "or": {"$or": [{"source": ["aws.sqs"]}, {"account": ["1"]}]},
    "or-and-field": {"source": ["aws.sqs"], "$or": [{"region": ["us-east-1"]}, {"account": ["1"]}]},
}
INVALID = {
    "not-json": "{",
    "not-an-object": "[]",
    "string-instead-of-array": '{"source": "aws.s3"}',
    "number-instead-of-array": '{"detail": {"size": 1}}',
    "empty-array": '{"source": []}',
    "unknown-operator": '{"source": [{"regex": "a.*"}]}',
    "prefix-of-a-number": '{"source": [{"prefix": 1}]}',
    "exists-of-a-string": '{"source": [{"exists": "yes"}]}',
    "numeric-operator": '{"detail": {"size": [{"numeric": ["~", 1]}]}}',
    "numeric-of-strings": '{"detail": {"size": [{"numeric": [">", "1"]}]}}',
    "numeric-range-upside-down": '{"detail": {"size": [{"numeric": [">", 5, "<", 1]}]}}',
    "numeric-empty": '{"detail": {"size": [{"numeric": []}]}}',
    "two-operators": '{"source": [{"prefix": "a", "suffix": "b"}]}',
    "nested-array": '{"source": [["aws.s3"]]}',
    "empty-pattern": "{}",
    # Recorded on AWS, 15 October 2025.
    "anything-but-an-empty-prefix": '{"source": [{"anything-but": {"prefix": ""}}]}',
    "anything-but-an-empty-suffix": '{"source": [{"anything-but": {"suffix": ""}}]}',
    "anything-but-prefix-ignoring-case": '{"source": [{"anything-but": {"prefix": {"equals-ignore-case": "a"}}}]}',
    "anything-but-suffix-of-null": '{"source": [{"anything-but": {"suffix": [null, "a"]}}]}',
    "anything-but-null": '{"source": [{"anything-but": null}]}',
    "numeric-of-a-number": '{"detail": {"size": [{"numeric": 10}]}}',
    "numeric-cut-short": '{"detail": {"size": [{"numeric": [">", 0, "<"]}]}}',
    "numeric-range-of-two-bottoms": '{"detail": {"size": [{"numeric": [">", 0, ">", 1]}]}}',
    "cidr-without-bits": '{"source": [{"cidr": "10.0.0.0"}]}',
    "cidr-of-other-bits": '{"source": [{"cidr": "10.0.0.0/x"}]}',
    "cidr-of-no-address": '{"source": [{"cidr": "10.0.x/8"}]}',
    "cidr-v6-of-no-address": '{"source": [{"cidr": "x:db8::/32"}]}',
    "cidr-list": '{"source": [{"cidr": ["10.0.0.0/8"]}]}',
    "wildcard-too-complex": '{"source": [{"wildcard": "*:*:*:*:*:name/*"}]}',
    "wildcard-of-two-stars": '{"source": [{"wildcard": "a**"}]}',
    "operator-in-capitals": '{"source": [{"EXISTS": true}]}',
}


def _matches(eventbridge, pattern):
    return eventbridge.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(EVENT))["Result"]


@pytest.mark.parametrize("pattern", MATCHES.values(), ids=MATCHES.keys())
def test_pattern_matches(eventbridge, pattern):
    assert _matches(eventbridge, pattern) is True


@pytest.mark.parametrize("pattern", DOES_NOT_MATCH.values(), ids=DOES_NOT_MATCH.keys())
def test_pattern_does_not_match(eventbridge, pattern):
    assert _matches(eventbridge, pattern) is False


@pytest.mark.parametrize("pattern", INVALID.values(), ids=INVALID.keys())
def test_invalid_pattern_is_refused(eventbridge, pattern):
    with refused("InvalidEventPatternException", status=400):
        eventbridge.put_rule(Name=unique("rule"), EventPattern=pattern)


ENVELOPE = ["id", "account", "source", "time", "region", "detail-type"]


def test_event_needs_neither_resources_nor_detail(eventbridge):
    """15 October 2025."""
    event = {name: EVENT[name] for name in ENVELOPE}
    reply = eventbridge.test_event_pattern(EventPattern='{"source": ["aws.s3"]}', Event=json.dumps(event))
    assert reply["Result"] is True


@pytest.mark.parametrize(
    "event",
    ["no json", '["list"]', "{}"] + [json.dumps({name: EVENT[name] for name in ENVELOPE[1:]})],
    ids=["not-json", "not-an-object", "empty", "no-id"],
)
def test_event_without_envelope_is_refused(eventbridge, event):
    """5 December 2024."""
    with refused("ValidationException", status=400):
        eventbridge.test_event_pattern(EventPattern='{"source": ["aws.s3"]}', Event=event)
