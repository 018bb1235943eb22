"""The order of the jobs that a search found: by any column, page after page, while jobs change.

A place in an order is a key and a serial number, after which the next page begins. Times are those
at the time of the first page: a job that starts or ends later keeps its place, so it is listed
once.
"""

from __future__ import annotations

import heapq
import re
import struct
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from operator import itemgetter
from typing import Any, Final, Generic, Literal, NamedTuple, TypeVar, get_args

from ..addresses import address_key
from ..columns import ColumnValue
from ..errors import BadRequest
from ..jobs import JOB_WORDS, Job
from ..yielding import yield_now
from .blocks import FEW, JobBlock

__all__ = [
    "JOB_SORTS",
    "NEWEST",
    "JobOrder",
    "JobSort",
    "Place",
    "in_order",
    "rows_between",
]

JobSort = Literal[
    "newest", "submitted", "started", "ended", "waited", "ran", "attempts", "node", "state", "id"
]

JOB_SORTS: Final[tuple[JobSort, ...]] = get_args(JobSort)
"""The columns by which jobs can be sorted."""

Key = float | str

_Whose = TypeVar("_Whose")

# How many characters of an id, or of a text in a custom column, count for its order.
_ID_LIMIT: Final = 100
_HIGH: Final = 1 << 63
_ALL_BITS: Final = (1 << 64) - 1
_DIGITS: Final = re.compile(r"0*([0-9]+)")


@dataclass(frozen=True, slots=True)
class JobOrder:
    """A column, and whether its largest values come first. Jobs without a value come last.

    :param place: that of a custom column among the jobs' custom columns; *column* is its name.
    """

    column: str = "newest"
    descending: bool = True
    place: int | None = None

    @property
    def depends_on_time(self) -> bool:
        """Whether the order changes as time passes, even if no job changes."""
        return self.column in ("waited", "ran")

    @property
    def key_of(self) -> Callable[[Job, float], Key | None]:
        """Returns what a job is sorted by, as of a time."""
        place = self.place
        if place is None:
            return _KEYS[self.column]
        return lambda job, _: _value_key(job.columns[place]) if job.columns else None


NEWEST: Final = JobOrder()
"""The default order: the job that was submitted last comes first."""


class Place(NamedTuple):
    """Where a page ended: the key and serial of its last job, in the order as of a time.

    As a text, it is a reader's cursor.

    :param key: ``None`` for a job without a value.
    """

    column: str
    key: Key | None
    serial: int
    as_of: float

    def __str__(self) -> str:
        key = "" if self.key is None else f"{'t' if isinstance(self.key, str) else 'n'}{self.key}"
        return f"{self.column}~{self.as_of!r}~{self.serial}~{key}"

    @classmethod
    def before(cls, serial: int) -> Place:
        """Return the place before that serial in the ``NEWEST`` order, which ignores time."""
        return cls("newest", serial, serial, 0.0)

    @classmethod
    def parse(cls, text: str, column: str) -> Place:
        """Parse a cursor of a list that is sorted by *column*.

        :raises BadRequest: it is no cursor, or one of another column.
        """
        try:
            of, as_of, serial, key = text.split("~", 3)
            place = cls(column, _read_key(key, column), int(serial), float(as_of))
        except ValueError:
            of = ""
        if of != column or not isfinite(place.as_of):
            raise BadRequest(
                "after is no cursor of this list sorted so: take it from next, as it is.",
                field="after",
            )
        return place


def _read_key(text: str, column: str) -> Key | None:
    if not text:
        return None
    if (text[0] == "t") != _has_texts(column) or text[0] not in "nt":
        raise ValueError(text)
    return text[1:] if text[0] == "t" else float(text[1:])


# -- what jobs are sorted by ---------------------------------------------------------------------


def _ran(job: Job, as_of: float) -> float | None:
    started, ended = job.started_at, job.ended_at
    if started is None or started > as_of:
        return None
    return max(0.0, (as_of if ended is None else min(ended, as_of)) - started)


