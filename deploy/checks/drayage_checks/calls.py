"""Requests to AWS as IAM sees them: which action on which resource, and whether a role's policy allows it.

Conditions are not looked at: whoever sends the requests is not in AWS.
"""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Iterator
from urllib.parse import parse_qsl, unquote

from .plan import listed

CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
ACCOUNT = "123456789012"


@dataclass(frozen=True)
class Call:
    # The access key: each task of the check has one of its own.
    who: str
    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.who}: {self.action} on {self.resource}"


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    # Names in small letters.
    headers: dict[str, str]
    # Of JSON protocols.
    body: dict


def calls(request: Request) -> Iterator[Call]:
    """What IAM would have to allow. Of services that the programs do not speak to, nothing."""
    signed = CREDENTIAL.search(request.headers.get("authorization", ""))
    if not signed:
        return
    who, region, service = signed.groups()
    operation = request.headers.get("x-amz-target", "").split(".")[-1]
    if service == "sqs":
        name = request.body.get("QueueName") or request.body.get("QueueUrl", "").rsplit("/", 1)[-1]
        # A batch needs what its entries need.
        yield Call(who, f"sqs:{operation.removesuffix('Batch')}", f"arn:aws:sqs:{region}:{ACCOUNT}:{name}")
    elif service == "dynamodb":
        index = f"/index/{request.body['IndexName']}" if "IndexName" in request.body else ""
        yield Call(who, f"dynamodb:{operation}", f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{request.body.get('TableName', '')}{index}")
    elif service == "s3":
        for action, place in objects(request):
            yield Call(who, f"s3:{action}", f"arn:aws:s3:::{place}")


def objects(request: Request) -> Iterator[tuple[str, str]]:
    """(action, bucket or bucket/key) of a request to S3 in path style."""
    place, query = unquote(request.path).strip("/"), dict(parse_qsl(request.query, keep_blank_values=True))
    version = "Version" if "versionId" in query else ""
    if request.method in ("GET", "HEAD"):
        if "uploads" in query:
            yield "ListBucketMultipartUploads", place
        elif "uploadId" in query:
            yield "ListMultipartUploadParts", place
        elif "/" not in place:
            yield "ListBucket", place
        else:
            yield (f"GetObject{version}Tagging" if "tagging" in query else f"GetObject{version}"), place
    elif request.method == "DELETE":
        yield ("AbortMultipartUpload" if "uploadId" in query else f"DeleteObject{version}"), place
    else:
        yield "PutObject", place
        if "x-amz-tagging" in request.headers:
            yield "PutObjectTagging", place
        if "x-amz-copy-source" in request.headers:
            source, _, source_version = unquote(request.headers["x-amz-copy-source"]).partition("?versionId=")
            yield ("GetObjectVersion" if source_version else "GetObject"), source.lstrip("/")


def allowed(document: dict, call: Call) -> bool:
    return any(
        statement["Effect"] == "Allow"
        and any(fnmatchcase(call.action, pattern) for pattern in listed(statement["Action"]))
        and any(fnmatchcase(call.resource, pattern) for pattern in listed(statement["Resource"]))
        for statement in document["Statement"]
    )
