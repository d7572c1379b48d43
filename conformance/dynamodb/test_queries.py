"""Query and Scan on a table."""

import pytest

from support.refusal import refused
from support.tables import item, key, sort_keys


@pytest.fixture
def filled(dynamodb, table):
    """Items p/0…p/9 with `even`, and two of another partition."""
    for number in range(10):
        attributes = {"even": {"BOOL": number % 2 == 0}, "n": {"N": str(number)}}
        dynamodb.put_item(TableName=table, Item=item("p", number, **attributes))
    for number in range(2):
        dynamodb.put_item(TableName=table, Item=item("other", number))
    return table


def _query(dynamodb, table, condition="pk = :p", values=None, **options):
    values = {":p": {"S": "p"}} | {name: {"N": str(value)} for name, value in (values or {}).items()}
    return dynamodb.query(
        TableName=table, KeyConditionExpression=condition, ExpressionAttributeValues=values, **options
    )


def test_query_returns_one_partition_in_order(dynamodb, filled):
    reply = _query(dynamodb, filled)
    assert sort_keys(reply) == list(range(10))
    assert (reply["Count"], reply["ScannedCount"], "LastEvaluatedKey" in reply) == (10, 10, False)


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        ("pk = :p AND sk = :a", {":a": 3}, [3]),
        ("pk = :p AND sk < :a", {":a": 3}, [0, 1, 2]),
        ("pk = :p AND sk <= :a", {":a": 3}, [0, 1, 2, 3]),
        ("pk = :p AND sk > :a", {":a": 7}, [8, 9]),
        ("pk = :p AND sk >= :a", {":a": 7}, [7, 8, 9]),
        ("pk = :p AND sk BETWEEN :a AND :b", {":a": 3, ":b": 5}, [3, 4, 5]),
        ("sk = :a AND pk = :p", {":a": 3}, [3]),
        ("(pk = :p) AND (sk = :a)", {":a": 3}, [3]),
        ("pk = :p AND sk > :a", {":a": 99}, []),
    ],
)
def test_key_condition(dynamodb, filled, condition, values, expected):
    assert sort_keys(_query(dynamodb, filled, condition, values)) == expected


def test_descending(dynamodb, filled):
    assert sort_keys(_query(dynamodb, filled, ScanIndexForward=False, Limit=3)) == [9, 8, 7]


@pytest.mark.parametrize("forward", [True, False])
def test_pages_cover_every_item_once(dynamodb, filled, forward):
    found, start = [], {}
    while True:
        reply = _query(dynamodb, filled, Limit=4, ScanIndexForward=forward, **start)
        assert reply["Count"] <= 4
        found += sort_keys(reply)
        if "LastEvaluatedKey" not in reply:
            break
        start = {"ExclusiveStartKey": reply["LastEvaluatedKey"]}
    assert found == sorted(range(10), reverse=not forward)


def test_last_evaluated_key_is_the_last_items_key(dynamodb, filled):
    assert _query(dynamodb, filled, Limit=4)["LastEvaluatedKey"] == key("p", 3)


def test_start_key_need_not_exist(dynamodb, filled):
    dynamodb.delete_item(TableName=filled, Key=key("p", 3))
    assert sort_keys(_query(dynamodb, filled, ExclusiveStartKey=key("p", 3))) == [4, 5, 6, 7, 8, 9]


def test_filter_comes_after_the_limit(dynamodb, filled):
    values = {":p": {"S": "p"}, ":even": {"BOOL": True}}
    reply = dynamodb.query(
        TableName=filled,
        KeyConditionExpression="pk = :p",
        FilterExpression="even = :even",
        ExpressionAttributeValues=values,
        Limit=4,
    )
    assert (sort_keys(reply), reply["Count"], reply["ScannedCount"]) == ([0, 2], 2, 4)
    assert reply["LastEvaluatedKey"] == key("p", 3)


def test_count_returns_no_items(dynamodb, filled):
    reply = _query(dynamodb, filled, Select="COUNT")
    assert (reply["Count"], "Items" in reply) == (10, False)


