"""IAM: condition keys that exist, wildcards that say why, and parliament's opinion of every action and resource."""

import json
import re
from pathlib import Path
from typing import Iterator

from .plan import Fault, Resource, listed, resources

# Condition key → what sort of value it has. A misspelt key matches nothing: an Allow never applies, a Deny always or never.
CONDITION_KEYS = {
    "aws:SecureTransport": "Bool",
    "aws:SourceAccount": "String",
    "aws:SourceArn": "Arn",
    "ecs:cluster": "Arn",
    "iam:PassedToService": "String",
    "kms:EncryptionContext:aws:logs:arn": "Arn",
    "kms:ViaService": "String",
    "s3:ResourceAccount": "String",
    "s3:TlsVersion": "Numeric",
    "s3:prefix": "String",
}
OPERATORS = {
    "Arn": {"ArnEquals", "ArnLike", "StringEquals", "StringLike"},
    "Bool": {"Bool"},
    "Numeric": {"NumericEquals", "NumericGreaterThan", "NumericGreaterThanEquals", "NumericLessThan", "NumericLessThanEquals"},
    "String": {"StringEquals", "StringLike", "StringNotEquals", "StringNotLike"},
}
# Resource type → the attributes that hold policies. `identity` policies belong to a role; the others to what they protect.
IDENTITY = {"aws_iam_role_policy": ("policy",)}
ATTACHED = {
    "aws_iam_role": ("assume_role_policy",),
    "aws_kms_key": ("policy",),
    "aws_s3_bucket_policy": ("policy",),
    "aws_sns_topic_policy": ("policy",),
    "aws_sqs_queue_policy": ("policy",),
    "aws_vpc_endpoint": ("policy",),
}


def documents(plan: dict, kinds: dict[str, tuple[str, ...]]) -> Iterator[tuple[Resource, str, dict]]:
    """Every policy that is known before the apply."""
    for resource in resources(plan, *kinds):
        for attribute in kinds[resource.kind]:
            document = resource.json(attribute)
            if document is not None:
                yield resource, attribute, document


def unknown(plan: dict) -> Iterator[Fault]:
    """An identity policy that nobody sees before the apply is checked by nobody. For a plan whose keys are there already."""
    for resource in resources(plan, *IDENTITY):
        if resource.values.get("policy") is None:
            yield Fault("policy-known", resource.address, "the policy is known only after the apply, so no check sees it")


def conditions(plan: dict) -> Iterator[Fault]:
    for resource, _, document in documents(plan, {**IDENTITY, **ATTACHED}):
        for statement in document["Statement"]:
            where = f"{resource.address}, {statement.get('Sid', 'statement')}"
            for operator, keys in statement.get("Condition", {}).items():
                for key in keys:
                    kind = CONDITION_KEYS.get(key)
                    if kind is None:
                        yield Fault("condition-keys", where, f"no condition key {key} is known here")
                    elif operator not in OPERATORS[kind]:
                        yield Fault("condition-keys", where, f"{key} is compared with {operator}, but is of the sort {kind}")


def confined_services(plan: dict) -> Iterator[Fault]:
    """Whoever lets an AWS service in says for whose rules, tasks or logs: it acts for every account in the world."""
    for resource, _, document in documents(plan, ATTACHED):
        for statement in document["Statement"]:
            services = listed((statement.get("Principal") or {}).get("Service")) if isinstance(statement.get("Principal"), dict) else []
            keys = {key for keys in statement.get("Condition", {}).values() for key in keys}
            confined = keys & {"aws:SourceArn", "aws:SourceAccount", "kms:EncryptionContext:aws:logs:arn"}
            if statement["Effect"] == "Allow" and services and not confined:
                yield Fault("confined-services", resource.address, f"{', '.join(services)} may act for any account")


def forbidden(plan: dict) -> Iterator[Fault]:
    """No role deletes an object, and every role names its calls."""
    for resource, _, document in documents(plan, IDENTITY):
        for statement in document["Statement"]:
            if statement["Effect"] == "Allow" and ("NotAction" in statement or "NotResource" in statement):
                yield Fault("least-privilege", resource.address, "everything but something is allowed")
            for action in listed(statement.get("Action")):
                if action.startswith("s3:DeleteObject") and statement["Effect"] == "Allow":
                    yield Fault("least-privilege", resource.address, f"{action} is allowed")
                elif "*" in action or "?" in action:
                    yield Fault("least-privilege", resource.address, f"{action} is allowed: name the calls")


def owned_buckets(plan: dict) -> Iterator[Fault]:
    """A bucket of the right name in the wrong account must be refused: it is what ExpectedBucketOwner does, for every call."""
    for resource, _, document in documents(plan, IDENTITY):
        for statement in document["Statement"]:
            keys = statement.get("Condition", {}).get("StringEquals", {})
            if any(action.startswith("s3:") for action in listed(statement.get("Action"))) and "s3:ResourceAccount" not in keys:
                yield Fault("bucket-owners", f"{resource.address}, {statement.get('Sid')}", "no account is named whose bucket it must be")


def wildcards(folder: Path) -> Iterator[Fault]:
    """Every `resources = ["*"]` has its reason in the line above it, or stands in a key's policy, whose file says so."""
    for path in sorted(folder.rglob("*.tf")):
        lines = path.read_text().splitlines()
        key_policy = any(line.startswith('# In a key\'s policy, Resource "*"') for line in lines)
        for number, line in enumerate(lines, 1):
            if re.search(r'resources\s*=\s*\["\*"\]', line) and not key_policy and not lines[number - 2].strip().startswith("#"):
                yield Fault("wildcard-reason", f"{path.relative_to(folder)}:{number}", "no reason is given in the line above")


def parliament_findings(plan: dict) -> Iterator[Fault]:
    """Misspelt actions, actions that do not know the resources they are given, and the like."""
    import parliament

    for resource, _, document in documents(plan, IDENTITY):
        for finding in parliament.analyze_policy_string(json.dumps(document)).findings:
            if finding.issue == "RESOURCE_STAR":
                # `wildcards` sees to these.
                continue
            detail = finding.detail or finding.location.get("string", "")
            yield Fault("parliament", resource.address, f"{finding.issue}: {detail}")


CHECKS = (conditions, confined_services, forbidden, owned_buckets)
