"""Sends files through what Terraform applied.

The dispatcher and the workers run with the environment of their task definitions. Every file that is put into the landing bucket must
be in the delivered bucket and the archive, byte for byte, and `completed` in the ledger; what is no file must be in a dead-letter queue
with its reason; the services must drain, and the reaper find nothing to do; and no task may have asked for what its role does not allow.
"""

import argparse
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from drayage_checks.calls import Call
from stack import Stack, home_directories, outputs_of, scaling, uncovered
from tasks import Task, container, definition, definitions

DEADLINE_S = 180
# Over what the applied rules send to the bulk lane (apply_on_moto.sh lowers it), and more than one of that lane's parts of 64 MiB.
LARGE_BYTES = 72 << 20
OVER = ("completed", "failed", "superseded")
NO_TRANSFER = '{"neither": "an event nor a transfer"}'


def files(homes: dict[str, str], landing: str) -> dict[str, bytes]:
    """Key → content: small, empty, several parts, one for each lane, and one where each SFTP user's `/` is."""
    folders = {user: home.removeprefix(f"{landing}/") for user, home in homes.items()}
    assert all(home.startswith(f"{landing}/") for home in homes.values()), f"{homes}"
    return {
        f"{folders['acme']}/invoices 2026-11.csv": b"number,amount\n1,10.00\n",
        "acme/empty.done": b"",
        "acme/several parts.bin": random.Random(1).randbytes(20 << 20),
        "acme/bulk.bin": random.Random(2).randbytes(LARGE_BYTES),
        f"{folders['globex']}/orders/7.json": b'{"order": 7}',
        f"{folders['globex']}/orders/8.json": b'{"order": 8}',
    }


def expected(name: str, sources: list[str]) -> dict[tuple[str, str], tuple[str, str]]:
    """(bucket, key) → the source key and the lane, as examples/complete/rules.toml says."""
    size_lane = {key: "bulk" if key == "acme/bulk.bin" else "fast" for key in sources}
    found = {(f"{name}-archive", key): (key, size_lane[key]) for key in sources}
    found |= {(f"{name}-delivered", key): (key, size_lane[key]) for key in sources if key.startswith("acme/")}
    return found | {(f"{name}-delivered", key): (key, "ordered") for key in sources if key.startswith("globex/orders/")}


def ledger(stack: Stack) -> list[dict[str, str]]:
    found = stack.clients["dynamodb"].scan(TableName=stack.outputs["table"], ConsistentRead=True)["Items"]
    return [{name: next(iter(value.values())) for name, value in item.items()} for item in found]


def await_all(stack: Stack, running: list[Task], count: int) -> list[dict[str, str]]:
    end = time.monotonic() + DEADLINE_S
    while True:
        for task in running:
            task.check()
        found = ledger(stack)
        states = sorted(item["status"] for item in found)
        if len(found) >= count and all(state in OVER for state in states):
            return found
        assert time.monotonic() < end, f"after {DEADLINE_S} s the ledger has {len(found)} of {count} transfers: {states}"
        time.sleep(0.2)


