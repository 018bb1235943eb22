"""The hosting's framing of requests beside that of h11, over random and hostile bytes.

Where two programs on the way disagree about the end of a request, one client's bytes become
another's request. So the two must find the same requests with the same bodies, wherever both take
them; what one takes and the other refuses is listed here, with the reason.
"""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from flask_dispy.hosting import Limits
from flask_dispy.hosting.body import Body
from flask_dispy.hosting.connection import Disconnected
from flask_dispy.hosting.head import Refused, read_head

h11 = pytest.importorskip("h11")

Request = tuple[bytes, bytes, bytes]
"""Method, target, body."""


@dataclass
class Reading:
    """The whole requests that were found in some bytes, and why no more were."""

    requests: list[Request] = field(default_factory=list)
    refusal: str = ""
    """Why the next one is none; empty where the bytes, or the client's wish to go on, ended."""
    at: int = 0
    """Where the request begins that is refused, or that has not come whole."""


def ours(data: bytes) -> Reading:
    """Read as a connection of the hosting does."""
    found, raw = Reading(), io.BytesIO(data)
    reader = io.BufferedReader(raw)  # type: ignore[arg-type]
    while True:
        found.at = reader.tell()
        try:
            head = read_head(reader, Limits())
            if head is None:
                return found
            body = io.BufferedReader(Body(reader, head.body_bytes)).read()
        except Refused as refusal:
            found.refusal = str(refusal)
            return found
        except Disconnected as error:
            found.refusal = str(error)
            return found
        target = head.target.encode("latin-1")
        found.requests.append((head.method.encode(), target, body))
        if not head.keep_alive:
            return found


def theirs(data: bytes) -> Reading:
    """Read as a server on h11 does that answers each request."""
    found = Reading()
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=100_000)
    connection.receive_data(data)
    connection.receive_data(b"")
    method = target = b""
    body = bytearray()
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError as error:
            found.refusal = str(error)
            return found
        if isinstance(event, h11.Request):
            method, target = event.method, event.target
            body.clear()
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            found.requests.append((method, target, bytes(body)))
            connection.send(h11.Response(status_code=404, headers=[("Content-Length", "0")]))
            connection.send(h11.EndOfMessage())
            if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                return found
            connection.start_next_cycle()
        else:
            return found


# -- what is sent ----------------------------------------------------------------------------

