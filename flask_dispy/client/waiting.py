"""What a client can follow and wait for."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing

from ..core.journal import EntryKind
from ..core.outlook import State
from ..wire.answers import ChangesRow
from ..wire.journal import EventRow
from ..wire.shapes.clusters import Summary
from ..wire.summaries import is_over, summary_of
from .blocking import answered, iterated
from .errors import WaitTimeout
from .following import Follower
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
        async with aclosing(self._follow(cluster, since, poll_sec, give_up_sec)) as found:
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

        :param after: begin with the events after this serial number; with the next one if not
            given.
        """
        seen = after
        async with aclosing(self._follow(cluster, None, poll_sec, give_up_sec)) as found:
            async for changes in found:
                if changes is None:
                    continue
                latest = summary_of(changes["clusters"], cluster)["events"]["latest"]
                if seen is None or latest < seen:  # it begins anew: another program's numbers
                    seen = latest if seen is None else 0
                if latest > seen:
                    rows = [row async for row in self.events(cluster, kind=kind, after=seen)]
                    for row in reversed(rows):
                        yield row
                    seen = max([latest, *(row["serial"] for row in rows)])

    async def wait(
        self,
        until: State | Collection[State] = "done",
        cluster: str = "*",
        *,
        timeout_sec: float | None = None,
        poll_sec: float = 2.0,
        give_up_sec: float = 60.0,
    ) -> Summary:
        """Wait until the outlook is as wanted, and return the summary that says so.

        ``done`` waits for the first job, too. A closed cluster is not waited for, because nothing
        changes any more: if jobs were left, the outlook's reason is ``closed``.

        :param until: a state of the outlook, or several: ``("done", "stalled")``.
        :param timeout_sec: seconds to wait, to about a second; ``None`` for ever.
        :raises WaitTimeout: it took longer.
        :raises NotFound: there is no such cluster, or it was removed.
        """
        wanted = {until} if isinstance(until, str) else set(until)
        give_up_at = None if timeout_sec is None else time.monotonic() + timeout_sec
        summary: Summary | None = None
        async with aclosing(self._follow(cluster, None, poll_sec, give_up_sec)) as found:
            async for changes in found:
                if changes is not None:
                    summary = summary_of(changes["clusters"], cluster)
                    if _is_met(summary, wanted):
                        return summary
                if give_up_at is not None and time.monotonic() >= give_up_at:
                    break
        raise _too_late(summary, wanted, timeout_sec)

    def _follow(
        self, cluster: str, since: str | None, poll_sec: float, give_up_sec: float
    ) -> AsyncGenerator[ChangesRow | None, None]:
        follower = Follower(
            self._sender, cluster, since=since, poll_sec=poll_sec, give_up_sec=give_up_sec
        )
        return follower.changes()


def _is_met(summary: Summary, wanted: set[State]) -> bool:
    if summary["state"] == "closed":  # nothing changes any more
        return True
    state = summary["outlook"]["state"]
    return (state != "done" and state in wanted) or ("done" in wanted and is_over(summary))


def _too_late(
    summary: Summary | None, wanted: set[State], timeout_sec: float | None
) -> WaitTimeout:
    said = f" {summary['outlook']['message']}" if summary is not None else ""
    words = " or ".join(sorted(wanted))
    error = WaitTimeout("wait_timeout", f"Not {words} within {timeout_sec:g} s.{said}")
    error.summary = summary
    return error


class BlockingWaits:
    """The same as plain methods, for a ``Blocking`` over a :class:`Waiting`."""

    follow = iterated(Waiting.follow)
    follow_events = iterated(Waiting.follow_events)
    wait = answered(Waiting.wait)