def _not_after(at: float | None, as_of: float) -> float | None:
    """Return a time, unless it is after *as_of*."""
    return None if at is None or at > as_of else at


def _node(job: Job, _as_of: float) -> str | None:
    return None if job.node is None else _address(job.node)


@lru_cache(maxsize=20_000)
def _address(node: str) -> str:
    version, number, text = address_key(node)
    return f"{version:02}{number:040}{text}"


def _id(job: Job, _as_of: float) -> str | None:
    """Return a sort key for ids in natural order: job-9 before job-10."""
    text = job.id.strip()[:_ID_LIMIT].casefold()
    return _DIGITS.sub(lambda found: f"{len(found[1]):03}{found[1]}", text) or None


def _value_key(value: ColumnValue) -> str | None:
    """Return a sort key for a custom column's value: numbers come before texts."""
    if value is None:
        return None
    if isinstance(value, str):
        return f"~{value[:_ID_LIMIT].casefold()}"
    # The bits of floats are in their order; those of negative ones the other way round.
    (bits,) = struct.unpack(">Q", struct.pack(">d", value + 0.0))
    return f"{bits ^ (_ALL_BITS if bits > _HIGH else _HIGH):016x}"


def _has_texts(column: str) -> bool:
    """Whether the keys of a column are texts; those of custom ones always are."""
    return column in ("node", "id") or column not in _KEYS


_KEYS: Final[dict[str, Callable[[Job, float], Any]]] = {
    "newest": lambda job, _: job.serial,
    "submitted": lambda job, _: job.submitted_at,
    "started": lambda job, as_of: _not_after(job.started_at, as_of),
    "ended": lambda job, as_of: _not_after(job.ended_at, as_of),
    "waited": Job.waited_sec,
    "ran": _ran,
    "attempts": lambda job, _: job.attempts,
    "node": _node,
    "state": lambda job, _: JOB_WORDS.index(job.word),
    "id": _id,
}


# -- a block's order -----------------------------------------------------------------------------


class _BlockOrder(NamedTuple):
    """Rows of a block by their keys, smallest first, equal ones by serial; and those without."""

    keys: Sequence[Any]
    rows: Sequence[int]
    without: Sequence[int]


def _sorted_rows(
    block: JobBlock, rows: Iterable[int], order: JobOrder, as_of: float
) -> _BlockOrder:
    key_of, jobs = order.key_of, block.jobs
    key_by_row: dict[int, Any] = {row: key_of(jobs[row], as_of) for row in rows}
    without = [row for row, key in key_by_row.items() if key is None]
    known = [row for row, key in key_by_row.items() if key is not None] if without else list(rows)
    known.sort(key=key_by_row.__getitem__)  # equal ones stay in the order of their serials
    keys = [key_by_row[row] for row in known]
    return _BlockOrder(
        keys if _has_texts(order.column) else array("d", keys),
        array("L", known),
        array("L", without),
    )


def _order_of(block: JobBlock, rows: Sequence[int], by: JobOrder, as_of: float) -> _BlockOrder:
    """Return the order of some rows of a block."""
    if len(rows) * FEW < len(block.jobs):
        return _sorted_rows(block, rows, by, as_of)
    whole = range(len(block.jobs))
    if as_of < block.all_ended_at:
        return _sorted_rows(block, whole, by, as_of)
    # If all jobs had ended by then, the order stays the same.
    if by.column not in block.orders:
        block.orders[by.column] = _sorted_rows(block, whole, by, as_of)
    order: _BlockOrder = block.orders[by.column]
    return order


