"""What ran where and when: a bar for each run if there are few, else sums by bucket.

The size of an answer is bounded by the number of nodes, whatever the number of jobs. Its lists are
columns, because a thousand objects with six names each would be six times as long.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, get_args

from .addresses import last_first
from .coloring import Coloring, by_state
from .errors import BadRequest
from .runs import Group, Runs, Slots
from .timegrid import Run, TimeGrid

__all__ = [
    "DEFAULT_CELLS",
    "DEFAULT_LIMIT",
    "LANE_ORDERS",
    "Lane",
    "LaneOrder",
    "Window",
    "timeline",
]

DEFAULT_LIMIT: Final = 1000
"""The most bars that are sent; beyond that, sums say more."""

DEFAULT_CELLS: Final = 20_000
"""The cells that all lanes share: columns of 3 px for few nodes, wider ones for many."""

LaneOrder = Literal["address", "busy", "slow", "failing"]

LANE_ORDERS: Final[tuple[LaneOrder, ...]] = get_args(LaneOrder)
"""What lanes can be sorted by, the usual order first."""

_DEFAULT_SPAN_SEC: Final = 600.0

# Times beyond this (the year 33,658) are no times; arithmetic with them would overflow.
_LATEST: Final = 1e12

# Slots are assigned from a time before the window, less than this many windows before it, unless
# more runs lie between than can be assigned in about 30 ms.
_LOOK_BACK: Final = 4
_MOST_ASSIGNED: Final = 20_000


class Lane(NamedTuple):
    """A node's name and CPUs, and whether it has a lane even if nothing ran there.

    ``figure`` is what lanes are sorted by, if that is no matter of the window.
    """

    name: str
    cpus: int
    always: bool = True
    figure: float | None = None


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


def timeline(
    groups: Sequence[Group],
    lanes: Mapping[str, Lane],
    window: Window,
    *,
    now: float,
    oldest: float,
    limit: int = DEFAULT_LIMIT,
    cells: int = DEFAULT_CELLS,
    node: str | None = None,
    colors: Coloring | None = None,
    sort: LaneOrder = "address",
    together: bool = False,
) -> dict[str, Any]:
    """Return the timeline's ``mode``, ``total``, ``lanes``, colours and bars or buckets.

    With buckets, ``from`` is where the first of them begins.

    :param groups: the jobs, read without a lock: one that changes meanwhile shows as it was or is.
    :param lanes: the known nodes, by address.
    :param oldest: when the first of the jobs began.
    :param limit: the most attempts that are shown as bars.
    :param cells: the most cells of an aggregate, but at least ten for each node that ran jobs.
    :param node: leave out all other nodes.
    :param colors: what runs are coloured by, their state if not given.
    :param together: aggregate all nodes in one lane.
    """
    colors = colors or by_state()
    runs = Runs(groups, *window, now, node)
    ran = runs.nodes()
    known = [node] if node else [address for address, lane in lanes.items() if lane.always]
    order = last_first(ran.union(known))
    covered = _covered(window, oldest, now)
    figures = {address: lanes[address].figure for address in order if address in lanes}
    if len(runs) <= limit and not together:
        if sort == "busy":
            figures = _busy_shares(
                _busy_sec(runs.colored(colors, now), covered, now), lanes, covered
            )
        order = _sorted_lanes(order, figures)
        assigned = Runs(groups, _slots_from(window), window.end, now, node)
        assigned = assigned if len(assigned) <= _MOST_ASSIGNED else runs
        mode, body, most = "bars", *_bars(assigned.colored(colors, now), window, order, colors)
    else:
        lane_of = {address: "" if together else address for address in ran}
        grid = TimeGrid(*covered, lane_of, cells, by_state=colors.by == "state")
        grid.add(runs.colored(colors, now), counted_until=window.end, now=now)
        if together:
            cpus = sum(lanes[address].cpus for address in known if address in lanes)
            order, lanes = [""], {"": Lane("", cpus)}
        else:
            if sort == "busy":
                figures = _busy_shares(grid.busy_sec(), lanes, covered)
            order = _sorted_lanes(order, figures)
        mode, body, most = "aggregate", *_buckets(grid, order)
    shown = [_lane(address, lanes.get(address), most.get(address, 0)) for address in order]
    if sort != "address" and not together:
        for address, lane in zip(order, shown, strict=True):
            figure = figures.get(address)
            lane["figure"] = None if figure is None else round(figure, 3)
    return {
        "mode": mode,
        "total": len(runs),
        "color": colors.by,
        "classes": colors.classes,
        "lanes": shown,
        **body,
    }


def _lane(address: str, lane: Lane | None, used: int) -> dict[str, Any]:
    name, cpus = (lane.name, lane.cpus) if lane else ("", 0)
    return {"node": address, "name": name, "slots": max(cpus, used, 1)}


def _covered(window: Window, oldest: float, now: float) -> Window:
    """Return the part of a window in which jobs can have run."""
    start = max(window.start, oldest)
    return Window(start, max(start, min(window.end, now)))


def _busy_sec(runs: Iterable[Run], covered: Window, now: float) -> dict[str, float]:
    """Return the CPU time that each node's runs used."""
    start, end = covered
    busy_sec: defaultdict[str, float] = defaultdict(float)
    for began, ended, node, *_ in runs:
        busy_sec[node] += max(0.0, min(end, now if ended is None else ended) - max(start, began))
    return busy_sec


