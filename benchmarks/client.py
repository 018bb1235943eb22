"""A browser's side of HTTP, as little of it as measuring needs: bytes are counted as they come."""

from __future__ import annotations

import contextlib
import socket
import zlib
from dataclasses import dataclass

__all__ = ["Answer", "Client"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came: the bytes on the wire, head and all, and the body as it came."""

    status: int
    wire_bytes: int
    raw: bytes
    gzip: bool

    @property
    def body(self) -> bytes:
        """The body, unpacked."""
        return zlib.decompress(self.raw, 31) if self.gzip else self.raw


class Client:
    """Asks one server, on one connection as long as that one lasts, with its cookies."""

    def __init__(self, port: int, *, timeout_sec: float = 60) -> None:
        self._timeout_sec = timeout_sec
        self._address = ("127.0.0.1", port)
        self._cookie = ""
        self._socket: socket.socket | None = None

    def get(self, path: str) -> Answer:
        """GET *path* and read the whole answer."""
        return self._ask(f"GET {path} HTTP/1.1\r\n", b"")

    def post(self, path: str, form: bytes) -> Answer:
        """POST a form and read the whole answer."""
        kind = "Content-Type: application/x-www-form-urlencoded\r\n"
        return self._ask(f"POST {path} HTTP/1.1\r\nContent-Length: {len(form)}\r\n{kind}", form)

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _ask(self, head: str, body: bytes) -> Answer:
        host = f"Host: 127.0.0.1:{self._address[1]}\r\nAccept-Encoding: gzip\r\n"
        request = f"{head}{host}{self._cookie}\r\n"
        if self._socket is None:
            self._socket = socket.create_connection(self._address, self._timeout_sec)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request.encode() + body)
        return self._read(self._socket)

    def _read(self, sock: socket.socket) -> Answer:
        data = bytearray()
        while (end := data.find(b"\r\n\r\n")) < 0:
            _receive(sock, data)
        head = data[:end].decode("latin-1")
        fields = [line.partition(":") for line in head.split("\r\n")[1:]]
        headers = {name.lower(): value.strip() for name, _, value in fields}
        if "set-cookie" in headers:
            self._cookie = f"Cookie: {headers['set-cookie'].partition(';')[0]}\r\n"
        if "content-length" in headers:
            length = end + 4 + int(headers["content-length"])
            while len(data) < length:
                _receive(sock, data)
            stays = head.startswith("HTTP/1.1") and headers.get("connection") != "close"
        else:
            with contextlib.suppress(EOFError):
                while True:
                    _receive(sock, data)
            stays = False
        if not stays:
            self.close()
        packed = headers.get("content-encoding") == "gzip"
        return Answer(int(head[9:12]), len(data), bytes(data[end + 4 :]), packed)


def _receive(sock: socket.socket, into: bytearray) -> None:
    piece = sock.recv(262_144)
    if not piece:
        raise EOFError
    into += piece
