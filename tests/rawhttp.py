"""A client that sends what it is told, byte for byte, and reads answers one at a time."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from types import TracebackType

__all__ = ["Answer", "Client", "get"]


@dataclass(frozen=True)
class Answer:
    """One answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def closes(self) -> bool:
        """Whether it says that the connection ends."""
        return self.headers.get("connection") == "close"


class Client:
    """One connection. A read that takes more than 10 seconds fails the test."""

    def __init__(self, address: tuple[str, int], *, sock: socket.socket | None = None) -> None:
        self.socket = sock or socket.create_connection(address, timeout=10)
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def send(self, *parts: bytes) -> None:
        self.socket.sendall(b"".join(parts))

    def ask(self, request: bytes, *, head: bool = False) -> Answer:
        """Send a request and read its answer."""
        self.send(request)
        return self.read(head=head)

    def read(self, *, head: bool = False) -> Answer:
        """Read one answer; ``head`` tells that the request was one that gets no body."""
        status_line = self.file.readline()
        assert status_line.startswith(b"HTTP/1.1 "), status_line
        status = int(status_line.split()[1])
        headers = {}
        while (line := self.file.readline()) != b"\r\n":
            assert line.endswith(b"\r\n"), line
            name, _, value = line.decode("latin-1").partition(":")
            assert name.lower() not in headers, f"{name} twice"
            headers[name.lower()] = value.strip()
        return Answer(status, headers, b"" if head else self._body(status, headers))

    def _body(self, status: int, headers: dict[str, str]) -> bytes:
        if status < 200 or status in (204, 304):
            return b""
        if headers.get("transfer-encoding") == "chunked":
            return b"".join(iter(self.chunk, b""))
        if "content-length" in headers:
            return self.file.read(int(headers["content-length"]))
        return self.file.read()

    def chunk(self) -> bytes:
        """Read one chunk of a body; the last one is empty."""
        size = int(self.file.readline(), 16)
        data = self.file.read(size)
        assert self.file.readline() == b"\r\n"
        return data

    def ended(self) -> bool:
        """Whether the server has closed the connection, and sent nothing before that."""
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True


def get(path: str = "/", *headers: str, version: str = "HTTP/1.1") -> bytes:
    """Return the bytes of a GET request."""
    lines = [f"GET {path} {version}", "Host: localhost", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")
