"""Runs the real thing: `drayage local` exports to a collector, Prometheus scrapes what comes out, and every query of every panel is asked.

    python -m observability_checks.pipeline --drayage BINARY --deploy FOLDER --work FOLDER

drayage local → rotel (a real collector) → the bridge → Prometheus with the repository's rules. A known workload is put in; each query
must give data, or stand in `SILENT` with the reason; and the totals must be those of what was put in, exactly.
"""

import argparse
import shutil
import sys
import time
from copy import deepcopy
from importlib.util import find_spec
from pathlib import Path

from . import dashboard as read
from .processes import Processes, free_port, until
from .prometheus import Prometheus
from .totals import compare
from .workload import RULES, Expected, Workload

# Panels that this workload cannot move, and why. They must be understood all the same, and one that does give data leaves this list.
SILENT = {"drayage-internals: Task protection (A)": "there is no ECS here whose protection a worker could ask for"}
# On a machine that stands still for longer than the pause, a lease is really lost, and the file is tried again: no figure is wrong then.
MAY_FIRE = {"DrayageLeasesLost", "DrayageHeartbeatsFailing"}
DASHBOARDS = ("overview.json", "internals.json")


def configuration(deploy: Path, work: Path, metrics_port: int) -> Path:
    """The repository's own configuration, with this run's ports and a shorter interval."""
    text = (deploy / "prometheus/prometheus.yml").read_text()
    for old, new in (("collector:8889", f"127.0.0.1:{metrics_port}"), ("15s", "1s"), ("rules/*.yml", f"{deploy}/prometheus/rules/*.yml")):
        assert old in text, old
        text = text.replace(old, new)
    path = work / "prometheus.yml"
    path.write_text(text)
    return path


