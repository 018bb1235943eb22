"""Jobs in blocks, with the columns that searches need.

Reading 100,000 jobs from all over the memory takes longer than anything that is done with them.
Ended jobs hardly ever change, so a block keeps their columns, and whole blocks are skipped in which
nothing can match.
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

# A block spans 1,024 serial numbers; a larger one would more often hold a job that has not ended.
_SHIFT: Final = 10

_serial_of: Final[Callable[[Job], int]] = attrgetter("serial")
_word_of: Final[Callable[[Job], JobWord]] = attrgetter("word")


class JobBlock:
    """Some jobs, and columns of their values, which are gathered when first used.

    Rows are numbered as in ``jobs``. Columns have the values of the time they were gathered;
    searches need no lock to read them, because gathering them twice gives the same.
    """

    def __init__(self, jobs: list[Job]) -> None:
        self.jobs = jobs
        # By column, where all had ended; see flask_dispy.core.search.order.
        self.orders: dict[str, Any] = {}

    @cached_property
    def all_ended_at(self) -> float:
        """When the last of them ended; infinity while one has not."""
        ends = [inf if job.state not in ENDED_STATES else job.ended_at or 0.0 for job in self.jobs]
        return max(ends, default=inf)

    @cached_property
    def words(self) -> list[JobWord]:
        """The jobs' states, as people read them."""
        return list(map(_word_of, self.jobs))

    @cached_property
    def counts(self) -> Counter[JobWord]:
        """How many jobs there are of each word."""
        return Counter(self.words)

    @cached_property
    def traits(self) -> list[tuple[JobWord, str | None, str | None]]:
        """The jobs' states, as people read them, their nodes and their kinds of error."""
        known: dict[Any, Any] = {}
        found = zip(self.words, ((job.node, job.error_kind) for job in self.jobs), strict=True)
        each = ((word, node, kind) for word, (node, kind) in found)
        return [known.setdefault(traits, traits) for traits in each]

    @cached_property
    def trait_counts(self) -> Counter[tuple[JobWord, str | None, str | None]]:
        """How many jobs there are of each of ``traits``."""
        return Counter(self.traits)

    @cached_property
    def serials(self) -> list[int]:
        """The jobs' serial numbers."""
        return list(map(_serial_of, self.jobs))

    @cached_property
    def texts(self) -> list[str]:
        """The texts in which searches look for free words."""
        return [job.haystack or job.make_haystack() for job in self.jobs]

    @cached_property
    def columns(self) -> list[tuple[ColumnValue, ...]]:
        """The values of the jobs' custom columns."""
        return [job.columns for job in self.jobs]

    @cached_property
    def _arguments(self) -> tuple[array[int], array[int]]:
        """Where in each of ``texts`` the arguments begin and end."""
        begins, ends = array("L"), array("L")
        for job in self.jobs:
            before = "\n".join(filter(None, (job.id, job.node))).casefold()
            arguments = "\n".join(filter(None, (job.args, job.kwargs))).casefold()
            begins.append(len(before) + bool(before))
            ends.append(begins[-1] + len(arguments))
        return begins, ends

    def rows_with_argument(self, text: str, rows: Sequence[int]) -> Sequence[int]:
        """Return those of the rows whose arguments hold a text."""
        texts = self.texts
        rows = [row for row in rows if text in texts[row]]
        if not rows:
            return rows
        begins, ends = self._arguments
        return [row for row in rows if texts[row].find(text, begins[row], ends[row]) >= 0]

    @cached_property
    def _text(self) -> str:
        return "\0".join(self.texts)

    def holds(self, text: str) -> bool:
        """Whether *text* may be in one of ``texts``; if false, it is in none."""
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

    @cached_property
    def _by_kind(self) -> Mapping[str, list[int]]:
        """The rows of each kind of error, by its id."""
        found: dict[str, list[int]] = {}
        for row, job in enumerate(self.jobs):
            if job.error_kind is not None:
                found.setdefault(job.error_kind, []).append(row)
        return found

    def rows_of_kinds(self, kinds: Iterable[str]) -> Sequence[int]:
        """Return the rows of jobs that failed with an error of one of these kinds."""
        return sorted(row for kind in kinds for row in self._by_kind.get(kind, ()))

    def _times(self) -> tuple[list[float], list[float]]:
        """Starts and ends; NaN, for which every comparison is false, if there is none yet."""
        times = [(job.started_at, job.ended_at) for job in self.jobs]
        return (
            [nan if start is None else start for start, _ in times],
            [nan if end is None else end for _, end in times],
        )

    @cached_property
    def _took(self) -> array[float]:
        """Durations in seconds; NaN for jobs that have not ended or never ran."""
        return array("d", [end - start for start, end in zip(*self._times(), strict=True)])

    @cached_property
    def _runs(self) -> list[tuple[int, float]]:
        """The rows of running jobs, and their starts."""
        starts, ends = self._times()
        return [
            (row, start)
            for row, (start, end) in enumerate(zip(starts, ends, strict=True))
            if isnan(end) and not isnan(start)
        ]

    @cached_property
    def _bounds(self) -> tuple[float, float, bool]:
        """The shortest and the longest duration, and whether every job has one."""
        known = [sec for sec in self._took if not isnan(sec)]
        return min(known, default=nan), max(known, default=nan), len(known) == len(self.jobs)

    def rows_that_took(self, least: float, most: float, now: float) -> Sequence[int]:
        """Return the rows of jobs whose duration, until *now* if they run, is in these bounds."""
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
    """The blocks of a ledger's jobs; those whose jobs have all ended are kept.

    The ledger reports every job that ended, changed or was removed, so that a search need not look
    at each; new jobs are those with the highest serials. Guarded by the hub's lock, which the
    blocks themselves don't need.

    ``known`` has them by number, ``None`` for one to be gathered; it is empty before any search.
    """

    def __init__(self) -> None:
        self.known: dict[int, JobBlock | None] = {}
        self._last = -1  # the highest serial in a known block

    def of(self, jobs: dict[int, Job]) -> list[JobBlock]:
        """Return all *jobs*, which are in the order of their serials, in blocks."""
        new = list(takewhile(self._last.__lt__, reversed(jobs)))
        for number in sorted({serial >> _SHIFT for serial in new}):
            self.known[number] = None
        self._last = max(new, default=self._last)
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
        """Drop the blocks of these jobs, or all blocks."""
        if serials is None:
            self.known.clear()
            self._last = -1
        elif self.known:
            for number in {serial >> _SHIFT for serial in serials} & self.known.keys():
                self.known[number] = None
