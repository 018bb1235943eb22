"""Following what changes: over the stream, resumed where it broke, or by polling."""

from __future__ import annotations

import json
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final
from urllib.parse import unquote

from ..wire.answers import ChangesRow
from ..wire.shapes.clusters import Summary
from ..wire.shapes.nodes import NodeRow
from .errors import Busy, ClientError, NotFound, ServerFailed, Unreachable
from .sending import API, Sender, get, lines_of

__all__ = ["AWAY", "Follower", "Mirror", "summary_in"]

AWAY: Final = (Busy, NotFound, ServerFailed, Unreachable)
"""The errors that a dashboard which is started anew leads to."""

_ALIVE_SEC: Final = 1
"""How often a quiet stream gives a sign of life."""

_QUIET_SEC: Final = 10.0
"""A stream that gives none for so long is held back by a proxy, or dead."""

_FIRST_QUIET_SEC: Final = 3.0
"""The same before the first event, which is sent at once."""

_STREAM_AGAIN_SEC: Final = 60.0
"""How long to poll before the stream is tried again."""

_HAIR_SEC: Final = 0.01

_LEAST_SEC: Final = 1.0
"""How long the first answer may take, even if following is to end sooner."""

_FIRST_PAUSE_SEC: Final = 0.25
_LONGEST_PAUSE_SEC: Final = 5.0

_LASTING_SEC: Final = 5.0
"""How long a stream must have lasted, so that the pauses begin anew when it ends."""


class Mirror:
    """What a follower knows: the newest summaries and nodes, kept up to date by :meth:`apply`."""

    def __init__(self) -> None:
        self.cursor = ""
        """Where to go on, as ``since``."""
        self.clusters: dict[str, Summary] = {}
        """The summaries by name, that of all clusters among them."""
        self.nodes: dict[str, NodeRow] = {}
        """The nodes of the cluster that is followed, by address."""

    def apply(self, changes: ChangesRow) -> None:
        """Take over what changed."""
        self.cursor = changes["cursor"]
        self.clusters = {summary["name"]: summary for summary in changes["clusters"]}
        if changes["snapshot"]:
            self.nodes.clear()
        for row in changes["nodes"]:
            if "removed" in row:
                self.nodes.pop(row["ip_addr"], None)
            else:
                self.nodes[row["ip_addr"]] = row


def summary_in(changes: ChangesRow, cluster: str) -> Summary:
    """Return the summary of the cluster that was asked for; of all together for ``*``.

    The dashboard reads a name that it does not know as an encoded one, and so does this.

    :raises NotFound: the cluster was removed just before the dashboard answered.
    """
    for name in (cluster, unquote(cluster)):
        for summary in changes["clusters"]:
            if summary["combined"] if name == "*" else summary["name"] == name:
                return summary
    raise NotFound("unknown_cluster", f"The cluster {cluster[:80]!r} was removed.", status=404)


