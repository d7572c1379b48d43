"""Drayage's processes, as a task definition starts them, but for the endpoint."""

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

from support.clients import ACCESS_KEY_ID, SECRET_ACCESS_KEY

STOP_DEADLINE_S = 40
SHARED = ("--wait-s", "2", "--visibility-timeout-s", "30", "--grace-period-s", "20")


class Service:
    def __init__(self, drayage: Path, name: str, arguments: list[str], log: Path) -> None:
        self.name, self.log = name, log
        environment = {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [drayage, *arguments], env=environment, stdin=subprocess.DEVNULL, stderr=stderr
            )

    def check(self) -> None:
        status = self.process.poll()
        assert status is None, f"{self.name} ended by itself with {status}"

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=STOP_DEADLINE_S)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextmanager
def running(drayage: Path, endpoint: str, region: str, rules: Path, logs: Path):
    """A dispatcher and two workers; none of them outlives this."""
    shared = ["--endpoint-url", endpoint, "--region", region, *SHARED]
    arguments = {
        "dispatcher": ["dispatcher", "--rules", str(rules)],
        "worker-1": ["worker", "--worker-id", "worker-1"],
        "worker-2": ["worker", "--worker-id", "worker-2"],
    }
    services: list[Service] = []
    try:
        for name, own in arguments.items():
            services.append(Service(drayage, name, [*own, *shared], logs / f"{name}.log"))
        yield services
    except BaseException:
        for service in services:
            print(f"--- {service.name}\n{service.log.read_text()}")
        raise
    finally:
        for service in services:
            service.kill()
