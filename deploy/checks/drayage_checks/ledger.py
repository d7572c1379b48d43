"""The ledger's table and the queues, as Terraform makes them and as the program makes them for itself (`drayage local`, tests)."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from .plan import Fault, resources

TEXT = re.compile(r'const (\w+): &str = "(\w+)";')
INDEX = re.compile(r"index\((\w+), a::(\w+), (?:Some\(a::(\w+)\)|None)\)")
KEY = re.compile(r"\.key_schema\(key\(a::(\w+), KeyType::Hash\)")
DEFINED = re.compile(r"for name in \[([^\]]*)\]")
PROJECTION = re.compile(r"ProjectionType::(\w+)\)")
BILLING = re.compile(r"BillingMode::(\w+)\)")
RECEIVES = re.compile(r"const RECEIVES_MAX: u32 = (\d+);")
# What the SDK calls what the API, and Terraform, say so.
API = {"KeysOnly": "KEYS_ONLY", "All": "ALL", "PayPerRequest": "PAY_PER_REQUEST", "Provisioned": "PROVISIONED"}


@dataclass(frozen=True)
class Schema:
    table: str
    key: str
    # Index → hash key, range key.
    indexes: dict[str, tuple[str, str | None]]
    attributes: frozenset[str]
    projection: str
    billing: str
    ttl: str
    receives_max: int


def of_the_program(sources: Path) -> Schema:
    """What `create_table` and topology make."""
    schema = (sources / "common/src/ledger/schema.rs").read_text()
    made = (sources / "topology/src/make.rs").read_text()
    attributes = dict(TEXT.findall((sources / "common/src/ledger/item.rs").read_text()))
    names = dict(TEXT.findall(schema))
    return Schema(
        table=dict(TEXT.findall(made))["TABLE"],
        key=attributes[KEY.findall(schema)[0]],
        indexes={names[index]: (attributes[key], attributes.get(sort)) for index, key, sort in INDEX.findall(schema)},
        attributes=frozenset(attributes[name] for name in re.findall(r"a::(\w+)", DEFINED.findall(schema)[0])),
        projection=API[PROJECTION.findall(schema)[0]],
        billing=API[BILLING.findall(schema)[0]],
        ttl=attributes["EXPIRE_AT"],
        receives_max=int(RECEIVES.findall(made)[0]),
    )


def table(plan: dict, wanted: Schema) -> Iterator[Fault]:
    for made in resources(plan, "aws_dynamodb_table"):
        values = made.values
        indexes = values["global_secondary_index"]
        pairs = {
            "the name": (values["name"], wanted.table),
            "the hash key": (values["hash_key"], wanted.key),
            "the range key": (values.get("range_key") or None, None),
            "the indexes": (
                {index["name"]: (index["hash_key"], index.get("range_key") or None) for index in indexes},
                wanted.indexes,
            ),
            "the indexes' projection": ({index["projection_type"] for index in indexes}, {wanted.projection}),
            "the key attributes": (
                {(attribute["name"], attribute["type"]) for attribute in values["attribute"]},
                {(name, "S") for name in wanted.attributes},
            ),
            "the billing": (values["billing_mode"], wanted.billing),
            "the TTL": ([ttl["attribute_name"] for ttl in values["ttl"] if ttl["enabled"]], [wanted.ttl]),
            "the stream": (values.get("stream_view_type") if values.get("stream_enabled") else None, "NEW_AND_OLD_IMAGES"),
            "point-in-time recovery": ([options["enabled"] for options in values["point_in_time_recovery"]], [True]),
        }
        for what, (found, expected) in pairs.items():
            if found != expected:
                yield Fault("ledger-schema", made.address, f"{what}: {found}, but the program has {expected}")


def receives(plan: dict, wanted: Schema) -> Iterator[Fault]:
    """Where SQS gives up before the worker has counted its attempts, throttles spend them."""
    for policy in resources(plan, "aws_sqs_queue_redrive_policy"):
        found = (policy.json("redrive_policy") or {}).get("maxReceiveCount")
        if found != wanted.receives_max:
            yield Fault("receives", policy.address, f"{found} receives, but topology has {wanted.receives_max}")
