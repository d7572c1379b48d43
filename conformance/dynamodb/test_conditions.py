"""Condition expressions: what holds, what fails, what is refused outright."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from support.refusal import refused
from support.tables import get, item, key

STORED = item(
    s={"S": "hello"},
    n={"N": "5"},
    flag={"BOOL": True},
    tags={"SS": ["a", "b"]},
    parts={"L": [{"S": "first"}, {"S": "second"}]},
    doc={"M": {"a": {"M": {"b": {"N": "7"}}}}},
)
VALUES = {
    ":hello": {"S": "hello"}, ":he": {"S": "he"}, ":ell": {"S": "ell"}, ":other": {"S": "other"}, ":a": {"S": "a"},
    ":first": {"S": "first"}, ":second": {"S": "second"}, ":four": {"N": "4"}, ":five": {"N": "5"}, ":ten": {"N": "10"},
    ":seven": {"N": "7"}, ":two": {"N": "2"}, ":true": {"BOOL": True}, ":S": {"S": "S"}, ":SS": {"S": "SS"},
    ":tags": {"SS": ["b", "a"]},
}  # fmt: skip

HOLDS = [
    "attribute_exists(s)",
    "attribute_exists(doc.a.b)",
    "attribute_not_exists(absent)",
    "attribute_not_exists(doc.a.absent)",
    "attribute_not_exists(parts[5])",
    "s = :hello",
    "s <> :other",
    "n < :ten",
    "n <= :five",
    "n > :four",
    "n >= :five",
    "n BETWEEN :four AND :five",
    "n IN (:four, :five)",
    "flag = :true",
    "tags = :tags",
    "begins_with(s, :he)",
    "contains(s, :ell)",
    "contains(tags, :a)",
    "contains(parts, :first)",
    "parts[1] = :second",
    "doc.a.b = :seven",
    "size(s) = :five",
    "size(parts) = :two",
    "size(tags) = :two",
    "attribute_type(s, :S)",
    "attribute_type(tags, :SS)",
    "NOT s = :other",
    "s = :other OR n = :five",
    "s = :other AND n = :four OR n = :five",
    "n = :five OR s = :other AND n = :four",
    "NOT (s = :hello AND n = :four)",
    "(s = :hello) AND (n = :five)",
]
FAILS = [
    "attribute_exists(absent)",
    "attribute_not_exists(s)",
    "s = :other",
    "n = :ten",
    "n > :five",
    "n BETWEEN :ten AND :ten",
    "absent = :five",
    "absent < :five",
    "s < :five",
    "n = :hello",
    "n IN (:four, :ten)",
    "begins_with(s, :ell)",
    "contains(parts, :ell)",
    "attribute_type(n, :S)",
    "size(absent) = :five",
    "NOT s = :hello",
    "s = :hello AND n = :ten",
    "(s = :hello OR n = :four) AND n = :ten",
]


def _used(expression):
    return {name: VALUES[name] for name in re.findall(r":\w+", expression) if name in VALUES}


def _write_if(dynamodb, table, condition, **options):
    """Adds an attribute to the stored item if the condition holds."""
    values = _used(condition) | {":done": {"BOOL": True}}
    dynamodb.update_item(
        TableName=table,
        Key=key(),
        UpdateExpression="SET done = :done",
        ConditionExpression=condition,
        ExpressionAttributeValues=values,
        **options,
    )


@pytest.fixture
def stored(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=STORED)
    return table


@pytest.mark.parametrize("condition", HOLDS)
def test_condition_holds(dynamodb, stored, condition):
    _write_if(dynamodb, stored, condition)
    assert get(dynamodb, stored)["done"] == {"BOOL": True}


@pytest.mark.parametrize("condition", FAILS)
def test_condition_fails(dynamodb, stored, condition):
    with refused("ConditionalCheckFailedException", status=400):
        _write_if(dynamodb, stored, condition)
    assert get(dynamodb, stored) == STORED | {"tags": get(dynamodb, stored)["tags"]}


@pytest.mark.parametrize(
    "condition",
    [
        "s = ",
        "s == :hello",
        "(s = :hello",
        "s = :hello AND",
        "s = :hello AND ((n = :five))",
        "attribute_exists()",
        "attribute_exists(:hello)",
        "begins_with(s)",
        "begins_with(s, :five)",
        "unknown(s)",
        "attribute_type(s, :ell)",
        "n BETWEEN :ten AND :four",
        "s = hello world",
        "parts[-1] = :first",
        "size(s)",
        "",
    ],
)
def test_malformed_condition_is_refused(dynamodb, stored, condition):
    with refused("ValidationException", status=400):
        _write_if(dynamodb, stored, condition)


RESERVED = (
    "status name size key owner date time timestamp count value values state data ttl region bucket hash range source "
    "user"
).split()


@pytest.mark.parametrize("word", [*RESERVED, "STATUS", "Status"])
def test_reserved_word_needs_an_alias(dynamodb, stored, word):
    with refused("ValidationException", status=400) as refusal:
        _write_if(dynamodb, stored, f"attribute_not_exists({word})")
    # A parser may also see the start of the function `size` here.
    assert "reserved keyword" in refusal.message or word == "size"
    dynamodb.put_item(
        TableName=stored,
        Item=item(),
        ConditionExpression="attribute_not_exists(#w)",
        ExpressionAttributeNames={"#w": word},
    )


def test_undefined_value_is_refused(dynamodb, stored):
    with refused("ValidationException", status=400) as refusal:
        _write_if(dynamodb, stored, "s = :undefined")
    assert ":undefined" in refusal.message


def test_undefined_name_is_refused(dynamodb, stored):
    with refused("ValidationException", status=400) as refusal:
        _write_if(dynamodb, stored, "attribute_exists(#undefined)")
    assert "#undefined" in refusal.message


def test_unused_value_is_refused(dynamodb, table):
    with refused("ValidationException", status=400) as refusal:
        dynamodb.put_item(
            TableName=table,
            Item=item(),
            ConditionExpression="attribute_not_exists(pk)",
            ExpressionAttributeValues={":unused": {"S": "x"}},
        )
    assert ":unused" in refusal.message


def test_unused_name_is_refused(dynamodb, table):
    with refused("ValidationException", status=400) as refusal:
        dynamodb.put_item(
            TableName=table,
            Item=item(),
            ConditionExpression="attribute_not_exists(pk)",
            ExpressionAttributeNames={"#unused": "x"},
        )
    assert "#unused" in refusal.message


def test_values_without_expression_are_refused(dynamodb, table):
    with refused("ValidationException", status=400):
        dynamodb.put_item(TableName=table, Item=item(), ExpressionAttributeValues={":v": {"S": "x"}})


def test_put_if_absent_creates_once(dynamodb, table):
    absent = "attribute_not_exists(pk)"
    dynamodb.put_item(TableName=table, Item=item(a={"S": "1"}), ConditionExpression=absent)
    with refused("ConditionalCheckFailedException", status=400) as refusal:
        dynamodb.put_item(TableName=table, Item=item(a={"S": "2"}), ConditionExpression=absent)
    assert refusal.message == "The conditional request failed"
    assert get(dynamodb, table)["a"] == {"S": "1"}


@pytest.mark.parametrize("operation", ["put", "update", "delete"])
def test_failed_condition_returns_the_item_when_asked(dynamodb, stored, operation):
    options = {
        "TableName": stored,
        "ConditionExpression": "attribute_exists(absent)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    with refused("ConditionalCheckFailedException") as refusal:
        match operation:
            case "put":
                dynamodb.put_item(Item=item(), **options)
            case "update":
                dynamodb.update_item(Key=key(), UpdateExpression="REMOVE s", **options)
            case "delete":
                dynamodb.delete_item(Key=key(), **options)
    returned = refusal.response["Item"]
    assert returned | {"tags": STORED["tags"]} == STORED
    assert set(returned["tags"]["SS"]) == {"a", "b"}


def test_failed_condition_returns_no_item_unless_asked(dynamodb, stored):
    with refused("ConditionalCheckFailedException") as refusal:
        _write_if(dynamodb, stored, "attribute_exists(absent)")
    assert "Item" not in refusal.response


def test_failed_condition_on_a_missing_item_returns_none(dynamodb, table):
    with refused("ConditionalCheckFailedException") as refusal:
        _write_if(dynamodb, table, "attribute_exists(pk)", ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert "Item" not in refusal.response


def test_failed_conditional_update_creates_no_item(dynamodb, table):
    with refused("ConditionalCheckFailedException"):
        _write_if(dynamodb, table, "attribute_exists(pk)")
    assert get(dynamodb, table) == {}


def test_conditional_delete(dynamodb, stored):
    values = {":v": {"S": "other"}}
    with refused("ConditionalCheckFailedException"):
        dynamodb.delete_item(
            TableName=stored, Key=key(), ConditionExpression="s = :v", ExpressionAttributeValues=values
        )
    assert get(dynamodb, stored)


def test_of_many_racing_claims_one_wins(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item(fence={"N": "0"}))

    def claim(number):
        try:
            dynamodb.update_item(
                TableName=table,
                Key=key(),
                UpdateExpression="SET fence = :new, claimed_by = :me",
                ConditionExpression="fence = :old",
                ExpressionAttributeValues={":new": {"N": "1"}, ":old": {"N": "0"}, ":me": {"N": str(number)}},
            )
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ConditionalCheckFailedException", str(error)
            return None
        return str(number)

    with ThreadPoolExecutor(16) as pool:
        winners = [number for number in pool.map(claim, range(32)) if number is not None]
    assert len(winners) == 1
    assert get(dynamodb, table)["claimed_by"]["N"] == winners[0]


def test_concurrent_counting_loses_nothing(dynamodb, table):
    def count(_):
        dynamodb.update_item(
            TableName=table, Key=key(), UpdateExpression="ADD n :one", ExpressionAttributeValues={":one": {"N": "1"}}
        )

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(count, range(64)))
    assert get(dynamodb, table)["n"] == {"N": "64"}
