"""Rows of figures: medians, spreads, ratios, targets; as text and as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

__all__ = ["Growth", "Row", "Target", "markdown", "number", "percentile", "plain"]

_HEAD: Final = ("what", "ours", "dispy.httpd", "ratio", "target", "reached")


@dataclass(frozen=True, slots=True)
class Target:
    """What must be reached: of the ratio ours / theirs, or of our own figure.

    ``at_least`` turns it around, for what is better when it is more; ``at_most`` then bounds it
    above as well, for what can be too good to be honest.
    """

    of: Literal["ratio", "value"]
    limit: float
    unit: str = ""
    at_least: bool = False
    at_most: float | None = None

    def __str__(self) -> str:
        if self.at_most is not None:
            return f"{self.limit:g} to {self.at_most:g} {self.unit}".strip()
        sign = "≥" if self.at_least else "≤"
        return f"{'ratio ' if self.of == 'ratio' else ''}{sign} {self.limit:g} {self.unit}".strip()

    def met_by(self, figure: float) -> bool:
        """Whether *figure* reaches it."""
        if self.at_most is not None and figure > self.at_most:
            return False
        return figure >= self.limit if self.at_least else figure <= self.limit


@dataclass(frozen=True, slots=True)
class Row:
    """One measured thing: every reading of ours, of theirs where there is such a thing.

    Readings of ours and theirs that stand at the same place were taken one after the other, so
    that what else the machine did fell on both: the ratio is the median of their ratios.
    """

    what: str
    unit: str
    ours: Sequence[float]
    theirs: Sequence[float] = ()
    target: Target | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The median ratio ours / theirs, ``None`` where there is nothing to compare with."""
        pairs = [a / b for a, b in zip(self.ours, self.theirs, strict=False) if b]
        return statistics.median(pairs) if pairs else None

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached, ``None`` where there is none."""
        if self.target is None:
            return None
        figure = self.ratio if self.target.of == "ratio" else statistics.median(self.ours)
        return figure is not None and self.target.met_by(figure)

    def cells(self) -> tuple[str, ...]:
        """Return the row's cells as text."""
        ratio, reached = self.ratio, self.reached
        return (
            self.what,
            _readings(self.ours, self.unit),
            _readings(self.theirs, self.unit),
            "" if ratio is None else number(ratio),
            "" if self.target is None else str(self.target),
            "" if reached is None else ("yes" if reached else "**no**"),
        )


@dataclass(frozen=True, slots=True)
class Growth:
    """How a figure grows with the size of the cluster or the number of viewers."""

    what: str
    unit: str
    of: str
    ours: dict[int, float] = field(default_factory=dict)
    theirs: dict[int, float] = field(default_factory=dict)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that *share* (0 to 1) of *values* do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def number(value: float) -> str:
    """Return a figure with three significant digits."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    digits = 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3 if abs(value) >= 0.1 else 4
    return f"{value:.{digits}f}"


def _readings(values: Sequence[float], unit: str) -> str:
    """Return the median, and the quartiles as the spread."""
    if not values:
        return ""
    text = f"{number(statistics.median(values))} {unit}"
    if len(values) == 1:
        return text
    low, high = percentile(values, 0.25), percentile(values, 0.75)
    return f"{text} ({number(low)} to {number(high)})"


def plain(rows: Sequence[Row]) -> str:
    """Return the rows as lines for a terminal."""
    lines = []
    for row in rows:
        what, ours, theirs, ratio, target, reached = row.cells()
        parts = [f"{what}: {ours}"]
        parts += [f"dispy.httpd {theirs}"] * bool(theirs) + [f"ratio {ratio}"] * bool(ratio)
        parts += [f"target {target}: {reached.strip('*')}"] * bool(target)
        parts += [row.note] * bool(row.note)
        lines.append("; ".join(parts))
    return "\n".join(lines)


def markdown(rows: Sequence[Row], growth: Sequence[Growth]) -> str:
    """Return all figures as Markdown tables."""
    lines = [f"| {' | '.join(_HEAD)} |", "| --- | ---: | ---: | ---: | --- | --- |"]
    for row in rows:
        what, *rest = row.cells()
        lines.append(f"| {f'{what}; {row.note}' if row.note else what} | {' | '.join(rest)} |")
    for of in dict.fromkeys(item.of for item in growth):
        lines += ["", *_growth_table(of, [item for item in growth if item.of == of])]
    return "\n".join(lines)


def _growth_table(of: str, items: Sequence[Growth]) -> list[str]:
    sizes = sorted({size for item in items for size in item.ours})
    lines = [
        f"| by number of {of} | | {' | '.join(f'{size:,}' for size in sizes)} |",
        f"| --- | --- |{' ---: |' * len(sizes)}",
    ]
    for item in items:
        for who, figures in (("ours", item.ours), ("dispy.httpd", item.theirs)):
            if figures:
                cells = [number(figures[size]) if size in figures else "" for size in sizes]
                lines.append(f"| {item.what}, {item.unit} | {who} | {' | '.join(cells)} |")
    return lines
