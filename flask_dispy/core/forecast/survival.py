"""What share of jobs takes longer than a given time, from finished jobs and running ones.

The estimator of Kaplan and Meier (1958) accounts for running jobs, which take at least as long as
they have run, and for the fact that only the latest jobs to finish are known. Beyond the longest
known duration, the curve continues as a generalised Pareto distribution, fitted to the longest
durations by probability-weighted moments (Hosking and Wallis, 1987).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import sqrt
from typing import Final, NamedTuple

__all__ = ["Running", "Survival"]

# The number of points of the curve; more improved no forecast of the benchmark.
_MOST_POINTS: Final = 64

# The tail is fitted to the longest durations: this factor times the square root of their number.
# With more, the gap between two kinds of jobs was mistaken for a tail.
_TOP: Final = 0.8
_LEAST_TOP: Final = 3

# Its shape: 0 is an exponential, 1 has no mean. The usual shape counts as this many jobs. The tail
# is never so light that a job would surely end by some time.
_LEAST_SHAPE: Final = 0.05
_USUAL_SHAPE: Final = 0.1
_MOST_SHAPE: Final = 0.7
_SHAPE_COUNTS: Final = 12

# Its usual scale, relative to the longest duration; counts as half a job.
_USUAL_SCALE: Final = 0.3
_SCALE_COUNTS: Final = 0.5


class Running(NamedTuple):
    """*jobs* that have run for *sec*, and for *seen_from_sec* when they were first counted."""

    sec: float
    seen_from_sec: float
    jobs: int


class Survival:
    """The share of jobs that take longer than a given number of seconds.

    :param finished: the durations of finished jobs in seconds, at least one.
    :param seen_from: for each of these that started before the oldest known end, how long it had
        run by then; jobs that ended earlier are not known.
    :param running: jobs that still run.
    """

    def __init__(
        self, finished: Sequence[float], seen_from: Sequence[float], running: Sequence[Running]
    ) -> None:
        exits = sorted(finished)
        self._fit(exits, sorted(seen_from), sorted(running))
        self._fit_tail(exits, running)
        self._integrate()

    def _fit(self, exits: list[float], entries: list[float], still: list[Running]) -> None:
        ages = [job.sec for job in still]
        counts = [0, *accumulate(job.jobs for job in still)]
        late = sorted((job.seen_from_sec, job.jobs) for job in still if job.seen_from_sec)
        late_from = [at for at, _ in late]
        late_counts = [0, *accumulate(jobs for _, jobs in late)]
        total = len(exits)
        points = min(total, _MOST_POINTS)
        first, second = exits[0], exits[min(1, total - 1)]
        self.secs = [max(0.0, first - max(second - first, 0.1 * first))]
        self.shares = [1.0]
        share, before = 1.0, 0
        for point in range(1, points + 1):
            upto = total * point // points
            sec = exits[upto - 1]
            ended = upto - before
            # Jobs known to have lasted to the middle of this interval.
            middle = exits[(before + upto) // 2]
            at_risk = total - before + counts[-1] - counts[bisect_left(ages, middle)]
            at_risk -= len(entries) - bisect_right(entries, middle)
            at_risk -= late_counts[-1] - late_counts[bisect_right(late_from, middle)]
            share *= 1.0 - ended / (max(at_risk, ended) + 1.0)
            before = upto
            self.secs.append(sec)
            self.shares.append(share)

    def _fit_tail(self, exits: list[float], running: Sequence[Running]) -> None:
        longest = exits[-1]
        top = min(len(exits) // 2, max(_LEAST_TOP, round(_TOP * sqrt(len(exits)))))
        threshold = exits[-1 - top]
        excesses = [sec - threshold for sec in exits[len(exits) - top :]]
        shape = min(_MOST_SHAPE, max(_LEAST_SHAPE, _shape_of(excesses)))
        past = sum(excesses)
        past += sum(job.jobs * (job.sec - threshold) for job in running if job.sec > threshold)
        usual = _USUAL_SCALE * longest * _SCALE_COUNTS
        scale = ((1.0 - min(shape, 0.5)) * past + usual) / (top + _SCALE_COUNTS)
        # Beyond a higher threshold, such a tail has the same shape and is wider.
        self.shape = shape
        self.scale = max(scale + shape * (longest - threshold), 1e-3 * longest, 1e-6)

    def _integrate(self) -> None:
        secs, shares = self.secs, self.shares
        areas = [0.0]
        for place in range(1, len(secs)):
            width = secs[place] - secs[place - 1]
            areas.append(areas[-1] + width * (shares[place] + shares[place - 1]) / 2)
        self._areas = areas

    def share(self, sec: float) -> float:
        """Return the share of jobs that take longer than *sec*."""
        secs = self.secs
        if sec >= secs[-1]:
            excess = 1.0 + self.shape * (sec - secs[-1]) / self.scale
            return self.shares[-1] * float(excess ** (-1.0 / self.shape))
        place = bisect_right(secs, sec)
        if not place:
            return 1.0
        low, high = secs[place - 1], secs[place]
        upper, lower = self.shares[place - 1], self.shares[place]
        return upper + (lower - upper) * (sec - low) / (high - low)

    def longest_of(self, jobs: float) -> float:
        """Return the median duration of the longest of this many jobs, in seconds."""
        return self.at_share(0.7 / max(1.0, jobs))

    def at_share(self, share: float) -> float:
        """Return the duration, in seconds, that this share of all jobs exceeds."""
        secs, shares = self.secs, self.shares
        if share <= shares[-1]:
            ratio = float((share / shares[-1]) ** -self.shape)
            return secs[-1] + self.scale * (ratio - 1.0) / self.shape
        for place in range(1, len(secs)):
            if shares[place] <= share:
                part = (shares[place - 1] - share) / (shares[place - 1] - shares[place])
                return secs[place - 1] + part * (secs[place] - secs[place - 1])
        return secs[-1]

    def _area(self, sec: float) -> float:
        """Return the area under the curve, from its first point to *sec*."""
        secs = self.secs
        if sec >= secs[-1]:
            excess = 1.0 + self.shape * (sec - secs[-1]) / self.scale
            past = self.scale / (1.0 - self.shape) * self.shares[-1]
            return self._areas[-1] + past * (1.0 - float(excess ** (1.0 - 1.0 / self.shape)))
        place = bisect_right(secs, sec)
        if not place:
            return sec - secs[0]
        width = sec - secs[place - 1]
        return self._areas[place - 1] + width * (self.shares[place - 1] + self.share(sec)) / 2

    def mean_left(self, age: float, most: float) -> float:
        """Return the mean remaining time of a job that has run for *age* seconds.

        :param most: no job is assumed to last longer, unless it already has.
        """
        share = self.share(age)
        until = max(most, 2 * age if age > self.secs[-1] else age)
        return (self._area(until) - self._area(age)) / max(share, 1e-12)

    def mean(self, most: float) -> float:
        """Return the mean duration if no job takes longer than *most*."""
        return self.secs[0] + self._area(most)


def _shape_of(excesses: list[float]) -> float:
    """Return the tail's shape from sorted *excesses* over a threshold."""
    top = len(excesses)
    first = sum(excesses)
    second = sum(excess * (top - rank - 0.65) / top for rank, excess in enumerate(excesses))
    bottom = first - 2.0 * second
    if bottom <= 1e-9 * first:
        return _USUAL_SHAPE
    found = 2.0 - first / bottom
    return (found * top + _USUAL_SHAPE * _SHAPE_COUNTS) / (top + _SHAPE_COUNTS)
