"""S3 requests that boto3 would not send: chunked bodies with trailers (the way SDKs stream), forms, and uploads that break off.

boto3 puts its checksum into a header on plain HTTP, whereas the AWS SDK for Rust sends it behind the body there too.
"""

import datetime
import hashlib
import hmac
import http.client
import socket
from urllib.parse import quote, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from support.clients import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Clients

UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
CHUNK_BYTES = 64 * 1024


class _MarkedPayloadAuth(S3SigV4Auth):
    """Signs a payload marker in place of the payload's hash."""

    def __init__(self, region: str, marker: str) -> None:
        super().__init__(Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY), "s3", region)
        self.marker = marker

    def payload(self, request: AWSRequest) -> str:
        return self.marker


def _signed_headers(aws: Clients, method: str, url: str, headers: dict[str, str], marker: str) -> dict[str, str]:
    request = AWSRequest(method=method, url=url, headers=headers)
    _MarkedPayloadAuth(aws.region, marker).add_auth(request)
    return dict(request.headers.items())


def _object_url(aws: Clients, bucket: str, key: str) -> str:
    return f"{aws.endpoint}/{bucket}/{quote(key, safe='/~')}"


def _chunks(body: bytes) -> list[bytes]:
    return [body[at : at + CHUNK_BYTES] for at in range(0, len(body), CHUNK_BYTES)] + [b""]


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _signing_key(scope: str) -> bytes:
    key = ("AWS4" + SECRET_ACCESS_KEY).encode()
    for step in scope.split("/"):
        key = _hmac(key, step)
    return key


class _ChunkSigner:
    """The chain of chunk signatures: each signs the one before it."""

    def __init__(self, headers: dict[str, str], region: str) -> None:
        lowered = {name.lower(): value for name, value in headers.items()}
        self.time = lowered["x-amz-date"]
        self.previous = lowered["authorization"].rsplit("Signature=", 1)[1]
        self.scope = f"{self.time[:8]}/{region}/s3/aws4_request"
        self.key = _signing_key(self.scope)

    def _sign(self, kind: str, *hashes: str) -> str:
        text = "\n".join([kind, self.time, self.scope, self.previous, *hashes])
        self.previous = _hmac(self.key, text).hex()
        return self.previous

    def chunk(self, data: bytes) -> str:
        return self._sign("AWS4-HMAC-SHA256-PAYLOAD", EMPTY_SHA256, hashlib.sha256(data).hexdigest())

    def trailer(self, name: str, value: str) -> str:
        return self._sign("AWS4-HMAC-SHA256-TRAILER", hashlib.sha256(f"{name}:{value}\n".encode()).hexdigest())


