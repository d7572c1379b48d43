"""Does the compose file hang together? No engine runs here, so this looks at the text: keys that compose knows, pinned images, ports on
loopback, files that are there, and configurations that name each other's services and ports.

    python -m observability_checks.compose COMPOSE_FILE
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterator

import yaml

KEYS = {"image", "command", "environment", "volumes", "ports", "depends_on", "restart"}


def service_faults(name: str, service: dict, compose: dict, folder: Path) -> Iterator[str]:
    yield from (f"{name}: {key} is not known here" for key in service.keys() - KEYS)
    if not re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", service.get("image", "")):
        yield f"{name}: its image is not pinned to a release"
    for port in service.get("ports", []):
        if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port):
            yield f"{name}: {port} is not on loopback"
    yield from (f"{name} depends on {other}, which is not there" for other in service.get("depends_on", []) if other not in compose["services"])
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("./"):
            if not (folder / source).exists():
                yield f"{name}: there is no {source}"
            if not volume.endswith(":ro"):
                yield f"{name}: {source} could be written to"
        elif source not in compose["volumes"]:
            yield f"{name}: there is no volume {source}"


def mounted(compose: dict, service: str, target: str, folder: Path) -> Path:
    """The file that a service sees at a path."""
    for volume in compose["services"][service]["volumes"]:
        source, inside = volume.split(":")[:2]
        if inside == target:
            return folder / source
    raise SystemExit(f"{service} mounts nothing at {target}")


def ports(compose: dict, folder: Path) -> Iterator[str]:
    """Who talks to whom, from each side's own configuration."""
    collector = yaml.safe_load(mounted(compose, "collector", "/etc/collector.yaml", folder).read_text())
    scrape = yaml.safe_load(mounted(compose, "prometheus", "/etc/prometheus/prometheus.yml", folder).read_text())["scrape_configs"][0]
    tempo = yaml.safe_load(mounted(compose, "tempo", "/etc/tempo.yaml", folder).read_text())
    sources = yaml.safe_load(mounted(compose, "grafana", "/etc/grafana/provisioning/datasources/drayage.yaml", folder).read_text())
    providers = yaml.safe_load(mounted(compose, "grafana", "/etc/grafana/provisioning/dashboards/drayage.yaml", folder).read_text())

    def listens(endpoint: str) -> str:
        return endpoint.rsplit(":", 1)[1]

    received = listens(collector["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"])
    exposed = listens(collector["exporters"]["prometheus"]["endpoint"])
    traced = listens(tempo["distributor"]["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"])
    urls = {source["type"]: source["url"] for source in sources["datasources"]}
    expected = [
        (f"127.0.0.1:4317:{received}" in compose["services"]["collector"]["ports"], "the host's 4317 does not lead to the collector's receiver"),
        (scrape["static_configs"][0]["targets"] == [f"collector:{exposed}"], "Prometheus does not scrape the collector's exporter"),
        (scrape.get("honor_labels") is True, "without honor_labels Prometheus overwrites the processes' job and instance"),
        (collector["exporters"]["otlp/tempo"]["endpoint"] == f"tempo:{traced}", "the collector does not send traces where Tempo listens"),
        (urls["prometheus"] == "http://prometheus:9090", "Grafana does not ask Prometheus"),
        (urls["tempo"] == f"http://tempo:{tempo['server']['http_listen_port']}", "Grafana does not ask Tempo where it listens"),
    ]
    yield from (fault for right, fault in expected if not right)
    for name, pipeline in collector["service"]["pipelines"].items():
        for kind in ("receivers", "processors", "exporters"):
            yield from (f"pipeline {name}: there is no {each} among the {kind}" for each in pipeline[kind] if each not in collector[kind])
    shown = {volume.split(":")[1] for volume in compose["services"]["grafana"]["volumes"]}
    for provider in providers["providers"]:
        for dashboard in ("overview.json", "internals.json"):
            if f"{provider['options']['path']}/{dashboard}" not in shown:
                yield f"Grafana is not given {dashboard}"


def by_compose(path: Path) -> Iterator[str]:
    """Compose's own word, where it is installed; it needs no engine for this."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and subprocess.run([*command, "version"], capture_output=True).returncode == 0:
            asked = subprocess.run([*command, "--file", path, "config", "--quiet"], capture_output=True, text=True)
            print(f"{' '.join(command)} config: {'accepted' if asked.returncode == 0 else 'refused'}")
            if asked.returncode:
                yield asked.stderr.strip()
            return
    print("no docker compose here: only the structure was looked at")


def main() -> int:
    path = Path(sys.argv[1])
    compose = yaml.safe_load(path.read_text())
    faults = [fault for name, service in compose["services"].items() for fault in service_faults(name, service, compose, path.parent)]
    faults += [*ports(compose, path.parent), *by_compose(path)]
    print(f"{path.name}: {len(compose['services'])} services, {len(faults)} faults")
    print(*faults, sep="\n", file=sys.stderr, end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
