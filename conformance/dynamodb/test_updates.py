"""Update expressions and what they return."""

import pytest

from support.refusal import refused
from support.tables import get, item, key


def _update(dynamodb, table, expression, values=None, names=None, **options):
    members = {"ExpressionAttributeValues": values, "ExpressionAttributeNames": names}
    return dynamodb.update_item(
        TableName=table,
        Key=key(),
        UpdateExpression=expression,
        **{member: value for member, value in members.items() if value},
        **options,
    )


STORED = {
    "s": {"S": "text"},
    "n": {"N": "5"},
    "extra": {"N": "7"},
    "tags": {"SS": ["a", "b"]},
    "parts": {"L": [{"N": "0"}, {"N": "1"}, {"N": "2"}]},
    "doc": {"M": {"a": {"M": {"b": {"N": "1"}}}}},
}
X, ONE, TWO = {"S": "x"}, {"N": "1"}, {"N": "2"}


def _numbers(*numbers):
    return {"L": [{"N": str(number)} for number in numbers]}


@pytest.fixture
def stored(dynamodb, table):
    dynamodb.put_item(TableName=table, Item=item(**STORED))
    return table


# Expression, values, and what changes of STORED; None is an attribute that goes away.
UPDATES = {
    "set": ("SET s = :v", {":v": X}, {"s": X}),
    "set-new": ("SET fresh = :v", {":v": X}, {"fresh": X}),
    "set-two": ("SET s = :v, fresh = :v", {":v": X}, {"s": X, "fresh": X}),
    "set-from-attribute": ("SET s = n", {}, {"s": {"N": "5"}}),
    "set-reads-the-old-values": ("SET n = extra, extra = n", {}, {"n": {"N": "7"}, "extra": {"N": "5"}}),
    "set-plus": ("SET n = n + :v", {":v": TWO}, {"n": {"N": "7"}}),
    "set-minus": ("SET n = n - :v", {":v": TWO}, {"n": {"N": "3"}}),
    "set-value-plus-attribute": ("SET n = :v + extra", {":v": TWO}, {"n": {"N": "9"}}),
    "if-not-exists-present": ("SET n = if_not_exists(n, :v)", {":v": TWO}, {}),
    "if-not-exists-absent": ("SET fresh = if_not_exists(fresh, :v)", {":v": TWO}, {"fresh": TWO}),
    "if-not-exists-counter": ("SET fresh = if_not_exists(fresh, :v) + :v", {":v": ONE}, {"fresh": TWO}),
    "append": ("SET parts = list_append(parts, :v)", {":v": _numbers(9)}, {"parts": _numbers(0, 1, 2, 9)}),
    "prepend": ("SET parts = list_append(:v, parts)", {":v": _numbers(9)}, {"parts": _numbers(9, 0, 1, 2)}),
    "append-to-nothing": (
        "SET fresh = list_append(if_not_exists(fresh, :none), :v)",
        {":none": {"L": []}, ":v": _numbers(9)},
        {"fresh": _numbers(9)},
    ),
    "set-list-element": ("SET parts[1] = :v", {":v": {"N": "9"}}, {"parts": _numbers(0, 9, 2)}),
    "set-past-the-end-appends": ("SET parts[50] = :v", {":v": {"N": "9"}}, {"parts": _numbers(0, 1, 2, 9)}),
    "set-nested": ("SET doc.a.b = :v", {":v": TWO}, {"doc": {"M": {"a": {"M": {"b": TWO}}}}}),
    "set-nested-new": ("SET doc.c = :v", {":v": TWO}, {"doc": {"M": STORED["doc"]["M"] | {"c": TWO}}}),
    "remove": ("REMOVE s", {}, {"s": None}),
    "remove-missing": ("REMOVE absent", {}, {}),
    "remove-list-element": ("REMOVE parts[0]", {}, {"parts": _numbers(1, 2)}),
    "remove-two-list-elements": ("REMOVE parts[0], parts[2]", {}, {"parts": _numbers(1)}),
    "remove-nested": ("REMOVE doc.a.b", {}, {"doc": {"M": {"a": {"M": {}}}}}),
    "add-number": ("ADD n :v", {":v": TWO}, {"n": {"N": "7"}}),
    "add-to-nothing": ("ADD fresh :v", {":v": TWO}, {"fresh": TWO}),
    "add-set-to-nothing": ("ADD fresh :v", {":v": {"SS": ["c"]}}, {"fresh": {"SS": ["c"]}}),
    "add-to-set": ("ADD tags :v", {":v": {"SS": ["b", "c"]}}, {"tags": {"SS": ["a", "b", "c"]}}),
    "delete-from-set": ("DELETE tags :v", {":v": {"SS": ["b", "z"]}}, {"tags": {"SS": ["a"]}}),
    "delete-last-of-set": ("DELETE tags :v", {":v": {"SS": ["a", "b"]}}, {"tags": None}),
    "every-clause": (
        "SET s = :x REMOVE parts ADD n :one DELETE tags :b",
        {":x": X, ":one": ONE, ":b": {"SS": ["b"]}},
        {"s": X, "parts": None, "n": {"N": "6"}, "tags": {"SS": ["a"]}},
    ),
    "lower-case-keywords": ("set s = :v remove n", {":v": X}, {"s": X, "n": None}),
}


