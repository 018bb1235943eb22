"""Jobs in blocks, with what searches look at in lists of its own.

To get at each of 100,000 jobs takes longer than anything that is done with it then, for each lies
somewhere else in the memory. Jobs that have ended hardly ever change, so of those a block keeps
what searches look at, and whole blocks are passed over in which nothing can be found.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import takewhile
from math import inf, isnan, nan
from operator import attrgetter
from typing import Any, Final

from ..columns import ColumnValue
from ..events import JobWord
from ..jobs import ENDED_STATES, Job

__all__ = ["JobBlock", "JobBlocks"]

# Serial numbers of a block: 1,024. Of more, a block would more often hold a job that has not ended.
_SHIFT: Final = 10

_serial_of: Final[Callable[[Job], int]] = attrgetter("serial")
_word_of: Final[Callable[[Job], JobWord]] = attrgetter("word")


class JobBlock:
    """Some jobs, and by column what searches ask of them, gathered when it is first asked for.

    Rows are numbered as in ``jobs``. Columns tell what was true when they were gathered; searches
    read them without a lock, for to gather them twice gives the same.
    """

    def __init__(self, jobs: list[Job]) -> None:
        self.jobs = jobs
        # By column, where all had ended; see flask_dispy.core.search.order.
        self.orders: dict[str, Any] = {}

    @cached_property
    def settled_at(self) -> float:
        """When the last of them ended; infinity while one has not."""
        ends = [inf if job.state not in ENDED_STATES else job.ended_at or 0.0 for job in self.jobs]
        return max(ends, default=inf)

    @cached_property
    def words(self) -> list[JobWord]:
        """The jobs' states, as people read them."""
        return list(map(_word_of, self.jobs))

    @cached_property
    def counts(self) -> Counter[JobWord]:
        """How many jobs people read each word for."""
        return Counter(self.words)

    @cached_property
    def serials(self) -> list[int]:
        """The jobs' serial numbers."""
        return list(map(_serial_of, self.jobs))

    @cached_property
    def texts(self) -> list[str]:
        """What free words are looked for in."""
        return [job.haystack or job.make_haystack() for job in self.jobs]

    @cached_property
    def columns(self) -> list[tuple[ColumnValue, ...]]:
        """The values of the jobs' custom columns."""
        return [job.columns for job in self.jobs]

    @cached_property
    def _text(self) -> str:
        return "\0".join(self.texts)

    def holds(self, text: str) -> bool:
        """Whether *text* may be in one of ``texts``; it is in none if not."""
        return text in self._text

    @cached_property
    def by_node(self) -> Mapping[str, array[int]]:
        """The rows of each node, by its address."""
        found: dict[str, array[int]] = {}
        for row, job in enumerate(self.jobs):
            node = job.node
            if node is not None:
                rows = found.get(node)
                if rows is None:
                    rows = found[node] = array("L")
                rows.append(row)
        return found

    @cached_property
    def raised(self) -> array[int]:
        """The rows of jobs that left a traceback."""
        return array("L", [row for row, job in enumerate(self.jobs) if job.exception])

    def _times(self) -> tuple[list[float], list[float]]:
        """Starts, and ends; NaN, which no comparison holds of, for what has not come."""
        times = [(job.started_at, job.ended_at) for job in self.jobs]
        return (
            [nan if start is None else start for start, _ in times],
            [nan if end is None else end for _, end in times],
        )

    @cached_property
    def _took(self) -> array[float]:
        """Seconds that each took; NaN for one that has not ended, or never ran."""
        return array("d", [end - start for start, end in zip(*self._times(), strict=True)])

    @cached_property
    def _runs(self) -> list[tuple[int, float]]:
        """The rows of jobs that run, and since when."""
        starts, ends = self._times()
        return [
            (row, start)
            for row, (start, end) in enumerate(zip(starts, ends, strict=True))
            if isnan(end) and not isnan(start)
        ]

    @cached_property
    def _bounds(self) -> tuple[float, float, bool]:
        """The least and the most that one took, and whether each has a time."""
        known = [sec for sec in self._took if not isnan(sec)]
        return min(known, default=nan), max(known, default=nan), len(known) == len(self.jobs)

    def rows_that_took(self, least: float, most: float, now: float) -> Sequence[int]:
        """Return the rows of jobs that took, or have taken until *now*, so many seconds."""
        took = self._took
        if self._runs:
            took = array("d", took)
            for row, start in self._runs:
                took[row] = now - start
        else:
            shortest, longest, all_took = self._bounds
            if not (shortest <= most and longest >= least):
                return ()
            if all_took and shortest >= least and longest <= most:
                return range(len(self.jobs))
        return [row for row, sec in enumerate(took) if least <= sec <= most]


class JobBlocks:
    """The blocks of a ledger's jobs, kept where all jobs of one have ended.

    It is told of every job that ended or changed or went, so that a search need not look at each;
    jobs that came are those with the highest serials. Guarded by the registry's lock; the blocks
    are not.

    ``known`` holds them by number, ``None`` for one to be gathered; none before any search.
    """

    def __init__(self) -> None:
        self.known: dict[int, JobBlock | None] = {}
        self._last = -1  # serial up to which blocks are known

    def of(self, jobs: dict[int, Job]) -> list[JobBlock]:
        """Return all *jobs*, by serial and in that order, in blocks."""
        came = list(takewhile(self._last.__lt__, reversed(jobs)))
        for number in sorted({serial >> _SHIFT for serial in came}):
            self.known[number] = None
        self._last = max(came, default=self._last)
        blocks = (
            block or self._gathered(number, jobs) for number, block in list(self.known.items())
        )
        return [block for block in blocks if block is not None]

    def _gathered(self, number: int, jobs: dict[int, Job]) -> JobBlock | None:
        serials = range(number << _SHIFT, number + 1 << _SHIFT)
        found = [job for job in map(jobs.get, serials) if job is not None]
        if not found:
            del self.known[number]
            return None
        block = JobBlock(found)
        if all(job.state in ENDED_STATES for job in found):
            self.known[number] = block
        return block

    def forget(self, serials: Iterable[int] | None = None) -> None:
        """Gather anew what holds these jobs, or all."""
        if serials is None:
            self.known.clear()
            self._last = -1
        elif self.known:
            for number in {serial >> _SHIFT for serial in serials} & self.known.keys():
                self.known[number] = None
