"""A name server that knows one name: a static binary must find names without the libraries that a dynamic one loads for it."""

import socket
import struct
import threading
from contextlib import contextmanager

# Of its own, so that no other resolver of the machine is in the way.
ADDRESS = "127.0.0.153"
TYPE_A = 1


def reply(query: bytes, name: str, address: str) -> bytes:
    labels, at = [], 12
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode())
        at += 1 + length
    question = query[12 : at + 5]
    (kind,) = struct.unpack(">H", query[at + 1 : at + 3])
    known = ".".join(labels) == name
    answers = 1 if known and kind == TYPE_A else 0
    head = query[:2] + struct.pack(">HHHHH", 0x8580 if known else 0x8583, 1, answers, 0, 0)
    record = struct.pack(">HHHIH", 0xC00C, TYPE_A, 1, 60, 4) + socket.inet_aton(address)
    return head + question + record * answers


@contextmanager
def serving(name: str, address: str):
    """Answers on port 53 of ADDRESS; gives the list of queries that came."""
    seen: list[bytes] = []
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((ADDRESS, 53))

    def serve() -> None:
        while True:
            query, client = server.recvfrom(512)
            if not query:
                return
            seen.append(query)
            server.sendto(reply(query, name, address), client)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield seen
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"", (ADDRESS, 53))
        thread.join()
        server.close()
