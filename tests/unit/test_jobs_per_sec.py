"""How many jobs end per second, over the last half minute."""

from __future__ import annotations

import pytest

from flask_dispy.core.series import Sample, Series


class Run:
    """A run that is sampled four times a second, as the pump does."""

    def __init__(self, started_at: float = 1_000_000.0) -> None:
        self.now = started_at
        self.done = 0.0
        self.series = Series(started_at)

    def go(self, seconds: float, pace: float, *, running: int = 4) -> Run:
        for _ in range(int(seconds * 4)):
            self.now += 0.25
            self.done += pace / 4
            self.series.add(self.now, Sample(int(self.done), 0, 0, running, running, running))
        return self


def test_pace_is_that_of_the_last_half_minute() -> None:
    run = Run().go(300, 10).go(31, 2)
    assert run.series.jobs_per_sec(run.now) == pytest.approx(2.0, rel=0.02)


def test_pace_of_a_young_run_is_by_the_time_it_has_run() -> None:
    run = Run().go(5, 8)
    assert run.series.jobs_per_sec(run.now) == 8.0


def test_pace_of_the_first_moment_is_not_blown_up() -> None:
    series = Series(1000.0)
    series.add(1000.01, Sample(3, 0, 0, 0, 0, 0))
    assert series.jobs_per_sec(1000.01) == 3.0


def test_pace_falls_to_nothing_when_nothing_ends() -> None:
    run = Run().go(60, 10).go(31, 0)
    assert run.series.jobs_per_sec(run.now) == 0.0


def test_pace_without_any_sample_is_nothing() -> None:
    assert Series(1000.0).jobs_per_sec(2000.0) == 0.0


def test_clock_set_back_does_not_blow_up_the_pace() -> None:
    run = Run().go(1200, 5)
    run.now -= 3600
    run.go(60, 5)
    assert run.series.jobs_per_sec(run.now) == pytest.approx(5.0, rel=0.01)