def test_projection(dynamodb, filled):
    reply = _query(dynamodb, filled, "pk = :p AND sk = :a", {":a": 3}, ProjectionExpression="n, sk")
    assert reply["Items"] == [{"n": {"N": "3"}, "sk": {"N": "3"}}]


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ("sk = :a", {":a": 1}),
        ("pk > :p", {}),
        ("pk = :p OR sk = :a", {":a": 1}),
        ("pk = :p AND n = :a", {":a": 1}),
        ("pk = :p AND sk <> :a", {":a": 1}),
        ("pk = :p AND sk IN (:a)", {":a": 1}),
        ("pk = :p AND sk > :a AND sk < :b", {":a": 1, ":b": 5}),
        ("pk = :a", {":a": 1}),
    ],
    ids=["no-partition", "range-of-partition", "or", "no-key", "not-equal", "in", "two-ranges", "wrong-type"],
)
def test_key_condition_is_refused(dynamodb, filled, condition, values):
    with refused("ValidationException", status=400):
        values = {name: {"N": str(value)} for name, value in values.items()}
        if ":p" in condition:
            values[":p"] = {"S": "p"}
        dynamodb.query(TableName=filled, KeyConditionExpression=condition, ExpressionAttributeValues=values)


def test_filter_on_a_key_attribute_is_refused(dynamodb, filled):
    with refused("ValidationException", status=400):
        _query(dynamodb, filled, values={":a": 1}, FilterExpression="sk = :a")


def test_limit_0_is_refused(aws, filled):
    dynamodb = aws.client("dynamodb", parameter_validation=False)
    with refused("ValidationException", status=400):
        _query(dynamodb, filled, Limit=0)


def test_begins_with_on_a_string_sort_key(dynamodb, make_table):
    table = make_table(
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
    )
    for name in ("a", "a#1", "a#2", "ä", "b", "\uffff", "😀"):
        dynamodb.put_item(TableName=table, Item={"pk": {"S": "p"}, "sk": {"S": name}})
    values = {":p": {"S": "p"}, ":prefix": {"S": "a#"}}
    condition = "pk = :p AND begins_with(sk, :prefix)"
    reply = dynamodb.query(TableName=table, KeyConditionExpression=condition, ExpressionAttributeValues=values)
    assert [found["sk"]["S"] for found in reply["Items"]] == ["a#1", "a#2"]
    # Strings sort by their UTF-8 bytes.
    everything = _query(dynamodb, table)["Items"]
    assert [found["sk"]["S"] for found in everything] == ["a", "a#1", "a#2", "b", "ä", "\uffff", "😀"]


def test_a_page_ends_at_1_mb(dynamodb, table):
    for number in range(4):
        dynamodb.put_item(TableName=table, Item=item("p", number, body={"S": "x" * 350_000}))
    first = _query(dynamodb, table)
    assert first["Count"] < 4
    rest = _query(dynamodb, table, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert sort_keys(first) + sort_keys(rest) == [0, 1, 2, 3]


def test_scan_finds_everything(dynamodb, filled):
    assert dynamodb.scan(TableName=filled)["Count"] == 12


def test_scan_pages_cover_every_item_once(dynamodb, filled):
    pages = dynamodb.get_paginator("scan").paginate(TableName=filled, PaginationConfig={"PageSize": 5})
    found = [(entry["pk"]["S"], entry["sk"]["N"]) for page in pages for entry in page["Items"]]
    assert len(found) == len(set(found)) == 12


def test_scan_segments_share_the_table(dynamodb, filled):
    found = []
    for segment in range(3):
        found += dynamodb.scan(TableName=filled, Segment=segment, TotalSegments=3)["Items"]
    assert len({(entry["pk"]["S"], entry["sk"]["N"]) for entry in found}) == len(found) == 12


def test_scan_filters(dynamodb, filled):
    values = {":four": {"N": "4"}}
    reply = dynamodb.scan(TableName=filled, FilterExpression="n < :four", ExpressionAttributeValues=values)
    assert (sorted(sort_keys(reply)), reply["ScannedCount"]) == ([0, 1, 2, 3], 12)
