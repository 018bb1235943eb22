"""What changed, as it changes: the polled ``changes`` and the server-sent events of ``stream``.

Hundreds of viewers mostly want the same bytes. A delta is therefore made, framed and compressed
once for all readers that stand at the same cursor; and since every reader is moved to the newest
cursor by each event, and all events come at the same ticks of the clock, they soon all do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from itertools import count
from typing import Final

from flask import Response, request

from ...core.addresses import network_of
from ...core.errors import FlaskDispyError
from ...core.feed import Cursor
from ..context import Web, browser_of
from ..http.answers import encode, json_bytes_answer

__all__ = ["changes", "stream"]

# A stream ends after an hour, so that its permission is checked again; the browser resumes at once.
LIFETIME_SEC: Final = 3600.0

_numbers: Final = count(1)

_RETRY: Final = b"retry: 2000\n\n"
_COMMENT: Final = b":\n\n"


def changes(web: Web, *, cluster: str, since: str, form: str) -> Response:
    """Answer with what changed since the reader's cursor."""
    by_column = form == "columns"
    view = web.view(cluster)
    with web.turn() if view.is_long_since(since) else nullcontext():
        found = view.changes(since, by_column=by_column)
        key = (cluster, since, by_column, found.cursor)
        packed = partial(web.packed_changes.get, key, found.body.gzip)
        answer = json_bytes_answer(found.body, packed=packed)
    web.audience.asked(browser_of(request), found.version, again=not found.snapshot)
    return answer


def stream(web: Web, *, cluster: str, since: str, alive_sec: int | None) -> Response:
    """Answer with the changes as server-sent events, until the client or the server ends it."""
    web.view(cluster)
    # A browser that reconnects repeats its first URL, and says in this header where it got to.
    since = request.headers.get("Last-Event-ID", "")[:100] or since
    answer = Response(mimetype="text/event-stream")
    answer.headers["Cache-Control"] = "no-store, no-transform"
    answer.headers["X-Accel-Buffering"] = "no"
    if request.method == "HEAD":
        return answer
    web.streams.take_for(answer)
    answer.response = _Events(web, cluster, since, alive_sec).frames()
    return answer


class _Events:
    """One client's stream. It needs no Flask context: the request is over for Flask."""

    def __init__(self, web: Web, name: str, since: str, alive_sec: int | None = None) -> None:
        self._web = web
        self._name = name
        self._since = since
        self._alive_sec = alive_sec
        self._closing = web.audience.closing
        self._intervals = web.board.intervals
        self._quiet_sec = alive_sec or self._intervals.keep_alive_sec
        self._key = f"stream {next(_numbers)}"
        self._browser = browser_of(request)
        self._client = network_of(request.remote_addr)
        # Of our own server, which may want its place for another client.
        self._is_cut: Callable[[], bool] = request.environ.get("flask_dispy.is_cut", bool)

    def frames(self) -> Iterator[bytes]:
        """Yield the pieces of the answer, waiting between them."""
        web = self._web
        end = time.monotonic() + LIFETIME_SEC
        yield _RETRY
        try:
            # A server that ends now waits for the first event, too.
            self._present(0)
            while not self._ends() and time.monotonic() < end:
                yield self._next_frame()
                version = _version_of(self._since)
                # The generator was asked to go on, so the server has handed that to the socket.
                self._present(version)
                yield from self._wait(version)
        except FlaskDispyError as error:
            # The cluster was removed. The browser reconnects, gets the 404, and stops.
            yield _event("gone", "", encode({"code": error.code, "message": error.message}))
        finally:
            web.audience.left(self._key)

    def _present(self, version: int) -> None:
        self._web.audience.listens(self._key, self._browser, version)

    def _next_frame(self) -> bytes:
        """Return the event that follows the reader's cursor, shared with who stands there too.

        It is shared even if more changes a moment later: all events come at the same ticks of the
        clock, so that change comes with the next.
        """
        since = self._since
        tick = time.monotonic() // self._intervals.tick_sec
        # Looked up each time, because the cluster may have been removed, or added again.
        view = self._web.view(self._name)
        is_long = view.is_long_since(since)

        def make() -> bytes:
            found = view.changes(since)
            return _event("changes", found.cursor, found.body.plain())

        with self._web.turns.turn(self._client) if is_long else nullcontext():
            frame = self._web.frames.get((view.name, since, tick), make)
        self._since = _cursor_of(frame)
        return frame

    def _wait(self, version: int) -> Iterator[bytes]:
        """Wait for the next change, keeping the connection alive meanwhile.

        After a quiet time the first change is sent at once, and only then one at each tick.
        """
        board, look_up_sec = self._web.board, self._intervals.look_up_sec
        self._closing.wait(_until_next_tick(time.monotonic(), self._intervals.tick_sec))
        quiet_since = time.monotonic()
        while not self._ends():
            asked_at = time.monotonic()
            newest = board.wait_for_change(version, look_up_sec, until=self._closing.is_set)
            if newest > version:
                return
            if time.monotonic() - asked_at < look_up_sec / 2:
                self._closing.wait(look_up_sec)  # a closed registry no longer waits
            self._present(version)
            if time.monotonic() - quiet_since >= self._quiet_sec:
                quiet_since = time.monotonic()
                # A comment keeps the connection; scripts see only an event.
                alive = _event("alive", self._since, encode({"cursor": self._since}))
                yield alive if self._alive_sec else _COMMENT

    def _ends(self) -> bool:
        return self._closing.is_set() or self._is_cut()


def _event(name: str, cursor: str, body: bytes) -> bytes:
    # The body is one line: its JSON is compact, and newlines within texts are escaped.
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (cursor.encode(), name.encode(), body)


def _cursor_of(frame: bytes) -> str:
    return frame[4 : frame.index(b"\n")].decode()


def _version_of(cursor: str) -> int:
    place = Cursor.parse(cursor)
    return 0 if place is None else place.version


def _until_next_tick(now: float, tick_sec: float) -> float:
    """Return the seconds until an event may follow one of *now*: half a tick at least."""
    left = tick_sec - now % tick_sec
    return left if left >= tick_sec / 2 else left + tick_sec
