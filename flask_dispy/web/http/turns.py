"""Costly answers take turns, so that a crowd that asks for them does not slow the run.

What answers shares a process, and Python's one interpreter, with dispy. A search, a report, or all
rows of all nodes take milliseconds of it; asked for on many connections at once they would take all
of it. So they are made one at a time, and while jobs run they get no more than a share of one core
together: after what took 4 ms, 76 ms belong to the run. Who asks now and then never notices,
because what was not used for a while may be used at once.

Requests that wait take turns by client: somebody who asks on sixteen
connections waits for fifteen of them, and holds up nobody else for more than one. An answer that
takes long is made in slices, and lets others pass between two of them.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from ...core.yielding import on_yield
from .errors import HttpError, not_now

__all__ = ["COSTLY_SHARE", "Turns"]

COSTLY_SHARE: Final = 0.05
"""Of one core, for all costly answers together, if not set otherwise."""

# After so much work a moment is left to whoever waits for the interpreter: it would take it by
# itself after 5 ms, and dispy's thread wants it some dozens of times for each job.
_SLICE_SEC: Final = 0.002
_MOMENT_SEC: Final = 0.00005

# After so much work of one answer, others that wait have their turn before it goes on.
_QUANTUM_SEC: Final = 0.02

# What was not used is kept for this much work, so that a page full of figures comes at once. A page
# asks for about four things; where more requests wait, it is a crowd, and nothing is spared.
_SPARE_SEC: Final = 0.25
_CROWD: Final = 5

# Who is refused waits this long for it, so that asking again at once is no way to keep us busy.
_REFUSED_SEC: Final = 0.25

# What those who are refused are advised to wait.
_RETRY_SEC: Final = 3

# What each costs besides: Flask's part of it, the request's reading and the answer's sending.
_AROUND_SEC: Final = 0.001

# How often those who wait look whether the server ends.
_LOOK_UP_SEC: Final = 0.25


class _Waiter:
    """One request that waits for its turn."""

    def __init__(self, client: str) -> None:
        self.client = client
        self.called = threading.Event()
        self.refused = False


class Turns:
    """Lets one costly answer at a time be made, in turn by client. Thread-safe.

    :param share: of one core, for all costly answers together; 1 or more: without pauses.
    :param most_waiting: requests that may wait; one more is refused, of the client that has most.
    :param wait_sec: how long each may wait.
    :param longest_sec: how long an answer may be under way; then many others want the same share.
    :param closing: set when the server ends: then nobody waits any longer.
    :param at_work: whether there is a run to be slowed; without one there are no pauses.
    """

    def __init__(
        self,
        *,
        share: float,
        most_waiting: int,
        wait_sec: float,
        longest_sec: float = 60.0,
        closing: threading.Event,
        at_work: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.monotonic,
        work_clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._share = share
        self._most_waiting = most_waiting
        self._wait_sec = wait_sec
        self._longest_sec = longest_sec
        self._closing = closing
        self._at_work = at_work
        self._clock = clock
        self._work_clock = work_clock
        self._lock = threading.Lock()
        self._taken = False
        # In the order in which the clients are next.
        self._waiting: OrderedDict[str, deque[_Waiter]] = OrderedDict()
        self._count = 0
        # When all work that was done is paid for; in the past as far as some is to spare.
        self._free_at = -float("inf")

    @contextmanager
    def turn(self, client: str) -> Iterator[None]:
        """Wait for *client*'s turn, and have it for as long as the block takes.

        The block works in slices where it breathes; see :mod:`flask_dispy.core.yielding`.

        :raises HttpError: 503, too many wait, or it took too long.
        """
        self._take(client, self._clock() + self._wait_sec)
        work = _Work(self, client)
        try:
            with on_yield(work.yield_now):
                yield
        finally:
            work.end()

    def _take(self, client: str, give_up_at: float) -> None:
        if not self._is_called(self._line_up(client), give_up_at):
            raise _refusal("Too many searches, reports and the like are being asked for.")
        try:
            self._wait_for_share(give_up_at)
        except BaseException:
            self._give_back()
            raise

    def _line_up(self, client: str) -> _Waiter:
        """Return what waits for *client*: called already if it is its turn, or refused."""
        waiter = _Waiter(client)
        with self._lock:
            if not self._taken:
                self._taken = True
                waiter.called.set()
            elif self._count < self._most_waiting or self._make_room(client):
                self._add(waiter)
            else:
                waiter.refused = True
        return waiter

    def _make_room(self, client: str) -> bool:
        """Refuse the last request of whoever has most, if *client* has fewer yet."""
        greediest = max(self._waiting.values(), key=len, default=deque[_Waiter]())
        if len(greediest) <= len(self._waiting.get(client, ())) + 1:
            return False
        waiter = greediest[-1]
        waiter.refused = True
        self._drop(waiter)
        waiter.called.set()
        return True

    def _add(self, waiter: _Waiter) -> None:
        self._waiting.setdefault(waiter.client, deque()).append(waiter)
        self._count += 1

    def _drop(self, waiter: _Waiter) -> None:
        line = self._waiting[waiter.client]
        line.remove(waiter)
        if not line:
            del self._waiting[waiter.client]
        self._count -= 1

    def _is_called(self, waiter: _Waiter, give_up_at: float) -> bool:
        """Wait until it is a request's turn; false if it is refused instead."""
        if waiter.refused:
            self._closing.wait(_REFUSED_SEC)
            return False
        while not waiter.called.wait(min(_LOOK_UP_SEC, max(0.0, give_up_at - self._clock()))):
            if self._clock() < give_up_at and not self._closing.is_set():
                continue
            with self._lock:
                if waiter.called.is_set():
                    break  # just now
                self._drop(waiter)
                return False
        return not waiter.refused

    def _wait_for_share(self, give_up_at: float) -> None:
        """Wait until the share allows some work. The caller has the turn."""
        spared_sec = _SPARE_SEC / self._share if self._count >= _CROWD else 0.0
        pause_sec = self._free_at + spared_sec - self._clock()
        if pause_sec <= 0 or not self._at_work():
            return
        if self._clock() + pause_sec > give_up_at:
            raise _refusal("Searches, reports and the like have used up their share of the CPU.")
        self._closing.wait(pause_sec)

    def _give_back(self) -> None:
        """End a turn: call the next client's first request."""
        with self._lock:
            if not self._waiting:
                self._taken = False
                return
            client, line = next(iter(self._waiting.items()))
            waiter = line[0]
            self._drop(waiter)
            if client in self._waiting:
                self._waiting.move_to_end(client)
            waiter.called.set()

    def _charge(self, work_sec: float) -> None:
        """Note work that was done. The caller has the turn."""
        if self._share < 1:
            spare_from = self._clock() - _SPARE_SEC / self._share
            self._free_at = max(self._free_at, spare_from) + work_sec / self._share

    def _pass_turn(self, client: str, give_up_at: float) -> bool:
        """Let others have their turn, if any wait; false if it does not come back in time."""
        with self._lock:
            if not self._waiting:
                return True
            waiter = _Waiter(client)
            self._add(waiter)
        self._give_back()
        return self._is_called(waiter, give_up_at)


