"""Multipart uploads, so that a check says only what it is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field

PART_BYTES_MIN = 5 * 1024 * 1024


def part_of(byte: bytes, size_bytes: int = PART_BYTES_MIN) -> bytes:
    """A part of `size_bytes`, all of one byte: big enough not to be the last, cheap to make."""
    return byte * size_bytes


@dataclass
class Upload:
    """One upload and the parts sent so far."""

    s3: object
    bucket: str
    key: str
    upload_id: str
    parts: list[dict] = field(default_factory=list)

    @property
    def where(self) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.key, "UploadId": self.upload_id}

    def put(self, number: int, body: bytes, checksum: str | None = None, **options) -> dict:
        """Sends a part and remembers what Complete has to say about it; `checksum` names a member to carry over."""
        reply = self.s3.upload_part(**self.where, PartNumber=number, Body=body, **options)
        part = {"PartNumber": number, "ETag": reply["ETag"]}
        if checksum:
            part[checksum] = reply[checksum]
        self.parts.append(part)
        return reply

    def complete(self, parts: list[dict] | None = None, **options) -> dict:
        listed = {"Parts": self.parts if parts is None else parts}
        return self.s3.complete_multipart_upload(**self.where, MultipartUpload=listed, **options)

    def abort(self) -> None:
        self.s3.abort_multipart_upload(**self.where)


def begin(s3, bucket: str, key: str, **options) -> Upload:
    reply = s3.create_multipart_upload(Bucket=bucket, Key=key, **options)
    return Upload(s3, bucket, key, reply["UploadId"])


def upload(s3, bucket: str, key: str, bodies: Mapping[int, bytes], **options) -> dict:
    """A whole upload; the reply is Complete's."""
    running = begin(s3, bucket, key, **options)
    for number, body in bodies.items():
        running.put(number, body)
    return running.complete()
