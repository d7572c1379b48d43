"""The checksums of S3, in the form its headers carry them: base64 of the big-endian value."""

import base64
import hashlib
import zlib
from collections.abc import Sequence

from awscrt import checksums as crt

CRC = ("CRC32", "CRC32C", "CRC64NVME")
ALGORITHMS = (*CRC, "SHA1", "SHA256")


def digest(algorithm: str, data: bytes) -> bytes:
    """The raw value of `data` under one of S3's algorithms."""
    match algorithm:
        case "CRC32":
            return zlib.crc32(data).to_bytes(4, "big")
        case "CRC32C":
            return crt.crc32c(data).to_bytes(4, "big")
        case "CRC64NVME":
            return crt.crc64nvme(data).to_bytes(8, "big")
        case "SHA1":
            return hashlib.sha1(data).digest()
        case "SHA256":
            return hashlib.sha256(data).digest()
    raise ValueError(algorithm)


def header_value(algorithm: str, data: bytes) -> str:
    return base64.b64encode(digest(algorithm, data)).decode()


def composite(algorithm: str, parts: Sequence[bytes]) -> str:
    """A checksum of the parts' checksums, and how many there were."""
    joined = b"".join(digest(algorithm, part) for part in parts)
    return f"{header_value(algorithm, joined)}-{len(parts)}"


def etag(data: bytes) -> str:
    """The ETag of an object put in one piece, with its quotes."""
    return f'"{hashlib.md5(data).hexdigest()}"'


def multipart_etag(parts: Sequence[bytes]) -> str:
    joined = b"".join(hashlib.md5(part).digest() for part in parts)
    return f'"{hashlib.md5(joined).hexdigest()}-{len(parts)}"'


def content_md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data).digest()).decode()
