"""Global secondary indexes."""

import pytest

from support.refusal import refused
from support.tables import SORTED, item, key, sort_keys
from support.waits import until

DEFINITIONS = [
    *SORTED["AttributeDefinitions"],
    {"AttributeName": "tenant", "AttributeType": "S"},
    {"AttributeName": "at", "AttributeType": "N"},
]
INDEX_KEY = [{"AttributeName": "tenant", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}]
PROJECTIONS = {
    "all": {"ProjectionType": "ALL"},
    "keys": {"ProjectionType": "KEYS_ONLY"},
    "include": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["size_bytes"]},
}


@pytest.fixture
def indexed(make_table):
    """A table with an index on (tenant, at) for each kind of projection."""
    indexes = [
        {"IndexName": name, "KeySchema": INDEX_KEY, "Projection": projection}
        for name, projection in PROJECTIONS.items()
    ]
    return make_table(**SORTED | {"AttributeDefinitions": DEFINITIONS}, GlobalSecondaryIndexes=indexes)


def _put(dynamodb, table, sk, tenant=None, at=None, **attributes):
    entry = item("p", sk, **attributes)
    if tenant:
        entry["tenant"] = {"S": tenant}
    if at is not None:
        entry["at"] = {"N": str(at)}
    dynamodb.put_item(TableName=table, Item=entry)


def _query(dynamodb, table, tenant="t", index="all", **options):
    return dynamodb.query(
        TableName=table,
        IndexName=index,
        KeyConditionExpression="tenant = :t",
        ExpressionAttributeValues={":t": {"S": tenant}},
        **options,
    )


def _indexed(dynamodb, table, expected, **options):
    """Waits until the index shows these sort keys: it follows the table eventually."""
    until(lambda: sort_keys(_query(dynamodb, table, **options)) == expected, f"the index shows {expected}")


def test_index_sorts_by_its_own_key(dynamodb, indexed):
    for sk, at in ((1, 30), (2, 10), (3, 20)):
        _put(dynamodb, indexed, sk, "t", at)
    _indexed(dynamodb, indexed, [2, 3, 1])
    assert sort_keys(_query(dynamodb, indexed, ScanIndexForward=False)) == [1, 3, 2]


def test_index_is_sparse(dynamodb, indexed):
    _put(dynamodb, indexed, 1, "t", 1)
    _put(dynamodb, indexed, 2, "t")
    _put(dynamodb, indexed, 3, None, 3)
    _put(dynamodb, indexed, 4, "t", 4)
    _indexed(dynamodb, indexed, [1, 4])


def test_index_holds_several_items_of_one_key(dynamodb, indexed):
    for sk in (1, 2, 3):
        _put(dynamodb, indexed, sk, "t", 7)
    until(lambda: sorted(sort_keys(_query(dynamodb, indexed))) == [1, 2, 3], "three items under one index key")


@pytest.mark.parametrize(
    ("index", "projected"),
    [("all", {"size_bytes", "note"}), ("keys", set()), ("include", {"size_bytes"})],
)
def test_projection(dynamodb, indexed, index, projected):
    _put(dynamodb, indexed, 1, "t", 1, size_bytes={"N": "5"}, note={"S": "x"})
    _indexed(dynamodb, indexed, [1], index=index)
    assert _query(dynamodb, indexed, index=index)["Items"][0].keys() == {"pk", "sk", "tenant", "at"} | projected


def test_update_moves_the_item_within_the_index(dynamodb, indexed):
    _put(dynamodb, indexed, 1, "t", 1)
    _put(dynamodb, indexed, 2, "t", 2)
    dynamodb.update_item(
        TableName=indexed,
        Key=key("p", 1),
        UpdateExpression="SET #at = :three",
        ExpressionAttributeNames={"#at": "at"},
        ExpressionAttributeValues={":three": {"N": "3"}},
    )
    _indexed(dynamodb, indexed, [2, 1])


