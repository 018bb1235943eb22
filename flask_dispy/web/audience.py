"""Who is looking, and what they have seen: so that a server can end without cutting anyone short.

The routes that tell of changes (``changes``, ``stream`` and the legacy ``cluster_updates``) say
which version they have sent to whom; ``DispyHTTPServer.shutdown`` waits until the last one is out.
Only clients seen lately count, and only so many are remembered: nobody has to say goodbye.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

__all__ = ["Audience"]


class Audience:
    """The clients of one server, each with the version that it was last sent.

    Safe to use from any thread. At most ``max_clients`` are remembered; beyond that the one heard
    of longest ago is forgotten.

    :param max_clients: how many clients are remembered at most.
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
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def served(self, client_key: str, version: int) -> None:
        """Note that a client was sent everything up to ``version``.

        A stream calls it with its keep-alives too, so that a client that listens while nothing
        happens counts as present.

        :param client_key: what tells one client from another: a cookie's value, a stream's own
            number. A client that answers to no key each time is several clients, which only makes
            the waiting longer.
        """
        with self._changed:
            # A client may have two requests under way; the older answer takes nothing back.
            known = self._seen.pop(client_key, (0.0, version))[1]
            self._seen[client_key] = (self._clock(), max(version, known))
            while len(self._seen) > self._max_clients:
                self._seen.popitem(last=False)
            self._changed.notify_all()

    def left(self, client_key: str) -> None:
        """Forget a client, because its stream has ended. Unknown keys are fine."""
        with self._changed:
            self._seen.pop(client_key, None)
            self._changed.notify_all()

    def present(self, within_sec: float) -> int:
        """How many clients were heard of in the last ``within_sec`` seconds."""
        with self._changed:
            return len(self._lately(within_sec))

    def wait_until_served(
        self, current_version: Callable[[], int], *, within_sec: float, timeout_sec: float
    ) -> bool:
        """Wait until each client heard of in the last ``within_sec`` has the current version.

        Returns at once, and true, when there is none. The version is asked for again each time,
        so that what happens during the wait is waited for as well.

        :param current_version: called without any lock of ours held.
        :param timeout_sec: give up after this long and return false.
        """
        deadline = self._clock() + timeout_sec
        while True:
            version = current_version()
            with self._changed:
                behind = [v for v in self._lately(within_sec) if v < version]
                remaining = deadline - self._clock()
                if not behind or remaining <= 0:
                    return not behind
                # A client that is gone ages out without a notice, hence the shorter naps.
                self._changed.wait(min(remaining, 0.25))

    def _lately(self, within_sec: float) -> list[int]:
        """The versions of clients heard of lately; the others are forgotten on the way."""
        oldest = self._clock() - within_sec
        while self._seen:
            key, (heard_at, _) = next(iter(self._seen.items()))
            if heard_at >= oldest:
                break
            del self._seen[key]
        return [version for _, version in self._seen.values()]
