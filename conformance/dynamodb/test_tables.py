"""Tables: shapes, validation, settings."""

import pytest

from support.names import unique
from support.refusal import refused
from support.tables import SORTED, item, key
from support.waits import until

DEFINITIONS = SORTED["AttributeDefinitions"]
KEY_SCHEMA = SORTED["KeySchema"]


def _create(dynamodb, **members):
    dynamodb.create_table(TableName=unique("refused"), **({"BillingMode": "PAY_PER_REQUEST"} | SORTED | members))


def _index(name="index", pk="g", **members):
    schema = [{"AttributeName": pk, "KeyType": "HASH"}]
    return {"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}} | members


def test_describe(dynamodb, table, region):
    described = dynamodb.describe_table(TableName=table)["Table"]
    assert (described["TableName"], described["TableStatus"]) == (table, "ACTIVE")
    assert described["KeySchema"] == KEY_SCHEMA
    assert sorted(described["AttributeDefinitions"], key=str) == sorted(DEFINITIONS, key=str)
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert described["TableArn"].startswith(f"arn:aws:dynamodb:{region}:")
    assert described["TableArn"].endswith(f":table/{table}")


def test_describe_index(dynamodb, make_table):
    definitions = [*DEFINITIONS, {"AttributeName": "g", "AttributeType": "S"}]
    name = make_table(**SORTED | {"AttributeDefinitions": definitions}, GlobalSecondaryIndexes=[_index()])
    index = dynamodb.describe_table(TableName=name)["Table"]["GlobalSecondaryIndexes"][0]
    assert (index["IndexName"], index["IndexStatus"]) == ("index", "ACTIVE")
    assert index["Projection"] == {"ProjectionType": "ALL"}


def test_table_is_listed(dynamodb, table):
    pages = dynamodb.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 2})
    assert table in [name for page in pages for name in page["TableNames"]]


def test_create_again_is_in_use(dynamodb, table):
    with refused("ResourceInUseException", status=400):
        dynamodb.create_table(TableName=table, BillingMode="PAY_PER_REQUEST", **SORTED)


@pytest.mark.parametrize("operation", ["get_item", "put_item", "query", "describe_table", "delete_table"])
def test_missing_table_is_not_found(dynamodb, operation):
    members = {
        "get_item": {"Key": key()},
        "put_item": {"Item": item()},
        "query": {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}},
    }.get(operation, {})
    with refused("ResourceNotFoundException", status=400):
        getattr(dynamodb, operation)(TableName=unique("missing"), **members)


def test_deleted_table_is_gone(dynamodb, make_table):
    name = make_table(**SORTED)
    dynamodb.delete_table(TableName=name)

    def gone():
        try:
            dynamodb.describe_table(TableName=name)
        except dynamodb.exceptions.ResourceNotFoundException:
            return True
        return False

    until(gone, "the table is gone")


def test_attribute_that_no_key_uses_is_refused(dynamodb):
    with refused("ValidationException", status=400):
        _create(dynamodb, AttributeDefinitions=[*DEFINITIONS, {"AttributeName": "extra", "AttributeType": "S"}])


def test_key_without_definition_is_refused(dynamodb):
    with refused("ValidationException", status=400):
        _create(dynamodb, AttributeDefinitions=DEFINITIONS[:1])


def test_index_key_without_definition_is_refused(dynamodb):
    with refused("ValidationException", status=400):
        _create(dynamodb, GlobalSecondaryIndexes=[_index()])


def test_two_indexes_of_one_name_are_refused(dynamodb):
    definitions = [*DEFINITIONS, {"AttributeName": "g", "AttributeType": "S"}]
    with refused("ValidationException", status=400):
        _create(dynamodb, AttributeDefinitions=definitions, GlobalSecondaryIndexes=[_index(), _index()])


def test_sort_key_alone_is_refused(dynamodb):
    with refused("ValidationException", status=400):
        _create(dynamodb, KeySchema=KEY_SCHEMA[1:], AttributeDefinitions=DEFINITIONS[1:])


def test_throughput_beside_on_demand_is_refused(dynamodb):
    with refused("ValidationException", status=400):
        _create(dynamodb, ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})


def test_provisioned_without_throughput_is_refused(dynamodb):
    with refused("ValidationException", status=400):
        _create(dynamodb, BillingMode="PROVISIONED")


def test_time_to_live_is_described(dynamodb, table):
    assert _time_to_live(dynamodb, table)["TimeToLiveStatus"] == "DISABLED"
    specification = {"Enabled": True, "AttributeName": "expires_at"}
    dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification)
    described = until(
        lambda: (found := _time_to_live(dynamodb, table))["TimeToLiveStatus"] != "DISABLED" and found, "TTL is on"
    )
    assert described["AttributeName"] == "expires_at"


def _time_to_live(dynamodb, table):
    return dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]


def test_stream_specification_is_described(dynamodb, make_table):
    specification = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    name = make_table(**SORTED, StreamSpecification=specification)
    assert dynamodb.describe_table(TableName=name)["Table"]["StreamSpecification"] == specification


def test_deletion_protection_protects(dynamodb, make_table):
    name = make_table(**SORTED, DeletionProtectionEnabled=True)
    with refused("ValidationException", status=400):
        dynamodb.delete_table(TableName=name)
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
