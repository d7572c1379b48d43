"""Tables for the checks of DynamoDB."""

import contextlib
from collections.abc import Callable, Iterator

import pytest
from botocore.exceptions import ClientError

from support.names import unique
from support.tables import SORTED, active
from support.waits import until


@pytest.fixture
def make_table(dynamodb) -> Iterator[Callable[..., str]]:
    """Makes active tables from CreateTable's members that go away with the check; answers their names."""
    made: list[str] = []

    def make(**members) -> str:
        name = unique("table")
        dynamodb.create_table(TableName=name, **({"BillingMode": "PAY_PER_REQUEST"} | members))
        made.append(name)
        until(lambda: active(dynamodb, name), f"{name} is active")
        return name

    yield make
    for name in made:
        with contextlib.suppress(ClientError):
            dynamodb.delete_table(TableName=name)


@pytest.fixture
def table(make_table: Callable[..., str]) -> str:
    """A table with a string partition key `pk` and a numeric sort key `sk`."""
    return make_table(**SORTED)
