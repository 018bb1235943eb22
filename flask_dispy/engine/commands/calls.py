"""Calls into dispy with a time limit.

Most methods of a cluster run a task of pycos and wait for it without a limit: if the cluster was
shut down, or its scheduler is gone, they wait for ever, and Python cannot end a waiting thread. So
each call gets its own thread and a time limit. Threads whose call does not return are left behind;
their number is bounded, for each cluster and in all. A user's function that runs jobs again is
called so, too; what hangs there takes none of the places for dispy.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, Final, Literal, NamedTuple, TypeVar

from ...core.errors import EngineTimeout

__all__ = ["Calls"]

T = TypeVar("T")

Callee = Literal["dispy", "rerun"]

# A cluster that hangs may hold only this many threads, so that it leaves some to the others.
_MOST_PER_CLUSTER: Final = 3
_MOST: Final = 24


class _Call(NamedTuple):
    what: str
    owner: Hashable
    callee: Callee
    since: float
    limit_sec: float


class Calls:
    """Runs calls into dispy, each on a thread of its own. Thread-safe.

    :param timeout_sec: how long a caller waits.
    """

    def __init__(self, timeout_sec: float) -> None:
        self.timeout_sec = timeout_sec
        self._lock = threading.Lock()
        self._running: list[_Call] = []

    def run(
        self,
        what: str,
        owner: Hashable,
        call: Callable[[], T],
        *,
        timeout_sec: float | None = None,
    ) -> T:
        """Return what *call* returns, or raise what it raises.

        :param what: the call as a verb phrase for people, such as "cancel a job of compute".
        :param owner: whose call it is; each owner may have a few calls that hang.
        :raises EngineTimeout: it took too long, or too many calls hang already. It may still
            take effect.
        """
        limit = self.timeout_sec if timeout_sec is None else timeout_sec
        future = self.start(what, owner, call, timeout_sec=timeout_sec)
        try:
            return future.result(limit)
        except FutureTimeout:
            if future.done():
                return future.result()  # it ended just now, or the call itself timed out
            raise EngineTimeout(
                f"dispy did not answer within {limit:g} s when asked to {what}. It may have shut "
                "down or lost its scheduler; the command may still take effect."
            ) from None

    def start(
        self,
        what: str,
        owner: Hashable,
        call: Callable[[], T],
        *,
        callee: Callee = "dispy",
        timeout_sec: float | None = None,
    ) -> Future[T]:
        """Start *call* and return its future at once.

        :param callee: what is called; the calls of each are limited apart.
        :param timeout_sec: from when on :meth:`health` says that it is late.
        :raises EngineTimeout: too many calls hang already, or the system has no thread left.
        """
        limit = self.timeout_sec if timeout_sec is None else timeout_sec
        begun = _Call(what, owner, callee, time.monotonic(), limit)
        self._begin(begun)
        future: Future[T] = Future()
        thread = threading.Thread(
            target=self._work, args=(begun, future, call), name="flask_dispy-call", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            self._end(begun)
            raise EngineTimeout(f"Not asked to {what}: the system has no thread left.") from None
        return future

    def _begin(self, call: _Call) -> None:
        with self._lock:
            owners = [one.owner for one in self._running if one.callee == call.callee]
            own = owners.count(call.owner)
            if own >= _MOST_PER_CLUSTER or len(owners) >= _MOST:
                raise EngineTimeout(
                    f"Not asked to {call.what}: {own} earlier calls to this cluster and "
                    f"{len(owners)} in all have not come back."
                )
            self._running.append(call)

    def _work(self, begun: _Call, future: Future[Any], call: Callable[[], Any]) -> None:
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)
        finally:
            self._end(begun)

    def _end(self, call: _Call) -> None:
        with self._lock:
            self._running.remove(call)

    def health(self) -> dict[str, Any]:
        """Return how many calls are under way, how many are late, and the longest time so far."""
        now = time.monotonic()
        with self._lock:
            entries = list(self._running)
        late = [one for one in entries if now - one.since > one.limit_sec]
        return {
            "in_flight": len(entries),
            "stuck": len(late),
            "limit": _MOST,
            "longest_sec": round(max((now - one.since for one in entries), default=0.0), 3),
            "calls": sorted({one.what for one in entries}),
        }
