"""Containers of the image, shut in as tightly as a task can be: nothing writable, no capability, no user of its own."""

import json
import subprocess
import time

PODMAN = ("podman", "--cgroup-manager", "cgroupfs", "--runtime", "runc")
# No writable path at all: podman would otherwise mount /tmp, /run and /dev/shm writable.
# systemd is not here to run the image's own health check; this check runs it itself.
SHUT_IN = ("--no-healthcheck", "--read-only", "--read-only-tmpfs=false", "--cap-drop", "all", "--security-opt", "no-new-privileges")
# podman would raise these above what it has itself, and may not everywhere; nor may it make a network of the container's own.
HERE = ("--network", "host", "--ulimit", "nofile=20000:20000", "--ulimit", "nproc=4096:4096")


def podman(*arguments: str, check: bool = True) -> subprocess.CompletedProcess:
    done = subprocess.run([*PODMAN, *arguments], capture_output=True, text=True)
    assert not check or done.returncode == 0, f"podman {' '.join(arguments)}: {done.stderr}"
    return done


def run_once(*arguments: str) -> subprocess.CompletedProcess:
    """A container that ends by itself: flags, the image, its command."""
    return podman("run", "--rm", *HERE, *SHUT_IN, *arguments, check=False)


def inspect(image: str) -> dict:
    return json.loads(podman("image", "inspect", image).stdout)[0]


def files(image: str) -> dict[str, str]:
    """Every file of the image and its mode, as tar lists them."""
    container = podman("create", image).stdout.strip()
    try:
        export = subprocess.Popen([*PODMAN, "export", container], stdout=subprocess.PIPE)
        listing = subprocess.run(["tar", "-tv"], stdin=export.stdout, capture_output=True, text=True, check=True)
        assert export.wait() == 0
    finally:
        podman("rm", container)
    rows = (line.split(maxsplit=5) for line in listing.stdout.splitlines())
    return {row[5]: row[0] for row in rows if not row[0].startswith("d")}


class Container:
    def __init__(self, image: str, name: str, command: list[str], environment: dict[str, str], more: tuple = ()):
        self.name, self.image = name, image
        variables = [word for key, value in environment.items() for word in ("--env", f"{key}={value}")]
        podman("rm", "--force", "--ignore", name)
        podman("run", "--detach", "--name", name, *HERE, *SHUT_IN, *variables, *more, image, *command)

    def execute(self, *command: str) -> subprocess.CompletedProcess:
        return podman("exec", self.name, *command, check=False)

    def logs(self) -> str:
        done = podman("logs", self.name)
        return done.stdout + done.stderr

    def pid(self) -> int:
        return int(podman("inspect", "--format", "{{.State.Pid}}", self.name).stdout)

    def is_running(self) -> bool:
        return podman("inspect", "--format", "{{.State.Running}}", self.name).stdout.strip() == "true"

    def stop(self, grace_s: int) -> tuple[int, float]:
        """SIGTERM, and SIGKILL after the grace; exit status and seconds."""
        started = time.monotonic()
        podman("stop", "--time", str(grace_s), self.name)
        status = int(podman("inspect", "--format", "{{.State.ExitCode}}", self.name).stdout)
        return status, time.monotonic() - started

    def remove(self) -> None:
        podman("rm", "--force", "--ignore", self.name)
