"""Numbers: exact decimals of 38 digits, compared by value."""

import pytest

from support.refusal import refused
from support.tables import get, item, key, sort_keys


def _stored(dynamodb, table, text):
    dynamodb.put_item(TableName=table, Item=item(n={"N": text}))
    return get(dynamodb, table)["n"]["N"]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("1.0", "1"), ("007", "7"), ("-0", "0"), ("1e3", "1000"), ("1.50", "1.5"), ("-2.5E-1", "-0.25")],
)
def test_number_is_made_canonical(dynamodb, table, text, canonical):
    assert _stored(dynamodb, table, text) == canonical


def test_38_digits_are_exact(dynamodb, table):
    digits = "12345678901234567890123456789012345678"
    assert _stored(dynamodb, table, digits) == digits


def test_39_digits_are_refused(dynamodb, table):
    with refused("ValidationException", status=400):
        _stored(dynamodb, table, "123456789012345678901234567890123456789")


@pytest.mark.parametrize("text", ["1e126", "-1e126", "1e-131", "NaN", "Infinity", "1,5", "", "0x10"])
def test_what_is_no_number_or_out_of_range_is_refused(dynamodb, table, text):
    with refused("ValidationException", status=400):
        _stored(dynamodb, table, text)


def test_arithmetic_is_exact(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item(n={"N": "0.1"}))
    dynamodb.update_item(
        TableName=table,
        Key=key(),
        UpdateExpression="SET n = n + :d",
        ExpressionAttributeValues={":d": {"N": "0.2"}},
    )
    assert get(dynamodb, table)["n"]["N"] == "0.3"


def test_large_integers_keep_every_digit_in_arithmetic(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item(n={"N": "9007199254740993"}))
    dynamodb.update_item(
        TableName=table, Key=key(), UpdateExpression="ADD n :d", ExpressionAttributeValues={":d": {"N": "1"}}
    )
    assert get(dynamodb, table)["n"]["N"] == "9007199254740994"


def test_comparison_is_exact(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item(n={"N": "9007199254740993"}))
    with refused("ConditionalCheckFailedException"):
        dynamodb.put_item(
            TableName=table,
            Item=item(),
            ConditionExpression="n = :v",
            ExpressionAttributeValues={":v": {"N": "9007199254740992"}},
        )


def test_numbers_sort_by_value(dynamodb, table):
    for number in (10, 9, -1, 100, 0):
        dynamodb.put_item(TableName=table, Item=item(sk=number))
    reply = dynamodb.query(
        TableName=table, KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "p"}}
    )
    assert sort_keys(reply) == [-1, 0, 9, 10, 100]


def test_two_spellings_of_a_number_are_one_key(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item() | {"sk": {"N": "1.0"}})
    assert get(dynamodb, table) == item()