def rows_between(
    block: JobBlock, rows: Sequence[int], column: JobSort, least: float, most: float, as_of: float
) -> Sequence[int]:
    """Return those of some rows of a block whose key in an order is from *least* to *most*."""
    if len(rows) * FEW < len(block.jobs) or as_of < block.all_ended_at:
        key_of, jobs = _KEYS[column], block.jobs
        keys_of_rows = [(row, key_of(jobs[row], as_of)) for row in rows]
        return [row for row, key in keys_of_rows if key is not None and least <= key <= most]
    keys, by_key, _ = _order_of(block, range(len(block.jobs)), JobOrder(column), as_of)
    low, high = bisect_left(keys, least), bisect_right(keys, most)
    if high - low == len(block.jobs):
        return rows
    if isinstance(rows, range):
        return sorted(by_key[low:high])
    wanted = frozenset(by_key[low:high])
    return [row for row in rows if row in wanted]


class _Walk(Generic[_Whose]):
    """The rows of one block that a search found, in order, after a place."""

    def __init__(
        self, whose: _Whose, block: JobBlock, rows: Sequence[int], order: JobOrder, as_of: float
    ) -> None:
        self._whose = whose
        self._block = block
        self._wanted = None if len(rows) == len(block.jobs) else frozenset(rows)
        self._order = _order_of(block, rows, order, as_of)
        self._descending = order.descending

    def known(self, after: Place | None) -> Iterator[tuple[tuple[Key, int], _Whose, Job]]:
        """Yield the jobs that have a key, each behind its key and serial, and its owner."""
        keys, rows, _ = self._order
        serials, jobs, wanted = self._block.serials, self._block.jobs, self._wanted
        places = range(len(rows))
        if after is not None:
            places = self._from(after)
        if self._descending:
            places = places[::-1]
        for place in places:
            row = rows[place]
            if wanted is None or row in wanted:
                yield (keys[place], serials[row]), self._whose, jobs[row]

    def _from(self, after: Place) -> range:
        keys, rows, _ = self._order
        low, high = bisect_left(keys, after.key), bisect_right(keys, after.key)
        # Rows with equal keys are in the order of their serials.
        find = bisect_left if self._descending else bisect_right
        place = find(rows, after.serial, low, high, key=self._block.serials.__getitem__)
        return range(place) if self._descending else range(place, len(rows))

    def without(self, after: int | None) -> Iterator[tuple[int, _Whose, Job]]:
        """Yield the jobs that have no key, each behind its serial and its owner."""
        serials, jobs, wanted = self._block.serials, self._block.jobs, self._wanted
        rows = self._order.without
        for row in reversed(rows) if self._descending else rows:
            serial = serials[row]
            beyond = after is None or (serial < after if self._descending else serial > after)
            if beyond and (wanted is None or row in wanted):
                yield serial, self._whose, jobs[row]


def in_order(
    found: Iterable[tuple[_Whose, Sequence[tuple[JobBlock, Sequence[int]]]]],
    order: JobOrder,
    as_of: float,
    after: Place | None = None,
) -> Iterator[tuple[Place, _Whose, Job]]:
    """Yield the jobs that were found, in order, each with its place and its owner.

    Needs no lock. The costly part is done in the call; each job then costs little.

    :param found: blocks of jobs, in the order of their serials, with the rows that were found.
    :param as_of: epoch seconds; those of *after*, if it is given.
    :param after: the place after which to begin.
    """
    walks: list[_Walk[_Whose]] = []
    for whose, blocks in found:
        for block, rows in blocks:
            walks.append(_Walk(whose, block, rows, order, as_of))
            yield_now()
    return _merged(walks, order, as_of, after)


def _merged(
    walks: list[_Walk[_Whose]], order: JobOrder, as_of: float, after: Place | None
) -> Iterator[tuple[Place, _Whose, Job]]:
    column, reverse = order.column, order.descending
    if after is None or after.key is not None:
        known = (walk.known(after) for walk in walks)
        for (key, serial), whose, job in heapq.merge(*known, key=itemgetter(0), reverse=reverse):
            yield Place(column, key, serial, as_of), whose, job
        after = None
    last = None if after is None else after.serial
    rest = (walk.without(last) for walk in walks)
    for serial, whose, job in heapq.merge(*rest, key=itemgetter(0), reverse=reverse):
        yield Place(column, None, serial, as_of), whose, job