class _Work:
    """The work of one answer that has the turn, slice by slice."""

    def __init__(self, turns: Turns, client: str) -> None:
        self._turns = turns
        self._client = client
        self._give_up_at = turns._clock() + turns._longest_sec
        self._charged_to = self._passed_at = turns._work_clock()
        self._has_turn = True

    def yield_now(self) -> None:
        """After a slice of work, leave the run its time, and others their turn."""
        now = self._turns._work_clock()
        if now - self._charged_to < _SLICE_SEC:
            return
        self._charge(now)
        time.sleep(_MOMENT_SEC)
        if now - self._passed_at >= _QUANTUM_SEC:
            self._passed_at = now
            self._has_turn = self._turns._pass_turn(self._client, self._give_up_at)
            if not self._has_turn:
                message = "This took too long, because many ask for such answers."
                raise not_now("busy", message, _RETRY_SEC)
        self._turns._wait_for_share(self._give_up_at)

    def end(self) -> None:
        """Give the turn back, unless it was lost."""
        if self._has_turn:
            self._charge(self._turns._work_clock() + _AROUND_SEC)
            self._turns._give_back()

    def _charge(self, now: float) -> None:
        self._turns._charge(now - self._charged_to)
        self._charged_to = now


def _refusal(reason: str) -> HttpError:
    advice = "They take turns, so that the run goes on; try again in a few seconds."
    return not_now("busy", f"{reason} {advice}", _RETRY_SEC)
