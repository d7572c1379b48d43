"""Each assertion finds the fault that it is for, in a plan that has nothing else wrong."""

import unittest
from pathlib import Path

from drayage_checks import alarms, encryption, events, ledger, math, metrics, plan, policies, program, skips, tasks

from .plans import complete, in_json, planted

ROOT = Path(__file__).parents[3]
OURS = {"drayage.files", "drayage.file.latency", "drayage.queue.oldest_message.age", "drayage.leases.lost"}
SCHEMA = ledger.of_the_program(ROOT)
TASK, RULE, ROLE = "aws_ecs_task_definition", "aws_cloudwatch_event_rule", "aws_iam_role_policy"
TABLE, ALARM = "aws_dynamodb_table", "aws_cloudwatch_metric_alarm"
OWNED = {"StringEquals": {"s3:ResourceAccount": "123456789012"}}


def faults(of: dict) -> set[str]:
    """The names of the checks that find something."""
    checks = (
        *tasks.CHECKS, *events.CHECKS, *encryption.CHECKS, *policies.CHECKS, *alarms.CHECKS, policies.unknown, metrics.expressions,
    )  # fmt: skip
    found = {fault.check for check in checks for fault in check(of)}
    found |= {fault.check for fault in metrics.names(of, OURS)}
    return found | {fault.check for check in (ledger.table, ledger.receives) for fault in check(of, SCHEMA)}


def container(**changes):
    return in_json("container_definitions", lambda all: all[0].update(changes))


def without_condition(statement):
    statement.pop("Condition")


def few_receives(document):
    document["maxReceiveCount"] = 3


def without(changed, address):
    """The plan without the first resource at this address."""
    found = next(made for made in plan.resources(changed) if address in made.address).address

    def walk(module):
        module["resources"] = [resource for resource in module.get("resources", []) if resource["address"] != found]
        for child in module.get("child_modules", []):
            walk(child)

    walk(changed["planned_values"]["root_module"])
    return changed


def statement(change):
    return in_json("policy", lambda document: change(document["Statement"][0]))


