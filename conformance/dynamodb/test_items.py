"""Items: values of every type, keys, projections, sizes."""

import pytest

from support.refusal import refused
from support.tables import get, item, key

SIZE_BYTES_MAX = 400 * 1024


@pytest.mark.parametrize(
    "value",
    [
        {"S": ""},
        {"S": "ü😀\u0000\uffff"},
        {"N": "-12.5"},
        {"B": b""},
        {"B": b"\x00\xff"},
        {"BOOL": False},
        {"NULL": True},
        {"L": []},
        {"L": [{"S": "a"}, {"L": [{"N": "1"}]}]},
        {"M": {}},
        {"M": {"a.b": {"M": {"": {"S": "empty name"}}}}},
    ],
    ids=lambda value: "-".join([next(iter(value)), str(len(str(value)))]),
)
def test_value_round_trip(dynamodb, table, value):
    dynamodb.put_item(TableName=table, Item=item(a=value))
    assert get(dynamodb, table) == item(a=value)


@pytest.mark.parametrize(
    ("kind", "members"),
    [("SS", ["a", "ü", ""]), ("NS", ["1", "-2.5"]), ("BS", [b"a", b"\xff"])],
    ids=["SS", "NS", "BS"],
)
def test_set_round_trip(dynamodb, table, kind, members):
    dynamodb.put_item(TableName=table, Item=item(a={kind: members}))
    assert set(get(dynamodb, table)["a"][kind]) == set(members)


@pytest.mark.parametrize("kind", ["SS", "NS", "BS"])
def test_empty_set_is_refused(dynamodb, table, kind):
    with refused("ValidationException", status=400):
        dynamodb.put_item(TableName=table, Item=item(a={kind: []}))


@pytest.mark.parametrize(("kind", "members"), [("SS", ["a", "a"]), ("NS", ["1", "1.0"])], ids=["SS", "NS"])
def test_set_with_duplicates_is_refused(dynamodb, table, kind, members):
    with refused("ValidationException", status=400):
        dynamodb.put_item(TableName=table, Item=item(a={kind: members}))


def test_null_has_to_be_true(dynamodb, table):
    with refused("ValidationException", status=400):
        dynamodb.put_item(TableName=table, Item=item(a={"NULL": False}))


def test_put_replaces_the_whole_item(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item(old={"S": "1"}))
    dynamodb.put_item(TableName=table, Item=item(new={"S": "2"}))
    assert get(dynamodb, table) == item(new={"S": "2"})


def test_put_returns_the_old_item(dynamodb, table):
    assert "Attributes" not in dynamodb.put_item(TableName=table, Item=item(a={"S": "1"}), ReturnValues="ALL_OLD")
    reply = dynamodb.put_item(TableName=table, Item=item(a={"S": "2"}), ReturnValues="ALL_OLD")
    assert reply["Attributes"] == item(a={"S": "1"})


def test_put_cannot_return_the_new_item(dynamodb, table):
    with refused("ValidationException", status=400):
        dynamodb.put_item(TableName=table, Item=item(), ReturnValues="ALL_NEW")


def test_missing_item_has_no_member(dynamodb, table):
    assert "Item" not in dynamodb.get_item(TableName=table, Key=key())


def test_delete_returns_the_old_item(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item(a={"S": "1"}))
    reply = dynamodb.delete_item(TableName=table, Key=key(), ReturnValues="ALL_OLD")
    assert reply["Attributes"] == item(a={"S": "1"})
    assert get(dynamodb, table) == {}


def test_deleting_a_missing_item_succeeds(dynamodb, table):
    assert "Attributes" not in dynamodb.delete_item(TableName=table, Key=key(), ReturnValues="ALL_OLD")


def test_projection_selects_paths(dynamodb, table):
    nested = {"M": {"list": {"L": [{"S": "0"}, {"M": {"x": {"N": "1"}, "y": {"N": "2"}}}]}, "rest": {"S": "o"}}}
    dynamodb.put_item(TableName=table, Item=item(a={"S": "1"}, doc=nested, b={"S": "2"}))
    reply = dynamodb.get_item(
        TableName=table,
        Key=key(),
        ProjectionExpression="a, doc.#l[1].x, absent",
        ExpressionAttributeNames={"#l": "list"},
    )
    assert reply["Item"] == {"a": {"S": "1"}, "doc": {"M": {"list": {"L": [{"M": {"x": {"N": "1"}}}]}}}}


@pytest.mark.parametrize(
    "wrong",
    [
        {"pk": {"S": "p"}},
        {"pk": {"N": "1"}, "sk": {"N": "1"}},
        {"pk": {"S": ""}, "sk": {"N": "1"}},
        {"pk": {"S": "p"}, "sk": {"N": "one"}},
    ],
    ids=["missing", "wrong-type", "empty", "not-a-number"],
)
def test_bad_key_is_refused(dynamodb, table, wrong):
    with refused("ValidationException", status=400):
        dynamodb.put_item(TableName=table, Item=wrong)
    with refused("ValidationException", status=400):
        dynamodb.get_item(TableName=table, Key=wrong)


def test_key_with_an_extra_attribute_is_refused(dynamodb, table):
    with refused("ValidationException", status=400):
        dynamodb.get_item(TableName=table, Key=item(extra={"S": "x"}))


def test_partition_key_ends_at_2048_bytes(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item("é" * 1024))
    with refused("ValidationException", status=400):
        dynamodb.put_item(TableName=table, Item=item("é" * 1024 + "x"))


def _item_of(size_bytes):
    """An item of exactly that size: names count in UTF-8, a one-digit number counts two bytes."""
    overhead = len("pk") + len("p") + len("sk") + 2 + len("a")
    return item(a={"S": "x" * (size_bytes - overhead)})


def test_item_of_almost_400_kb_is_taken(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=_item_of(SIZE_BYTES_MAX - 8))
    assert len(get(dynamodb, table)["a"]["S"]) > SIZE_BYTES_MAX - 32


def test_item_over_400_kb_is_refused(dynamodb, table):
    with refused("ValidationException", status=400):
        dynamodb.put_item(TableName=table, Item=_item_of(SIZE_BYTES_MAX + 1))


def test_update_past_400_kb_is_refused(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=_item_of(SIZE_BYTES_MAX - 1024))
    with refused("ValidationException", status=400):
        dynamodb.update_item(
            TableName=table,
            Key=key(),
            UpdateExpression="SET b = :b",
            ExpressionAttributeValues={":b": {"S": "x" * 2048}},
        )
    assert "b" not in get(dynamodb, table)


def test_write_capacity_is_counted_by_the_kilobyte(dynamodb, table):
    reply = dynamodb.put_item(TableName=table, Item=_item_of(1500), ReturnConsumedCapacity="TOTAL")
    assert reply["ConsumedCapacity"]["CapacityUnits"] == 2.0


def test_read_capacity_is_half_when_eventually_consistent(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=_item_of(4000))
    read = {"TableName": table, "Key": key(), "ReturnConsumedCapacity": "TOTAL"}
    assert dynamodb.get_item(**read)["ConsumedCapacity"]["CapacityUnits"] == 0.5
    assert dynamodb.get_item(**read, ConsistentRead=True)["ConsumedCapacity"]["CapacityUnits"] == 1.0
