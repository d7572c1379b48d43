"""Are the dashboards what Grafana would take, and do they hang together?

    python -m observability_checks.dashboards DASHBOARD…

Fields are those of Grafana's schema, PromQL is right, panels neither overlap nor share an id, links lead somewhere, every panel says
what it is for, and CloudWatch's panels name metrics that AWS has.
"""

import json
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Iterator

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from . import dashboard as read

AWS_METRICS = Path(__file__).parents[2] / "checks/drayage_checks/aws_metrics.json"


def unknown_fields(given, kept, path: str = "") -> Iterator[str]:
    """What Grafana's types did not keep, they do not know."""
    if isinstance(given, dict) and isinstance(kept, dict):
        for key, value in given.items():
            if key in kept:
                yield from unknown_fields(value, kept[key], f"{path}.{key}")
            else:
                yield f"{path}.{key} is no field of Grafana's"
    elif isinstance(given, list) and isinstance(kept, list):
        for index, (one, other) in enumerate(zip(given, kept, strict=True)):
            yield from unknown_fields(one, other, f"{path}[{index}]")


def schema(dashboard: dict) -> Iterator[str]:
    kept = JSONEncoder(sort_keys=True).encode(Dashboard.from_json(dashboard))
    yield from unknown_fields(dashboard, json.loads(kept))


def layout(dashboard: dict) -> Iterator[str]:
    panels = list(read.panels(dashboard))
    ids = [panel["id"] for panel in panels]
    yield from (f"the id {number} is there twice" for number in {number for number in ids if ids.count(number) > 1})

    def overlap(one: dict, other: dict) -> bool:
        a, b = one["gridPos"], other["gridPos"]
        return a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]

    for group in [dashboard["panels"], *(panel["panels"] for panel in panels if panel.get("panels"))]:
        yield from (f"{one['title']!r} and {other['title']!r} overlap" for one, other in combinations(group, 2) if overlap(one, other))
    for panel in panels:
        if panel["gridPos"]["x"] + panel["gridPos"]["w"] > 24:
            yield f"{panel['title']!r} is wider than the page"
        if panel["type"] != "row" and not panel.get("description"):
            yield f"{panel['title']!r} does not say what it is for"


def promql(dashboard: dict) -> Iterator[str]:
    queries = list(read.queries(dashboard))
    rules = [{"record": f"query_{number}", "expr": query.written()} for number, query in enumerate(queries)]
    text = json.dumps({"groups": [{"name": "queries", "rules": rules}]})
    checked = subprocess.run(["promtool", "check", "rules", "/dev/stdin"], input=text, text=True, capture_output=True)
    if checked.returncode:
        yield checked.stderr.strip() + "\n" + "\n".join(f"query_{number} is {query.place}" for number, query in enumerate(queries))


def cloudwatch(dashboard: dict) -> Iterator[str]:
    known = json.loads(AWS_METRICS.read_text())
    for panel in read.panels(dashboard):
        for target in panel.get("targets", []):
            if target.get("queryMode") == "Metrics":
                name = target["metricName"]
                if name not in known[target["namespace"]]["metrics"] or f'MetricName="{name}"' not in target["expression"]:
                    yield f"{panel['title']!r}: AWS has no metric {target['namespace']} {name}, or it asks for another"


def links(dashboards: list[dict]) -> Iterator[str]:
    known = {f"/d/{dashboard['uid']}" for dashboard in dashboards}
    for dashboard in dashboards:
        wanted = [link["url"] for link in dashboard["links"]]
        yield from (f"{dashboard['uid']}: a link to {url}, where nothing is" for url in wanted if url not in known)
        if not wanted:
            yield f"{dashboard['uid']} has no link"


def main() -> int:
    dashboards = [read.load(Path(name)) for name in sys.argv[1:]]
    faults = list(links(dashboards))
    for dashboard in dashboards:
        found = [fault for check in (schema, layout, promql, cloudwatch) for fault in check(dashboard)]
        shown = [panel for panel in read.panels(dashboard) if panel["type"] != "row"]
        count = sum(1 for _ in read.queries(dashboard))
        print(f"{dashboard['uid']}: {len(shown)} panels, {count} queries, {len(found)} faults")
        faults += [f"{dashboard['uid']}: {fault}" for fault in found]
    print(*faults, sep="\n", file=sys.stderr, end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
