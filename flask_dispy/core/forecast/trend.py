"""Whether later jobs take longer than earlier ones, and how long the next ones will take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, hypot, log, sqrt
from typing import Final

__all__ = ["Trend", "trend_of"]

_BLOCKS: Final = 12
_LEAST_JOBS: Final = 6
_LEAST_SEC: Final = 1e-3

# The next jobs take at most, and at least, this many times as long as the last ones.
_MOST_TIMES: Final = 8.0
_LEAST_TIMES: Final = 0.7

# The higher, the more slopes count as chance. With 1, jobs of very different lengths showed false
# trends; above 6, true ones were noticed too late.
_CHANCE: Final = 4.0

# A falling trend is rarer, and promising too early an end is worse.
_FALL_CHANCE: Final = 2.0

# Durations rarely grow along a straight line: the line may be wrong by this share of its growth.
_CURVED: Final = 0.5


@dataclass(frozen=True, slots=True)
class Trend:
    """The usual duration as a line over the jobs' numbers, in the order in which they started.

    Its value is *level* at job *last*, the newest that started. *slope_error* is the standard
    deviation of the slope.
    """

    level: float
    slope: float
    slope_error: float
    last: float

    def at(self, number: float) -> float:
        """Return the usual duration of job *number*."""
        value = self.level + self.slope * (number - self.last)
        least = _LEAST_TIMES if self.slope < 0.0 else 1.0 / _MOST_TIMES
        return self.level * min(max(value / self.level, least), _MOST_TIMES)

    def error(self, number: float) -> float:
        """Return the relative standard deviation of :meth:`at` that the slope causes."""
        ahead = max(0.0, number - self.last)
        return hypot(self.slope_error, _CURVED * self.slope) * ahead / self.at(number)


def trend_of(durations: Sequence[float], *, every: int, last: float) -> Trend:
    """Return the trend of jobs in the order in which they started; one in *every* is given.

    Whether there is a trend is decided by logarithms, which single long jobs hardly affect: a slope
    that may be chance counts less, down to nothing. The slope is that of a line through geometric
    means of neighbouring jobs. Without a trend, the usual duration is 1.

    :param last: the number of the newest job that started.
    """
    jobs = len(durations)
    if jobs < _LEAST_JOBS:
        return Trend(1.0, 0.0, 0.0, last)
    logs = [log(max(sec, _LEAST_SEC)) for sec in durations]
    mean = sum(logs) / jobs
    middle = (jobs - 1) / 2
    spread = jobs * (jobs * jobs - 1) / 12
    slope = sum((place - middle) * value for place, value in enumerate(logs)) / spread
    squares = sum(
        (value - mean - slope * (place - middle)) ** 2 for place, value in enumerate(logs)
    )
    error = sqrt(squares / (jobs - 2) / spread)
    few = jobs / (jobs - 4)  # with few jobs, more slopes are chance
    chance = _CHANCE * (1.0 if slope > 0.0 else _FALL_CHANCE)
    surely = max(0.0, 1.0 - few * chance * (error / slope) ** 2) if slope else 0.0
    if not surely:
        return Trend(1.0, 0.0, error / every, last)
    level, steep = _line(logs)
    steep *= surely
    level += steep * (last / every - middle)
    if level <= 0.0:
        return Trend(1.0, 0.0, error / every, last)
    return Trend(level, steep / every, error * exp(mean) / every, last)


def _line(logs: list[float]) -> tuple[float, float]:
    """Return the height of the line at the middle job, and its slope per job."""
    jobs = len(logs)
    blocks = min(_BLOCKS, max(2, jobs // 4))
    points = []
    for block in range(blocks):
        low, high = jobs * block // blocks, jobs * (block + 1) // blocks
        points.append(((low + high - 1) / 2, exp(sum(logs[low:high]) / (high - low)), high - low))
    height = sum(y * weight for _, y, weight in points) / jobs
    middle = (jobs - 1) / 2
    spread = sum(weight * (x - middle) ** 2 for x, _, weight in points)
    return height, sum(weight * (x - middle) * y for x, y, weight in points) / spread