LINES = (
    b"GET / HTTP/1.1\r\n", b"POST /a HTTP/1.1\r\n", b"POST /a HTTP/1.0\r\n",
    b"GET http://h/x HTTP/1.1\r\n", b"OPTIONS * HTTP/1.1\r\n", b"GET /\xe9 HTTP/1.1\r\n",
    b"GET  / HTTP/1.1\r\n", b"GET / HTTP/1.1\n", b"GET / HTTP/2.0\r\n", b"\r\nGET / HTTP/1.1\r\n",
    b"get / http/1.1\r\n", b"G\x00T / HTTP/1.1\r\n", b"GET //x/y HTTP/1.1\r\n",
    b"CONNECT a:1 HTTP/1.1\r\n", b"GET / HTTP/1.2\r\n", b"GET /\r\n", b"GET / HTTP/1.1 \r\n",
)  # fmt: skip
HEADERS = (
    b"Host: a\r\n", b"Content-Length: 5\r\n", b"Content-Length: 3\r\n",
    b"Content-Length: 5, 5\r\n", b"Content-Length: +5\r\n", b"Content-Length: 0x5\r\n",
    b"Content-Length: \xb2\r\n", b"Content-Length: 5_0\r\n", b"Content-Length:5 \r\n",
    b"Content-Length : 5\r\n", b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: Chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n",
    b"Transfer-Encoding: identity\r\n", b"Transfer-Encoding:\tchunked\r\n",
    b"Transfer-Encoding: chunked \r\n", b"Transfer-Encoding: chunked, chunked\r\n",
    b"Transfer-Encoding: xchunked\r\n", b"X: y\r\n", b"X: y\n", b"X: y\r\n z\r\n", b"X:\r\n",
    b": y\r\n", b"X y\r\n", b"X: a\x00b\r\n", b"X: a\x01b\r\n", b"X: a\x7fb\r\n", b"X: a\rb\r\n",
    b"X: \xe9\r\n", b"X: a\x0bb\r\n", b"X: a\x85b\r\n", b"X: a\xa0b\r\n",
    b"Connection: close\r\n", b"Connection: keep-alive\r\n", b"Expect: 100-continue\r\n",
    b"Host: b\r\n", b"Content-Length: 00005\r\n", b"Content-Length: 99999999999999999999\r\n",
    b"Content-Length:\r\n", b"Transfer-Encoding:\r\n", b"Transfer-Encoding: chunked\x0b\r\n",
    b"X: y\x0c\r\n",
)  # fmt: skip
BODIES = (
    b"hello", b"", b"abc", b"5\r\nhello\r\n0\r\n\r\n", b"5;x=y\r\nhello\r\n0\r\n\r\n",
    b"5 \r\nhello\r\n0\r\n\r\n", b"5\r\nhelloX\r\n0\r\n\r\n", b"5\r\nhello\r\n0\r\nT: x\r\n\r\n",
    b"5\r\nhello\r\n0\r\nbad trailer\r\n\r\n", b"+5\r\nhello\r\n0\r\n\r\n",
    b"0x5\r\nhello\r\n0\r\n\r\n", b"5\nhello\n0\n\n", b"005\r\nhello\r\n000\r\n\r\n",
    b"0000000000000005\r\nhello\r\n0\r\n\r\n", b"5\r\nhello0\r\n\r\n",
    b"5\t;x\r\nhello\r\n0\r\n\r\n", b"ffffffffffffffffff\r\nhello",
    b"5;\x00\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\n0\r\nT: x\n\r\n",
    b"5;a\rb\r\nhello\r\n0\r\n\r\n", b"5;a\nb\r\nhello\r\n0\r\n\r\n", b" 5\r\nhello\r\n0\r\n\r\n",
    b"5\r\nhello\r\n0\r\nT: x\r\n y\r\n\r\n", b"5\r\nhello\r\n0\r\n: x\r\n\r\n",
)  # fmt: skip
ENDS = (*[b"\r\n"] * 8, b"\n", b"\r\r\n", b"")
STRAY = (b"\r", b"\n", b"\0", b" ", b":", b"\x80", b"0", b";")


def some_requests(rng: random.Random) -> bytes:
    """Up to three requests, one after another, most of them wrong in some way."""
    parts = []
    for _ in range(rng.randint(1, 3)):
        parts.append(rng.choice((*LINES[:2] * 6, *LINES)))
        parts += rng.choices(HEADERS, k=rng.randint(0, 3))
        parts += [b"Host: a\r\n"] * (rng.random() < 0.8)
        parts += [rng.choice(ENDS), rng.choice(BODIES)]
    data = bytearray(b"".join(parts))
    for _ in range(rng.randint(1, 3) * (rng.random() < 0.3)):
        place, stray = rng.randrange(len(data)), rng.choice((*STRAY, rng.randbytes(1)))
        data[place : place + rng.randint(0, 1)] = stray * rng.randint(0, 1)
    return bytes(data)


# -- where they differ -----------------------------------------------------------------------

_ODD = re.compile(rb"(?<!\r)\n|\r\n[ \t]|\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|[^\x21-\x7e]:")

# What we refuse and h11 takes: all of it may be refused (RFC 9112), and is read differently by
# other programs. With what must be in the bytes from the refused request on.
STRICTER: dict[str, Callable[[bytes], Any]] = {
    # A line that ends in a line feed alone, goes on in the next one, or holds control characters.
    "The request line makes no sense.": _ODD.search,
    "A header line makes no sense.": _ODD.search,
    # What is asked of a proxy ("CONNECT a:1") or of the server as a whole ("OPTIONS *").
    "The request's target is neither path nor URL.": re.compile(
        rb" (?!/|https?://)\S* HTTP/"
    ).search,
    # Any digit before the dot is HTTP to h11.
    "Only HTTP/1 is spoken here.": re.compile(rb" HTTP/[^1]").search,
    # The same length twice, "5, 5", which h11 takes once.
    "The Content-Length makes no sense.": re.compile(
        rb"(?is)content-length:.*(,|\n.*length:)"
    ).search,
    # Beside a Content-Length, and in HTTP/1.0, where a proxy may not know of it (6.1).
    "Transfer-Encoding does not belong here.": re.compile(rb"(?i)transfer-encoding:").search,
    # None in HTTP/1.2, which h11 does not take for a later HTTP/1.1 (2.3); two in HTTP/1.0.
    "There must be exactly one Host header.": re.compile(rb" HTTP/1\.[^1]").search,
    # Extensions that hold a line feed or return alone; sizes of more than twelve digits.
    "a chunk's size makes no sense": re.compile(
        rb";[^\r\n]*(\r(?!\n)|(?<!\r)\n)|[0-9a-fA-F]{13}"
    ).search,
    # As in heads.
    "the trailers make no sense": _ODD.search,
}

