"""What a client can follow and wait for."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing

from ..core.endings import SETTLED_SEC
from ..core.journal import EntryKind
from ..core.outlook import State
from ..wire.answers import ChangesRow
from ..wire.journal import EventRow
from ..wire.shapes.clusters import Summary
from ..wire.summaries import is_over
from .blocking import each, finish, plain
from .errors import WaitTimeout
from .following import AWAY, Follower, summary_in
from .reading import Reading

__all__ = ["BlockingWaits", "Waiting"]


class Waiting(Reading):
    """What goes on for long."""

    async def follow(
        self,
        cluster: str = "*",
        *,
        since: str | None = None,
        poll_sec: float = 2.0,
        give_up_sec: float = 60.0,
    ) -> AsyncGenerator[ChangesRow, None]:
        """Yield what changes, as it changes; :class:`~flask_dispy.client.Mirror` puts it together.

        It goes on where it was after a lost connection or a restart of the server.

        :param since: the cursor to go on from.
        :param poll_sec: how often to ask where the server has no stream for us.
        :param give_up_sec: how long the dashboard may be away once it has answered.
        :raises NotFound: there is no such cluster, or it was removed.
        """
        follower = Follower(self._sender, cluster, since, poll_sec, give_up_sec)
        async with aclosing(follower.changes()) as found:
            async for changes in found:
                if changes is not None:
                    yield changes

    async def follow_events(
        self,
        cluster: str = "*",
        *,
        kind: EntryKind | Collection[EntryKind] = (),
        after: int | None = None,
        poll_sec: float = 2.0,
        give_up_sec: float = 60.0,
    ) -> AsyncGenerator[EventRow, None]:
        """Yield what happens, as it happens.

        The events of a program that was started anew meanwhile are yielded from its first.

        :param after: begin with the events after this serial number; with the next one if not
            given. Each program counts its own, so one of an earlier program may skip events.
        """
        seen, epoch = after, ""
        unread_since: float | None = None
        follower = Follower(self._sender, cluster, None, poll_sec, give_up_sec)
        async with aclosing(follower.changes()) as found:
            async for news in found:
                if news is None and unread_since is None:
                    continue
                try:
                    changes = news or await self.changes(cluster)
                    latest = summary_in(changes, cluster)["events"]["latest"]
                    program, epoch = epoch, changes["cursor"].partition("-")[0]
                    if seen is None:
                        seen = latest
                    elif (program != epoch) if program else (latest < seen):
                        seen = 0  # those are another program's numbers
                    rows = []
                    if latest > seen:
                        rows = [row async for row in self.events(cluster, kind=kind, after=seen)]
                except AWAY:  # the next sign of life lets us try again
                    unread_since = unread_since or time.monotonic()
                    if time.monotonic() - unread_since > give_up_sec:
                        raise
                    continue
                unread_since = None
                for row in reversed(rows):
                    yield row
                seen = max([seen, latest, *(row["serial"] for row in rows)])

    async def wait(
        self,
        until: State | Collection[State] = "done",
        cluster: str = "*",
        *,
        timeout_sec: float | None = None,
        poll_sec: float = 2.0,
        give_up_sec: float = 60.0,
        show: Callable[[Summary], object] | None = None,
    ) -> Summary:
        """Wait until the outlook is as wanted, and return the summary that says so.

        ``done`` waits for the first job, too, and until no job has been left for three seconds,
        because the program may be about to submit more. A closed cluster is not waited for, because
        nothing changes any more: if jobs were left, the outlook's reason is ``closed``.

        :param until: a state of the outlook, or several: ``("done", "stalled")``.
        :param show: called with each summary, and about once a second with the same again.
        :param timeout_sec: seconds to wait, to about a second; ``None`` for ever, 0 for a single
            look. If the server stops answering meanwhile, it may be as long again, but no more
            than ten seconds.
        :raises WaitTimeout: it took longer.
        :raises NotFound: there is no such cluster, or it was removed.
        """
        wanted = {until} if isinstance(until, str) else set(until)
        end_at = math.inf if timeout_sec is None else time.monotonic() + timeout_sec
        summary: Summary | None = None
        over_since: float | None = None
        follower = Follower(self._sender, cluster, None, poll_sec, give_up_sec, end_at)
        async with aclosing(follower.changes()) as found:
            async for changes in found:
                summary = summary_in(changes, cluster) if changes else summary
                if summary is None:
                    continue
                if show is not None:
                    show(summary)
                now = time.monotonic()
                over_since = (over_since or now) if is_over(summary) else None
                settled = over_since is not None and now - over_since >= SETTLED_SEC
                if _is_met(summary, wanted, settled=settled):
                    return summary
        if summary is not None and _is_met(summary, wanted, settled=True):
            return summary
        raise _too_late(summary, wanted, timeout_sec)


def _is_met(summary: Summary, wanted: set[State], *, settled: bool) -> bool:
    if summary["state"] == "closed":  # nothing changes any more
        return True
    state = summary["outlook"]["state"]
    is_done = "done" in wanted and settled and is_over(summary)
    return is_done or (state != "done" and state in wanted)


def _too_late(
    summary: Summary | None, wanted: set[State], timeout_sec: float | None
) -> WaitTimeout:
    said = summary["outlook"]["message"] if summary else "The dashboard has not answered."
    words = " or ".join(sorted(wanted))
    error = WaitTimeout("wait_timeout", f"Not {words} within {timeout_sec:g} s. {said}")
    error.summary = summary
    return error


class BlockingWaits:
    """The same as plain methods, for a ``Blocking`` over a :class:`Waiting`."""

    follow = plain(Waiting.follow, each)
    follow_events = plain(Waiting.follow_events, each)
    wait = plain(Waiting.wait, finish)
