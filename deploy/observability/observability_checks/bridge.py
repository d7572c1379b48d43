"""OTLP in, Prometheus' text out: what stands for the collector's Prometheus exporter, which no package registry has.

    python -m observability_checks.bridge OTLP_PORT METRICS_PORT

A real collector (rotel) receives from the program and sends to this. Names, units, suffixes and labels are made as the OpenTelemetry
Collector's exporter makes them: https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/. `service.name`
becomes `job`, `service.instance.id` becomes `instance`. Only cumulative points are taken, as there.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Iterator

import grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as service
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc as service_grpc
from opentelemetry.proto.metrics.v1 import metrics_pb2 as metrics

UNITS = {"s": "seconds", "By": "bytes"}
CUMULATIVE = metrics.AGGREGATION_TEMPORALITY_CUMULATIVE


def name_of(metric: metrics.Metric) -> tuple[str, str]:
    """Prometheus' name and type."""
    name = metric.name.replace(".", "_").replace("-", "_")
    unit = UNITS.get(metric.unit, "" if metric.unit.startswith("{") else metric.unit)
    if unit and not name.endswith(f"_{unit}"):
        name += f"_{unit}"
    if metric.WhichOneof("data") == "sum" and metric.sum.is_monotonic:
        return (name if name.endswith("_total") else f"{name}_total"), "counter"
    return name, "histogram" if metric.WhichOneof("data") == "histogram" else "gauge"


def labels_of(attributes) -> dict[str, str]:
    return {each.key.replace(".", "_"): each.value.string_value for each in attributes}


def number(point: metrics.NumberDataPoint) -> float:
    return point.as_int if point.WhichOneof("value") == "as_int" else point.as_double


def samples(name: str, labels: dict[str, str], metric: metrics.Metric, point) -> Iterator[tuple[str, dict[str, str], float]]:
    if metric.WhichOneof("data") != "histogram":
        yield name, labels, number(point)
        return
    seen = 0
    bounds = [f"{bound:g}" for bound in point.explicit_bounds] + ["+Inf"]
    for bound, count in zip(bounds, point.bucket_counts, strict=True):
        seen += count
        yield f"{name}_bucket", labels | {"le": bound}, seen
    yield f"{name}_sum", labels, point.sum
    yield f"{name}_count", labels, point.count


def line(name: str, labels: dict[str, str], value: float) -> str:
    def escaped(text: str) -> str:
        return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

    inner = ",".join(f'{key}="{escaped(text)}"' for key, text in sorted(labels.items()))
    return f"{name}{{{inner}}} {value!r}"


class Latest(service_grpc.MetricsServiceServicer):
    """The last value of each series."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.families: dict[str, tuple[str, dict[tuple, list[str]]]] = {}

    def Export(self, request: service.ExportMetricsServiceRequest, context) -> service.ExportMetricsServiceResponse:
        with self.lock:
            for resource in request.resource_metrics:
                about = labels_of(resource.resource.attributes)
                process = {"job": about["service_name"], "instance": about["service_instance_id"]}
                for scope in resource.scope_metrics:
                    for metric in scope.metrics:
                        self.take(metric, process)
        return service.ExportMetricsServiceResponse()

    def take(self, metric: metrics.Metric, process: dict[str, str]) -> None:
        kind = metric.WhichOneof("data")
        data = getattr(metric, kind)
        if kind != "gauge" and data.aggregation_temporality != CUMULATIVE:
            raise ValueError(f"{metric.name} is not cumulative")
        name, shown = name_of(metric)
        family = self.families.setdefault(name, (shown, {}))[1]
        for point in data.data_points:
            labels = labels_of(point.attributes) | process
            family[tuple(sorted(labels.items()))] = [line(*sample) for sample in samples(name, labels, metric, point)]

    def text(self) -> str:
        with self.lock:
            lines = []
            for name, (shown, family) in sorted(self.families.items()):
                lines.append(f"# TYPE {name} {shown}")
                lines += [each for series in family.values() for each in series]
            return "\n".join(lines) + "\n"


def main() -> None:
    otlp_port, metrics_port = sys.argv[1:]
    latest = Latest()
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    service_grpc.add_MetricsServiceServicer_to_server(latest, server)
    server.add_insecure_port(f"127.0.0.1:{otlp_port}")
    server.start()

    class Scrape(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = latest.text().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_) -> None:
            pass

    ThreadingHTTPServer(("127.0.0.1", int(metrics_port)), Scrape).serve_forever()


if __name__ == "__main__":
    main()