def start(processes: Processes, options: argparse.Namespace, ports: dict[str, int]) -> int:
    """The process id of `drayage local`."""
    work: Path = options.work
    module = [sys.executable, "-B", "-m", "observability_checks.bridge"]
    processes.start("bridge", [*module, ports["bridge"], ports["metrics"]], ports["metrics"])
    rotel = Path(find_spec("rotel").origin).with_name("rotel-agent")
    processes.start(
        "rotel",
        [rotel, "start", "--pid-file", work / "rotel.pid", "--log-file", work / "rotel-agent.log",
         "--otlp-grpc-endpoint", f"127.0.0.1:{ports['otlp']}", "--otlp-http-endpoint", f"127.0.0.1:{ports['otlp_http']}",
         "--exporters", "bridge:otlp,nowhere:blackhole", "--exporters-metrics", "bridge", "--exporters-traces", "nowhere"],
        ports["otlp"],
        ROTEL_EXPORTER_BRIDGE_ENDPOINT=f"http://127.0.0.1:{ports['bridge']}",
    )  # fmt: skip
    storage = work / "prometheus"
    listen = f"--web.listen-address=127.0.0.1:{ports['prometheus']}"
    config = configuration(options.deploy, work, ports["metrics"])
    processes.start("prometheus", ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={storage}", listen], ports["prometheus"])
    rules = work / "rules.toml"
    rules.write_text(RULES)
    local = processes.start(
        "drayage",
        # One worker, so that what happens twice is two counts of one process: only then it is an increase.
        [options.drayage, "local", "--port", ports["aws"], "--rules", rules, "--workers", 1],
        ports["aws"],
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{ports['otlp']}",
        OTEL_METRIC_EXPORT_INTERVAL="1000",
    )
    return local.pid


def arrived(prometheus: Prometheus, workload: Workload) -> None:
    """Waits until everything that was counted has been exported and scraped: the ledger was written before the counters were read."""
    expected = workload.expected

    def all_of_it() -> bool:
        ended = prometheus.value('sum(drayage_files_total{state=~"completed|superseded|failed"})')
        events = prometheus.value('sum(drayage_events_total)')
        parked = prometheus.value("sum(drayage_messages_parked_total)")
        counts = (sum(expected.events.values()), sum(expected.parked.values()))
        return ended == expected.ended() and (events, parked) == counts and prometheus.value("sum(drayage_in_flight)") == 0

    until("the last counts are in Prometheus", all_of_it)


def ask_everything(prometheus: Prometheus, deploy: Path) -> tuple[int, list[str]]:
    asked, faults = 0, []
    for name in DASHBOARDS:
        dashboard = read.load(deploy / "grafana" / name)
        for query in read.queries(dashboard):
            asked += 1
            written = query.written()
            found = prometheus.now(written) if query.instant else prometheus.lately(written, minutes=5, step_s=5)
            if not found and query.place not in SILENT:
                faults.append(f"{query.place} gives nothing: {written}")
            if found and query.place in SILENT:
                faults.append(f"{query.place} gives data, and is on the list of those that cannot")
        for variable, metric, label in read.variables(dashboard):
            asked += 1
            if len(prometheus.label_values(metric, label)) < 2:
                faults.append(f"{dashboard['uid']}: the variable {variable} has nothing to choose from")
    return asked, faults


def rules(prometheus: Prometheus) -> tuple[int, list[str]]:
    """Each rule was evaluated, and what the workload did wrong is alerted on."""

    def evaluated() -> bool:
        return all(rule["health"] != "unknown" for rule in prometheus.rules())

    until("every rule was evaluated", evaluated)
    found = prometheus.rules()
    faults = [f"rule {rule['name']}: {rule.get('lastError')}" for rule in found if rule["health"] != "ok"]

    def firing() -> set[str]:
        return {rule["name"] for rule in prometheus.rules() if rule.get("state") == "firing"}

    wanted = {"DrayageParked", "DrayageFailedFiles"}
    until(f"{wanted} fire", lambda: wanted <= firing(), 30)
    unwanted = firing() - wanted - MAY_FIRE
    return len(found), faults + [f"{name} fires" for name in sorted(unwanted)]


def planted(prometheus: Prometheus, queries: list[read.Query], expected: Expected) -> list[str]:
    """The check itself: a file that was not put in, a byte too many, a name that nobody exports."""
    one_more, one_byte = deepcopy(expected), deepcopy(expected)
    one_more.files[("completed", "fast", "acme")] += 1
    one_byte.bytes[("bulk", "globex")] += 1
    faults = [f"{what} is not noticed" for what, wrong in (("a file", one_more), ("a byte", one_byte)) if not compare(prometheus, queries, wrong)[1]]
    return faults + [f"{name} gives data" for name in ("drayage_file_total",) if prometheus.now(name)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("drayage", "deploy", "work"):
        parser.add_argument(f"--{name}", required=True, type=lambda text: Path(text).resolve())
    options = parser.parse_args()
    shutil.rmtree(options.work, ignore_errors=True)
    options.work.mkdir(parents=True)
    began = time.monotonic()
    ports = {name: free_port() for name in ("bridge", "metrics", "otlp", "otlp_http", "prometheus", "aws")}
    with Processes(options.work / "logs") as processes:
        local_pid = start(processes, options, ports)
        prometheus, workload = Prometheus(ports["prometheus"]), Workload(ports["aws"], local_pid)
        workload.put_all_in()
        arrived(prometheus, workload)
        workload.put_more_in()
        arrived(prometheus, workload)
        expected = workload.expected
        count, faults = rules(prometheus)
        asked, silent = ask_everything(prometheus, options.deploy)
        queries = list(read.queries(read.load(options.deploy / "grafana/overview.json")))
        compared, wrong = compare(prometheus, queries, expected)
        faults += silent + wrong + planted(prometheus, queries, expected)
        told = expected.states()
        if workload.states() != told:
            faults.append(f"the ledger has {workload.states()}, and {told} was put in")
    print(f"put in: events {dict(expected.events)}, {expected.ended()} files, {sum(expected.bytes.values())} bytes, {sum(expected.parked.values())} parked")
    print(f"{asked} queries and variables gave data ({len(SILENT)} cannot), {compared} totals were compared, {count} rules evaluated, {len(faults)} faults, {time.monotonic() - began:.0f} s")
    print(*faults, sep="\n", file=sys.stderr, end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
