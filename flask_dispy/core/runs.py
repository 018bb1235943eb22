"""The attempts of jobs that overlap a window of time, and the rows of a lane that they take."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import chain, pairwise
from typing import TypeAlias

from .coloring import Coloring
from .jobs import Job
from .timegrid import Run
from .yielding import chunks

__all__ = ["Group", "Runs", "Slots", "oldest_start"]

Group: TypeAlias = tuple[str, Sequence[Job]]
"""Jobs, and the function that all of them compute."""

# An attempt that was abandoned: start, end, node, word, serial, id.
_Attempt: TypeAlias = tuple[float, float, str, str, int, str]


def oldest_start(jobs: Sequence[Job]) -> float | None:
    """Return when the first attempt of *jobs* began; ``None`` if there was none."""
    oldest = math.inf
    # A loop, because min() of a hundred thousand floats takes twice as long.
    for job in chain.from_iterable(chunks(jobs)):
        start = job.started_at
        if start is not None and start < oldest:
            oldest = start
        if job.past:
            oldest = min([oldest, *(attempt[0] for attempt in _attempts(job))])
    return None if oldest == math.inf else oldest


class Runs:
    """The attempts that overlap a window: jobs for the last ones, and tuples for earlier ones.

    :param node: leave out all other nodes.
    """

    __slots__ = ("_groups",)

    def __init__(
        self,
        groups: Sequence[Group],
        start: float,
        end: float,
        now: float,
        node: str | None = None,
    ) -> None:
        self._groups = [
            (
                function,
                [
                    job
                    for piece in chunks(jobs)
                    for job in piece
                    if (began := job.started_at) is not None
                    and began <= end
                    # If the node's clock is off, a job's end may be before its start.
                    and (
                        began >= start
                        or (now if (ended := job.ended_at) is None else ended) >= start
                    )
                    and (job.node == node if node else job.node is not None)
                ],
                [
                    attempt
                    for piece in chunks(jobs)
                    for job in piece
                    if job.past
                    for attempt in _attempts(job)
                    if attempt[0] <= end
                    and max(attempt[:2]) >= start
                    and node in (None, attempt[2])
                ],
            )
            for function, jobs in groups
        ]

    def __len__(self) -> int:
        return sum(len(jobs) + len(earlier) for _, jobs, earlier in self._groups)

    def nodes(self) -> set[str]:
        """Return the addresses of the nodes that ran them."""
        found = {job.node for _, jobs, _ in self._groups for job in jobs}
        found.update(attempt[2] for _, _, earlier in self._groups for attempt in earlier)
        return {address for address in found if address is not None}

    def colored(self, colors: Coloring, now: float) -> Iterator[Run]:
        """Yield them in no particular order, except for jobs that were requeued meanwhile."""
        for function, jobs, earlier in self._groups:
            color_of = colors.of(function)
            for job in chain.from_iterable(chunks(jobs)):
                # Each is read once, because the job may change between two readings.
                start, end, node = job.started_at, job.ended_at, job.node
                if start is not None and node is not None:
                    word = "running" if end is None else job.word
                    ran_sec = (now if end is None else end) - start
                    color = color_of(job, ran_sec, word)
                    yield start, end, node, word, job.serial, job.id, color
            for began, ended, where, how, serial, id_ in earlier:
                yield began, ended, where, how, serial, id_, color_of(None, ended - began, how)


def _attempts(job: Job) -> Iterator[_Attempt]:
    """Yield the earlier attempts of a job that was requeued."""
    for (state, began, node), (_, ended, _) in pairwise(list(job.past or ())):
        if state == "running" and node is not None:
            yield began, ended, node, "abandoned", job.serial, job.id


class Slots:
    """Assigns each bar of one node the lowest free slot, in the order of their starts."""

    __slots__ = ("_busy", "_free", "_known")

    def __init__(self) -> None:
        self._known = 0
        self._free: list[int] = []
        self._busy: list[tuple[float, int]] = []

    def take(self, start: float, end: float) -> int:
        """Return the slot of the next bar."""
        while self._busy and self._busy[0][0] <= start:
            heappush(self._free, heappop(self._busy)[1])
        if self._free:
            slot = heappop(self._free)
        else:
            slot = self._known
            self._known += 1
        heappush(self._busy, (end, slot))
        return slot
