"""The answer to one request: from what a WSGI app says to what goes over the connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from email.utils import formatdate
from http import HTTPStatus
from types import TracebackType
from typing import Any

__all__ = ["Answer"]

_Headers = list[tuple[str, str]]
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType]

# These are about one connection (RFC 9110, 7.6.1), which is our affair and not the app's.
_HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"}


class Answer:
    """Frames an app's answer so that the client finds its end, and sends it as it comes.

    The end is marked by the app's Content-Length, else by chunks, else (HTTP/1.0) by closing.

    :param send: takes bytes to the client.
    :param method: of the request; HEAD gets no body, whatever the app yields.
    :param version: of the request.
    :param may_stay: asked once, when the head goes out: whether the connection can carry
        another request.
    :param on_begin: called once, before the head goes out.
    """

    keep_alive = False
    """Once it is complete: whether the head said that the connection stays open."""

    body_bytes = 0
    """How much of the body has been sent."""

    def __init__(
        self,
        send: Callable[[bytes], None],
        *,
        method: str,
        version: str,
        may_stay: Callable[[], bool] = lambda: False,
        on_begin: Callable[[], None] = lambda: None,
    ) -> None:
        self._send = send
        self._method = method
        self._version = version
        self._may_stay = may_stay
        self._on_begin = on_begin
        self._status: str | None = None
        self._headers: _Headers = []
        self._left: int | None = None
        self._chunked = False
        self._bodiless = False
        self.begun = False
        """Whether any of it has been sent, so that it can't be another answer any more."""

    @property
    def status_code(self) -> int:
        """The status as a number; 0 while there is none."""
        return int(self._status[:3]) if self._status else 0

    def run(self, app: Callable[..., Iterable[bytes]], environ: dict[str, Any]) -> None:
        """Let a WSGI app answer.

        :raises Exception: what the app raises, and what ``send`` raises.
        """
        parts = app(environ, self._start_response)
        try:
            for part in parts:
                self._write(part)
                if self._bodiless:
                    break
            self._finish()
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()

    def refuse(self, status: HTTPStatus, message: str) -> None:
        """Answer in plain text in place of an app, and let the connection end."""
        body = f"{message}\n".encode()
        self._may_stay = lambda: False
        self._status = f"{status.value} {status.phrase}"
        self._headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
        ]
        self._write(body)
        self._finish()

    def _start_response(
        self, status: str, headers: _Headers, exc_info: _ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        """PEP 3333's ``start_response``."""
        if exc_info is not None and self.begun:
            raise exc_info[1].with_traceback(exc_info[2])
        if self._status is not None and exc_info is None:
            raise RuntimeError("the app called start_response twice")
        for name, value in headers:
            if not _one_line(name) or not _one_line(value):
                raise ValueError(f"the header {name!r} holds a line break")
        self._status = status
        self._headers = headers
        return self._write

    def _write(self, data: bytes) -> None:
        if not data:
            return
        head = b"" if self.begun else self._begin()
        if self._bodiless:
            data = b""
        elif self._chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        elif self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        self.body_bytes += len(data)
        # One packet for a small answer; nothing is copied for a large one.
        if len(head) + len(data) <= 65_536:
            self._send(head + data)
        else:
            self._send(head)
            self._send(data)

    def _finish(self) -> None:
        if not self.begun:
            self._send(self._begin())
        if self._chunked:
            self._send(b"0\r\n\r\n")
        elif self._left and not self._bodiless:
            # Shorter than promised: only the end of the connection shows the client that.
            self.keep_alive = False

    def _begin(self) -> bytes:
        """Decide how the answer ends and build its head."""
        if self._status is None:
            raise RuntimeError("the app did not call start_response")
        given = {name.lower(): value for name, value in self._headers}
        code = self.status_code
        self._bodiless = self._method == "HEAD" or code < 200 or code in (204, 304)
        length = given.get("content-length")
        if length is not None:
            self._left = int(length)
        else:
            self._chunked = not self._bodiless and self._version == "HTTP/1.1"
        framed = self._bodiless or self._chunked or self._left is not None
        self.keep_alive = framed and "connection" not in given and self._may_stay()
        self.begun = True
        self._on_begin()
        lines = [f"HTTP/1.1 {self._status}"]
        lines += [f"{n}: {v}" for n, v in self._headers if n.lower() not in _HOP_BY_HOP]
        if "date" not in given:
            lines.append(f"Date: {formatdate(usegmt=True)}")
        if self._chunked:
            lines.append("Transfer-Encoding: chunked")
        if not self.keep_alive:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _one_line(text: str) -> bool:
    return "\r" not in text and "\n" not in text
