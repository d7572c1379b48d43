"""The image: what is in it, and whether its containers do what the program does."""

import argparse
import os
import re
import time
from pathlib import Path

import dns
import resources
from containers import Container, files, inspect, podman, run_once
from support import waits
from support.clients import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Clients

REGION = "us-east-1"
DEADLINE_S = 60
GRACE_S = 20
# As a name and not as an address, so that the containers have to look it up.
ENDPOINT_NAME = "simcloud.drayage.test"
CONTENTS = {"acme/small.csv": b"a,b\n1,2\n", "empty": b"", "large": os.urandom(20 * 1024 * 1024 + 1)}
# podman makes these where it mounts its own; they are empty.
MOUNT_POINTS = {"etc/hosts", "etc/resolv.conf", "etc/hostname", "etc/mtab", "run/.containerenv", "dev/console"}


def check_contents(image: str) -> None:
    found = files(image)
    own = {path for path in found if path.split(" -> ")[0] not in MOUNT_POINTS}
    assert own == {"drayage", "etc/ssl/certs/ca-certificates.crt"}, f"the image holds {sorted(own)}"
    assert not any("s" in mode.lower() for mode in found.values()), f"set-user-id: {found}"
    about = inspect(image)
    config = about["Config"]
    assert config["User"] == "10001:10001", config["User"]
    assert config["Entrypoint"] == ["/drayage"], config["Entrypoint"]
    assert config["StopSignal"] in ("SIGTERM", "15"), config["StopSignal"]
    assert about["Healthcheck"]["Test"] == ["CMD", "/drayage", "health"], about["Healthcheck"]
    version = run_once(image, "--version")
    assert version.stdout.startswith("drayage "), version
    shell = run_once("--entrypoint", "/bin/sh", image, "-c", "true")
    assert shell.returncode == 127 and "no such file" in shell.stderr, f"there may be a shell: {shell}"


def check_shut_in(container: Container) -> None:
    status = Path(f"/proc/{container.pid()}/status").read_text()
    line = {key: value.split() for key, _, value in (row.partition(":") for row in status.splitlines())}
    assert set(line["Uid"] + line["Gid"]) == {"10001"}, line["Uid"]
    assert int(line["CapEff"][0], 16) == 0 == int(line["CapBnd"][0], 16), "it has capabilities"
    assert line["NSpid"][-1] == "1", "the program is not process 1, so signals may not reach it"
    mounts = Path(f"/proc/{container.pid()}/mounts").read_text().splitlines()
    options = {mount.split()[1]: mount.split()[3].split(",") for mount in mounts}
    assert "ro" in options["/"], options["/"]
    writable = [place for place, found in options.items() if "rw" in found and not re.match("/(proc|dev|sys)", place)]
    assert not writable, f"writable: {writable}"


def start(image: str, port: int, rules: Path) -> list[Container]:
    environment = {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
        "DRAYAGE_REGION": REGION,
        "DRAYAGE_ENDPOINT_URL": f"http://{ENDPOINT_NAME}:{port}",
        "DRAYAGE_WAIT_S": "2",
        "DRAYAGE_GRACE_PERIOD_S": str(GRACE_S),
    }
    look_up = ("--dns", dns.ADDRESS)
    mounted = (*look_up, "--volume", f"{rules}:/rules.toml:ro")
    # The image's own health port for one; on the host's network the other needs another.
    other = environment | {"DRAYAGE_HEALTH_PORT": "8082"}
    return [
        Container(image, "drayage-check-dispatcher", ["dispatcher", "--rules", "/rules.toml"], other, mounted),
        Container(image, "drayage-check-worker", ["worker", "--worker-id", "worker-1"], environment, look_up),
    ]


def all_over(dynamodb, containers: list[Container]):
    for container in containers:
        assert container.is_running(), f"{container.name} ended: {container.logs()}"
    items = dynamodb.scan(TableName=resources.TABLE, ConsistentRead=True)["Items"]
    over = [item for item in items if item["status"]["S"] in ("completed", "failed", "superseded")]
    return over if len(over) == len(CONTENTS) else None


def transfer(aws: Clients, containers: list[Container]) -> float:
    s3, dynamodb = aws.client("s3"), aws.client("dynamodb")
    started = time.monotonic()
    for key, content in CONTENTS.items():
        s3.put_object(Bucket=resources.SOURCE, Key=key, Body=content)
    over = waits.until(lambda: all_over(dynamodb, containers), f"{len(CONTENTS)} transfers have ended", DEADLINE_S)
    elapsed = time.monotonic() - started
    assert {item["status"]["S"] for item in over} == {"completed"}, over
    for key, content in CONTENTS.items():
        assert s3.get_object(Bucket="delivered", Key=key)["Body"].read() == content, f"{key} has other bytes"
    return elapsed


def check_health(containers: list[Container]) -> None:
    for container in containers:
        answer = waits.until(
            lambda: container.execute("/drayage", "health").returncode == 0, f"{container.name} is alive", DEADLINE_S
        )
        assert answer
    worker = containers[-1]
    podman("pause", worker.name)
    try:
        # `exec` cannot enter what stands still, so a container beside it asks: the network is the same.
        asked = run_once(worker.image, "health")
        assert asked.returncode == 1 and "does not answer" in asked.stderr, asked
    finally:
        podman("unpause", worker.name)
    assert worker.execute("/drayage", "health").returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--image", required=True, help="the image's name")
    parser.add_argument("--port", required=True, type=int, help="simcloud's, on 127.0.0.1")
    options = parser.parse_args()
    check_contents(options.image)
    aws = Clients(f"http://127.0.0.1:{options.port}", REGION)
    resources.make(aws)
    rules = Path(__file__).with_name("rules.toml")
    containers: list[Container] = []
    with dns.serving(ENDPOINT_NAME, "127.0.0.1") as queries:
        try:
            containers = start(options.image, options.port, rules)
            check_health(containers)
            for container in containers:
                check_shut_in(container)
            elapsed = transfer(aws, containers)
            assert queries, "nobody asked the name server"
            stops = [container.stop(GRACE_S) for container in containers]
            for container, (status, _) in zip(containers, stops):
                assert status == 0, f"{container.name} ended with {status}: {container.logs()}"
        except BaseException:
            for container in containers:
                print(f"--- {container.name}\n{container.logs()}")
            raise
        finally:
            for container in containers:
                container.remove()
    size_mib = inspect(options.image)["Size"] / 1024 / 1024
    slowest = max(seconds for _, seconds in stops)
    print(
        f"image: {size_mib:.1f} MiB; {len(CONTENTS)} files moved in {elapsed:.1f} s, names found by DNS; "
        f"SIGTERM to exit 0 within {slowest:.1f} s"
    )


if __name__ == "__main__":
    main()
