"""moto with what Terraform's AWS provider asks for and moto 5.2 lacks. Loopback only.

    python server.py PORT CALLS

Each request of a task's is told in the file CALLS, once: who, the action, the resource (JSON lines).

Each gap is named; everything else is moto's, but for the faults of its backends (faults.py).
"""

import io
import json
import re
import sys
from pathlib import Path
from typing import Any, Callable, Iterable

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

from drayage_checks.calls import Call, Request, calls
from faults import put_right

JSON = [("Content-Type", "application/x-amz-json-1.1")]

# A queue's redrive allow policy is not kept. Queue URL → policy.
redrive_allow: dict[str, str] = {}
# The tags of scaling targets are not kept. ARN → tags.
scaling_tags: dict[str, dict] = {}


def set_queue_attributes(request: dict) -> dict | None:
    policy = request["Attributes"].pop("RedriveAllowPolicy", None)
    if policy is not None:
        redrive_allow[request["QueueUrl"]] = policy
    return {} if not request["Attributes"] else None


def get_queue_attributes(request: dict) -> dict | None:
    """Alone, the attribute is unknown to moto; among all of them, it is left out."""
    if request.get("AttributeNames") != ["RedriveAllowPolicy"]:
        return None
    policy = redrive_allow.get(request["QueueUrl"])
    return {"Attributes": {"RedriveAllowPolicy": policy} if policy else {}}


def with_redrive_allow_policy(request: dict, reply: bytes) -> bytes:
    policy, known = redrive_allow.get(request["QueueUrl"]), json.loads(reply)
    if policy and "All" in request.get("AttributeNames", []) and "__type" not in known:
        known.setdefault("Attributes", {})["RedriveAllowPolicy"] = policy
        reply = json.dumps(known).encode()
    return reply


def list_scaling_tags(request: dict) -> dict:
    return {"Tags": scaling_tags.get(request["ResourceARN"], {})}


def tag_scaling(request: dict) -> dict:
    scaling_tags.setdefault(request["ResourceARN"], {}).update(request["Tags"])
    return {}


# X-Amz-Target → the whole reply, or None where moto goes on.
ANSWERS: dict[str, Callable[[dict], dict | None]] = {
    "AmazonSQS.SetQueueAttributes": set_queue_attributes,
    "AmazonSQS.GetQueueAttributes": get_queue_attributes,
    "AnyScaleFrontendService.ListTagsForResource": list_scaling_tags,
    "AnyScaleFrontendService.TagResource": tag_scaling,
}


def transfer(_: dict, reply: bytes) -> bytes:
    """Transfer Family: a date is text where AWS has a number, and each sort of thing that is gone has an error of its own."""
    gone = re.search(rb"(Server|User)NotFound", reply)
    if gone:
        kind = gone[1].decode()
        return json.dumps(
            {"__type": "ResourceNotFoundException", "Message": "gone", "Resource": kind, "ResourceType": kind}
        ).encode()
    return re.sub(rb'"DateImported":\s*"([0-9.]+)"', rb'"DateImported": \1', reply)


# X-Amz-Target → what is put right in moto's reply.
REPAIRS: dict[str, Callable[[dict, bytes], bytes]] = {
    "AmazonSQS.GetQueueAttributes": with_redrive_allow_policy,
    "TransferService.DescribeServer": transfer,
    "TransferService.DescribeUser": transfer,
}


class Server:
    def __init__(self, moto: Any, told: Path) -> None:
        self.moto, self.told = moto, told
        self.seen: set[Call] = set()

    def tell(self, environ: dict, body: dict) -> None:
        if "Credential=test/" in environ.get("HTTP_AUTHORIZATION", ""):
            # Terraform, or this check.
            return
        headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
        # The path as it was sent: the one that WSGI gives is decoded already.
        path, _, query = environ["RAW_URI"].partition("?")
        for call in calls(Request(environ["REQUEST_METHOD"], path, query, headers, body)):
            if call not in self.seen:
                self.seen.add(call)
                with self.told.open("a") as file:
                    file.write(json.dumps([call.who, call.action, call.resource]) + "\n")

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if not target:
            self.tell(environ, {})
            return self.moto(environ, start_response)
        sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        request = json.loads(sent or "{}")
        self.tell(environ, request)
        if target not in ANSWERS and target not in REPAIRS:
            return self.moto({**environ, "wsgi.input": io.BytesIO(sent)}, start_response)
        reply = ANSWERS[target](request) if target in ANSWERS else None
        if reply is not None:
            start_response("200 OK", JSON)
            return [json.dumps(reply).encode()]
        body = json.dumps(request).encode()
        environ = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        head: list = []
        told = b"".join(self.moto(environ, lambda *given: head.append(given)))
        status, headers, *_ = head[0]
        repaired = REPAIRS[target](request, told) if target in REPAIRS else told
        # An error's name is in the body too.
        kept = [(name, value) for name, value in headers if name.lower() not in ("content-length", "x-amzn-errortype")]
        start_response(status, [*kept, ("Content-Length", str(len(repaired)))])
        return [repaired]


if __name__ == "__main__":
    put_right()
    moto = DomainDispatcherApplication(create_backend_app)
    run_simple("127.0.0.1", int(sys.argv[1]), Server(moto, Path(sys.argv[2])), threaded=True)
