"""The whole pipeline on an AWS that is not ours: every object delivered byte for byte, every item of the ledger right.

ministack's known faults that matter here, and what is done about each:
- Complete refuses the right full-object checksum: made good in full_object_checksums.py;
- no reply to PutObject carries a checksum, and no object has a CRC64NVME of its own: so nothing is demanded of `verified_by`
  beyond that the store was sent the checksum.
"""

import argparse
import re
from pathlib import Path

import resources
import services
import workload
from support import waits
from support.clients import Clients

DEADLINE_S = 120
REGION = "us-east-1"
TERMINAL = ("completed", "superseded", "failed")
STAMP = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def items(dynamodb) -> list[dict]:
    pages = dynamodb.get_paginator("scan").paginate(TableName=resources.TABLE, ConsistentRead=True)
    return [item for page in pages for item in page["Items"]]


def expected_transfers(contents: dict[str, bytes]) -> dict[tuple[str, str, str], int]:
    """(source key, target bucket, target key) → how many versions of it were put."""
    versions = {key: len(workload.VERSIONS) if key == workload.REWRITTEN else 1 for key in contents}
    found = {(key, "delivered", key): count for key, count in versions.items()}
    return found | {
        (key, "archive", f"kept/{key}"): count for key, count in versions.items() if key.startswith("acme/")
    }


def all_over(dynamodb, running, count: int):
    for service in running:
        service.check()
    found = items(dynamodb)
    over = all(item["status"]["S"] in TERMINAL for item in found)
    return found if over and len(found) >= count else None


def check_item(item: dict, contents: dict[str, bytes]) -> None:
    text = {name: value["S"] for name, value in item.items() if "S" in value}
    number = {name: int(value["N"]) for name, value in item.items() if "N" in value}
    key = text["key"]
    context = f"{item}"
    assert re.fullmatch("[0-9a-f]{40}", text["file_id"]), context
    assert text["source_bucket"] == resources.SOURCE and text["destination_bucket"] in resources.TARGETS, context
    assert text["status"] == "completed" or (key == workload.REWRITTEN and text["status"] == "superseded"), context
    if key != workload.REWRITTEN:
        size = len(contents[key])
        assert number["file_size"] == size, context
        assert text["lane"] == ("bulk" if size > 8 * workload.MIB else "fast"), context
    assert text["customer_id"] == ("acme" if key.startswith("acme/") else "unassigned"), context
    for stamp in ("upload_timestamp", "queued_timestamp", "processing_timestamp", "transfer_timestamp"):
        assert STAMP.fullmatch(text[stamp]), context
    assert text["processed_by"] in ("worker-1", "worker-2"), context
    assert number["attempts"] >= 1 and number["failed_attempts"] == 0, context
    assert number["processing_time_ms"] >= 0 and number["expire_at"] > 1_700_000_000, context
    assert ("error_message" in text) == (text["status"] != "completed"), context
    if text["status"] == "completed":
        assert text["verified_by"] in ("crc64nvme", "crc64nvme-sent", "size"), context
        assert len(text["checksum_crc64nvme"]) == 12, context
    assert "upload_id" not in text, context


def check_ledger(dynamodb, found: list[dict], contents: dict[str, bytes]) -> None:
    for item in found:
        check_item(item, contents)
    counts: dict[tuple[str, str, str], int] = {}
    for item in found:
        place = tuple(item[name]["S"] for name in ("key", "destination_bucket", "destination_key"))
        counts[place] = counts.get(place, 0) + 1
    assert counts == expected_transfers(contents), "the ledger has other transfers than the rules ask for"
    newest = max((item for item in found if item["key"]["S"] == workload.REWRITTEN), key=lambda i: i["sequencer"]["S"])
    assert newest["status"]["S"] == "completed", f"{newest}"
    for index, attribute in ((resources.BY_STATUS, "status"), (resources.BY_CUSTOMER, "customer_id")):
        for value in {item[attribute]["S"] for item in found}:
            wanted = {item["file_id"]["S"] for item in found if item[attribute]["S"] == value}
            assert resources.file_ids(dynamodb, index, value) == wanted, f"{index[0]} of {value}"


def check_objects(s3, contents: dict[str, bytes]) -> None:
    for key, bucket, target_key in expected_transfers(contents):
        body = s3.get_object(Bucket=bucket, Key=target_key)["Body"].read()
        assert body == contents[key], f"{bucket}/{target_key!r} has other bytes than were put in"
    for bucket in resources.TARGETS:
        assert not s3.list_multipart_uploads(Bucket=bucket).get("Uploads"), f"{bucket} has unfinished uploads"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--endpoint", required=True, help="where ministack listens")
    parser.add_argument("--drayage", required=True, type=Path, help="the binary")
    parser.add_argument("--logs", required=True, type=Path, help="folder for the processes' logs")
    options = parser.parse_args()
    aws = Clients(options.endpoint, REGION)
    s3, sqs, dynamodb = (aws.client(name) for name in ("s3", "sqs", "dynamodb"))
    resources.make(aws)
    contents = workload.objects()
    transfers = sum(expected_transfers(contents).values())
    rules = Path(__file__).with_name("rules.toml")
    with services.running(options.drayage, options.endpoint, REGION, rules, options.logs) as running:
        workload.put(s3, contents)
        over = waits.until(
            lambda: all_over(dynamodb, running, transfers), f"{transfers} transfers have ended", DEADLINE_S
        )
        check_ledger(dynamodb, over, contents)
        check_objects(s3, contents)
        waits.until(lambda: not resources.messages(sqs), "every queue is empty")
        for service in running:
            assert service.stop() == 0, f"{service.name} did not drain"
        assert len(items(dynamodb)) == len(over), "the ledger went on growing"
    print(f"ministack: {len(contents)} objects, {transfers} transfers: all delivered, all recorded")


if __name__ == "__main__":
    main()
