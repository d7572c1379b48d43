"""Shapes of tables, and items in the wire form."""

SORTED = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "N"},
    ],
}


def active(dynamodb, name: str) -> bool:
    """Whether the table and each of its indexes can be used."""
    described = dynamodb.describe_table(TableName=name)["Table"]
    indexes = described.get("GlobalSecondaryIndexes", [])
    return described["TableStatus"] == "ACTIVE" and all(index["IndexStatus"] == "ACTIVE" for index in indexes)


def key(pk: str = "p", sk: int = 1) -> dict:
    return {"pk": {"S": pk}, "sk": {"N": str(sk)}}


def item(pk: str = "p", sk: int = 1, **attributes: dict) -> dict:
    """An item of a SORTED table; attributes in the wire form."""
    return key(pk, sk) | attributes


def get(dynamodb, table: str, pk: str = "p", sk: int = 1) -> dict:
    """The item as a consistent read finds it; empty when there is none."""
    return dynamodb.get_item(TableName=table, Key=key(pk, sk), ConsistentRead=True).get("Item", {})


def sort_keys(reply: dict) -> list[int]:
    return [int(found["sk"]["N"]) for found in reply["Items"]]
