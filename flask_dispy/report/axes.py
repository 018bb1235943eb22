"""What the drawings share: scales, ticks at round values and times, numbers as SVG wants them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ..wire.wording import Clock, amount, count

__all__ = ["DAY_SEC", "Bar", "Span", "number", "time_ticks", "value_ticks"]

# Steps of a clock in seconds, so that ticks stand at times that people name.
_CLOCK_STEPS: Final = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
)  # fmt: skip
DAY_SEC: Final = 86_400

# From a tick to either end of the axis: room for half of its label.
_ROOM: Final = 24


@dataclass(frozen=True, slots=True)
class Bar:
    """Some jobs; *word* is their state as people read it, *title* what a pointer shows."""

    word: str
    x: str
    y: str
    width: str
    height: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """The time that a drawing covers, in epoch seconds."""

    start: float
    end: float

    def scale(self, left: float, right: float) -> Callable[[float], float]:
        """Return the map from times to places between *left* and *right*."""
        factor = (right - left) / (self.end - self.start)
        return lambda at: left + (at - self.start) * factor

    def ticks(self, left: float, right: float, steps: int, clock: Clock) -> list[tuple[str, str]]:
        """Return the (place, label) of round times, *steps* apart at most, whose labels fit."""
        scale = self.scale(left, right)
        ticks = [(scale(at), label) for at, label in time_ticks(self.start, self.end, steps, clock)]
        return [(number(x), label) for x, label in ticks if left + _ROOM <= x <= right - _ROOM]


def number(value: float) -> str:
    """Return a coordinate, to a tenth of a pixel, as short as it can be."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def value_ticks(most: float, steps: int, *, whole: bool) -> list[tuple[float, str]]:
    """Return ticks from 0 to the first round number that is not below *most*, with labels."""
    top = most if most > 0 else 1.0
    power = 10.0 ** math.floor(math.log10(top / steps))
    factor = next((f for f in (1, 2, 5) if f * power * steps >= top * (1 - 1e-9)), 10)
    step = max(1.0, math.ceil(factor * power - 1e-9)) if whole else factor * power
    values = [round(n * step, 10) for n in range(math.ceil(top / step - 1e-9) + 1)]
    return [(value, count(value) if whole else _plain(amount(value))) for value in values]


def _plain(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def time_ticks(start: float, end: float, steps: int, clock: Clock) -> list[tuple[float, str]]:
    """Return ticks at round times between two, *steps* apart at most, with labels."""
    rough = (end - start) / steps
    step = next((s for s in _CLOCK_STEPS if s >= rough), 0)
    if not step:
        step = DAY_SEC * math.ceil(rough / DAY_SEC)
    layout = "%b %d" if step >= DAY_SEC else "%H:%M" if step >= 60 else "%H:%M:%S"
    if step < DAY_SEC < end - start:
        layout = "%b %d %H:%M"
    first = math.ceil((start + clock.offset_sec) / step) * step - clock.offset_sec
    return [
        (first + n * step, clock.text(first + n * step, layout))
        for n in range(int((end - first) // step) + 1)
    ]