def test_removing_the_index_key_removes_the_item_from_the_index(dynamodb, indexed):
    _put(dynamodb, indexed, 1, "t", 1)
    _put(dynamodb, indexed, 2, "t", 2)
    _indexed(dynamodb, indexed, [1, 2])
    dynamodb.update_item(TableName=indexed, Key=key("p", 1), UpdateExpression="REMOVE tenant")
    _indexed(dynamodb, indexed, [2])


def test_deleting_the_item_removes_it_from_the_index(dynamodb, indexed):
    _put(dynamodb, indexed, 1, "t", 1)
    _indexed(dynamodb, indexed, [1])
    dynamodb.delete_item(TableName=indexed, Key=key("p", 1))
    _indexed(dynamodb, indexed, [])


def test_last_evaluated_key_holds_both_keys(dynamodb, indexed):
    for sk in (1, 2):
        _put(dynamodb, indexed, sk, "t", sk)
    _indexed(dynamodb, indexed, [1, 2])
    last = _query(dynamodb, indexed, Limit=1)["LastEvaluatedKey"]
    assert last == key("p", 1) | {"tenant": {"S": "t"}, "at": {"N": "1"}}


@pytest.mark.parametrize("forward", [True, False])
def test_pages_cover_items_of_one_index_key_once(dynamodb, indexed, forward):
    for sk in range(7):
        _put(dynamodb, indexed, sk, "t", 1 if sk < 5 else 2)
    until(lambda: _query(dynamodb, indexed)["Count"] == 7, "seven items in the index")
    found, start = [], {}
    while True:
        reply = _query(dynamodb, indexed, Limit=2, ScanIndexForward=forward, **start)
        found += sort_keys(reply)
        if "LastEvaluatedKey" not in reply:
            break
        start = {"ExclusiveStartKey": reply["LastEvaluatedKey"]}
    assert sorted(found) == list(range(7))


def test_range_condition_on_the_index_key(dynamodb, indexed):
    for sk in range(5):
        _put(dynamodb, indexed, sk, "t", sk * 10)
    _indexed(dynamodb, indexed, [0, 1, 2, 3, 4])
    reply = dynamodb.query(
        TableName=indexed,
        IndexName="all",
        KeyConditionExpression="tenant = :t AND #at BETWEEN :a AND :b",
        ExpressionAttributeNames={"#at": "at"},
        ExpressionAttributeValues={":t": {"S": "t"}, ":a": {"N": "10"}, ":b": {"N": "30"}},
    )
    assert sort_keys(reply) == [1, 2, 3]


def test_table_key_may_be_filtered_in_an_index_query(dynamodb, indexed):
    for sk in (1, 2, 3):
        _put(dynamodb, indexed, sk, "t", sk)
    _indexed(dynamodb, indexed, [1, 2, 3])
    reply = dynamodb.query(
        TableName=indexed,
        IndexName="all",
        KeyConditionExpression="tenant = :t",
        FilterExpression="sk > :one",
        ExpressionAttributeValues={":t": {"S": "t"}, ":one": {"N": "1"}},
    )
    assert sort_keys(reply) == [2, 3]


def test_index_can_be_scanned(dynamodb, indexed):
    _put(dynamodb, indexed, 1, "t", 1)
    _put(dynamodb, indexed, 2)
    until(lambda: dynamodb.scan(TableName=indexed, IndexName="all")["Count"] == 1, "one item in the index")


def test_consistent_read_of_an_index_is_refused(dynamodb, indexed):
    with refused("ValidationException", status=400):
        _query(dynamodb, indexed, ConsistentRead=True)


def test_unknown_index_is_refused(dynamodb, indexed):
    with refused("ValidationException", status=400):
        _query(dynamodb, indexed, index="missing")


@pytest.mark.parametrize("tenant", [{"N": "1"}, {"S": ""}], ids=["wrong-type", "empty"])
def test_bad_index_key_is_refused(dynamodb, indexed, tenant):
    with refused("ValidationException", status=400):
        dynamodb.put_item(TableName=indexed, Item=item(tenant=tenant))


def test_all_attributes_of_a_narrow_index_are_refused(dynamodb, indexed):
    with refused("ValidationException", status=400):
        _query(dynamodb, indexed, index="keys", Select="ALL_ATTRIBUTES")
