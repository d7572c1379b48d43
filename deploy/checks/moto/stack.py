"""The applied stack: its clients and names, and what of it no file passes through."""

import json
from dataclasses import dataclass
from typing import Any, Iterator

import boto3
from botocore.config import Config

from drayage_checks.calls import Call, allowed

SERVICES = (
    "application-autoscaling", "cloudwatch", "dynamodb", "ecr", "ecs", "events", "iam", "kms", "logs", "s3", "scheduler", "sns", "sqs",
    "transfer",
)  # fmt: skip


@dataclass(frozen=True)
class Stack:
    name: str
    region: str
    endpoint: str
    outputs: dict[str, Any]
    clients: dict[str, Any]

    @classmethod
    def of(cls, name: str, region: str, endpoint: str, outputs: dict[str, Any]) -> "Stack":
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, read_timeout=120)
        made = {service: boto3.client(service, region_name=region, endpoint_url=endpoint, config=config) for service in SERVICES}
        return cls(name, region, endpoint, outputs, made)

    def queue_url(self, name: str) -> str:
        return self.clients["sqs"].get_queue_url(QueueName=name)["QueueUrl"]


def home_directories(stack: Stack, users: tuple[str, ...]) -> dict[str, str]:
    """SFTP user → the bucket and folder that it sees as `/`; its role may write there and nowhere else, and delete nothing."""
    transfer, iam = stack.clients["transfer"], stack.clients["iam"]
    (server,) = transfer.list_servers()["Servers"]
    homes = {}
    for name in users:
        user = transfer.describe_user(ServerId=server["ServerId"], UserName=name)["User"]
        assert user["HomeDirectoryType"] == "LOGICAL" and user["SshPublicKeys"], f"{user}"
        (mapping,) = user["HomeDirectoryMappings"]
        assert mapping["Entry"] == "/", f"{name} sees {mapping}"
        home = mapping["Target"].lstrip("/")
        role = user["Role"].split("/")[-1]
        document = iam.get_role_policy(RoleName=role, PolicyName="folder")["PolicyDocument"]
        for statement in document["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not any("Delete" in action for action in actions), f"{role} may {actions}"
            if "s3:PutObject" in actions:
                assert statement["Resource"] == f"arn:aws:s3:::{home}/*", f"{role} may write to {statement['Resource']}"
        homes[name] = home
    return homes


def scaling(stack: Stack, services: list[str]) -> Iterator[str]:
    """What is wrong with the scaling of these services."""
    asked, cloudwatch = stack.clients["application-autoscaling"], stack.clients["cloudwatch"]
    cluster = stack.outputs["cluster"]
    limits = {
        target["ResourceId"].split("/")[-1]: target for target in asked.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    }
    policies = asked.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    for service in services:
        own = {policy["PolicyType"]: policy for policy in policies if policy["ResourceId"] == f"service/{cluster}/{service}"}
        if service not in limits:
            yield f"{service} is no scaling target"
        elif "TargetTrackingScaling" not in own:
            yield f"{service} does not follow its queue"
        elif limits[service]["MinCapacity"] == 0:
            (alarm,) = cloudwatch.describe_alarms(AlarmNames=[f"{service}-leave-zero"])["MetricAlarms"] or [{"AlarmActions": []}]
            if "StepScaling" not in own or alarm["AlarmActions"] != [own["StepScaling"]["PolicyARN"]]:
                yield f"{service} cannot leave zero: the alarm's actions are {alarm['AlarmActions']}"


def uncovered(stack: Stack, definitions: dict[str, dict], told: list[Call]) -> Iterator[str]:
    """Calls that the role of the task that made them does not allow."""
    policies = {}
    for task, definition in definitions.items():
        role = definition["taskRoleArn"].split("/")[-1]
        policies[task] = stack.clients["iam"].get_role_policy(RoleName=role, PolicyName="work")["PolicyDocument"]
    for call in told:
        if not allowed(policies[call.who], call):
            yield f"{call} is not allowed by its role"


def remains(stack: Stack) -> list[str]:
    """What is still there of the stack, but for what AWS itself keeps: keys that wait for their end, inactive task definitions."""
    of = stack.clients
    found: list[str] = []
    found += of["sqs"].list_queues().get("QueueUrls", [])
    found += [bucket["Name"] for bucket in of["s3"].list_buckets()["Buckets"]]
    found += of["dynamodb"].list_tables()["TableNames"]
    found += [rule["Name"] for rule in of["events"].list_rules()["Rules"]]
    found += [schedule["Name"] for schedule in of["scheduler"].list_schedules()["Schedules"]]
    found += [role["RoleName"] for role in of["iam"].list_roles()["Roles"] if role["RoleName"].startswith(stack.name)]
    found += [group["logGroupName"] for group in of["logs"].describe_log_groups()["logGroups"]]
    found += [alarm["AlarmName"] for alarm in of["cloudwatch"].describe_alarms()["MetricAlarms"]]
    found += [dashboard["DashboardName"] for dashboard in of["cloudwatch"].list_dashboards()["DashboardEntries"]]
    found += [topic["TopicArn"] for topic in of["sns"].list_topics()["Topics"]]
    found += [repository["repositoryName"] for repository in of["ecr"].describe_repositories()["repositories"]]
    found += [server["ServerId"] for server in of["transfer"].list_servers()["Servers"]]
    targets = of["application-autoscaling"].describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    found += [target["ResourceId"] for target in targets]
    found += of["ecs"].list_task_definitions(status="ACTIVE")["taskDefinitionArns"]
    clusters = of["ecs"].describe_clusters(clusters=[stack.name])["clusters"]
    found += [cluster["clusterArn"] for cluster in clusters if cluster["status"] == "ACTIVE"]
    for key in of["kms"].list_keys()["Keys"]:
        known = of["kms"].describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        # Others are what the emulator makes for services without one.
        if known["KeyState"] != "PendingDeletion" and known["Description"].startswith(f"{stack.name}: "):
            found.append(key["KeyArn"])
    return found


def outputs_of(text: str) -> dict[str, Any]:
    """`terraform output -json` of an example."""
    return json.loads(text)["drayage"]["value"]
