"""Who is looking, and what they have seen: so that a server can end without cutting anyone short.

The routes that report changes (``changes``, ``stream`` and the legacy ``cluster_updates``) say
which version they have sent to whom; ``DispyHTTPServer.shutdown`` waits until the last one is out.
Only clients seen lately count, and only so many are remembered: nobody has to say goodbye.

A page asks once for all that there is, and then either listens to a stream or asks again, at an
interval that it alone knows. So whoever asks is expected again after the time that passed between
the last two requests; and whoever has asked but once and has a stream open is expected there.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

__all__ = ["Audience"]

# Requests closer together than this are no interval: a page that starts, or that catches up.
_LEAST_GAP_SEC: Final = 0.2

# How many of its own intervals a client may be late, before it counts as gone.
_GONE_AFTER: Final = 3

# So much later than expected it may ask once more: timers of hidden pages are late.
_LATE: Final = 1.25
_LATE_SEC: Final = 1.0


@dataclass(frozen=True, slots=True)
class _Reader:
    """What one client was sent last.

    ``browser`` is that of a stream, ``gap_sec`` the time between the last two requests of one that
    asks, 0 while it is not known; ``again`` counts its requests since a stream was opened.
    """

    heard_at: float
    version: int
    browser: str = ""
    gap_sec: float = 0.0
    again: int = 0


class Audience:
    """The clients of one server, each with the version that it was last sent.

    Safe to use from any thread. At most ``max_clients`` are remembered; beyond that the one heard
    of longest ago is forgotten.

    :param max_clients: how many clients are remembered at most, of those that ask and of streams.
    :param clock: seconds that only ever grow; tests pass their own.
    """

    closing: threading.Event
    """Set when the server is about to end: an open stream ends itself when it sees this."""

    def __init__(
        self, *, max_clients: int = 1024, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.closing = threading.Event()
        self._max_clients = max_clients
        self._clock = clock
        self._changed = threading.Condition()
        self._asking: OrderedDict[str, _Reader] = OrderedDict()
        self._streams: OrderedDict[str, _Reader] = OrderedDict()

    def asked(self, browser: str, version: int, *, again: bool) -> None:
        """Note that a client that asks was sent everything up to *version*.

        :param browser: identifies the client. A client that has another each time counts as
            several, which only makes the wait longer.
        :param again: whether it asked for what changed, and not for all that there is.
        """
        with self._changed:
            now = self._clock()
            known = self._asking.pop(browser, None) or _Reader(now, version)
            gap_sec = now - known.heard_at
            # Two requests may be under way; the older answer takes nothing back.
            reader = _Reader(
                now,
                max(version, known.version),
                gap_sec=gap_sec if again and gap_sec >= _LEAST_GAP_SEC else known.gap_sec,
                again=known.again + again,
            )
            self._note(self._asking, browser, reader)

    def listens(self, stream: str, browser: str, version: int) -> None:
        """Note that a stream was sent everything up to *version*.

        To be called with its keep-alives too, so that a client that listens while nothing happens
        counts as present.
        """
        with self._changed:
            known = self._streams.pop(stream, None)
            asking = self._asking.get(browser)
            if known is None and asking is not None:
                self._asking[browser] = replace(asking, again=0)
            self._note(self._streams, stream, _Reader(self._clock(), version, browser))

    def left(self, stream: str) -> None:
        """Forget a stream that has ended. Unknown ones are fine."""
        with self._changed:
            self._streams.pop(stream, None)
            self._changed.notify_all()

    def present(self, within_sec: float) -> int:
        """How many clients are there: heard of in the last ``within_sec``, or expected yet."""
        with self._changed:
            return sum(1 for _ in self._present(within_sec))

    def wait_until_current(
        self,
        current_version: Callable[[], int],
        *,
        within_sec: float,
        timeout_sec: float,
        longest_sec: float = 0.0,
    ) -> bool:
        """Wait until each client that is there has the current version.

        Returns at once, and true, when there is none. The version is asked for again each time,
        so that what happens during the wait is waited for as well.

        :param current_version: called without any lock of ours held.
        :param within_sec: how long ago a client may have been heard of; longer, where it asks less
            often by itself.
        :param timeout_sec: give up after this long and return false.
        :param longest_sec: wait longer than *timeout_sec*, until a client is expected that asks
            less often, but no longer than this.
        """
        began_at = self._clock()
        while True:
            version = current_version()
            with self._changed:
                behind = [r for r in self._present(within_sec) if r.version < version]
                give_up_at = max(
                    (_expected_at(r, began_at + timeout_sec) for r in behind), default=began_at
                )
                remaining = min(give_up_at, began_at + max(timeout_sec, longest_sec))
                remaining -= self._clock()
                if not behind or remaining <= 0:
                    return not behind
                # A client that is gone ages out without a notice, hence the shorter naps.
                self._changed.wait(min(remaining, 0.25))

    def _note(self, readers: OrderedDict[str, _Reader], key: str, reader: _Reader) -> None:
        readers[key] = reader
        while len(readers) > self._max_clients:
            readers.popitem(last=False)
        self._changed.notify_all()

    def _present(self, within_sec: float) -> Iterator[_Reader]:
        """Yield the clients that are there. The caller holds the lock."""
        now = self._clock()
        listening = set()
        for stream in self._streams.values():
            if now - stream.heard_at <= within_sec:
                listening.add(stream.browser)
                yield stream
        for browser, reader in self._asking.items():
            if browser in listening and reader.again < 2:
                continue  # it has gone on to its stream
            if now - reader.heard_at <= max(within_sec, _GONE_AFTER * reader.gap_sec):
                yield reader


def _expected_at(reader: _Reader, give_up_at: float) -> float:
    """Return until when to wait for a client that lacks something."""
    if not reader.gap_sec:
        return give_up_at
    return max(give_up_at, reader.heard_at + _LATE * reader.gap_sec + _LATE_SEC)
