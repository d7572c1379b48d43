"""The processes of a pipeline: each on loopback, each ended by its id."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Callable

START_S_MAX = 60
STOP_S_MAX = 30


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(what: str, look: Callable, seconds_max: float = 60, every_s: float = 0.1):
    """The first true thing that `look` gives."""
    end = time.monotonic() + seconds_max
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise SystemExit(f"{what}: not within {seconds_max} s")
        time.sleep(every_s)


class Processes:
    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.stack = ExitStack()
        logs.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *raised) -> None:
        self.stack.__exit__(*raised)

    def start(self, name: str, command: list, port: int, **variables: str) -> subprocess.Popen:
        """Starts a process and waits until it listens."""
        log = self.logs / f"{name}.log"
        # None of the machine's own settings for AWS, OpenTelemetry or the collector.
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "OTEL_", "ROTEL_", "DRAYAGE_"))}
        with log.open("w") as output:
            process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=clean | variables
            )
        self.stack.callback(stop, process)

        def listens() -> bool:
            if process.poll() is not None:
                sys.stderr.write(log.read_text())
                raise SystemExit(f"{name} ended with {process.returncode} before it listened")
            with socket.socket() as asked:
                return asked.connect_ex(("127.0.0.1", port)) == 0

        until(f"{name} listens on {port}", listens, START_S_MAX)
        return process


def stop(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGCONT)
    process.terminate()
    try:
        process.wait(STOP_S_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