def keys(s3, bucket: str) -> list[str]:
    return [found["Key"] for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def parked(stack: Stack, queue: str) -> dict:
    """The one message of a dead-letter queue."""
    url = stack.queue_url(queue)
    told = stack.clients["sqs"].receive_message(QueueUrl=url, WaitTimeSeconds=20, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
    messages = told.get("Messages", [])
    assert len(messages) == 1, f"{queue} has {len(messages)} messages, not 1"
    return messages[0]


def send_through(stack: Stack, running: list[Task]) -> tuple[int, int]:
    """How many files, and how many transfers they made."""
    s3, sqs, landing = stack.clients["s3"], stack.clients["sqs"], f"{stack.name}-landing"
    sent = files(home_directories(stack, ("acme", "globex")), landing)
    wanted = expected(stack.name, list(sent))
    for key, content in {**sent, "other/no rule takes it.txt": b"not to be copied"}.items():
        # In one request, however large: moto tells checksums of multipart uploads that are not those of the bytes.
        s3.put_object(Bucket=landing, Key=key, Body=content)
    queues = stack.outputs["queues"]
    for queue in ("ingest", "fast"):
        sqs.send_message(QueueUrl=stack.queue_url(queues[queue]["name"]), MessageBody=NO_TRANSFER)

    found = await_all(stack, running, len(wanted))
    recorded = {(item["destination_bucket"], item["destination_key"]): item for item in found}
    assert len(found) == len(wanted) and set(recorded) == set(wanted), f"the ledger has {sorted(recorded)}, not {sorted(wanted)}"
    for (bucket, key), (source, lane) in wanted.items():
        item = recorded[(bucket, key)]
        assert (item["status"], item["lane"], item["key"]) == ("completed", lane, source), f"{item}"
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        assert body == sent[source], f"{bucket}/{key} has other bytes than were put in"
    there = {(bucket, key) for bucket in (f"{stack.name}-archive", f"{stack.name}-delivered") for key in keys(s3, bucket)}
    assert there == set(wanted), f"the target buckets have {sorted(there)}, not {sorted(wanted)}"
    for queue in ("ingest", "fast"):
        message = parked(stack, queues[queue]["dlq_name"])
        assert message["Body"] == NO_TRANSFER and message["MessageAttributes"]["drayage-reason"], f"{message}"
    return len(sent), len(wanted)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--outputs", required=True, type=Path, help="terraform output -json")
    parser.add_argument("--region", required=True)
    parser.add_argument("--name", required=True, help="the stack's name")
    parser.add_argument("--drayage", required=True, type=Path, help="the binary")
    parser.add_argument("--calls", required=True, type=Path, help="what the emulator tells of the tasks' requests")
    parser.add_argument("--logs", required=True, type=Path, help="folder for the processes' logs")
    options = parser.parse_args()
    stack = Stack.of(options.name, options.region, os.environ["AWS_ENDPOINT_URL"], outputs_of(options.outputs.read_text()))
    ecs, services = stack.clients["ecs"], sorted(stack.outputs["services"].values())
    tasks = definitions(ecs, services, stack.outputs["cluster"])
    wrong = list(scaling(stack, services))
    assert not wrong, "; ".join(wrong)
    # Whoever stops this check stops its tasks too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    running: list[Task] = []
    try:
        for service in services:
            running.append(Task(service, container(tasks[service]), options.drayage, stack.endpoint, options.logs))
        counts = send_through(stack, running)
        for task in running:
            task.ask_to_stop()
        for task in running:
            assert task.ended() == 0, f"{task.name} did not drain"
        schedule = stack.clients["scheduler"].get_schedule(Name=f"{stack.name}-reaper")
        tasks["reaper"] = definition(ecs, schedule["Target"]["EcsParameters"]["TaskDefinitionArn"])
        running.append(Task("reaper", container(tasks["reaper"]), options.drayage, stack.endpoint, options.logs))
        assert running[-1].ended() == 0, "the reaper failed"
        told = [Call(*json.loads(line)) for line in options.calls.read_text().splitlines()]
        assert {call.who for call in told} == set(tasks), f"the emulator has heard {sorted({call.who for call in told})}"
        wrong = list(uncovered(stack, tasks, told))
        assert not wrong, "; ".join(wrong)
    except BaseException:
        for task in running:
            print(f"--- {task.name}\n{task.log.read_text()[-4000:]}", file=sys.stderr)
        raise
    finally:
        for task in running:
            task.kill()
    print(f"{counts[0]} files, {counts[1]} transfers in three lanes: delivered byte for byte, completed in the ledger; 2 others parked;")
    print(f"{len(services)} services scale by their queues and drained, the reaper ran; {len({(c.who, c.action) for c in told})} sorts of calls, all allowed")


if __name__ == "__main__":
    main()
