"""Turns known_faults.toml into strict expected failures.

A listed test has to fail the way a wrong answer fails: by an assertion, a refusal from the target, or a member that
is missing from its reply. A target that cannot be reached is no known fault.
"""

import tomllib
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

FILE = Path(__file__).with_name("known_faults.toml")
WRONG_ANSWERS = (AssertionError, ClientError, KeyError)


def load(target: str) -> dict[str, str]:
    """The faults of `target`: test id → reason."""
    with FILE.open("rb") as file:
        targets = tomllib.load(file)
    if target not in targets:
        raise pytest.UsageError(f"known_faults.toml has no table [{target}]; it has {sorted(targets)}")
    return targets[target]


class UnknownEntries(pytest.Item):
    """A test that fails: entries that name no test (an item, so that pytest-xdist reports it like any other)."""

    def __init__(self, *, entries: list[str], **kwargs) -> None:
        super().__init__(**kwargs)
        self.entries = entries

    def runtest(self) -> None:
        pytest.fail(f"{FILE.name} names tests that do not exist: {self.entries}", pytrace=False)

    def reportinfo(self) -> tuple[Path, int, str]:
        return FILE, 0, self.name


def mark(session: pytest.Session, items: list[pytest.Item], faults: dict[str, str], *, whole_suite: bool) -> None:
    """Marks the listed tests; when the whole suite was collected, entries that name no test are a failure."""
    for item in items:
        if reason := faults.get(item.nodeid):
            text = f"{reason} [if this passed, the entry in known_faults.toml is stale: remove it]"
            item.add_marker(pytest.mark.xfail(reason=text, strict=True, raises=WRONG_ANSWERS))
    unknown = sorted(faults.keys() - {item.nodeid for item in items})
    if whole_suite and unknown:
        items.append(UnknownEntries.from_parent(session, name=FILE.name, entries=unknown))
