"""Task definitions: what Fargate takes, and what a task of ours must be."""

import re
from typing import Iterator

from .plan import Fault, Resource, resources

KIB = 1024
# CPU units → MiB that Fargate has for them.
MEMORY = {
    256: [512, 1 * KIB, 2 * KIB],
    512: [size * KIB for size in range(1, 5)],
    1024: [size * KIB for size in range(2, 9)],
    2048: [size * KIB for size in range(4, 17)],
    4096: [size * KIB for size in range(8, 31)],
    8192: [size * KIB for size in range(16, 61, 4)],
    16384: [size * KIB for size in range(32, 121, 8)],
}
STOP_TIMEOUT_S_MAX = 120
PINNED = re.compile(r"@sha256:[0-9a-f]{64}$")


def containers(task: Resource) -> list[dict]:
    return task.json("container_definitions") or []


def environment(container: dict) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in container.get("environment", [])}


def sizes(plan: dict) -> Iterator[Fault]:
    for task in resources(plan, "aws_ecs_task_definition"):
        cpu, memory = int(task.values["cpu"]), int(task.values["memory"])
        if memory not in MEMORY.get(cpu, []):
            yield Fault("fargate-size", task.address, f"Fargate has no {cpu} CPU units with {memory} MiB")


def stop_timeouts(plan: dict) -> Iterator[Fault]:
    for task in resources(plan, "aws_ecs_task_definition"):
        for container in containers(task):
            where = f"{task.address}, container {container['name']}"
            timeout_s = container.get("stopTimeout", 30)
            if timeout_s > STOP_TIMEOUT_S_MAX:
                yield Fault("stop-timeout", where, f"stopTimeout is {timeout_s}: Fargate takes at most 120")
            grace_s = int(environment(container).get("DRAYAGE_GRACE_PERIOD_S", 0))
            if grace_s >= timeout_s:
                yield Fault("stop-timeout", where, f"killed after {timeout_s} s, within the grace period of {grace_s} s")


def hardening(plan: dict) -> Iterator[Fault]:
    for task in resources(plan, "aws_ecs_task_definition"):
        for container in containers(task):
            where = f"{task.address}, container {container['name']}"
            if not PINNED.search(container["image"]):
                yield Fault("task-hardening", where, f"image {container['image']} is not pinned by digest")
            if not container.get("readonlyRootFilesystem"):
                yield Fault("task-hardening", where, "the root file system can be written")
            if container.get("linuxParameters", {}).get("capabilities", {}).get("drop") != ["ALL"]:
                yield Fault("task-hardening", where, "capabilities are kept")


CHECKS = (sizes, stop_timeouts, hardening)
