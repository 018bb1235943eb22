"""The commands for jobs: cancel them, run them again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import replace
from typing import Any, Final, TypeVar

from ...core.errors import EngineTimeout
from ...core.jobs import UNFINISHED_WORDS
from ..clusters import is_closed
from .calls import Calls
from .cancelling import cancel_until
from .outcomes import JobTarget, Outcome, Target, Targets
from .rerunning import Reruns

__all__ = ["JobCommands", "in_parallel"]

_T = TypeVar("_T")
_R = TypeVar("_R")

_Refusal = tuple[str, str]
_Batch = list[tuple[int, JobTarget]]

# Cancelling a job takes dispy about a millisecond, more in a long queue; a command for many jobs
# may take this many times as long as one for a single job.
_BULK_FACTOR: Final = 3

# How many clusters are asked at a time: a third of all calls that may be under way.
_MOST_AT_ONCE: Final = 8


class JobCommands:
    """Commands for jobs. Thread-safe; every call ends within its time limit."""

    def __init__(self, targets: Targets, calls: Calls) -> None:
        self._targets = targets
        self._calls = calls
        self._under_way: dict[int, Reruns] = {}

    def cancel(
        self, serials: Sequence[int], cluster: str | None = None, *, by: str | None = None
    ) -> list[Outcome]:
        """Cancel queued jobs and terminate running ones; return an outcome for each.

        :param cluster: the cluster that the jobs must belong to; any if ``None`` or ``*``.
        :param by: who asks, where there are users.
        """
        return self._for_each(
            serials, cluster, _not_cancellable, lambda batch: self._cancel_batch(batch, by)
        )

    def rerun(
        self,
        serials: Sequence[int],
        cluster: str | None = None,
        *,
        by: str | None = None,
        dry_run: bool = False,
    ) -> list[Outcome]:
        """Run jobs again that ended without finishing; return an outcome for each.

        The function that was given with the job's cluster is called for each, on a thread of its
        own, as long as time allows: three times ``engine_timeout_sec`` for several jobs.

        :param cluster: the cluster that the jobs must belong to; any if ``None`` or ``*``.
        :param by: who asks, where there are users.
        :param dry_run: call nothing; the outcome of a job that would be run again is ``ok``, or
            ``again`` if it was run again before.
        """
        act = _would_rerun if dry_run else lambda batch: self._rerun_batch(batch, by)
        return self._for_each(serials, cluster, _not_rerunnable, act)

    def rerunners(self, cluster: str) -> list[str]:
        """Return which of the clusters that *cluster* stands for can run their jobs again.

        :raises UnknownCluster: no cluster of that name is watched.
        """
        return [
            target.name
            for target in self._targets.targets(cluster)
            if target.rerun is not None and not is_closed(target.cluster)
        ]

    def _for_each(
        self,
        serials: Sequence[int],
        cluster: str | None,
        refusal: Callable[[JobTarget], _Refusal | None],
        act: Callable[[_Batch], dict[int, Outcome]],
    ) -> list[Outcome]:
        """Return an outcome for each job: that of *refusal*, or what *act* does with it.

        :param act: is called with some jobs of one cluster, several clusters' at a time.
        """
        serials = [*dict.fromkeys(serials)]
        wanted = None
        if cluster not in (None, "*"):
            wanted = {cluster, *(target.name for target in self._targets.targets(cluster))}
        outcomes: dict[int, Outcome] = {}
        ids: dict[int, str] = {}
        batches: dict[str, _Batch] = {}
        retained = self._targets.targets_of_jobs(serials)
        for serial in serials:
            found = retained.get(serial)
            if found is not None:
                ids[serial] = found.id
            if found is None or (wanted is not None and found.target.name not in wanted):
                outcomes[serial] = Outcome(
                    cluster or "*", False, "unknown", "No such job is retained.", serial=serial
                )
            elif refused := refusal(found):
                outcomes[serial] = found.target.failed(*refused, serial=serial)
            else:
                batches.setdefault(found.target.name, []).append((serial, found))
        for done in in_parallel(act, [*batches.values()]):
            outcomes.update(done)
        return [replace(outcomes[serial], id=ids.get(serial)) for serial in serials]

    def _cancel_batch(self, batch: _Batch, by: str | None) -> dict[int, Outcome]:
        """Cancel jobs of one cluster in one call; those for which time ran out have failed."""
        target = batch[0][1].target
        under_way: dict[int, Outcome] = {}
        limit = self._limit_sec(batch)
        deadline = time.monotonic() + limit
        what = f"cancel jobs of {target.name}"
        _, failed = self._guarded(
            target, what, lambda: cancel_until(deadline, batch, under_way), limit
        )
        done = under_way.copy()  # a call that hangs may still add to it
        self._targets.cancelled(target.name, [s for s, one in done.items() if one.ok], by)
        code, message = failed or _OUT_OF_TIME
        return {
            serial: done.get(serial) or target.failed(code, message, serial=serial)
            for serial, _ in batch
        }

    def _rerun_batch(self, batch: _Batch, by: str | None) -> dict[int, Outcome]:
        """Run jobs of one cluster again; what the function does to its cluster is its own."""
        target, limit = batch[0][1].target, self._limit_sec(batch)
        rows = self._targets.rows_of_jobs([serial for serial, _ in batch])
        reruns = Reruns(self._targets, batch, rows, by, self._under_way)
        deadline = time.monotonic() + limit
        what = f"run jobs of {target.name} again"
        try:
            self._calls.start(
                what, id(target.cluster), lambda: reruns.work(deadline),
                callee="rerun", timeout_sec=limit,
            ).result(limit)  # fmt: skip
        except EngineTimeout as error:
            return reruns.end("timeout", error.message)
        except FutureTimeout:
            pass
        return reruns.end(*_OUT_OF_TIME)

    def _limit_sec(self, batch: _Batch) -> float:
        return self._calls.timeout_sec * (_BULK_FACTOR if len(batch) > 1 else 1)

    def _guarded(
        self, target: Target, what: str, call: Callable[[], Any], limit: float | None = None
    ) -> tuple[Any, _Refusal | None]:
        """Return what *call* returns, and the code and message of its failure, if it failed."""
        if is_closed(target.cluster):
            return None, _closed(target)
        try:
            return self._calls.run(what, id(target.cluster), call, timeout_sec=limit), None
        except EngineTimeout as error:
            return None, ("timeout", error.message)
        except Exception as error:
            if is_closed(target.cluster):
                return None, ("closed", f"The cluster {target.name} was closed meanwhile.")
            return None, ("refused", f"dispy failed to {what}: {type(error).__name__}.")


_OUT_OF_TIME: Final = ("timeout", "Time ran out before this job's turn came.")


def _closed(target: Target) -> _Refusal:
    return ("closed", f"The cluster {target.name} is closed and takes no more commands.")


def _not_cancellable(found: JobTarget) -> _Refusal | None:
    if found.target.cluster is None:
        return ("unsupported", "Its cluster was not added, so it takes no commands.")
    if found.job is None:
        return ("already_ended", f"It has ended already: {found.state}.")
    return None


def _not_rerunnable(found: JobTarget) -> _Refusal | None:
    target = found.target
    if target.rerun is None:
        return ("unsupported", f"{target.name} was added without a rerun function.")
    if is_closed(target.cluster):
        return _closed(target)
    if found.state in UNFINISHED_WORDS:
        return None
    if found.state == "finished":
        return ("finished", "It finished: only jobs that did not are run again.")
    return ("not_ended", "It has not ended yet.")


def _would_rerun(batch: _Batch) -> dict[int, Outcome]:
    return {
        serial: found.target.done("again", "It was run again before.", serial=serial)
        if found.reruns
        else found.target.done("ok", "It can be run again.", serial=serial)
        for serial, found in batch
    }


def in_parallel(ask: Callable[[_T], _R], whom: Sequence[_T]) -> list[_R]:
    """Return the results of *ask* for each, several at a time.

    Each is for another cluster; one that does not answer must not use up the others' time.
    """
    if len(whom) < 2:
        return [ask(one) for one in whom]
    with ThreadPoolExecutor(min(len(whom), _MOST_AT_ONCE), "flask_dispy-ask") as pool:
        return list(pool.map(ask, whom))
