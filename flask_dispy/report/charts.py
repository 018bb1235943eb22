"""A run's course as line charts: the geometry, which the template draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ..wire.shapes.clusters import SeriesData
from ..wire.wording import Clock, amount, count
from .axes import number, time_ticks, value_ticks

__all__ = ["Chart", "Line", "Span", "charts"]

WIDTH: Final = 360
HEIGHT: Final = 150
_TOP: Final = 10
LEFT: Final = 36
_BOTTOM: Final = 126
_POINTS: Final = 300

Values = Sequence["float | None"]


@dataclass(frozen=True, slots=True)
class Span:
    """The time that a drawing covers, in epoch seconds."""

    start: float
    end: float

    def scale(self, left: float, right: float) -> Callable[[float], float]:
        """Return the map from times to places between *left* and *right*."""
        factor = (right - left) / (self.end - self.start)
        return lambda at: left + (at - self.start) * factor


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
    columns = _within(series, span)
    drawer = _Drawer(columns.pop("t"), span, clock)
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
    peak, mean = text(max(known)), amount(sum(known) / len(known))
    return f"at most {peak}, on average {mean} {unit}".rstrip()


def _within(series: SeriesData, span: Span) -> dict[str, list[float | None]]:
    """Return the columns' part in *span* and its times, in ``_POINTS`` points at most."""
    sec, start = series["resolution_sec"], series["from"]
    columns = series["columns"]
    length = len(next(iter(columns.values())))
    first = max(0, min(length, int((span.start - start) // sec)))
    last = max(first, min(length, int((span.end - start) // sec) + 1))
    group = max(1, -(-(last - first) // _POINTS))
    found: dict[str, list[float | None]] = {
        name: [_mean(values[at : at + group]) for at in range(first, last, group)]
        for name, values in columns.items()
    }
    found["t"] = [start + (at + group / 2) * sec for at in range(first, last, group)]
    return found


def _mean(values: Values) -> float | None:
    known = _known(values)
    return sum(known) / len(known) if known else None


class _Drawer:
    """Draws columns over the same times."""

    def __init__(self, times: Values, span: Span, clock: Clock) -> None:
        self._times = times
        self._x = span.scale(LEFT, WIDTH)
        ticks = time_ticks(span.start, span.end, 4, clock)
        inside = [(self._x(at), label) for at, label in ticks]
        self._time_ticks = [
            (number(x), label) for x, label in inside if LEFT + 24 <= x <= WIDTH - 24
        ]

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
        for piece in self._pieces(values):
            points = [f"{number(self._x(at))} {number(y(value))}" for at, value in piece]
            if len(points) == 1:  # a lone point shows as a dot: a line of no length, round ends
                points *= 2
            path.append("M" + "L".join(points))
            if filled:
                first, last = (number(self._x(piece[end][0])) for end in (0, -1))
                area.append(f"M{first} {_BOTTOM}L{'L'.join(points)}L{last} {_BOTTOM}Z")
        return Line(label, kind, "".join(path), "".join(area))

    def _pieces(self, values: Values) -> list[list[tuple[float, float]]]:
        """Return the runs of points between gaps."""
        pieces: list[list[tuple[float, float]]] = [[]]
        for at, value in zip(self._times, values, strict=True):
            if value is None or at is None:
                if pieces[-1]:
                    pieces.append([])
            else:
                pieces[-1].append((at, value))
        return [piece for piece in pieces if piece]
