"""The objects: sizes around every limit, keys that break something somewhere, one key that is written three times."""

import io
from random import Random

from boto3.s3.transfer import TransferConfig

from resources import SOURCE

KIB, MIB = 1024, 1024 * 1024
REWRITTEN = "rewritten.csv"
VERSIONS = (b"first", b"the second version", b"the third version, which stays")

SIZES = (0, 1, 256 * KIB, 256 * KIB + 1, 5 * MIB, 8 * MIB, 8 * MIB + 1)
KEYS = (
    "a b",
    "a+b",
    "a%2Fb",
    "100%",
    "a//b",
    "/a",
    "a/",
    "a/./b",
    "a/../b",
    "a?b=c&d#e;f",
    "a\\..\\b",
    "<a b='c'>&amp;\"]]>",
    "line\nbreak\ttab",
    "control\x01\x1f\x7f",
    "noncharacter\ufffe\uffff",
    "אב\u202eג",
    "📦/🎉 👩‍👩‍👧",
    "😀/" * 204 + "abcd",
)
IN_PARTS = {"in-parts/12MiB": 12 * MIB + 7, "in-parts/20MiB": 20 * MIB}


def objects() -> dict[str, bytes]:
    """What must be visible at the target in the end, by key."""
    random = Random(1)
    found = {f"sizes/{size}": random.randbytes(size) for size in SIZES}
    found |= {key: key.encode() for key in KEYS}
    found |= {f"acme/inbound/{number}.csv": random.randbytes(1_000 + number) for number in range(12)}
    found |= {key: random.randbytes(size) for key, size in IN_PARTS.items()}
    found[REWRITTEN] = VERSIONS[-1]
    return found


def put(s3, contents: dict[str, bytes]) -> None:
    for version in VERSIONS:
        s3.put_object(Bucket=SOURCE, Key=REWRITTEN, Body=version)
    parts = TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=5 * MIB)
    for key, content in contents.items():
        if key in IN_PARTS:
            s3.upload_fileobj(io.BytesIO(content), SOURCE, key, Config=parts)
        elif key != REWRITTEN:
            s3.put_object(Bucket=SOURCE, Key=key, Body=content)
