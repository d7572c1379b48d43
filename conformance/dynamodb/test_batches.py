"""BatchWriteItem and BatchGetItem."""

import pytest

from support.names import unique
from support.refusal import refused
from support.tables import get, item, key


def _puts(count):
    return [{"PutRequest": {"Item": item("p", number)}} for number in range(count)]


def test_25_writes(dynamodb, table):
    reply = dynamodb.batch_write_item(RequestItems={table: _puts(25)})
    assert reply["UnprocessedItems"] == {}
    assert dynamodb.scan(TableName=table, ConsistentRead=True)["Count"] == 25


def test_a_batch_of_several_megabytes_is_taken(dynamodb, table):
    large = [{"PutRequest": {"Item": item("p", number, body={"S": "x" * 300_000})}} for number in range(10)]
    assert dynamodb.batch_write_item(RequestItems={table: large})["UnprocessedItems"] == {}
    assert len(get(dynamodb, table, "p", 9)["body"]["S"]) == 300_000


def test_26_writes_are_refused(dynamodb, table):
    with refused("ValidationException", status=400):
        dynamodb.batch_write_item(RequestItems={table: _puts(26)})
    assert get(dynamodb, table) == {}


def test_puts_and_deletes_mix(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item("p", 1))
    writes = [{"DeleteRequest": {"Key": key("p", 1)}}, {"PutRequest": {"Item": item("p", 2)}}]
    dynamodb.batch_write_item(RequestItems={table: writes})
    assert (get(dynamodb, table, "p", 1), get(dynamodb, table, "p", 2)) == ({}, item("p", 2))


def test_two_writes_of_one_key_are_refused(dynamodb, table):
    with refused("ValidationException", status=400):
        dynamodb.batch_write_item(RequestItems={table: _puts(1) * 2})


def test_empty_batch_is_refused(aws, table):
    dynamodb = aws.client("dynamodb", parameter_validation=False)
    with refused("ValidationException", status=400):
        dynamodb.batch_write_item(RequestItems={})


def test_bad_item_fails_the_whole_batch(dynamodb, table):
    with refused("ValidationException", status=400):
        dynamodb.batch_write_item(RequestItems={table: [*_puts(1), {"PutRequest": {"Item": {"pk": {"S": "p"}}}}]})
    assert get(dynamodb, table, "p", 0) == {}


@pytest.mark.parametrize("operation", ["read", "write"])
def test_missing_table_fails_the_whole_batch(dynamodb, table, operation):
    missing = unique("missing")
    with refused("ResourceNotFoundException", status=400):
        if operation == "read":
            dynamodb.batch_get_item(RequestItems={table: {"Keys": [key()]}, missing: {"Keys": [key()]}})
        else:
            dynamodb.batch_write_item(RequestItems={table: _puts(1), missing: _puts(1)})


def test_batch_get_leaves_out_what_is_missing(dynamodb, table):
    dynamodb.batch_write_item(RequestItems={table: _puts(3)})
    keys = [key("p", number) for number in (0, 2, 99)]
    reply = dynamodb.batch_get_item(RequestItems={table: {"Keys": keys, "ConsistentRead": True}})
    assert sorted(found["sk"]["N"] for found in reply["Responses"][table]) == ["0", "2"]
    assert reply["UnprocessedKeys"] == {}


def test_batch_get_projects(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item(a={"S": "1"}, b={"S": "2"}))
    asked = {"Keys": [key()], "ProjectionExpression": "#a", "ExpressionAttributeNames": {"#a": "a"}}
    reply = dynamodb.batch_get_item(RequestItems={table: asked | {"ConsistentRead": True}})
    assert reply["Responses"][table] == [{"a": {"S": "1"}}]


def test_batch_get_of_100_keys_and_not_one_more(dynamodb, table):
    keys = [key("p", number) for number in range(101)]
    assert dynamodb.batch_get_item(RequestItems={table: {"Keys": keys[:100]}})["Responses"] == {table: []}
    with refused("ValidationException", status=400):
        dynamodb.batch_get_item(RequestItems={table: {"Keys": keys}})


def test_batch_get_of_one_key_twice_is_refused(dynamodb, table):
    with refused("ValidationException", status=400):
        dynamodb.batch_get_item(RequestItems={table: {"Keys": [key(), key()]}})
