"""Is everything watched that must be? Each queue, rule, service, table and SFTP server has its alarms, and each alarm tells somebody."""

from typing import Iterator

from .plan import Fault, Resource, resources

# Resource type → the metrics that each of its kind is watched by.
QUEUE = ("ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible")
DEAD_LETTERS = ("ApproximateNumberOfMessagesVisible",)
SERVICE = ("CPUUtilization", "MemoryUtilization")
TABLE = ("ReadThrottleEvents", "WriteThrottleEvents", "ConditionalCheckFailedRequests")
INDEX = ("WriteThrottleEvents",)
SFTP = ("SftpSessionErrors",)
# What an alarm may not exceed, where the fleet's own promises say so.
HIGHEST = {"CPUUtilization": 80, "MemoryUtilization": 80, "FailedInvocations": 0, "SftpSessionErrors": 5}


def watched(plan: dict) -> set[tuple[str, str]]:
    """(metric, what it is of: the last value of its dimensions by name)."""
    found = set()
    for alarm in resources(plan, "aws_cloudwatch_metric_alarm"):
        dimensions = alarm.values.get("dimensions") or {}
        found.add((alarm.values.get("metric_name"), "/".join(dimensions[name] for name in sorted(dimensions))))
    return found


def dead_letter(queue: Resource) -> bool:
    return queue.address.endswith((".dead_letters", ".undelivered"))


def wanted(plan: dict) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(address, what alarms call it, the metrics)."""
    for queue in resources(plan, "aws_sqs_queue"):
        yield queue.address, queue.values["name"], DEAD_LETTERS if dead_letter(queue) else QUEUE
    for rule in resources(plan, "aws_cloudwatch_event_rule"):
        if "aws.s3" in rule.json("event_pattern")["source"]:
            yield rule.address, rule.values["name"], ("FailedInvocations",)
    for service in resources(plan, "aws_ecs_service"):
        yield service.address, f"{service.values['cluster']}/{service.values['name']}", SERVICE
    for table in resources(plan, "aws_dynamodb_table"):
        yield table.address, table.values["name"], TABLE
        for index in table.values["global_secondary_index"]:
            yield f"{table.address}, {index['name']}", f"{index['name']}/{table.values['name']}", INDEX
    for server in resources(plan, "aws_transfer_server"):
        yield server.address, "", SFTP


def complete(plan: dict) -> Iterator[Fault]:
    found = watched(plan)
    for where, name, metrics in wanted(plan):
        for metric in metrics:
            if (metric, name) not in found:
                yield Fault("alarms", where, f"no alarm watches its {metric}")


def told(plan: dict) -> Iterator[Fault]:
    for alarm in resources(plan, "aws_cloudwatch_metric_alarm"):
        values, highest = alarm.values, HIGHEST.get(alarm.values.get("metric_name"))
        # The action of an alarm that scales is known only after the apply.
        if not values.get("alarm_actions", True):
            yield Fault("alarms", alarm.address, "it tells nobody")
        if highest is not None and values["threshold"] > highest:
            yield Fault("alarms", alarm.address, f"it waits for more than {values['threshold']}; expected {highest} at most")


CHECKS = (complete, told)