class Follower:
    """Follows one view. What breaks is taken up again where it broke.

    :param since: the cursor to go on from; all is new without one.
    :param poll_sec: how often to ask while there is no stream.
    :param give_up_sec: how long the dashboard may be away once it has answered.
    :param end_at: when to end, by ``time.monotonic``; no read that begins waits beyond that. The
        first answer is given a second all the same.
    """

    def __init__(
        self,
        sender: Sender,
        cluster: str,
        since: str | None,
        poll_sec: float,
        give_up_sec: float,
        end_at: float = math.inf,
    ) -> None:
        self._sender = sender
        self._cluster = cluster
        self._cursor = since
        self._poll_sec = poll_sec
        self._give_up_sec = give_up_sec
        self._end_at = end_at
        self._heard_by = time.monotonic() + _LEAST_SEC
        self._stream_at = 0.0
        self._away_since: float | None = None
        self._pause_sec = _FIRST_PAUSE_SEC
        self._heard = False

    async def changes(self) -> AsyncGenerator[ChangesRow | None, None]:
        """Yield what changed, and ``None`` as a sign of life, about every second.

        :raises NotFound: there is no such cluster, or no longer.
        :raises Unreachable: the dashboard stayed away for ``give_up_sec``.
        """
        while self._left_sec() > 0:
            try:
                if self._is_polling():
                    yield self._noted(await self._poll())
                    wait_sec, self._pause_sec = self._poll_sec, _FIRST_PAUSE_SEC
                else:
                    async with aclosing(self._stream()) as found:
                        async for changes in found:
                            yield None if changes is None else self._noted(changes)
                            if self._left_sec() <= 0:
                                return
                    # Some proxies end each stream at once: it is good, but must not be asked for
                    # without a pause.
                    wait_sec = 0.0 if self._is_polling() else self._pause_after_stream()
            except AWAY as error:
                if self._left_sec() <= 0:
                    return
                wait_sec = self._pause_after(error)
            wait_sec = min(wait_sec, self._left_sec())
            while wait_sec > 0:
                yield None
                await self._sender.io.sleep(min(wait_sec, _ALIVE_SEC))
                wait_sec -= _ALIVE_SEC

    def _left_sec(self) -> float:
        end_at = self._end_at if self._heard else max(self._end_at, self._heard_by)
        return end_at - time.monotonic()

    def _at_most(self, sec: float) -> float:
        """Return how long to wait for an answer: so long, or until the end has just come."""
        return min(sec, max(0.0, self._left_sec()) + _HAIR_SEC)

    def _noted(self, changes: ChangesRow) -> ChangesRow:
        self._cursor = changes["cursor"]
        self._away_since, self._heard = None, True
        return changes

    def _is_polling(self) -> bool:
        return time.monotonic() < self._stream_at

    def _next_pause(self) -> float:
        """Return how long to wait now; the next pause is longer, until a stream lasts."""
        pause_sec = self._pause_sec
        self._pause_sec = min(pause_sec * 2, _LONGEST_PAUSE_SEC)
        return pause_sec

    def _pause_after_stream(self) -> float:
        """Return how long to wait after a stream has ended; the dashboard is not away meanwhile."""
        pause_sec = self._next_pause()
        if self._away_since is None:
            # The server ends, or lets everybody log in again.
            self._away_since = time.monotonic() + pause_sec
        return pause_sec

    def _pause_after(self, error: ClientError) -> float:
        """Return how long to wait before the next try; raises *error* if there is none."""
        now = time.monotonic()
        is_gone = isinstance(error, NotFound) and self._away_since is None
        if not self._heard or is_gone or isinstance(error, _Gone):
            raise error
        if self._away_since is None:
            self._away_since = now
        left_sec = self._away_since + self._give_up_sec - now
        # A pause that has grown while streams ended soon leaves time for a try.
        pause_sec = min(self._pause_sec, max(_FIRST_PAUSE_SEC, left_sec))
        pause_sec = max(pause_sec, getattr(error, "retry_after_sec", None) or 0.0)
        if pause_sec > left_sec:
            raise error
        self._next_pause()
        return pause_sec

    async def _poll(self) -> ChangesRow:
        request = get(ChangesRow, f"{API}/changes", cluster=self._cluster, since=self._cursor)
        sender = self._sender.within(self._at_most(math.inf))
        # Later tries are counted here.
        ask = sender.ask_once if self._heard else sender.ask
        return await ask(request)

    async def _stream(self) -> AsyncGenerator[ChangesRow | None, None]:
        """Yield what a stream sends until it ends; one that is no good lets us poll for a while."""
        values = {"cluster": self._cluster, "since": self._cursor, "alive_sec": _ALIVE_SEC}
        request = get(bytes, f"{API}/stream", **values)
        headers = {"Accept": "text/event-stream", "Last-Event-ID": self._cursor or ""}
        sender = self._sender.within(self._at_most(math.inf))
        quiet_sec = self._at_most(_QUIET_SEC if self._heard else _FIRST_QUIET_SEC)
        is_good, opened_at = False, time.monotonic()
        try:
            answer = await sender.send(request, headers, quiet_sec)
            chunks = sender.chunks(answer)
            async with aclosing(chunks), aclosing(_events(chunks)) as events:
                async for name, data in events:
                    is_good = True
                    if name == "gone":
                        told = json.loads(data)
                        raise _Gone(told["code"], told["message"], status=404)
                    yield json.loads(data) if name == "changes" else None
        except (Busy, Unreachable) as error:
            # All streams are taken, or a proxy holds this one back: polling goes through. It is
            # also tried where nobody answers from the start, because it is tried more than once.
            if self._heard and not isinstance(error, Busy) and error.code != "timeout":
                raise
            is_good = False
        finally:
            if is_good and time.monotonic() - opened_at >= _LASTING_SEC:
                self._pause_sec = _FIRST_PAUSE_SEC
        if not is_good:
            self._stream_at = time.monotonic() + _STREAM_AGAIN_SEC


class _Gone(NotFound):
    """The cluster was removed while it was followed."""


async def _events(chunks: AsyncIterator[bytes]) -> AsyncGenerator[tuple[str, str], None]:
    """Yield the names and data of server-sent events; a comment has no name."""
    name, data = "", ""
    async with aclosing(lines_of(chunks)) as lines:
        async for line in lines:
            key, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if not line:
                if data:
                    yield name, data
                name, data = "", ""
            elif not key:
                yield "", ""
            elif key == "event":
                name = value
            elif key == "data":
                data = value