def _busy_shares(
    busy_sec: Mapping[str, float], lanes: Mapping[str, Lane], covered: Window
) -> dict[str, float | None]:
    """Return the share of each node's CPUs that were busy, rounded so that orders are steady."""
    whole_sec = max(1e-9, covered.end - covered.start)
    return {
        node: round(sec / whole_sec / max(1, lanes[node].cpus if node in lanes else 1), 2)
        for node, sec in busy_sec.items()
    }


def _sorted_lanes(order: Sequence[str], figures: Mapping[str, float | None]) -> list[str]:
    return sorted(order, key=lambda address: -(figures.get(address) or 0.0))


# -- bars ------------------------------------------------------------------------------------


def _slots_from(window: Window) -> float:
    """Return the time from which slots are assigned.

    If that were the window's start, bars would change their slots whenever the window moves past
    the end of a bar. This time stays the same while the window moves by its own width or more.
    """
    step = 2.0 ** math.ceil(math.log2((window.end - window.start) * _LOOK_BACK / 2))
    return math.floor(window.start / step) * step


def _bars(
    runs: Iterable[Run], window: Window, order: Sequence[str], colors: Coloring
) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the bars in the order of their starts, and how many slots each node needs."""
    place_of = {each["key"]: place for place, each in enumerate(colors.classes)}
    lane_of = {node: lane for lane, node in enumerate(order)}
    slots: defaultdict[str, Slots] = defaultdict(Slots)
    used: dict[str, int] = {}
    rows: list[tuple[Any, ...]] = []
    for start, ended, node, word, serial, job_id, color in sorted(
        runs, key=lambda run: (run[0], run[4])
    ):
        # A job that ends at this moment may have its end before its state is changed; if the node's
        # clock is off, the end may be before the start.
        end = None if ended is None or word == "running" else max(start, ended)
        slot = slots[node].take(start, math.inf if end is None else end)
        if node in lane_of and (end is None or end >= window.start):
            used[node] = max(used.get(node, 0), slot + 1)
            failed = word == "failed"
            state = "terminated" if failed else word
            place = place_of[color]
            rows.append((lane_of[node], slot, serial, job_id, start, end, state, failed, place))
    names = ("lane", "slot", "serial", "id", "start", "end", "state", "failed", "class")
    bars = _columns(names, rows)
    if colors.by == "state":
        del bars["class"]  # it is the state's word
    return {"bars": bars}, used


# -- buckets ---------------------------------------------------------------------------------


def _buckets(grid: TimeGrid, order: Sequence[str]) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the buckets, and the highest mean number of busy CPUs of each node."""
    columns, busy_by, ended_by = grid.columns(order)
    busy = [round(cpus, 4) for cpus in map(sum, zip(*busy_by.values(), strict=True))]
    used: dict[str, int] = {}
    for lane, most in zip(columns["lane"], busy, strict=True):
        used[order[lane]] = max(used.get(order[lane], 0), math.ceil(most))
    buckets = {"bucket_sec": grid.bucket_sec, **columns, "busy": busy, "busy_by": busy_by}
    if ended_by:
        buckets["ended_by"] = ended_by
    return {"from": grid.origin, "buckets": buckets}, used


def _columns(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return {name: list(column) for name, column in zip(names, columns, strict=True)}
