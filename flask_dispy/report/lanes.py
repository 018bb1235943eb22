"""A run's timeline as a drawing: the geometry, which the template draws."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..core.jobs import job_title
from ..core.text import bounded
from ..wire.wording import Clock, duration
from .axes import Bar, Span, number

__all__ = ["Drawing", "LaneDrawing", "draw_lanes"]

WIDTH: Final = 1120
GUTTER: Final = 150

# Lanes that are drawn at most; past that nobody follows one with the eye, or on paper.
_MOST_LANES: Final = 100

_AXIS: Final = 24
_GAP: Final = 6
_LEAST_LANE: Final = 18
_TALLEST: Final = 1400
_SLOT: Final = (1.5, 12.0)
_BUCKETS_LANE: Final = 28.0

# Characters of a job's name: there may be a thousand of them.
_TITLE: Final = 60

# From the foot of a column upward: what went wrong stands on the ground, where it is looked for.
_OUTCOMES: Final = ("failed", "abandoned", "terminated", "cancelled", "finished")


@dataclass(slots=True)
class LaneDrawing:
    """A node's lane: its bars, or the columns of each word as one path."""

    node: str
    name: str
    slots: int
    y: float
    height: float
    bars: list[Bar] = field(default_factory=list)
    paths: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Drawing:
    """The timeline in a box of ``WIDTH`` by *height*."""

    height: float
    lanes: list[LaneDrawing]
    time_ticks: list[tuple[str, str]]
    total: int
    bucket_sec: float | None
    known: int


def draw_lanes(timeline: Mapping[str, Any], span: Span, clock: Clock) -> Drawing:
    """Return the drawing of a timeline over *span*.

    If there are more than ``_MOST_LANES`` nodes, only the busiest are drawn.
    """
    bars, buckets = timeline.get("bars"), timeline.get("buckets", {})
    weights: Counter[int] = Counter()
    if bars is not None:
        weights.update(bars["lane"])
    else:
        for lane, busy in zip(buckets["lane"], buckets["busy"], strict=True):
            weights[lane] += busy
    chosen = sorted(lane for lane, _ in weights.most_common(_MOST_LANES))
    lanes = _layout([timeline["lanes"][lane] for lane in chosen], in_bars=bars is not None)
    lane_of = dict(zip(chosen, lanes, strict=True))
    if bars is not None:
        _add_bars(bars, lane_of, span, clock, timeline["now"])
    else:
        _add_columns(timeline, lane_of, span)
    return Drawing(
        height=max((lane.y + lane.height for lane in lanes), default=_AXIS) + _GAP,
        lanes=lanes,
        time_ticks=span.ticks(GUTTER, WIDTH, 9, clock),
        total=timeline["total"],
        bucket_sec=buckets.get("bucket_sec"),
        known=len(weights),
    )


def _layout(rows: list[dict[str, Any]], *, in_bars: bool) -> list[LaneDrawing]:
    slots = sum(row["slots"] for row in rows)
    room = _TALLEST - len(rows) * _GAP
    slot = min(_SLOT[1], max(_SLOT[0], room / max(1, slots)))
    lanes: list[LaneDrawing] = []
    y = float(_AXIS)
    for row in rows:
        height = max(float(_LEAST_LANE), row["slots"] * slot) if in_bars else _BUCKETS_LANE
        height = min(height, 240.0)
        lanes.append(LaneDrawing(row["node"], row["name"], row["slots"], y, height))
        y += height + _GAP
    return lanes


def _add_bars(
    bars: dict[str, list[Any]],
    lane_of: dict[int, LaneDrawing],
    span: Span,
    clock: Clock,
    now: float,
) -> None:
    for place, slot, serial, job_id, start, end, state, failed in zip(*bars.values(), strict=True):
        lane = lane_of.get(place)
        if lane is None:
            continue
        until = now if end is None else end
        left, width = _extent(span, start, until, least=1.0)
        step = min(lane.height / lane.slots, _SLOT[1])
        top = lane.y + (lane.height - step * lane.slots) / 2
        word = "failed" if failed else state
        name, took = bounded(job_title(job_id, serial), _TITLE), duration(until - start)
        lane.bars.append(
            Bar(
                word=word,
                x=number(left),
                y=number(top + slot * step),
                width=number(width),
                height=number(max(1.0, step - (1 if step > 3 else 0.3))),
                title=f"job {name}: {word}, {took}, from {clock.text(start, '%H:%M:%S')}",
            )
        )


def _extent(span: Span, start: float, end: float, *, least: float) -> tuple[float, float]:
    """Return where a stretch of time begins, and how wide it is drawn; a wide one leaves a gap."""
    x = span.scale(GUTTER, WIDTH)
    left, right = max(float(GUTTER), x(start)), min(float(WIDTH), x(end))
    return left, max(least, right - left - (0.5 if right - left > 4 else 0))


def _add_columns(timeline: Mapping[str, Any], lane_of: dict[int, LaneDrawing], span: Span) -> None:
    """Add columns as high as CPUs were busy, divided by what became of the jobs in them."""
    buckets = timeline["buckets"]
    sec, origin = buckets["bucket_sec"], timeline["from"]
    rows = zip(*(buckets[name] for name in ("lane", "bucket", "busy")), strict=True)
    for index, (place, bucket, busy) in enumerate(rows):
        lane = lane_of.get(place)
        if lane is None:
            continue
        start, end = origin + bucket * sec, origin + (bucket + 1) * sec
        left, width = _extent(span, start, end, least=0.8)
        full = lane.height
        high = min(full, full * busy / lane.slots)
        for word, low, tall in _stack(_shares(buckets, index), high, full):
            foot = lane.y + full - low
            box = (
                f"M{number(left)} {number(foot)}h{number(width)}v{number(-tall)}h{number(-width)}Z"
            )
            lane.paths[word] = lane.paths.get(word, "") + box


def _shares(buckets: dict[str, Any], index: int) -> list[tuple[str, float, bool]]:
    """Return the CPUs that were busy with each kind of job, and whether one such ended there."""
    by = buckets["busy_by"]
    return [
        (word, by[word][index] if word in by else 0.0, word != "running" and buckets[word][index])
        for word in (*_OUTCOMES, "running")
    ]


def _stack(
    shares: list[tuple[str, float, bool]], high: float, full: float
) -> list[tuple[str, float, float]]:
    """Return (word, foot, height) of a column's parts; no end that went wrong is too low to see."""
    total = sum(busy for _, busy, _ in shares)
    parts: list[tuple[str, float, float]] = []
    foot = 0.0
    for word, busy, ended in shares:
        least = 2.5 if ended and word != "finished" else 0.5 if busy or ended else 0.0
        tall = min(full - foot, max(least, high * busy / total if total else 0.0))
        if tall > 0:
            parts.append((word, foot, tall))
            foot += tall
    return parts
