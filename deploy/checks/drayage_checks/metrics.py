"""Alarms, scaling policies and the dashboard: metric math, and metrics that somebody emits."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from . import math
from .plan import Fault, resources

AWS_METRICS = json.loads(Path(__file__).with_name("aws_metrics.json").read_text())


@dataclass(frozen=True)
class Metric:
    where: str
    namespace: str
    name: str
    dimensions: frozenset[str]


def alarm_queries(values: dict) -> list[dict]:
    # An alarm's metrics return nothing unless they say so.
    queries = values.get("metric_query") or []
    return [{**query, "return_data": bool(query.get("return_data"))} for query in queries]


def scaling_queries(values: dict) -> list[dict]:
    return [
        query
        for tracking in values.get("target_tracking_scaling_policy_configuration") or []
        for specification in tracking.get("customized_metric_specification") or []
        for query in specification.get("metrics") or []
    ]


def expressions(plan: dict) -> Iterator[Fault]:
    kinds = {"aws_cloudwatch_metric_alarm": alarm_queries, "aws_appautoscaling_policy": scaling_queries}
    for resource in resources(plan, *kinds):
        queries = kinds[resource.kind](resource.values)
        for mistake in math.mistakes(queries) if queries else ():
            yield Fault("metric-math", resource.address, mistake)


def named(plan: dict) -> Iterator[Metric]:
    for alarm in resources(plan, "aws_cloudwatch_metric_alarm"):
        values = alarm.values
        if values.get("metric_name"):
            yield Metric(alarm.address, values["namespace"], values["metric_name"], frozenset(values.get("dimensions") or ()))
        for query in values.get("metric_query") or []:
            for metric in query.get("metric") or []:
                yield Metric(alarm.address, metric["namespace"], metric["metric_name"], frozenset(metric.get("dimensions") or ()))
    for policy in resources(plan, "aws_appautoscaling_policy"):
        for query in scaling_queries(policy.values):
            for stat in query.get("metric_stat") or []:
                for metric in stat["metric"]:
                    names = frozenset(dimension["name"] for dimension in metric["dimensions"])
                    yield Metric(policy.address, metric["namespace"], metric["metric_name"], names)
    for dashboard in resources(plan, "aws_cloudwatch_dashboard"):
        for widget in (dashboard.json("dashboard_body") or {"widgets": []})["widgets"]:
            for row in widget["properties"].get("metrics", []):
                yield Metric(f"{dashboard.address}, {widget['properties']['title']!r}", row[0], row[1], frozenset(row[2::2]))


def emitted_by_filters(plan: dict) -> set[tuple[str, str]]:
    filters = resources(plan, "aws_cloudwatch_log_metric_filter")
    return {(made["namespace"], made["name"]) for each in filters for made in each.values["metric_transformation"]}


def names(plan: dict, ours: set[str]) -> Iterator[Fault]:
    """`ours` are the metrics that the program emits; the collector puts them into a namespace that begins with Drayage/."""
    filtered = emitted_by_filters(plan)
    for metric in named(plan):
        known = AWS_METRICS.get(metric.namespace)
        if known is None:
            if (metric.namespace, metric.name) not in filtered and not (
                metric.namespace.startswith("Drayage/") and metric.name in ours
            ):
                yield Fault("metric-names", metric.where, f"nobody emits {metric.namespace} {metric.name}")
        elif metric.name not in known["metrics"]:
            yield Fault("metric-names", metric.where, f"AWS has no metric {metric.namespace} {metric.name}")
        elif sorted(metric.dimensions) not in known["dimensions"]:
            given = ", ".join(sorted(metric.dimensions)) or "no dimension"
            yield Fault("metric-names", metric.where, f"{metric.namespace} {metric.name} is not kept by {given}")
