"""The MD5 that SQS reports for message attributes, so that a sender can tell whether they arrived."""

import hashlib
import struct
from collections.abc import Mapping

_TEXT, _BINARY = 1, 2


def _field(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def of_attributes(attributes: Mapping[str, Mapping]) -> str:
    """Each attribute by name: its name, its type, the kind of its value, the value; each with its length before it."""
    digest = hashlib.md5()
    for name, attribute in sorted(attributes.items()):
        kind = attribute["DataType"]
        digest.update(_field(name.encode()) + _field(kind.encode()))
        if kind.split(".")[0] == "Binary":
            digest.update(bytes([_BINARY]) + _field(attribute["BinaryValue"]))
        else:
            digest.update(bytes([_TEXT]) + _field(attribute["StringValue"].encode()))
    return digest.hexdigest()
