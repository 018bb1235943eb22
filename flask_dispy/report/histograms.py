"""How long jobs ran and waited as histograms: the geometry, which the template draws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from ..core.tally import TIMED_WORDS
from ..wire.durations import DurationsRow, SpreadRow
from ..wire.wording import count, duration
from .axes import Bar, number
from .charts import WIDTH

__all__ = ["Histogram", "histograms"]

_TOP: Final = 18
_BOTTOM: Final = 126

# Jobs that all took about the same are no wall of colour: a power of ten is shown at least.
_LEAST_BUCKETS: Final = 24
_MOST_BARS: Final = 72

# Edges of a tick's labels must not touch.
_TICK_PX: Final = 56
_NAMED: Final = (
    1, 60, 3600, 86_400, 0.001, 0.01, 0.1, 10, 600, 36_000, 864_000, 8_640_000,
    0.0001, 0.003, 0.03, 0.3, 3, 30, 300, 1800, 10_800, 259_200,
    0.002, 0.005, 0.02, 0.05, 0.2, 0.5, 2, 5, 20, 120, 1200, 7200, 18_000, 43_200, 172_800,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Histogram:
    """A histogram in the box of a chart; *note* says in words what it shows."""

    title: str
    note: str
    most: str
    bars: list[Bar]
    ticks: list[tuple[str, str]]
    marks: list[tuple[str, str]]


def histograms(durations: DurationsRow) -> list[Histogram]:
    """Return the histograms of the time run and the time waited; none while no job has ended."""
    if not durations["ran"]["jobs"]:
        return []
    return [
        _histogram("Time run", durations["ran"]),
        _histogram("Time waited", durations["waited"]),
    ]


def _histogram(title: str, spread: SpreadRow) -> Histogram:
    first, last = (_place(edge) for edge in (spread["edges_sec"][0], spread["edges_sec"][-1]))
    missing = max(0, _LEAST_BUCKETS - (last - first))
    first, last = first - missing // 2, last + (missing + 1) // 2
    step = WIDTH / (last - first)
    group = next(size for size in (1, 2, 3, 4, 6, 8, 12, 24) if (last - first) / size <= _MOST_BARS)
    offset = _place(spread["edges_sec"][0]) - first
    stacks = _grouped(spread, offset, group)
    most = max(map(sum, stacks.values()), default=0)
    note = (
        f"median {duration(spread['median_sec'])}, 95 % up to {duration(spread['p95_sec'])}, "
        f"longest {duration(spread['longest_sec'])}"
    )
    marked = (("median", spread["median_sec"]), ("95 %", spread["p95_sec"]))
    return Histogram(
        title=title,
        note=note,
        most=f"{count(most)} jobs",
        bars=_bars(stacks, most, step * group),
        ticks=_ticks(first, last),
        marks=[(number((math.log10(at) * 24 - first) * step), label) for label, at in marked if at],
    )


def _place(edge_sec: float) -> int:
    """Return where on the scale the edge of a bucket is: 24 to a power of ten."""
    return round(math.log10(edge_sec) * 24) if edge_sec > 0 else -4 * 24 - 1


def _grouped(spread: SpreadRow, offset: int, group: int) -> dict[int, list[int]]:
    """Return the jobs in each bar that has any, by how they ended."""
    stacks: dict[int, list[int]] = {}
    for kind, word in enumerate(TIMED_WORDS):
        for at, jobs in enumerate(spread["counts"].get(word, ()), offset):
            if jobs:
                stacks.setdefault(at // group, [0] * len(TIMED_WORDS))[kind] += jobs
    return stacks


def _bars(stacks: dict[int, list[int]], most: int, width: float) -> list[Bar]:
    bars = []
    for at, counts in sorted(stacks.items()):
        y = float(_BOTTOM)
        for word, jobs in zip(TIMED_WORDS, counts, strict=True):
            if jobs:
                height = max(1.5, (_BOTTOM - _TOP) * jobs / most)
                y -= height
                place = (number(at * width), number(y), number(max(1.0, width - 1)))
                bars.append(Bar(word, *place, number(height)))
    return bars


def _ticks(first: int, last: int) -> list[tuple[str, str]]:
    found: dict[float, float] = {}
    for tick in _NAMED:
        x = (math.log10(tick) * 24 - first) / (last - first) * WIDTH
        if 20 <= x <= WIDTH - 20 and all(abs(x - other) >= _TICK_PX for other in found.values()):
            found[tick] = x
    return [(number(x), _label(tick)) for tick, x in sorted(found.items())]


def _label(tick: float) -> str:
    text = duration(tick)
    return text.replace(".00 ", " ").replace(".0 ", " ")