# What h11 refuses and we take, by the beginning of its reason.
MORE_LENIENT: dict[str, Callable[[bytes], Any]] = {
    # One empty line before a request, which some clients send after a form (2.2).
    "no request line received": re.compile(rb"^\r\n").search,
    # Letters beyond ASCII in the target, which old scripts send as they are.
    "illegal request line": re.compile(rb" \S*[\x80-\xff]\S* HTTP/").search,
    # White space before a chunk's extension (7.1.1).
    "illegal chunk header": re.compile(rb"[0-9a-fA-F][ \t]+;").search,
}


@pytest.mark.parametrize("seed", range(4))
def test_same_requests_are_found_in_the_same_bytes(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(3_000):
        data = some_requests(rng)
        we, they = ours(data), theirs(data)
        both = min(len(we.requests), len(they.requests))
        # Slashes at a target's beginning are merged here; see _parse_line.
        seen = [(method, b"//", body) if t[:2] == b"//" else (method, t, body)
                for method, t, body in they.requests]  # fmt: skip
        assert [
            (method, b"//" if theirs_[1] == b"//" else target, body)
            for (method, target, body), theirs_ in zip(we.requests, seen, strict=False)
        ] == seen[:both], data
        if len(they.requests) > both:
            assert STRICTER[we.refusal](data[we.at :]), (we.refusal, data)
        elif len(we.requests) > both:
            (reason,) = (r for r in MORE_LENIENT if they.refusal.startswith(r))
            assert MORE_LENIENT[reason](data), (they.refusal, data)


HEAD = b"POST /a HTTP/1.1\r\nHost: a\r\n"
CHUNKS = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("reason", "data"),
    [
        ("The request line makes no sense.", b"GET / HTTP/1.1\nHost: a\r\n\r\n"),
        ("A header line makes no sense.", HEAD + b"X: y\r\n z\r\n\r\n"),
        ("A header line makes no sense.", HEAD + b"X: a\x01b\r\n\r\n"),
        (
            "The request's target is neither path nor URL.",
            b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        ),
        ("Only HTTP/1 is spoken here.", b"GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
        ("The Content-Length makes no sense.", HEAD + b"Content-Length: 1, 1\r\n\r\nx"),
        (
            "Transfer-Encoding does not belong here.",
            HEAD + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        ("There must be exactly one Host header.", b"GET / HTTP/1.2\r\n\r\n"),
        ("a chunk's size makes no sense", CHUNKS + b"1;a\rb\r\nx\r\n0\r\n\r\n"),
        ("the trailers make no sense", CHUNKS + b"0\r\nT: x\n\r\n"),
    ],
)
def test_we_refuse_what_h11_takes(reason: str, data: bytes) -> None:
    assert ours(data).refusal == reason
    assert len(theirs(data).requests) == 1
    assert STRICTER[reason](data)


@pytest.mark.parametrize(
    "data",
    [
        b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n",
        CHUNKS + b"1\t;x\r\nx\r\n0\r\n\r\n",
    ],
)
def test_we_take_what_h11_refuses(data: bytes) -> None:
    assert len(ours(data).requests) == 1
    assert theirs(data).requests == []


@pytest.mark.parametrize("trailer", [b"no trailer", b": x", b"T : x", b"T: x\r\n y"])
def test_trailer_that_is_no_header_is_refused(trailer: bytes) -> None:
    data = CHUNKS + b"0\r\n" + trailer + b"\r\n\r\n"
    assert ours(data).refusal == "the trailers make no sense"


def test_h11_and_we_take_what_is_well_formed() -> None:
    data = (
        b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
        b"POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
        b"POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nT: x\r\n\r\n"
        b"GET /d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /e HTTP/1.1\r\n\r\n"
    )
    found = ours(data)
    assert found.requests == theirs(data).requests
    assert [target for _, target, _ in found.requests] == [b"/a", b"/b", b"/c", b"/d"]
