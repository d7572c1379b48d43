"""Names that no other check, run or worker process uses."""

import uuid


def unique(kind: str) -> str:
    """Lower-case, 3–63 characters, legal for buckets, queues, tables and rules alike."""
    return f"cf-{kind}-{uuid.uuid4().hex[:16]}"
