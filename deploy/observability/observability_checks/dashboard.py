"""A dashboard's JSON, read: its panels and what they ask Prometheus."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator


@dataclass(frozen=True)
class Query:
    dashboard: str
    panel: str
    ref: str
    expr: str
    instant: bool
    # The panel's least time between two points, where it has one.
    every: str

    @property
    def place(self) -> str:
        return f"{self.dashboard}: {self.panel} ({self.ref})"

    def written(self, *, interval: str | None = None, span: str = "15m", **chosen: str) -> str:
        """As Grafana would send it, with the chosen values of the variables; `All` is a dot and a star."""
        values = {
            "__rate_interval": "1m",
            "__interval": interval or self.every or "1m",
            "__range": span,
            **{name: chosen.get(name, ".*") for name in ("lane", "queue", "customer")},
        }
        return re.sub(r"\$(\w+)", lambda found: values[found[1]], self.expr)


def load(path: Path) -> dict:
    return json.loads(path.read_text())


def panels(dashboard: dict) -> Iterator[dict]:
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def queries(dashboard: dict) -> Iterator[Query]:
    for panel in panels(dashboard):
        for target in panel.get("targets", []):
            if "expr" in target:
                yield Query(
                    dashboard["uid"], panel["title"], target["refId"], target["expr"], target["instant"], panel.get("interval", "")
                )


def variables(dashboard: dict) -> Iterator[tuple[str, str, str]]:
    """Name, metric and label of each variable that is asked for."""
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"]).groups()
            yield variable["name"], metric, label