def _normal(found):
    """Sets have no order."""
    return {name: {"SS": sorted(value["SS"])} if "SS" in value else value for name, value in found.items()}


@pytest.mark.parametrize(("expression", "values", "changes"), UPDATES.values(), ids=UPDATES.keys())
def test_update(dynamodb, stored, expression, values, changes):
    _update(dynamodb, stored, expression, values)
    expected = {name: value for name, value in (item(**STORED) | changes).items() if value is not None}
    assert _normal(get(dynamodb, stored)) == expected


REFUSED = {
    "key-attribute": ("SET pk = :v", {":v": X}),
    "arithmetic-on-missing": ("SET n = absent + :v", {":v": ONE}),
    "arithmetic-on-string": ("SET n = s + :v", {":v": ONE}),
    "copy-of-missing": ("SET n = absent", {}),
    "append-to-missing": ("SET fresh = list_append(fresh, :v)", {":v": _numbers(1)}),
    "append-of-no-list": ("SET parts = list_append(parts, :v)", {":v": ONE}),
    "path-through-missing": ("SET absent.a = :v", {":v": X}),
    "path-through-scalar": ("SET s.a = :v", {":v": X}),
    "index-into-map": ("SET doc[0] = :v", {":v": X}),
    "same-path-twice": ("SET s = :v, s = :v", {":v": X}),
    "overlapping-paths": ("SET doc = :v, doc.a = :v", {":v": X}),
    "overlap-of-clauses": ("SET s = :v REMOVE s", {":v": X}),
    "clause-twice": ("SET s = :v SET n = :v", {":v": X}),
    "add-string": ("ADD n :v", {":v": X}),
    "add-number-to-string": ("ADD s :v", {":v": ONE}),
    "add-to-set-of-another-type": ("ADD tags :v", {":v": {"NS": ["1"]}}),
    "delete-number": ("DELETE n :v", {":v": ONE}),
    "nonsense": ("SET s", {}),
    "empty": ("", {}),
    "unknown-clause": ("PUT s = :v", {":v": X}),
    "unknown-function": ("SET s = lower(s)", {}),
    "reserved-word": ("SET status = :v", {":v": X}),
    "undefined-value": ("SET s = :missing", {":v": X}),
    "unused-value": ("SET s = :v", {":v": X, ":unused": X}),
}


@pytest.mark.parametrize(("expression", "values"), REFUSED.values(), ids=REFUSED.keys())
def test_update_is_refused_and_changes_nothing(dynamodb, stored, expression, values):
    with refused("ValidationException", status=400):
        _update(dynamodb, stored, expression, values)
    assert _normal(get(dynamodb, stored)) == item(**STORED)


def test_alias_keeps_its_dots(dynamodb, stored):
    _update(dynamodb, stored, "SET #d = :v", {":v": X}, {"#d": "doc.a"})
    assert get(dynamodb, stored)["doc.a"] == X
    assert get(dynamodb, stored)["doc"] == STORED["doc"]


def test_update_creates_the_item(dynamodb, table):
    _update(dynamodb, table, "SET a = :v", {":v": X})
    assert get(dynamodb, table) == item(a=X)


def test_update_without_expression_creates_the_bare_item(dynamodb, table):
    dynamodb.update_item(TableName=table, Key=key())
    assert get(dynamodb, table) == item()


def test_remove_alone_on_a_missing_item(dynamodb, table):
    _update(dynamodb, table, "REMOVE a")
    assert get(dynamodb, table) in ({}, item())


@pytest.mark.parametrize(
    ("wanted", "returned"),
    [
        ("NONE", None),
        ("ALL_OLD", item(a=ONE, b=X)),
        ("UPDATED_OLD", {"a": ONE}),
        ("ALL_NEW", item(a=TWO, b=X, fresh=X)),
        ("UPDATED_NEW", {"a": TWO, "fresh": X}),
    ],
)
def test_return_values(dynamodb, table, wanted, returned):
    dynamodb.put_item(TableName=table, Item=item(a=ONE, b=X))
    reply = _update(dynamodb, table, "SET a = :two, fresh = :x", {":two": TWO, ":x": X}, ReturnValues=wanted)
    assert reply.get("Attributes") == returned


def test_all_old_of_a_new_item_is_nothing(dynamodb, table):
    assert "Attributes" not in _update(dynamodb, table, "SET a = :v", {":v": X}, ReturnValues="ALL_OLD")