class Planted(unittest.TestCase):
    def test_the_plan_itself_is_clean(self):
        self.assertEqual(faults(complete()), set())
        self.assertGreater(sum(1 for _ in plan.resources(complete())), 100)

    def test_each_fault_is_found_by_its_check(self):
        def aged(values):
            values["server_side_encryption"][0]["enabled"] = False

        def pattern(detail):
            return in_json("event_pattern", lambda whole: whole.update(detail=detail))

        def renamed_index(values):
            values["global_secondary_index"][0]["hash_key"] = "status"

        cases = {
            "CPU and memory": (TASK, lambda v: v.update(cpu="512", memory="512"), "fargate-size"),
            "stopTimeout over 120": (TASK, container(stopTimeout=180), "stop-timeout"),
            "stopTimeout within the grace period": (TASK, container(stopTimeout=60, environment=[{"name": "DRAYAGE_GRACE_PERIOD_S", "value": "110"}]), "stop-timeout"),
            "a tag for a digest": (TASK, container(image="drayage:latest"), "task-hardening"),
            "a root file system that can be written": (TASK, container(readonlyRootFilesystem=False), "task-hardening"),
            "text where a list belongs": (RULE, pattern({"bucket": {"name": "landing"}}), "event-pattern"),
            "a number where text belongs": (RULE, pattern({"bucket": {"name": [7]}}), "event-pattern"),
            "a field that no event has": (RULE, pattern({"bucket": {"nmae": ["landing"]}}), "event-pattern"),
            "a condition that there is not": (RULE, pattern({"object": {"key": [{"prefx": "a/"}]}}), "event-pattern"),
            "numeric on text": (RULE, pattern({"object": {"key": [{"numeric": [">", 0]}]}}), "event-pattern"),
            "two sorts of SSE": ("aws_sqs_queue", lambda v: v.update(sqs_managed_sse_enabled=True), "encryption"),
            "a table without its key": (TABLE, aged, "encryption"),
            "an open bucket": ("aws_s3_bucket_public_access_block", lambda v: v.update(block_public_acls=False), "private-buckets"),
            "a misspelt condition key": (ROLE, statement(lambda s: s.update(Condition={"StringEquals": {"kms:ViaServices": "x"}})), "condition-keys"),
            "a condition of the wrong sort": (ROLE, statement(lambda s: s.update(Condition={"Bool": {"kms:ViaService": "x"}})), "condition-keys"),
            "leave to delete objects": (ROLE, statement(lambda s: s.update(Action="s3:DeleteObject", Condition=OWNED)), "least-privilege"),
            "leave by a pattern": (ROLE, statement(lambda s: s.update(Action="s3:Del*", Condition=OWNED)), "least-privilege"),
            "leave but for something": (ROLE, statement(lambda s: s.update(NotAction=s.pop("Action"))), "least-privilege"),
            "anybody's bucket": (ROLE, statement(lambda s: s.update(Action="s3:GetObject", Condition={})), "bucket-owners"),
            "a bucket without TLS": ("aws_s3_bucket_policy", statement(without_condition), "tls-only"),
            "a queue without TLS": ("aws_sqs_queue_policy", statement(without_condition), "tls-only"),
            "a topic without TLS": ("aws_sns_topic_policy", in_json("policy", lambda d: d["Statement"].pop()), "tls-only"),
            "receives that throttles spend": ("aws_sqs_queue_redrive_policy", in_json("redrive_policy", few_receives), "receives"),
            "a policy that nobody sees": (ROLE, lambda v: v.update(policy=None), "policy-known"),
            "a service for any account": ("aws_sqs_queue_policy", in_json("policy", open_to_services), "confined-services"),
            "a metric that AWS has not": (ALARM, lambda v: v.update(metric_name="MessagesVisible"), "metric-names alarms"),
            "a metric that nobody emits": (ALARM, lambda v: v.update(namespace="Drayage/x"), "metric-names"),
            "a missing dimension": (ALARM, lambda v: v.update(dimensions={}), "metric-names alarms"),
            "an alarm that tells nobody": (ALARM, lambda v: v.update(alarm_actions=[]), "alarms"),
            "another index": (TABLE, renamed_index, "ledger-schema"),
            "an index by other means": (TABLE, lambda v: v["global_secondary_index"][0].update(projection_type="ALL"), "ledger-schema"),
            "another key": (TABLE, lambda v: v.update(hash_key="key"), "ledger-schema"),
            "a number where text is": (TABLE, lambda v: v["attribute"][0].update(type="N"), "ledger-schema"),
            "no TTL": (TABLE, lambda v: v["ttl"][0].update(enabled=False), "ledger-schema"),
            "no stream": (TABLE, lambda v: v.update(stream_enabled=False), "ledger-schema"),
            "capacity that is bought": (TABLE, lambda v: v.update(billing_mode="PROVISIONED"), "ledger-schema"),
        }
        for name, (kind, change, check) in cases.items():
            with self.subTest(name):
                self.assertEqual(faults(planted(kind, change)), set(check.split()))

    def test_whatever_is_not_watched_is_found(self):
        for address, what in (
            (".module.lane[\"fast\"].aws_cloudwatch_metric_alarm.age", "ApproximateAgeOfOldestMessage"),
            (".module.lane[\"fast\"].aws_cloudwatch_metric_alarm.depth", "ApproximateNumberOfMessagesVisible"),
            (".module.lane[\"fast\"].aws_cloudwatch_metric_alarm.in_flight", "ApproximateNumberOfMessagesNotVisible"),
            (".module.lane[\"fast\"].aws_cloudwatch_metric_alarm.dead_letters", "ApproximateNumberOfMessagesVisible"),
            (".aws_cloudwatch_metric_alarm.undelivered", "ApproximateNumberOfMessagesVisible"),
            ("module.ingest.aws_cloudwatch_metric_alarm.failed[", "FailedInvocations"),
            ("[\"worker-fast\"].aws_cloudwatch_metric_alarm.usage[\"cpu\"]", "CPUUtilization"),
            ("[\"worker-fast\"].aws_cloudwatch_metric_alarm.usage[\"memory\"]", "MemoryUtilization"),
            (".aws_cloudwatch_metric_alarm.throttles[\"ReadThrottleEvents\"]", "ReadThrottleEvents"),
            (".aws_cloudwatch_metric_alarm.throttles[\"by_status-WriteThrottleEvents\"]", "WriteThrottleEvents"),
            (".aws_cloudwatch_metric_alarm.conflicts", "ConditionalCheckFailedRequests"),
            (".aws_cloudwatch_metric_alarm.errors", "SftpSessionErrors"),
        ):
            with self.subTest(address):
                found = [fault.what for fault in alarms.complete(without(complete(), address))]
                self.assertEqual(found, [f"no alarm watches its {what}"])

    def test_alarms_that_wait_too_long(self):
        for address in ("usage[\"cpu\"]", "usage[\"memory\"]", "ingest.aws_cloudwatch_metric_alarm.failed[", "aws_cloudwatch_metric_alarm.errors"):
            lax = complete()
            alarm = next(alarm for alarm in plan.resources(lax, ALARM) if address in alarm.address)
            alarm.values["threshold"] += 1
            with self.subTest(address):
                self.assertEqual(faults(lax), {"alarms"})

    def test_broken_metric_math_is_found_in_scaling_and_alarms(self):
        def expression(values):
            specification = values["target_tracking_scaling_policy_configuration"][0]["customized_metric_specification"][0]
            next(query for query in specification["metrics"] if query.get("expression"))["expression"] = "(waiting + in_work / running"

        def of_others(values):
            for query in values["metric_query"]:
                if query.get("expression"):
                    query["expression"] = "IF(FILL(tasks, 0) < 1, waiting, 0)"

        cases = (
            ("aws_appautoscaling_policy", "target_tracking_scaling_policy_configuration", expression),
            ("aws_cloudwatch_metric_alarm", "metric_query", of_others),
        )
        for kind, attribute, change in cases:
            with self.subTest(kind):
                broken = complete()
                change(next(resource for resource in plan.resources(broken, kind) if resource.values.get(attribute)).values)
                self.assertEqual(faults(broken), {"metric-math"})

    def test_variables_are_compared_both_ways(self):
        read = {role: set(given) for _, role, given in program.programs(complete())}
        self.assertEqual(list(program.unread(complete(), read)) + list(program.missing(complete(), read)), [])
        fewer = {role: names - {"DRAYAGE_TABLE"} for role, names in read.items()}
        self.assertIn("environment", {fault.check for fault in program.unread(complete(), fewer)})
        more = {role: names | {"DRAYAGE_NEW"} for role, names in read.items()}
        self.assertIn("environment", {fault.check for fault in program.missing(complete(), more)})


    def test_a_command_that_the_program_does_not_know(self):
        roles = {"dispatcher", "worker", "reap"}
        self.assertEqual(list(program.commands(complete(), roles | {"health"})), [])
        self.assertEqual({fault.check for fault in program.commands(complete(), roles)}, {"commands"})
        self.assertEqual({fault.check for fault in program.commands(complete(), {"worker", "reap", "health"})}, {"commands"})


def open_to_services(document):
    document["Statement"].append(
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*", "Principal": {"Service": "events.amazonaws.com"}}
    )


class MetricMath(unittest.TestCase):
    def test_expressions(self):
        self.assertEqual(math.identifiers("(waiting + in_work) / running"), {"waiting", "in_work", "running"})
        self.assertEqual(math.identifiers("IF(FILL(m1, 0) < 1 AND -m2 > 3.5, m3, FILL(m4, REPEAT))"), {"m1", "m2", "m3", "m4"})
        for bad in ("", "a +", "a b", "(a", "a)", "FILL(a)", "NOSUCH(a)", "a / $b", "Running + 1"):
            with self.subTest(bad), self.assertRaises(math.Wrong):
                math.identifiers(bad)


class Skips(unittest.TestCase):
    def test_a_skip_without_a_reason_is_refused(self):
        file = ROOT / "target" / "deploy-checks" / "skips.toml"
        file.write_text('CKV_AWS_1 = "because"\n')
        with self.assertRaises(ValueError):
            skips.read(file)
