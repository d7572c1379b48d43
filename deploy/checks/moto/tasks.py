"""A process for each applied task definition, with exactly its environment."""

import os
import subprocess
from pathlib import Path

STOP_DEADLINE_S = 120
# What ECS adds to a task's environment: credentials. And the emulator instead of AWS. Nobody listens at the collector's port, which
# must cost spans and nothing else.
CREDENTIALS = {
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


class Task:
    """One service's program, as ECS would start it, but for where AWS is."""

    def __init__(self, name: str, container: dict, drayage: Path, endpoint: str, logs: Path) -> None:
        self.name, self.log = name, logs / f"{name}.log"
        given = {entry["name"]: entry["value"] for entry in container["environment"]}
        # A key of its own, so that the emulator can tell whose a request is.
        environment = {**given, **CREDENTIALS, "AWS_ACCESS_KEY_ID": name, "DRAYAGE_ENDPOINT_URL": endpoint}
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [drayage, *container["command"]], env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    def check(self) -> None:
        status = self.process.poll()
        assert status is None, f"{self.name} ended by itself with {status}"

    def ask_to_stop(self) -> None:
        self.process.terminate()

    def ended(self) -> int:
        return self.process.wait(timeout=STOP_DEADLINE_S)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def definitions(ecs, services: list[str], cluster: str) -> dict[str, dict]:
    """Service → the task definition that it runs."""
    found = {}
    for service in ecs.describe_services(cluster=cluster, services=services)["services"]:
        found[service["serviceName"]] = definition(ecs, service["taskDefinition"])
    assert set(found) == set(services), f"ECS has the services {sorted(found)}, not {sorted(services)}"
    return found


def definition(ecs, arn: str) -> dict:
    return ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]


def container(definition: dict) -> dict:
    """The one of ours."""
    return next(container for container in definition["containerDefinitions"] if container["name"] == "drayage")
