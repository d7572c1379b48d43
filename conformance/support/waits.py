"""Waiting for what AWS promises eventually: polls with a deadline, never a bare sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

DEADLINE_S = 60.0
PAUSE_S = 0.05


def until(probe: Callable[[], T], what: str, deadline_s: float = DEADLINE_S) -> T:
    """Calls `probe` until its answer is truthy, and returns that answer."""
    end = time.monotonic() + deadline_s
    while not (answer := probe()):
        assert time.monotonic() < end, f"not within {deadline_s:.0f} s: {what}"
        time.sleep(PAUSE_S)
    return answer
