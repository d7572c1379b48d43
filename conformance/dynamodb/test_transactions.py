"""TransactWriteItems and TransactGetItems."""

from support.names import unique
from support.refusal import refused
from support.tables import SORTED, get, item, key


def _put(table, sort, **more):
    return {"Put": {"TableName": table, "Item": item("p", sort)} | more}


def _absent(table, sort, **more):
    return _put(table, sort, ConditionExpression="attribute_not_exists(pk)", **more)


def _codes(refusal):
    return [reason["Code"] for reason in refusal.response["CancellationReasons"]]


def test_all_kinds_of_writes_take_effect_together(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item("p", 1))
    dynamodb.put_item(TableName=table, Item=item("p", 2))
    dynamodb.put_item(TableName=table, Item=item("p", 3))
    dynamodb.transact_write_items(
        TransactItems=[
            _absent(table, 4),
            {"Delete": {"TableName": table, "Key": key("p", 1)}},
            {
                "Update": {
                    "TableName": table,
                    "Key": key("p", 2),
                    "UpdateExpression": "SET body = :b",
                    "ExpressionAttributeValues": {":b": {"S": "new"}},
                }
            },
            {
                "ConditionCheck": {
                    "TableName": table,
                    "Key": key("p", 3),
                    "ConditionExpression": "attribute_exists(pk)",
                }
            },
        ]
    )
    assert get(dynamodb, table, "p", 4) == item("p", 4)
    assert get(dynamodb, table, "p", 1) == {}
    assert get(dynamodb, table, "p", 2)["body"] == {"S": "new"}


def test_one_condition_that_fails_stops_all(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item("p", 1))
    with refused("TransactionCanceledException", status=400) as refusal:
        dynamodb.transact_write_items(TransactItems=[_absent(table, 2), _absent(table, 1)])
    assert _codes(refusal) == ["None", "ConditionalCheckFailed"]
    assert get(dynamodb, table, "p", 2) == {}


def test_reason_carries_the_item_when_asked(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item("p", 1))
    with refused("TransactionCanceledException") as refusal:
        dynamodb.transact_write_items(
            TransactItems=[_absent(table, 1, ReturnValuesOnConditionCheckFailure="ALL_OLD")]
        )
    assert refusal.response["CancellationReasons"][0]["Item"] == item("p", 1)


def test_failed_condition_check_stops_all(dynamodb, table):
    check = {"TableName": table, "Key": key("p", 9), "ConditionExpression": "attribute_exists(pk)"}
    with refused("TransactionCanceledException") as refusal:
        dynamodb.transact_write_items(TransactItems=[{"ConditionCheck": check}, _put(table, 1)])
    assert _codes(refusal) == ["ConditionalCheckFailed", "None"]
    assert get(dynamodb, table, "p", 1) == {}


def test_update_that_cannot_be_done_stops_all(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item("p", 1, body={"S": "text"}))
    add = {
        "TableName": table,
        "Key": key("p", 1),
        "UpdateExpression": "SET body = body + :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    with refused("TransactionCanceledException") as refusal:
        dynamodb.transact_write_items(TransactItems=[_put(table, 2), {"Update": add}])
    assert _codes(refusal) == ["None", "ValidationError"]
    assert get(dynamodb, table, "p", 2) == {}


def test_two_operations_on_one_item_are_refused(dynamodb, table):
    with refused("ValidationException", status=400):
        dynamodb.transact_write_items(TransactItems=[_put(table, 1), _absent(table, 1)])


def test_several_tables_in_one_transaction(dynamodb, table, make_table):
    other = make_table(**SORTED)
    dynamodb.transact_write_items(TransactItems=[_put(table, 1), _put(other, 1)])
    assert get(dynamodb, table, "p", 1) == get(dynamodb, other, "p", 1) == item("p", 1)
    with refused("TransactionCanceledException"):
        dynamodb.transact_write_items(TransactItems=[_put(table, 2), _absent(other, 1)])
    assert get(dynamodb, table, "p", 2) == {}


def test_repetition_under_one_token_is_done_once(dynamodb, table):
    add = {
        "Update": {
            "TableName": table,
            "Key": key("p", 1),
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }
    token = unique("token")[:36]
    for _ in range(2):
        dynamodb.transact_write_items(TransactItems=[add], ClientRequestToken=token)
    assert get(dynamodb, table, "p", 1)["n"] == {"N": "1"}


def test_token_with_other_parameters_is_refused(dynamodb, table):
    token = unique("token")[:36]
    dynamodb.transact_write_items(TransactItems=[_put(table, 1)], ClientRequestToken=token)
    with refused("IdempotentParameterMismatchException"):
        dynamodb.transact_write_items(TransactItems=[_put(table, 2)], ClientRequestToken=token)


def test_100_actions_are_taken_and_101_refused(dynamodb, table):
    dynamodb.transact_write_items(TransactItems=[_put(table, number) for number in range(100)])
    assert dynamodb.scan(TableName=table, ConsistentRead=True)["Count"] == 100
    with refused("ValidationException"):
        dynamodb.transact_write_items(TransactItems=[_put(table, number) for number in range(101)])


def test_action_of_two_kinds_is_refused(dynamodb, table):
    both = _put(table, 1) | {"Delete": {"TableName": table, "Key": key("p", 2)}}
    with refused("ValidationException"):
        dynamodb.transact_write_items(TransactItems=[both])


def test_unknown_table_is_refused(dynamodb, table):
    with refused("ResourceNotFoundException"):
        dynamodb.transact_write_items(TransactItems=[_put(table, 1), _put(unique("none"), 1)])
    assert get(dynamodb, table, "p", 1) == {}


def test_reads_come_in_order_with_gaps(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item("p", 1))
    gets = [{"Get": {"TableName": table, "Key": key("p", number)}} for number in (2, 1)]
    assert dynamodb.transact_get_items(TransactItems=gets)["Responses"] == [{}, {"Item": item("p", 1)}]


def test_read_with_projection(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item("p", 1, body={"S": "x"}))
    wanted = {"TableName": table, "Key": key("p", 1), "ProjectionExpression": "body"}
    assert dynamodb.transact_get_items(TransactItems=[{"Get": wanted}])["Responses"] == [{"Item": {"body": {"S": "x"}}}]
