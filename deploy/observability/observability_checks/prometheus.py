"""A Prometheus, asked over HTTP."""

import json
import math
import time
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

Series = list[tuple[dict[str, str], float]]


class Prometheus:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/api/v1"
        # Loopback is asked directly, whatever proxy the machine has.
        self.opener = build_opener(ProxyHandler({}))

    def _get(self, path: str, **asked):
        with self.opener.open(f"{self.url}/{path}?{urlencode(asked)}", timeout=30) as reply:
            return json.load(reply)["data"]

    def now(self, expr: str) -> Series:
        result = self._get("query", query=expr)["result"]
        values = [(series["metric"], float(series["value"][1])) for series in result]
        return [(labels, value) for labels, value in values if math.isfinite(value)]

    def value(self, expr: str) -> float:
        """Of a query that gives one series; zero when it gives none."""
        return sum(value for _, value in self.now(expr))

    def lately(self, expr: str, minutes: int, step_s: int) -> Series:
        """Each series' last value that is a number."""
        end = time.time()
        result = self._get("query_range", query=expr, start=end - minutes * 60, end=end, step=step_s)["result"]
        found = []
        for series in result:
            numbers = [float(value) for _, value in series["values"] if math.isfinite(float(value))]
            found += [(series["metric"], numbers[-1])] if numbers else []
        return found

    def label_values(self, metric: str, label: str) -> list[str]:
        return self._get(f"label/{label}/values", **{"match[]": metric})

    def rules(self) -> list[dict]:
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]
