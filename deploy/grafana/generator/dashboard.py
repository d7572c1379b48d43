"""A dashboard: rows of panels, laid out from left to right, with the variables and links that both have."""

from dataclasses import dataclass

from .panels import PROMETHEUS, Panel

COLUMNS = 24
GRAFANA_SCHEMA = 41


@dataclass
class Row:
    title: str
    panels: list[Panel]
    height: int = 7
    collapsed: bool = False


def _datasource(name: str, kind: str, label: str) -> dict:
    return {"type": "datasource", "name": name, "label": label, "query": kind, "regex": "", "hide": 0, "includeAll": False, "multi": False, "refresh": 1, "options": [], "current": {}}


def _values(name: str, metric: str, label: str) -> dict:
    query = f"label_values({metric}, {label})"
    return {
        "type": "query",
        "name": name,
        "label": name.capitalize(),
        "datasource": PROMETHEUS,
        "query": {"query": query, "refId": name},
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
        "refresh": 2,
        "sort": 1,
        "hide": 0,
        "regex": "",
        "options": [],
    }


def _text(name: str, label: str, value: str) -> dict:
    current = {"text": value, "value": value}
    return {"type": "textbox", "name": name, "label": label, "query": value, "current": current, "hide": 0, "options": [{**current, "selected": True}]}


PROMETHEUS_VARIABLES = [
    _datasource("prometheus", "prometheus", "Prometheus"),
    _values("lane", "drayage_files_total", "lane"),
    _values("queue", "drayage_in_flight_limit", "queue"),
    _values("customer", "drayage_files_total", "customer"),
]
OTHER_VARIABLES = [
    _datasource("tempo", "tempo", "Tempo"),
    _datasource("cloudwatch", "cloudwatch", "CloudWatch"),
    _text("region", "AWS region", "us-east-1"),
    _text("stack", "Stack (Terraform's `name`)", "drayage"),
    _text("table", "Ledger's table", "FileTransferMetadata"),
]


def _link(title: str, uid: str) -> dict:
    return {"type": "link", "title": title, "url": f"/d/{uid}", "icon": "dashboard", "tooltip": "", "asDropdown": False, "includeVars": True, "keepTime": True, "targetBlank": False, "tags": []}


def _place(rows: list[Row]) -> list[dict]:
    placed, y, number = [], 0, 0

    def next_id() -> int:
        nonlocal number
        number += 1
        return number

    for row in rows:
        head = {"type": "row", "id": next_id(), "title": row.title, "collapsed": row.collapsed, "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": 1}, "panels": []}
        y += 1
        x, inside = 0, []
        for panel in row.panels:
            if x + panel.width > COLUMNS:
                x, y = 0, y + row.height
            place = {"x": x, "y": y, "w": panel.width, "h": row.height}
            inside.append({"type": panel.kind, "id": next_id(), "title": panel.title, "description": panel.about, "gridPos": place, **panel.body})
            x += panel.width
        y += row.height
        if row.collapsed:
            head["panels"] = inside
            placed.append(head)
            y = head["gridPos"]["y"] + 1
        else:
            placed += [head, *inside]
    return placed


def dashboard(uid: str, title: str, about: str, rows: list[Row], link: tuple[str, str], *, others: bool) -> dict:
    return {
        "uid": uid,
        "title": title,
        "description": about,
        "tags": ["drayage"],
        "editable": True,
        "graphTooltip": 1,
        "schemaVersion": GRAFANA_SCHEMA,
        "version": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "links": [_link(*link)],
        "annotations": {"list": []},
        "templating": {"list": PROMETHEUS_VARIABLES + (OTHER_VARIABLES if others else [])},
        "panels": _place(rows),
    }
