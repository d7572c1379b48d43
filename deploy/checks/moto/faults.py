"""moto 5.2's faults in its own backends, each put right by a patch. What is missing in its replies: server.py.

Left as they are: a message may be received twice by consumers that ask at once, which the pipeline copes with; checksums that do not fit
are taken, so the bytes are compared; an object of a multipart upload has a checksum that is not its bytes', and is told by two events, so
nothing is uploaded into the landing bucket in parts.
"""

import itertools

from moto.events.models import Rule
from moto.iam.access_control import IAMPolicyStatement, PermissionResult
from moto.sqs.models import Queue

# S3's words for why an object was created.
REASONS = {"Put": "PutObject", "Post": "POST Object", "Copy": "CopyObject", "CompleteMultipartUpload": "CompleteMultipartUpload"}


def keep_queue_policies() -> None:
    """A queue's policy is forgotten whenever another attribute is set."""
    set_attributes = Queue._set_attributes

    def patched(self, attributes, now=None):
        kept = {} if "Policy" in attributes else {"Policy": getattr(self, "policy", None)}
        return set_attributes(self, {**attributes, **kept}, now)

    Queue._set_attributes = patched


def leave_out_conditional_denials() -> None:
    """A Deny whose condition does not hold is taken for one that does: TLS-only buckets would refuse everybody."""
    permitted = IAMPolicyStatement.is_action_permitted

    def patched(self, *arguments, **named):
        if self._statement["Effect"] == "Deny" and "Condition" in self._statement:
            return PermissionResult.NEUTRAL
        return permitted(self, *arguments, **named)

    IAMPolicyStatement.is_action_permitted = patched


def tell_events_as_s3_does() -> None:
    """An event of S3's says eTag for etag, has another word for its reason, and one sequencer and one id for all there are."""
    send_to_targets = Rule.send_to_targets
    numbers = itertools.count(1)
    sequencers: dict[tuple, str] = {}

    def patched(self, original_event, transform_input=True):
        detail = original_event["detail"]
        if original_event["source"] == "aws.s3" and "eTag" in detail.get("object", {}):
            told = detail["object"]
            told["etag"] = told.pop("eTag")
            version = (detail["bucket"]["name"], told["key"], told["version-id"])
            told["sequencer"] = sequencers.setdefault(version, f"{next(numbers):018X}")
            kind = detail["reason"].removeprefix("ObjectCreated:")
            detail["reason"] = REASONS.get(kind, detail["reason"])
            original_event["id"] = f"{next(numbers):08x}-0000-4000-8000-000000000000"
        return send_to_targets(self, original_event, transform_input)

    Rule.send_to_targets = patched


def put_right() -> None:
    keep_queue_policies()
    leave_out_conditional_denials()
    tell_events_as_s3_does()
