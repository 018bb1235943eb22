"""A run's course as line charts: the geometry, which the template draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from ..wire.shapes.clusters import SeriesData
from ..wire.wording import Clock, amount, count
from .axes import Span, number, value_ticks

__all__ = ["Chart", "Line", "charts"]

WIDTH: Final = 360
HEIGHT: Final = 150
_TOP: Final = 10
LEFT: Final = 36
_BOTTOM: Final = 126
_POINTS: Final = 300

Values = Sequence["float | None"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart; *area* is what lies under it, empty if that is not filled."""

    label: str
    kind: str
    path: str
    area: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart in a box of ``WIDTH`` by ``HEIGHT``; *note* says in words what it shows."""

    title: str
    note: str
    lines: list[Line]
    value_ticks: list[tuple[str, str]]
    time_ticks: list[tuple[str, str]]
    empty: bool


def charts(series: SeriesData, span: Span, clock: Clock) -> list[Chart]:
    """Return the charts of throughput, queue and CPUs over *span*."""
    times, columns = _within(series, span)
    drawer = _Drawer(times, span, clock)
    done, failed = columns["jobs_per_sec"], columns["failed_per_sec"]
    busy, total = columns["cpus_busy"], columns["cpus_total"]
    return [
        drawer.chart(
            "Jobs per second",
            [("ended", "finished", done), ("failed", "failed", failed)],
            note=_note(done, amount, "a second"),
            whole=False,
        ),
        drawer.chart(
            "Queued jobs", [("queued", "queued", columns["queued"])],
            note=_note(columns["queued"], count), whole=True,
        ),
        drawer.chart(
            "CPUs in use",
            [("in use", "running", busy), ("there", "total", total)],
            note=_note(busy, count, f"of {count(max(_known(total), default=None))}"),
            whole=True,
        ),
    ]  # fmt: skip


def _known(values: Values) -> list[float]:
    return [value for value in values if value is not None]


def _note(values: Values, text: Callable[[float], str], unit: str = "") -> str:
    known = _known(values)
    if not known:
        return "not measured"
    return f"at most {text(max(known))}, on average {amount(_mean(values))} {unit}".rstrip()


def _within(series: SeriesData, span: Span) -> tuple[list[float], dict[str, Values]]:
    """Return the times in *span* and the columns' values then, in ``_POINTS`` points at most."""
    sec, start = series["resolution_sec"], series["from"]
    columns = series["columns"]
    length = len(next(iter(columns.values())))
    first = max(0, min(length, int((span.start - start) // sec)))
    last = max(first, min(length, int((span.end - start) // sec) + 1))
    group = max(1, -(-(last - first) // _POINTS))
    places = range(first, last, group)
    times = [start + (at + group / 2) * sec for at in places]
    return times, {
        name: [_mean(values[at : at + group]) for at in places] for name, values in columns.items()
    }


def _mean(values: Values) -> float | None:
    known = _known(values)
    return sum(known) / len(known) if known else None


class _Drawer:
    """Draws columns over the same times."""

    def __init__(self, times: list[float], span: Span, clock: Clock) -> None:
        self._times = times
        self._x = span.scale(LEFT, WIDTH)
        self._time_ticks = span.ticks(LEFT, WIDTH, 4, clock)

    def chart(
        self, title: str, columns: list[tuple[str, str, Values]], *, note: str, whole: bool
    ) -> Chart:
        most = max((value for _, _, values in columns for value in _known(values)), default=0.0)
        ticks = value_ticks(most, 3, whole=whole)
        top = ticks[-1][0]

        def y(value: float) -> float:
            return _BOTTOM - (_BOTTOM - _TOP) * value / top

        lines = [
            self._line(label, kind, values, y, filled=place == 0)
            for place, (label, kind, values) in enumerate(columns)
        ]
        return Chart(
            title=title,
            note=note,
            lines=lines,
            value_ticks=[(number(y(value)), label) for value, label in ticks],
            time_ticks=self._time_ticks,
            empty=not any(line.path for line in lines),
        )

    def _line(
        self, label: str, kind: str, values: Values, y: Callable[[float], float], *, filled: bool
    ) -> Line:
        path: list[str] = []
        area: list[str] = []
        places = zip(map(self._x, self._times), values, strict=True)
        for _, piece in groupby(places, key=lambda place: place[1] is None):
            points = [(number(x), number(y(value))) for x, value in piece if value is not None]
            if not points:
                continue
            if len(points) == 1:  # a lone point shows as a dot: a line of no length, round ends
                points *= 2
            line = "L".join(map(" ".join, points))
            path.append(f"M{line}")
            if filled:
                area.append(f"M{points[0][0]} {_BOTTOM}L{line}L{points[-1][0]} {_BOTTOM}Z")
        return Line(label, kind, "".join(path), "".join(area))
