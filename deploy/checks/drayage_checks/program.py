"""What the program itself says: which variables each role reads, which metrics it emits, and whether it takes a task's settings."""

import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterator

from .plan import Fault, resources
from .tasks import containers, environment

EX_USAGE = 64
# Variables that a task is not given, and why.
NOT_GIVEN = {
    "DRAYAGE_ENDPOINT_URL": "a task speaks to AWS",
    "DRAYAGE_RULES": "the rules come as DRAYAGE_RULES_TEXT",
    "DRAYAGE_WORKER_ID": "every task is another worker",
    "DRAYAGE_METRICS_INTERVAL_S": "the program's own interval is right",
    "DRAYAGE_METRIC_CUSTOMERS": "the program's own limit is right",
    "DRAYAGE_TRACE_REQUESTS": "spans for single requests are for somebody who is looking for something",
    "DRAYAGE_HEALTH_PORT": "the image sets it, for the program and for its health check alike",
    "DRAYAGE_TASK_PROTECTION": "what the program does by itself on ECS is right",
    "DRAYAGE_TASK_PROTECTION_AFTER_S": "the program's own idea of long work is right",
    "DRAYAGE_TASK_PROTECTION_MINUTES": "the program's own expiry is right",
    "DRAYAGE_PREFIX": "the reaper sweeps whole buckets, unless a stack says otherwise",
}
SETTING = re.compile(r"\[env\s+([A-Z][A-Z0-9_]*)")
DEADLINE_S = 120


def variables(drayage: Path, role: str) -> set[str]:
    told = subprocess.run([drayage, role, "--help"], capture_output=True, text=True, timeout=DEADLINE_S, check=True)
    return set(SETTING.findall(told.stdout))


def metrics(drayage: Path) -> set[str] | None:
    """The names in the program's catalogue; None for a program that has none."""
    told = subprocess.run([drayage, "metrics", "--json"], capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    if told.returncode != 0:
        return None
    found: set[str] = set()

    def walk(value: object) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("name"), str):
                found.add(value["name"])
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    text = told.stdout.strip()
    for document in [text] if text.startswith("[") else text.splitlines():
        walk(json.loads(document))
    return found


def programs(plan: dict) -> Iterator[tuple[str, str, dict[str, str]]]:
    """(where, role, environment) of every container of ours."""
    for task in resources(plan, "aws_ecs_task_definition"):
        for container in containers(task):
            if container["name"] == "drayage":
                yield task.address, container["command"][0], environment(container)


def unread(plan: dict, read: dict[str, set[str]]) -> Iterator[Fault]:
    """Variables for nobody. `read` has what each role reads."""
    for where, role, given in programs(plan):
        for name in sorted(set(given) - read[role]):
            yield Fault("environment", where, f"drayage {role} reads no {name}")


def missing(plan: dict, read: dict[str, set[str]]) -> Iterator[Fault]:
    """Settings that nobody can make: for a plan that uses everything there is."""
    for where, role, given in programs(plan):
        for name in sorted(read[role] - set(given) - set(NOT_GIVEN)):
            yield Fault("environment", where, f"drayage {role} reads {name}, and the task has none")


def subcommands(drayage: Path) -> set[str]:
    told = subprocess.run([drayage, "--help"], capture_output=True, text=True, timeout=DEADLINE_S, check=True)
    return set(re.findall(r"^  ([a-z]+)  ", told.stdout, re.MULTILINE))


def commands(plan: dict, known: set[str]) -> Iterator[Fault]:
    """A health check that the program does not know would have ECS kill every task, for ever."""
    for task in resources(plan, "aws_ecs_task_definition"):
        for container in containers(task):
            asked = [("command", container["command"][0])] if container["name"] == "drayage" else []
            asked += [("health check", command[-1]) for command in [container.get("healthCheck", {}).get("command")] if command]
            for what, command in asked:
                if command not in known:
                    yield Fault("commands", task.address, f"the program knows no {command!r}, which is the {what}")


def refused(plan: dict, drayage: Path) -> Iterator[Fault]:
    """Starts each role with its task's environment and nothing behind it: it must get past its settings."""

    def started(task: tuple[str, str, dict[str, str]]) -> subprocess.CompletedProcess:
        _, role, given = task
        return subprocess.run(
            [drayage, role],
            # Port 9 answers nobody; credentials are needed before that shows.
            env={
                **given,
                "DRAYAGE_ENDPOINT_URL": "http://127.0.0.1:9",
                "DRAYAGE_OTLP_ENDPOINT": "",
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_CONFIG_FILE": os.devnull,
                "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
                "AWS_EC2_METADATA_DISABLED": "true",
            },
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )

    tasks = list(programs(plan))
    # Each waits for a while for an AWS that does not answer.
    with ThreadPoolExecutor() as pool:
        ended = list(pool.map(started, tasks))
    for (where, role, _), told in zip(tasks, ended):
        if told.returncode == EX_USAGE:
            yield Fault("settings", where, f"drayage {role} refuses them: {told.stderr.strip()}")
        elif told.returncode == 0:
            yield Fault("settings", where, f"drayage {role} ended well without an AWS: this check tells nothing")