def put_chunked(
    aws: Clients, bucket: str, key: str, body: bytes, *, marker: str, trailer: tuple[str, str] | None, **headers: str
) -> tuple[int, bytes]:
    """PutObject with an aws-chunked body; answers the status and the reply's body."""
    url = _object_url(aws, bucket, key)
    base = {
        "Host": urlsplit(url).netloc,
        "Content-Encoding": "aws-chunked",
        "x-amz-decoded-content-length": str(len(body)),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    if trailer:
        base["x-amz-trailer"] = trailer[0]
    signed = _signed_headers(aws, "PUT", url, base, marker)
    wire = _encode(body, trailer, _ChunkSigner(signed, aws.region) if marker != UNSIGNED_TRAILER else None)
    return _exchange("PUT", url, {**signed, "Content-Length": str(len(wire))}, wire)


def _encode(body: bytes, trailer: tuple[str, str] | None, signer: _ChunkSigner | None) -> bytes:
    wire = bytearray()
    for chunk in _chunks(body):
        signature = f";chunk-signature={signer.chunk(chunk)}" if signer else ""
        wire += f"{len(chunk):x}{signature}\r\n".encode() + chunk
        if chunk:
            wire += b"\r\n"
    if trailer:
        name, value = trailer
        wire += f"{name}:{value}\r\n".encode()
        if signer:
            wire += f"x-amz-trailer-signature:{signer.trailer(name, value)}\r\n".encode()
    return bytes(wire + b"\r\n")


def _exchange(method: str, url: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    try:
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body=body, headers=headers)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def exchange_raw(
    aws: Clients,
    method: str,
    target: str,
    headers: list[tuple[str, bytes]] | None = None,
    body: bytes = b"",
    host: str | None = None,
) -> tuple[int, list[tuple[str, bytes]], bytes]:
    """One signed request with header values of any bytes, and the reply's headers as bytes.

    `target` is path and query, encoded; `host` the name that is asked for, when it is not the endpoint's. `headers` are not signed:
    what AWS verifies of such bytes is not documented.
    """
    parts = urlsplit(aws.endpoint)
    host = host or parts.netloc
    signed = _signed_headers(aws, method, f"http://{host}{target}", {"Host": host}, "UNSIGNED-PAYLOAD")
    lines = [f"{method} {target} HTTP/1.1".encode()]
    lines += [f"{name}: {value}".encode() for name, value in signed.items()]
    lines += [name.encode() + b": " + value for name, value in headers or []]
    lines += [f"Content-Length: {len(body)}".encode(), b"Connection: close", b"", body]
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
        connection.sendall(b"\r\n".join(lines))
        reply = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, rest = reply.partition(b"\r\n\r\n")
    status, *fields = head.split(b"\r\n")
    pairs = [field.split(b":", 1) for field in fields]
    return int(status.split()[1]), [(name.decode().strip(), value.strip()) for name, value in pairs], rest


def presigned_at(aws: Clients, method: str, target: str, when: datetime.datetime, expires_s: int) -> str:
    """A URL of version 4 for `target`, a path, signed at a time of its own: boto3 signs now."""
    parts = urlsplit(aws.endpoint)
    time = when.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{time[:8]}/{aws.region}/s3/aws4_request"
    parameters = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{ACCESS_KEY_ID}/{scope}",
        "X-Amz-Date": time,
        "X-Amz-Expires": str(expires_s),
        "X-Amz-SignedHeaders": "host",
    }
    query = "&".join(f"{name}={quote(value, safe='-_.~')}" for name, value in parameters.items())
    request = "\n".join([method, target, query, f"host:{parts.netloc}\n", "host", "UNSIGNED-PAYLOAD"])
    text = "\n".join(["AWS4-HMAC-SHA256", time, scope, hashlib.sha256(request.encode()).hexdigest()])
    return f"{aws.endpoint}{target}?{query}&X-Amz-Signature={_hmac(_signing_key(scope), text).hex()}"


def request_presigned(
    method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """A request to a presigned URL, without any SDK."""
    length = {"Content-Length": str(len(body))} if method == "PUT" else {}
    return _exchange(method, url, length | (headers or {}), body)


def post_form(form: dict, body: bytes) -> tuple[int, bytes]:
    """A browser's upload: the form of `generate_presigned_post` with a file."""
    boundary = "conformance-boundary"
    disposition = f"--{boundary}\r\nContent-Disposition: form-data; name="
    fields = [f'{disposition}"{name}"\r\n\r\n{value}\r\n'.encode() for name, value in form["fields"].items()]
    file = f'{disposition}"file"; filename="f"\r\nContent-Type: text/plain\r\n\r\n'.encode() + body
    whole = b"".join(fields) + file + f"\r\n--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Content-Length": str(len(whole))}
    return _exchange("POST", form["url"], headers, whole)


def put_cut_short(url: str, body: bytes, content_length: int) -> None:
    """Announces `content_length` bytes to a presigned URL, sends fewer, hangs up and waits for the other side to."""
    parts = urlsplit(url)
    head = (
        f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {content_length}\r\n\r\n"
    )
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
        connection.sendall(head.encode() + body)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass
