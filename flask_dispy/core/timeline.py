"""What ran where and when: a bar for each run if there are few, else sums by bucket.

The size of an answer is bounded by the number of nodes, whatever the number of jobs. Its lists are
columns, because a thousand objects with six names each would be six times as long.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import accumulate, chain, pairwise
from typing import Any, Final, NamedTuple, TypeAlias

from .addresses import last_first
from .errors import BadRequest
from .jobs import Job
from .yielding import chunks, yield_now

__all__ = ["DEFAULT_CELLS", "DEFAULT_LIMIT", "Lane", "Window", "oldest_start", "timeline"]

DEFAULT_LIMIT: Final = 1000
"""The most bars that are sent; beyond that, sums say more."""

DEFAULT_CELLS: Final = 20_000
"""The cells that all lanes share: columns of 3 px for few nodes, wider ones for many."""

_DEFAULT_SPAN_SEC: Final = 600.0
_MOST_BUCKETS: Final = 400
_LEAST_BUCKETS: Final = 10
_LEAST_BUCKET_SEC: Final = 0.001  # below it, the floats of today's times have too few digits

# Times beyond this (the year 33,658) are no times; arithmetic with them would overflow.
_LATEST: Final = 1e12

# Slots are assigned from a time before the window, less than this many windows before it, unless
# more runs lie between than can be assigned in about 30 ms.
_LOOK_BACK: Final = 4
_MOST_ASSIGNED: Final = 20_000

# A bucket counts how jobs ended, in the words that people read.
_OUTCOMES: Final = ("finished", "failed", "terminated", "cancelled", "abandoned")

# One attempt of a job: start, end (None while it runs), node, word for its state, serial, id. A
# plain tuple, because a hundred thousand named ones take 30 ms more to make.
_Run: TypeAlias = tuple[float, "float | None", str, str, int, str]


class Lane(NamedTuple):
    """A node's name and CPUs, and whether it has a lane even if nothing ran there."""

    name: str
    cpus: int
    always: bool = True


class Window(NamedTuple):
    """A time span in epoch seconds, both ends included."""

    start: float
    end: float

    @classmethod
    def of(cls, start: float | None, end: float | None, *, now: float, oldest: float) -> Window:
        """Return the requested window, by default the ten minutes before its end.

        It ends *now* by default, and its default start is no earlier than *oldest*.

        :raises BadRequest: a bound is no time, or the window ends before it begins.
        """
        for name, value in (("from", start), ("to", end)):
            if value is not None and not abs(value) <= _LATEST:
                raise BadRequest(f"{name} is {value}: give seconds since 1970.", field=name)
        to = now if end is None else end
        if start is None:
            start = max(to - _DEFAULT_SPAN_SEC, oldest)
            start = start if start < to else to - 1.0
        if start >= to:
            field = "from" if end is None else "to"
            raise BadRequest("The window must end after it begins.", field=field)
        return cls(start, to)


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


def timeline(
    jobs: Sequence[Job],
    lanes: Mapping[str, Lane],
    window: Window,
    *,
    now: float,
    oldest: float,
    limit: int = DEFAULT_LIMIT,
    cells: int = DEFAULT_CELLS,
    node: str | None = None,
) -> dict[str, Any]:
    """Return the timeline's ``mode``, ``total``, ``lanes`` and bars or buckets.

    With buckets, ``from`` is where the first of them begins.

    :param jobs: read without a lock: a job that changes meanwhile shows as it was or as it is.
    :param lanes: the known nodes, by address.
    :param oldest: when the first of *jobs* began.
    :param limit: the most attempts that are shown as bars.
    :param cells: the most cells of an aggregate, but at least ten for each node that ran jobs.
    :param node: leave out all other nodes.
    """
    runs = _Runs(jobs, window, now, node)
    ran = runs.nodes()
    known = [node] if node else [address for address, lane in lanes.items() if lane.always]
    order = last_first(ran.union(known))
    if len(runs) <= limit:
        assigned = _Runs(jobs, Window(_slots_from(window), window.end), now, node)
        assigned = assigned if len(assigned) <= _MOST_ASSIGNED else runs
        mode, body, most = "bars", *_bars(assigned, window, order)
    else:
        # Buckets cover only the time in which jobs ran.
        start = max(window.start, oldest)
        covered = Window(start, max(start, min(window.end, now)))
        grid = _Grid(covered, [address for address in order if address in ran], cells)
        grid.add(runs, counted_until=window.end, now=now)
        mode, body, most = "aggregate", *_buckets(grid, order)
    return {
        "mode": mode,
        "total": len(runs),
        "lanes": [_lane(address, lanes.get(address), most.get(address, 0)) for address in order],
        **body,
    }


def _lane(address: str, lane: Lane | None, used: int) -> dict[str, Any]:
    name, cpus, _ = lane or Lane("", 0)
    return {"node": address, "name": name, "slots": max(cpus, used, 1)}


class _Runs:
    """The attempts that overlap a window: jobs for the last ones, and tuples for earlier ones."""

    __slots__ = ("_earlier", "_jobs")

    def __init__(self, jobs: Sequence[Job], window: Window, now: float, node: str | None) -> None:
        start, end = window
        self._jobs = [
            job
            for piece in chunks(jobs)
            for job in piece
            if (began := job.started_at) is not None
            and began <= end
            # If the node's clock is off, a job's end may be before its start.
            and (began >= start or (now if (ended := job.ended_at) is None else ended) >= start)
            and (job.node == node if node else job.node is not None)
        ]
        self._earlier = [
            attempt
            for piece in chunks(jobs)
            for job in piece
            if job.past
            for attempt in _attempts(job)
            if attempt[0] <= end and max(attempt[:2]) >= start and node in (None, attempt[2])
        ]

    def __len__(self) -> int:
        return len(self._jobs) + len(self._earlier)

    def nodes(self) -> set[str]:
        """Return the addresses of the nodes that ran them."""
        found = {job.node for job in self._jobs}
        found.update(attempt[2] for attempt in self._earlier)
        return {address for address in found if address is not None}

    def __iter__(self) -> Iterator[_Run]:
        """Yield them in no particular order, except for jobs that were requeued meanwhile."""
        for job in chain.from_iterable(chunks(self._jobs)):
            # Each is read once, because the job may change between two readings.
            start, end, node = job.started_at, job.ended_at, job.node
            if start is not None and node is not None:
                yield start, end, node, "running" if end is None else job.word, job.serial, job.id
        yield from self._earlier


def _attempts(job: Job) -> Iterator[tuple[float, float, str, str, int, str]]:
    """Yield the earlier attempts of a job that was requeued."""
    for (state, began, node), (_, ended, _) in pairwise(list(job.past or ())):
        if state == "running" and node is not None:
            yield began, ended, node, "abandoned", job.serial, job.id


# -- bars ------------------------------------------------------------------------------------


def _slots_from(window: Window) -> float:
    """Return the time from which slots are assigned.

    If that were the window's start, bars would change their slots whenever the window moves past
    the end of a bar. This time stays the same while the window moves by its own width or more.
    """
    step = 2.0 ** math.ceil(math.log2((window.end - window.start) * _LOOK_BACK / 2))
    return math.floor(window.start / step) * step


def _bars(
    runs: _Runs, window: Window, order: Sequence[str]
) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the bars in the order of their starts, and how many slots each node needs."""
    lane_of = {node: lane for lane, node in enumerate(order)}
    slots: defaultdict[str, _Slots] = defaultdict(_Slots)
    used: dict[str, int] = {}
    rows: list[tuple[Any, ...]] = []
    for start, ended, node, word, serial, job_id in sorted(runs, key=lambda run: (run[0], run[4])):
        # A job that ends at this moment may have its end before its state is changed; if the node's
        # clock is off, the end may be before the start.
        end = None if ended is None or word == "running" else max(start, ended)
        slot = slots[node].take(start, math.inf if end is None else end)
        if node in lane_of and (end is None or end >= window.start):
            used[node] = max(used.get(node, 0), slot + 1)
            failed = word == "failed"
            state = "terminated" if failed else word
            rows.append((lane_of[node], slot, serial, job_id, start, end, state, failed))
    names = ("lane", "slot", "serial", "id", "start", "end", "state", "failed")
    return {"bars": _columns(names, rows)}, used


class _Slots:
    """Assigns each bar of one node the lowest free slot, in the order of their starts."""

    __slots__ = ("_busy", "_free", "_known")

    def __init__(self) -> None:
        self._known = 0
        self._free: list[int] = []
        self._busy: list[tuple[float, int]] = []

    def take(self, start: float, end: float) -> int:
        while self._busy and self._busy[0][0] <= start:
            heappush(self._free, heappop(self._busy)[1])
        if self._free:
            slot = heappop(self._free)
        else:
            slot = self._known
            self._known += 1
        heappush(self._busy, (end, slot))
        return slot


# -- buckets ---------------------------------------------------------------------------------


class _Busy(NamedTuple):
    """CPUs busy with one kind of run, by bucket.

    ``through`` holds steps: up in the bucket in which a run begins, down in the one in which it
    ends. ``partly`` corrects the first bucket, and holds the run's share of the last.
    """

    through: list[int]
    partly: list[float]

    def of(self, first: int, until: int) -> list[float]:
        """Return the mean number of busy CPUs in each of these buckets."""
        through = accumulate(self.through[first:until])
        return [
            round(whole + part, 4)
            for whole, part in zip(through, self.partly[first:until], strict=True)
        ]


class _Grid:
    """Equal buckets over a window, for each of several nodes.

    They begin at round times, so that columns stay the same while the window moves.
    """

    def __init__(self, window: Window, nodes: Collection[str], cells: int) -> None:
        self._window = window
        count = max(_LEAST_BUCKETS, min(_MOST_BUCKETS, cells // max(1, len(nodes))))
        span = window.end - window.start
        self.bucket_sec = _round_step(max(_LEAST_BUCKET_SEC, span / count))
        self.origin = math.floor(window.start / self.bucket_sec) * self.bucket_sec
        self.count = max(1, math.ceil((window.end - self.origin) / self.bucket_sec))
        # One more, for runs that end with the window, if that is the end of a bucket.
        self._width = self.count + 1
        self._base = {node: place * self._width for place, node in enumerate(nodes)}
        self._size = len(self._base) * self._width
        self._busy: dict[str, _Busy] = {}  # by word, of those that occur
        self._ended = {word: [0] * self._size for word in _OUTCOMES}

    def add(self, runs: Iterable[_Run], *, counted_until: float, now: float) -> None:
        """Add the part of each run that lies in the window, in constant time for each."""
        origin, per_sec, count = self.origin, 1.0 / self.bucket_sec, self.count
        lowest = (self._window.start - origin) * per_sec
        highest = (self._window.end - origin) * per_sec
        base_of, ended = self._base, self._ended
        for start, end, node, word, _, _ in runs:
            base = base_of.get(node)
            if base is None:
                continue  # meanwhile the job was requeued and started on another node
            left = (start - origin) * per_sec
            if left < lowest:
                left = lowest
            right = ((now if end is None else end) - origin) * per_sec
            if right < left:
                right = left
            if right > highest:
                right = highest
                if left > highest:
                    left = highest
            through, partly = self._busy.get(word) or self._busy_with(word)
            first, last = int(left), int(right)
            if first == last:
                partly[base + first] += right - left
            else:
                through[base + first] += 1
                through[base + last] -= 1
                partly[base + first] -= left - first
                partly[base + last] += right - last
            if end is not None and end <= counted_until and word in ended:
                ended[word][base + (last if last < count else count - 1)] += 1

    def _busy_with(self, word: str) -> _Busy:
        busy = self._busy[word] = _Busy([0] * self._size, [0.0] * self._size)
        return busy

    @property
    def words(self) -> tuple[str, ...]:
        """The words for the states of the runs that were added."""
        return tuple(self._busy)

    def rows(self, order: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield the buckets in which jobs ran or ended, lane by lane.

        Each is (lane, bucket, number of ends by outcome ..., busy CPUs by word ...).
        """
        lane_of = {node: lane for lane, node in enumerate(order)}
        for node, base in self._base.items():
            yield_now()
            lane, until = lane_of[node], base + self.count
            ended = [counts[base:until] for counts in self._ended.values()]
            shares = [busy.of(base, until) for busy in self._busy.values()]
            for bucket, cells in enumerate(zip(*ended, *shares, strict=True)):
                if any(cells):
                    yield lane, bucket, *cells


def _buckets(grid: _Grid, order: Sequence[str]) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the buckets, and the highest mean number of busy CPUs of each node."""
    columns = _columns(("lane", "bucket", *_OUTCOMES, *_busy_names(grid)), list(grid.rows(order)))
    busy_by = {word: columns.pop(f"busy {word}") for word in grid.words}
    busy = [round(sum(shares), 4) for shares in zip(*busy_by.values(), strict=True)]
    used: dict[str, int] = {}
    for lane, most in zip(columns["lane"], busy, strict=True):
        used[order[lane]] = max(used.get(order[lane], 0), math.ceil(most))
    buckets = {"bucket_sec": grid.bucket_sec, **columns, "busy": busy, "busy_by": busy_by}
    return {"from": grid.origin, "buckets": buckets}, used


def _busy_names(grid: _Grid) -> list[str]:
    return [f"busy {word}" for word in grid.words]


def _columns(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return {name: list(column) for name, column in zip(names, columns, strict=True)}


def _round_step(rough_sec: float) -> float:
    """Round up to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(rough_sec))
    step = next((f for f in (1.0, 2.0, 5.0) if f * power >= rough_sec * (1 - 1e-9)), 10.0)
    return step * power
