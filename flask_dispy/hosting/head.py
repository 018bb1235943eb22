"""The head of an HTTP request: its line and headers, read within limits and checked.

http.server takes what looks about right. A connection that carries more than one request can't:
where two programs on the way disagree about the end of a request, one client's bytes become
another's request (RFC 9112, section 11.2). Whatever is not plainly well-formed is refused here.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPMessage
from typing import Any

from .limits import Limits

__all__ = ["HEADER", "Head", "Refused", "read_head"]

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_REQUEST_LINE = re.compile(rb"(%s) ([\x21-\x7e\x80-\xff]+) HTTP/([0-9])\.([0-9])\r\n" % _TOKEN)
# A line that continues the one before, one that ends in a line feed alone, and space before the
# colon don't match: all are forms that RFC 9112 lets a server refuse, and that programs read
# differently.
HEADER = re.compile(rb"(%s):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*\r\n" % _TOKEN)
_DIGITS = re.compile(r"[0-9]{1,15}")


class Refused(Exception):
    """A request that is not one; ``status`` is what to answer before closing."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Head:
    """The head of one request."""

    line: str
    method: str
    target: str
    version: str
    headers: HTTPMessage
    body_bytes: int | None
    """The length of the body that follows, or None where it comes in chunks."""

    @property
    def keep_alive(self) -> bool:
        """Whether the client is willing to send another request on this connection."""
        options = ",".join(self.headers.get_all("Connection", [])).lower()
        return self.version == "HTTP/1.1" and "close" not in options

    @property
    def expects_continue(self) -> bool:
        """Whether the client holds its body back until it is asked for it."""
        expected = self.headers.get("Expect", "").strip().lower() == "100-continue"
        return expected and self.version == "HTTP/1.1"


def read_head(reader: io.BufferedReader[Any], limits: Limits) -> Head | None:
    """Read one head; None where the client ended the connection instead.

    :raises Refused: the head is malformed, too long or of a kind not spoken here.
    :raises OSError: what ``reader`` raises.
    """
    line = reader.readline(limits.max_line_bytes + 1)
    if line == b"\r\n":
        # RFC 9112, 2.2: some clients end a form with one line too many.
        line = reader.readline(limits.max_line_bytes + 1)
    if len(line) > limits.max_line_bytes:
        raise Refused(
            HTTPStatus.REQUEST_URI_TOO_LONG,
            f"The request line is longer than {limits.max_line_bytes} bytes.",
        )
    if not line.endswith(b"\n"):
        return None
    method, target, minor = _parse_line(line)
    headers = _read_headers(reader, limits)
    if headers is None:
        return None
    version = "HTTP/1.0" if minor == 0 else "HTTP/1.1"
    _check_host(headers, version)
    return Head(
        line=line.decode("latin-1").rstrip("\r\n"),
        method=method,
        target=target,
        version=version,
        headers=headers,
        body_bytes=_body_bytes(headers, version),
    )


def _parse_line(line: bytes) -> tuple[str, str, int]:
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise Refused(HTTPStatus.BAD_REQUEST, "The request line makes no sense.")
    method, target, major, minor = (group.decode("latin-1") for group in match.groups())
    if major != "1":
        raise Refused(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "Only HTTP/1 is spoken here.")
    if not target.startswith(("/", "http://", "https://")):
        raise Refused(HTTPStatus.BAD_REQUEST, "The request's target is neither path nor URL.")
    if target.startswith("//"):
        # As http.server does (CPython gh-87389): "//host/" would name another host once it is
        # echoed in a redirect.
        target = "/" + target.lstrip("/")
    return method, target, int(minor)


def _read_headers(reader: io.BufferedReader[Any], limits: Limits) -> HTTPMessage | None:
    headers = HTTPMessage()
    left = limits.max_head_bytes
    for _ in range(limits.max_headers + 1):
        line = reader.readline(left + 1)
        left -= len(line)
        if left < 0:
            break
        if line == b"\r\n":
            return headers
        if not line.endswith(b"\n"):
            return None
        match = HEADER.fullmatch(line)
        if match is None:
            raise Refused(HTTPStatus.BAD_REQUEST, "A header line makes no sense.")
        name, value = match.groups()
        headers[name.decode("ascii")] = value.decode("latin-1")
    raise Refused(
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        f"There are more than {limits.max_headers} headers, or {limits.max_head_bytes} bytes.",
    )


def _check_host(headers: HTTPMessage, version: str) -> None:
    hosts = headers.get_all("Host", [])
    if len(hosts) > 1 or (version == "HTTP/1.1" and not hosts):
        raise Refused(HTTPStatus.BAD_REQUEST, "There must be exactly one Host header.")


def _body_bytes(headers: HTTPMessage, version: str) -> int | None:
    codings = headers.get_all("Transfer-Encoding", [])
    lengths = headers.get_all("Content-Length", [])
    if not codings:
        if not lengths:
            return 0
        if len(lengths) > 1 or not _DIGITS.fullmatch(lengths[0]):
            raise Refused(HTTPStatus.BAD_REQUEST, "The Content-Length makes no sense.")
        return int(lengths[0])
    if lengths or version == "HTTP/1.0":
        raise Refused(HTTPStatus.BAD_REQUEST, "Transfer-Encoding does not belong here.")
    if [coding.lower() for coding in codings] != ["chunked"]:
        raise Refused(HTTPStatus.NOT_IMPLEMENTED, "The only Transfer-Encoding is chunked.")
    return None
