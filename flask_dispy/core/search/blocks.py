"""Jobs in blocks, with the columns that searches need.

Reading 100,000 jobs from all over the memory takes longer than anything that is done with them.
Ended jobs hardly ever change, so a block keeps their columns, and whole blocks are skipped in which
nothing can match.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain, takewhile
from math import inf
from typing import Any, Final, TypeVar

from ..columns import ColumnValue
from ..events import JobWord
from ..jobs import ENDED_STATES, Job

__all__ = ["FEW", "JobBlock", "JobBlocks"]

V = TypeVar("V")

FEW: Final = 8
"""If less than this fraction of a block's jobs is asked about, its whole column is not gathered."""

# A block spans 1,024 serial numbers; a larger one would more often hold a job that has not ended.
_SHIFT: Final = 10

# How many answers a block keeps: 2 bytes for each job found.
_KEPT: Final = 4


class JobBlock:
    """Some jobs, and columns of their values, which are gathered when first used.

    Rows are numbered as in ``jobs``. Columns have the values of the time they were gathered;
    searches need no lock to read them, because gathering them twice gives the same.
    """

    def __init__(self, jobs: list[Job]) -> None:
        self.jobs = jobs
        # By column, where all had ended; see flask_dispy.core.search.order.
        self.orders: dict[str, Any] = {}
        # Of all of them; see flask_dispy.core.search.facets.
        self.counts_of_all: Any = None
        # By what was searched for and the text, as a page asks the same again and again.
        self._found: dict[tuple[str, str], Sequence[int]] = {}

    @cached_property
    def all_ended_at(self) -> float:
        """When the last of them ended; infinity while one has not."""
        ends = [inf if (end := job.ended_at) is None else end for job in self.jobs]
        return max(ends, default=inf)

    @cached_property
    def words(self) -> list[JobWord]:
        """The jobs' states, as people read them."""
        return [job.word for job in self.jobs]

    @cached_property
    def counts(self) -> Counter[JobWord]:
        """How many jobs there are of each word."""
        return Counter(self.words)

    @cached_property
    def _by_word(self) -> Mapping[JobWord, array[int]]:
        """The rows of each state, as people read them."""
        return _rows_by(self.words)

    def rows_in_states(self, rows: Sequence[int], words: Collection[str]) -> Sequence[int]:
        """Return those of the rows whose jobs are in one of these states, as people read them."""
        if len(rows) < len(self.jobs):
            word_of = self.words
            return [row for row in rows if word_of[row] in words]
        if self.counts.keys() <= set(words):
            return range(len(self.jobs))
        found = [rows for word, rows in self._by_word.items() if word in words]
        return found[0] if len(found) == 1 else sorted(chain.from_iterable(found))

    @cached_property
    def serials(self) -> list[int]:
        """The jobs' serial numbers."""
        return [job.serial for job in self.jobs]

    @cached_property
    def texts(self) -> list[str]:
        """The texts in which searches look for free words."""
        return [job.haystack or job.make_haystack() for job in self.jobs]

    def rows_with_word(self, word: str) -> Sequence[int]:
        """Return the rows whose ``texts`` hold a word."""
        texts = self.texts
        return self._kept(("word", word), lambda: (r for r in self._all if word in texts[r]))

    def rows_with_error(self, text: str) -> Sequence[int]:
        """Return the rows of jobs whose traceback holds a text, of any case."""
        errors = ((row, self.jobs[row].exception or "") for row in self._raised)
        return self._kept(("error", text), lambda: (r for r, e in errors if text in e.casefold()))

    @property
    def _all(self) -> range:
        return range(len(self.jobs))

    def _kept(self, asked: tuple[str, str], find: Callable[[], Iterable[int]]) -> Sequence[int]:
        """Return what was found when the same was asked, or find it."""
        rows = self._found.get(asked)
        if rows is None:
            if len(self._found) >= _KEPT:
                self._found = {}
            found = array("H", find())
            rows = self._found[asked] = self._all if len(found) == len(self.jobs) else found
        return rows

    @cached_property
    def columns(self) -> list[tuple[ColumnValue, ...]]:
        """The values of the jobs' custom columns."""
        return [job.columns for job in self.jobs]

    @cached_property
    def _arguments(self) -> tuple[array[int], array[int]]:
        """Where in each of ``texts`` the arguments begin and end."""
        begins, ends = zip(*map(_where_arguments_are, self.jobs), strict=True)
        return array("L", begins), array("L", ends)

    def rows_with_argument(self, text: str, rows: Sequence[int]) -> Sequence[int]:
        """Return those of the rows whose arguments hold a text."""
        texts, jobs = self.texts, self.jobs
        if "_arguments" not in self.__dict__:
            some = [row for row in rows if text in texts[row]]
            if len(some) * FEW < len(jobs):
                found = ((row, texts[row], _where_arguments_are(jobs[row])) for row in some)
                return [row for row, whole, where in found if whole.find(text, *where) >= 0]
        begins, ends = self._arguments
        some = [row for row in rows if texts[row].find(text, begins[row], ends[row]) >= 0]
        return rows if len(some) == len(rows) else some

    @cached_property
    def _text(self) -> str:
        return "\0".join(self.texts)

    def holds(self, text: str) -> bool:
        """Whether *text* may be in one of ``texts``; if false, it is in none."""
        return text in self._text

    @cached_property
    def nodes(self) -> list[str | None]:
        """The addresses of the jobs' nodes."""
        return [job.node for job in self.jobs]

    @cached_property
    def by_node(self) -> Mapping[str, array[int]]:
        """The rows of each node, by its address."""
        return {node: rows for node, rows in _rows_by(self.nodes).items() if node is not None}

    @cached_property
    def _raised(self) -> array[int]:
        """The rows of jobs that left a traceback."""
        return array("L", [row for row, job in enumerate(self.jobs) if job.exception])

    @cached_property
    def kinds(self) -> list[str | None]:
        """The ids of the jobs' kinds of errors."""
        return [job.error_kind for job in self.jobs]

    @cached_property
    def _by_kind(self) -> Mapping[str | None, array[int]]:
        return _rows_by(self.kinds)

    def rows_of_kinds(self, kinds: Iterable[str]) -> Sequence[int]:
        """Return the rows of jobs that failed with an error of one of these kinds."""
        return sorted(row for kind in kinds for row in self._by_kind.get(kind, ()))


def _rows_by(values: Iterable[V]) -> dict[V, array[int]]:
    """Return the rows that have each of *values*."""
    found: dict[V, array[int]] = {}
    for row, value in enumerate(values):
        rows = found.get(value)
        if rows is None:
            rows = found[value] = array("L")
        rows.append(row)
    return found


def _where_arguments_are(job: Job) -> tuple[int, int]:
    """Return where in its text for searches a job's arguments begin and end."""
    before = "\n".join(filter(None, (job.id, job.node))).casefold()
    arguments = "\n".join(filter(None, (job.args, job.kwargs))).casefold()
    begin = len(before) + bool(before)
    return begin, begin + len(arguments)


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
