"""Grafana's panels, as far as these dashboards use them."""

from dataclasses import dataclass, field

PROMETHEUS = {"type": "prometheus", "uid": "${prometheus}"}
CLOUDWATCH = {"type": "cloudwatch", "uid": "${cloudwatch}"}
TEMPO = {"type": "tempo", "uid": "${tempo}"}


@dataclass
class Panel:
    """One panel; the layout gives it its place and id."""

    kind: str
    title: str
    about: str
    width: int = 8
    body: dict = field(default_factory=dict)


def _target(index: int, expr: str, legend: str, instant: bool) -> dict:
    mode = {"instant": True, "range": False} if instant else {"instant": False, "range": True}
    return {
        "refId": chr(ord("A") + index),
        "datasource": PROMETHEUS,
        "editorMode": "code",
        "expr": expr,
        "legendFormat": legend or "__auto",
        **mode,
    }


def _body(queries: list, unit: str, custom: dict, options: dict, instant: bool, thresholds: list | None, decimals: int | None) -> dict:
    steps = [{"color": "green", "value": None}] + [{"color": color, "value": value} for value, color in thresholds or []]
    defaults = {"unit": unit, "min": 0, "custom": custom, "thresholds": {"mode": "absolute", "steps": steps}}
    if thresholds:
        defaults["color"] = {"mode": "thresholds"} if instant else {"mode": "palette-classic"}
    if decimals is not None:
        defaults["decimals"] = decimals
    if not custom:
        del defaults["custom"]
    pairs = [(query, "") if isinstance(query, str) else query for query in queries]
    return {
        "datasource": PROMETHEUS,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
        "targets": [_target(index, expr, legend, instant) for index, (expr, legend) in enumerate(pairs)],
    }


def stat(title: str, about: str, query: str, unit: str, *, width: int = 3, thresholds: list | None = None, decimals: int | None = None) -> Panel:
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "textMode": "auto",
    }
    return Panel("stat", title, about, width, _body([query], unit, {}, options, True, thresholds, decimals))


def pie(title: str, about: str, queries: list, unit: str, *, width: int = 6) -> Panel:
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "pieType": "donut",
        "displayLabels": ["percent"],
        "legend": {"displayMode": "table", "placement": "right", "showLegend": True, "values": ["value"]},
        "tooltip": {"mode": "single", "sort": "none"},
    }
    return Panel("piechart", title, about, width, _body(queries, unit, {}, options, True, None, None))


def lines(
    title: str,
    about: str,
    queries: list,
    unit: str,
    *,
    width: int = 8,
    bars: bool = False,
    every: str | None = None,
    back: str | None = None,
    threshold: float | None = None,
    decimals: int | None = None,
) -> Panel:
    """`bars` stacks one bar for each `every`; `back` is how far the panel looks, whatever the dashboard's time is."""
    custom = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 10, "showPoints": "never", "spanNulls": False}
    if bars:
        custom |= {"drawStyle": "bars", "fillOpacity": 80, "stacking": {"mode": "normal", "group": "A"}}
    if threshold is not None:
        custom["thresholdsStyle"] = {"mode": "line"}
    options = {
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    thresholds = [(threshold, "red")] if threshold is not None else None
    body = _body(queries, unit, custom, options, False, thresholds, decimals)
    body |= {"interval": every} if every else {}
    body |= {"timeFrom": back} if back else {}
    return Panel("timeseries", title, about, width, body)


def bars(title: str, about: str, queries: list, unit: str, *, every: str = "1m", **more) -> Panel:
    return lines(title, about, queries, unit, bars=True, every=every, **more)


def cloudwatch(title: str, about: str, namespace: str, dimension: str, metric: str, unit: str, stat_name: str = "Maximum", *, prefix: str = "$stack", width: int = 6) -> Panel:
    """Every resource of the stack that has the metric."""
    chosen = f'MetricName="{metric}"' + (f" {dimension}={prefix}" if prefix else "")
    schema = ",".join((namespace, *(["ClusterName", dimension] if dimension == "ServiceName" else [dimension])))
    panel = lines(title, about, [], unit, width=width)
    panel.body |= {
        "datasource": CLOUDWATCH,
        "targets": [
            {
                "refId": "A",
                "datasource": CLOUDWATCH,
                "queryMode": "Metrics",
                "metricQueryType": 0,
                "metricEditorMode": 1,
                "region": "$region",
                "namespace": namespace,
                "metricName": metric,
                "id": "m1",
                "expression": f"SEARCH('{{{schema}}} {chosen}', '{stat_name}', 60)",
                "label": f"${{PROP('Dim.{dimension}')}}",
                "period": "60",
                "statistic": stat_name,
                "dimensions": {},
                "matchExact": True,
            }
        ],
    }
    return panel


def logs(title: str, about: str, groups: list[str], query: str, *, chart: bool = False, width: int = 12) -> Panel:
    target = {
        "refId": "A",
        "datasource": CLOUDWATCH,
        "queryMode": "Logs",
        "region": "$region",
        "id": "",
        "logGroupNames": groups,
        "expression": query,
        "statsGroups": ["bin(5m)"] if chart else [],
    }
    if chart:
        panel = lines(title, about, [], "short", width=width, bars=True)
        panel.body |= {"datasource": CLOUDWATCH, "targets": [target]}
        return panel
    body = {"datasource": CLOUDWATCH, "fieldConfig": {"defaults": {}, "overrides": []}, "options": {"showHeader": True}, "targets": [target]}
    return Panel("table", title, about, width, body)


def traces(title: str, about: str, query: str, limit: int, *, width: int = 12) -> Panel:
    target = {"refId": "A", "datasource": TEMPO, "queryType": "traceql", "query": query, "limit": limit, "tableType": "traces", "filters": []}
    body = {"datasource": TEMPO, "fieldConfig": {"defaults": {}, "overrides": []}, "options": {"showHeader": True}, "targets": [target]}
    return Panel("table", title, about, width, body)
