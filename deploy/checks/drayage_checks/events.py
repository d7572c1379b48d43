"""Event patterns: EventBridge takes lists of values and conditions, of the type that the event has."""

from typing import Any, Iterator

from .plan import Fault, resources

TOP = {"version": str, "id": str, "detail-type": str, "source": str, "account": str, "time": str, "region": str, "resources": str}
# The fields of an event's detail that a pattern may ask for, with their types.
DETAILS = {
    ("aws.s3", "Object Created"): {
        "version": str, "request-id": str, "requester": str, "source-ip-address": str, "reason": str,
        "bucket": {"name": str},
        "object": {"key": str, "size": int, "etag": str, "version-id": str, "sequencer": str},
    },
    ("aws.ecs", "ECS Task State Change"): {
        "clusterArn": str, "group": str, "lastStatus": str, "desiredStatus": str, "launchType": str, "startedBy": str,
        "stopCode": str, "stoppedReason": str, "taskArn": str, "taskDefinitionArn": str,
        "containers": {"exitCode": int, "lastStatus": str, "name": str, "reason": str},
    },
}
TEXT_CONDITIONS = {"prefix", "suffix", "wildcard", "equals-ignore-case", "cidr"}


def type_name(kind: type) -> str:
    return "a number" if kind is int else "text"


def is_of(value: Any, kind: type) -> bool:
    if kind is int:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, str)


def condition(where: str, name: str, operand: Any, kind: type) -> Iterator[str]:
    if name == "exists":
        if not isinstance(operand, bool):
            yield f"{where}: exists takes true or false"
    elif name == "anything-but":
        if isinstance(operand, dict):
            for inner, value in operand.items():
                yield from condition(where, inner, value, kind)
        else:
            for value in operand if isinstance(operand, list) else [operand]:
                if not is_of(value, kind):
                    yield f"{where}: {value!r} where the event has {type_name(kind)}"
    elif name in TEXT_CONDITIONS:
        if kind is not str:
            yield f"{where}: {name} where the event has {type_name(kind)}"
        elif not isinstance(operand, str) or not operand:
            yield f"{where}: {name} takes text, not {operand!r}"
    elif name == "numeric":
        pairs = operand if isinstance(operand, list) else []
        if kind is not int:
            yield f"{where}: numeric where the event has {type_name(kind)}"
        elif len(pairs) not in (2, 4) or any(
            op not in ("<", "<=", "=", ">", ">=") or not is_of(number, int) for op, number in zip(pairs[::2], pairs[1::2])
        ):
            yield f"{where}: numeric takes operators and numbers, not {operand!r}"
    else:
        yield f"{where}: EventBridge has no condition {name!r}"


def field(where: str, values: Any, kind: type) -> Iterator[str]:
    if not isinstance(values, list) or not values:
        yield f"{where}: expected a list of values, not {values!r}"
        return
    for value in values:
        if isinstance(value, dict):
            for name, operand in value.items():
                yield from condition(where, name, operand, kind)
        elif value is not None and not is_of(value, kind):
            yield f"{where}: {value!r} where the event has {type_name(kind)}"


def level(where: str, pattern: Any, fields: dict) -> Iterator[str]:
    if not isinstance(pattern, dict):
        yield f"{where or 'the pattern'}: expected an object, not {pattern!r}"
        return
    for name, value in pattern.items():
        path = f"{where}.{name}" if where else name
        if name == "$or":
            alternatives = value if isinstance(value, list) else []
            if len(alternatives) < 2:
                yield f"{path}: expected at least two alternatives"
            for alternative in alternatives:
                yield from level(path, alternative, fields)
        elif name not in fields:
            yield f"{path}: the event has no such field"
        elif isinstance(fields[name], dict):
            yield from level(path, value, fields[name])
        else:
            yield from field(path, value, fields[name])


def mistakes(pattern: Any) -> Iterator[str]:
    if not isinstance(pattern, dict):
        yield f"expected an object, not {pattern!r}"
        return
    sources, kinds = pattern.get("source"), pattern.get("detail-type")
    pairs = [(s, k) for s in sources or [] for k in kinds or []] if isinstance(sources, list) and isinstance(kinds, list) else []
    details = [DETAILS[pair] for pair in pairs if pair in DETAILS]
    if not pairs or len(details) != len(pairs):
        yield f"expected lists of known events in source and detail-type, not {sources!r} and {kinds!r}"
        return
    yield from level("", pattern, {**TOP, "detail": details[0]})


def patterns(plan: dict) -> Iterator[Fault]:
    for rule in resources(plan, "aws_cloudwatch_event_rule"):
        pattern = rule.json("event_pattern")
        for mistake in mistakes(pattern) if pattern is not None else ():
            yield Fault("event-pattern", rule.address, mistake)


CHECKS = (patterns,)
