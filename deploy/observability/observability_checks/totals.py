"""The panels' own queries, asked for the whole run, against what was put in."""

from collections import Counter
from typing import Iterator

from .dashboard import Query
from .prometheus import Prometheus
from .workload import Expected

# The run is younger than this, so nothing was there before.
WHOLE_RUN = "15m"
CUSTOMERS = (".*", "acme", "globex")
LANES = (".*", "fast", "bulk")


def _sum(counts: Counter, keep) -> int:
    return sum(number for key, number in counts.items() if keep(key))


def _files(expected: Expected, state: str, lane: str = ".*", customer: str = ".*") -> int:
    def keep(key: tuple[str, str, str]) -> bool:
        return key[0] == state and lane in (".*", key[1]) and customer in (".*", key[2])

    return _sum(expected.files, keep)


def _wanted(expected: Expected) -> Iterator[tuple[str, dict, dict]]:
    """Panel, chosen variables, and the values by the labels that the panel shows."""
    for customer in CUSTOMERS:
        for lane in LANES:
            chosen = {"customer": customer, "lane": lane}
            completed = _files(expected, "completed", lane, customer)
            size_bytes = _sum(expected.bytes, lambda key: lane in (".*", key[0]) and customer in (".*", key[1]))
            yield "Completed", chosen, {(): completed}
            yield "Delivered", chosen, {(): size_bytes}
            yield "Failed", chosen, {(): _files(expected, "failed", lane, customer)}
    states = {(state,): _files(expected, state) for state in ("completed", "superseded", "failed")}
    for panel in ("Files per hour", "Files per day", "State split"):
        yield panel, {}, states
    yield "Parked messages", {}, {(): sum(expected.parked.values())}
    yield "Parked messages", {"queue": "ingest"}, {(): _sum(expected.parked, lambda key: key[0] == "ingest")}
    yield "Parked", {}, {**expected.parked}
    yield "Events", {}, {(outcome,): number for outcome, number in expected.events.items()}
    yield "Failed files by customer", {}, {("acme",): _files(expected, "failed", customer="acme")}


def compare(prometheus: Prometheus, queries: list[Query], expected: Expected) -> tuple[int, list[str]]:
    first = {(query.panel, query.instant): query for query in reversed(queries) if query.ref == "A"}
    compared, faults = 0, []
    for panel, chosen, wanted in _wanted(expected):
        # Totals are instant, and bars stand for a time; some have the same title.
        query = first.get((panel, True)) or first[(panel, False)]
        found = prometheus.now(query.written(interval=WHOLE_RUN, span=WHOLE_RUN, **chosen))
        got = {tuple(labels[name] for name in sorted(labels)): value for labels, value in found}
        got = {key: value for key, value in got.items() if value}
        compared += 1
        if got != {key: value for key, value in wanted.items() if value}:
            faults.append(f"{panel} {chosen}: {got}, and {wanted} was put in")
    return compared, faults
