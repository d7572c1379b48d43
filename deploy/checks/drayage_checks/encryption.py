"""Encryption: with a key of ours everywhere, by arguments that do not contradict one another, and on the way too."""

from typing import Iterator

from .plan import Fault, Resource, listed, resources


def sqs(queue: Resource) -> Iterator[str]:
    if queue.values.get("sqs_managed_sse_enabled") and keyed(queue, "kms_master_key_id"):
        yield "sqs_managed_sse_enabled and kms_master_key_id exclude one another"
    elif not keyed(queue, "kms_master_key_id"):
        yield "no KMS key"


def bucket(configuration: Resource) -> Iterator[str]:
    for rule in configuration.values["rule"]:
        default = (rule.get("apply_server_side_encryption_by_default") or [{}])[0]
        algorithm = default.get("sse_algorithm")
        if algorithm == "AES256" and default.get("kms_master_key_id"):
            yield "AES256 and kms_master_key_id exclude one another"
        elif algorithm not in ("aws:kms", "aws:kms:dsse"):
            yield f"no KMS key: the algorithm is {algorithm}"
        elif not rule.get("bucket_key_enabled"):
            yield "without a bucket key every object costs a request to KMS"


def table(table: Resource) -> Iterator[str]:
    options = (table.values.get("server_side_encryption") or [{}])[0]
    if not options.get("enabled"):
        yield "server_side_encryption is off" + (", though kms_key_arn is given" if options.get("kms_key_arn") else "")


def repository(repository: Resource) -> Iterator[str]:
    for options in repository.values.get("encryption_configuration") or [{}]:
        if options.get("encryption_type") != "KMS":
            also = ", though kms_key is given" if options.get("kms_key") else ""
            yield f"encryption_type is {options.get('encryption_type')}" + also


def named_key(attribute: str):
    def check(resource: Resource) -> Iterator[str]:
        if not keyed(resource, attribute):
            yield "no KMS key"

    return check


def keyed(resource: Resource, attribute: str) -> bool:
    """A key that is made in the same run is not known yet, and then the attribute is absent from the planned values."""
    return attribute not in resource.values or bool(resource.values[attribute])


KINDS = {
    "aws_sqs_queue": sqs,
    "aws_s3_bucket_server_side_encryption_configuration": bucket,
    "aws_dynamodb_table": table,
    "aws_ecr_repository": repository,
    "aws_sns_topic": named_key("kms_master_key_id"),
    "aws_cloudwatch_log_group": named_key("kms_key_id"),
}


def encryption(plan: dict) -> Iterator[Fault]:
    for resource in resources(plan, *KINDS):
        for mistake in KINDS[resource.kind](resource):
            yield Fault("encryption", resource.address, mistake)


def buckets_are_private(plan: dict) -> Iterator[Fault]:
    blocked = {block.values["bucket"]: block.values for block in resources(plan, "aws_s3_bucket_public_access_block")}
    switches = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    for made in resources(plan, "aws_s3_bucket"):
        if not all(blocked.get(made.values["bucket"], {}).get(switch) for switch in switches):
            yield Fault("private-buckets", made.address, "public access is not blocked in all four ways")


def refuses_plain_http(document: dict) -> set[str]:
    """The resources that a policy shuts to whoever comes without TLS."""
    found: set[str] = set()
    for statement in document["Statement"]:
        everybody = statement.get("Principal") in ("*", {"AWS": "*"})
        plain = statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        if statement["Effect"] == "Deny" and everybody and plain:
            found |= set(listed(statement["Resource"]))
    return found


def tls_only(plan: dict) -> Iterator[Fault]:
    policies = ("aws_s3_bucket_policy", "aws_sqs_queue_policy", "aws_sns_topic_policy")
    shut: set[str] = set()
    for policy in resources(plan, *policies):
        shut |= refuses_plain_http(policy.json("policy"))
    names = {arn.rsplit(":", 1)[-1] for arn in shut}
    for made in resources(plan, "aws_s3_bucket", "aws_sqs_queue", "aws_sns_topic"):
        of_it = {made.values["bucket"], f"{made.values['bucket']}/*"} if made.kind == "aws_s3_bucket" else {made.values["name"]}
        if not of_it <= names:
            yield Fault("tls-only", made.address, "no policy refuses whoever comes without TLS")


CHECKS = (encryption, buckets_are_private, tls_only)
