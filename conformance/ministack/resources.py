"""What Terraform owns in AWS: buckets, rule, queues with their dead-letter queues, the ledger's table."""

import json

from support import waits

SOURCE = "landing"
TARGETS = ("delivered", "archive")
INGEST = "ingest"
LANES = ("fast", "bulk")
TABLE = "FileTransferMetadata"
# As common/src/ledger/schema.rs: index name, hash key, range key (or none), shards of one hash value.
BY_STATUS = ("by_status", "status_shard", "updated_timestamp", 8)
BY_CUSTOMER = ("by_customer", "customer_shard", "upload_timestamp", 4)
BY_UPLOAD = ("by_upload", "upload_id", None, 1)
RECEIVES_MAX = 100


def make(aws) -> None:
    s3, sqs, dynamodb, events = (aws.client(name) for name in ("s3", "sqs", "dynamodb", "events"))
    for bucket in (SOURCE, *TARGETS):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_notification_configuration(Bucket=SOURCE, NotificationConfiguration={"EventBridgeConfiguration": {}})
    arns = {name: make_queue(sqs, name) for name in (INGEST, *LANES)}
    make_table(dynamodb)
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [SOURCE]}},
    }
    events.put_rule(Name="drayage-object-created", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="drayage-object-created", Targets=[{"Id": INGEST, "Arn": arns[INGEST]}])


def make_queue(sqs, name: str) -> str:
    """The queue and its dead-letter queue; the queue's ARN."""

    def made(name: str, attributes: dict) -> str:
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    dead_letters = made(f"{name}-dlq", {})
    policy = {"deadLetterTargetArn": dead_letters, "maxReceiveCount": RECEIVES_MAX}
    return made(name, {"RedrivePolicy": json.dumps(policy)})


def make_table(dynamodb) -> None:
    def key(name: str, kind: str) -> dict:
        return {"AttributeName": name, "KeyType": kind}

    indexes = (BY_STATUS, BY_CUSTOMER, BY_UPLOAD)
    names = ["file_id", *(name for _, *names, _ in indexes for name in names if name)]
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[key("file_id", "HASH")],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": [key(hash_key, "HASH"), *([key(range_key, "RANGE")] if range_key else [])],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            for index, hash_key, range_key, _ in indexes
        ],
    )
    waits.until(
        lambda: dynamodb.describe_table(TableName=TABLE)["Table"]["TableStatus"] == "ACTIVE", "the table is active"
    )


def messages(sqs) -> dict[str, int]:
    """Messages of every queue, hidden ones included; queues without any are left out."""
    counts = {}
    for name in (queue for lane in (INGEST, *LANES) for queue in (lane, f"{lane}-dlq")):
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        counted = (value for key, value in attributes.items() if key.startswith("ApproximateNumberOfMessages"))
        counts[name] = sum(map(int, counted))
    return {name: count for name, count in counts.items() if count}


def file_ids(dynamodb, index: tuple, value: str) -> set[str]:
    """What an index has under every shard of a value."""
    name, hash_key, _, shards = index
    found = set()
    for shard in range(shards):
        pages = dynamodb.get_paginator("query").paginate(
            TableName=TABLE,
            IndexName=name,
            KeyConditionExpression="#k = :v",
            ExpressionAttributeNames={"#k": hash_key},
            ExpressionAttributeValues={":v": {"S": f"{value}#{shard}"}},
        )
        found |= {item["file_id"]["S"] for page in pages for item in page["Items"]}
    return found
