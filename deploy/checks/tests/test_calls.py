"""What IAM would see of a request, and whether the roles of examples/complete allow it."""

import json
import unittest

from drayage_checks import plan
from drayage_checks.calls import Call, Request, allowed, calls

from .plans import complete


def sent(service, method="POST", path="/", query="", body=None, **headers):
    signed = f"AWS4-HMAC-SHA256 Credential=me/20261125/eu-west-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return [
        (call.action, call.resource.split(":::")[-1].split("123456789012:")[-1])
        for call in calls(Request(method, path, query, {"authorization": signed, **named}, body or {}))
    ]


class Calls(unittest.TestCase):
    def test_requests_as_iam_sees_them(self):
        queue = {"QueueUrl": "http://127.0.0.1:1/123456789012/lane.fifo"}
        for expected, told in (
            ([("sqs:SendMessage", "lane.fifo")], sent("sqs", body=queue, x_amz_target="AmazonSQS.SendMessageBatch")),
            ([("sqs:GetQueueUrl", "lane")], sent("sqs", body={"QueueName": "lane"}, x_amz_target="AmazonSQS.GetQueueUrl")),
            (
                [("dynamodb:Query", "table/t/index/i")],
                sent("dynamodb", body={"TableName": "t", "IndexName": "i"}, x_amz_target="DynamoDB_20120810.Query"),
            ),
            ([("s3:GetObjectVersion", "b/a key")], sent("s3", "GET", "/b/a%20key", "versionId=1")),
            ([("s3:GetObjectTagging", "b/k")], sent("s3", "GET", "/b/k", "tagging")),
            ([("s3:GetObject", "b/k")], sent("s3", "HEAD", "/b/k")),
            ([("s3:ListBucketMultipartUploads", "b")], sent("s3", "GET", "/b", "uploads")),
            ([("s3:ListMultipartUploadParts", "b/k")], sent("s3", "GET", "/b/k", "uploadId=1")),
            ([("s3:PutObject", "b/k")], sent("s3", "POST", "/b/k", "uploads")),
            ([("s3:PutObject", "b/k"), ("s3:PutObjectTagging", "b/k")], sent("s3", "PUT", "/b/k", x_amz_tagging="a=b")),
            (
                [("s3:PutObject", "b/k"), ("s3:GetObjectVersion", "c/k")],
                sent("s3", "PUT", "/b/k", "partNumber=1&uploadId=1", x_amz_copy_source="c/k?versionId=1"),
            ),
            ([("s3:AbortMultipartUpload", "b/k")], sent("s3", "DELETE", "/b/k", "uploadId=1")),
            ([("s3:DeleteObject", "b/k")], sent("s3", "DELETE", "/b/k")),
            ([], sent("ecs", body={})),
        ):
            self.assertEqual(told, expected)

    def test_the_worker_may_copy_and_not_delete(self):
        role = next(
            made for made in plan.resources(complete(), "aws_iam_role_policy") if '["worker-fast"].module.task' in made.address and made.values["name"] == "work"
        )
        document = json.loads(role.values["policy"])
        for action, resource, expected in (
            ("s3:GetObjectVersion", "arn:aws:s3:::drayage-demo-landing/acme/a", True),
            ("s3:PutObject", "arn:aws:s3:::drayage-demo-delivered/acme/a", True),
            ("s3:PutObject", "arn:aws:s3:::drayage-demo-landing/acme/a", False),
            ("s3:DeleteObject", "arn:aws:s3:::drayage-demo-delivered/acme/a", False),
            ("sqs:ReceiveMessage", "arn:aws:sqs:eu-west-1:123456789012:drayage-demo-fast", True),
            ("sqs:ReceiveMessage", "arn:aws:sqs:eu-west-1:123456789012:drayage-demo-bulk", False),
        ):
            self.assertIs(allowed(document, Call("worker", action, resource)), expected, action)
