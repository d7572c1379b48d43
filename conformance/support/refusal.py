"""Expecting a refusal, by the code that AWS gives it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from botocore.exceptions import ClientError


@dataclass
class Refusal:
    """The refusal, once it has come."""

    response: dict = field(default_factory=dict)

    @property
    def message(self) -> str:
        return self.response["Error"].get("Message", "")


def codes_of(error: ClientError) -> set[str]:
    """Every code the error answers to: SQS has a shape name and a legacy query code for the same thing."""
    detail = error.response.get("Error", {})
    return {detail[name] for name in ("Code", "QueryErrorCode") if detail.get(name)}


@contextmanager
def refused(*codes: str, status: int | None = None) -> Iterator[Refusal]:
    """The block has to be refused with one of `codes` and, when given, with HTTP `status`."""
    refusal = Refusal()
    try:
        yield refusal
    except ClientError as error:
        refusal.response = error.response
        got = codes_of(error)
        assert got & set(codes), f"refused with {sorted(got)} ({error}), AWS refuses with {codes}"
        if status is not None:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == status, str(error)
    else:
        raise AssertionError(f"accepted; AWS refuses it with {codes}")
