"""When a run will be done, from what its jobs took and the CPUs it has."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_dispy.core.durations import Durations
from flask_dispy.core.forecast import Forecast, ages_of, forecast
from flask_dispy.core.jobs import Job

NOW = 1_000_000.0


def took(*durations_sec: float) -> Durations:
    known = Durations()
    for duration_sec in durations_sec:
        known.note(duration_sec, NOW - duration_sec)
    return known


def running(*ages_sec: float) -> dict[int, Job]:
    jobs = {}
    for serial, age_sec in enumerate(ages_sec):
        job = jobs[serial] = Job(serial, serial, NOW - age_sec, "1", None, None)
        job.state, job.started_at = "running", NOW - age_sec
    return jobs


def ask(
    known: Durations, *, queued: int = 0, ages: tuple[float, ...] = (), cpus: int = 4
) -> Forecast | None:
    return forecast(known, queued=queued, ages=[(age, 1) for age in ages], cpus=cpus, now=NOW)


def test_nothing_left_is_done_now() -> None:
    assert ask(took(1.0)) == Forecast(0.0, 0.0, 0.0, "good")


def test_nobody_can_say_before_a_job_has_ended() -> None:
    assert ask(took(), queued=10, ages=(5.0, 5.0)) is None


def test_nobody_can_say_without_cpus_while_jobs_wait() -> None:
    assert ask(took(*[1.0] * 50), queued=10, cpus=0) is None


def test_queued_work_goes_over_the_cpus() -> None:
    found = ask(took(*[10.0] * 50), queued=100, cpus=4, ages=(2.0, 4.0, 6.0, 8.0))
    assert found is not None
    assert found.eta_sec == pytest.approx(255, rel=0.1)
    assert found.early_sec <= found.eta_sec <= found.late_sec


def test_ages_of_very_many_jobs_are_looked_at_from_either_end() -> None:
    ages = ages_of(running(*(100_000.0 - n for n in range(100_000))), NOW)
    assert sum(count for _, count in ages) == 100_000
    assert len(ages) < 1_000
    assert ages == sorted(ages, key=lambda entry: -entry[0])
    assert ages[0][0] == 100_000.0
    assert ages[-1][0] == 1.0


@settings(max_examples=300, deadline=None)
@given(
    known=st.lists(
        st.tuples(
            st.sampled_from((0.0, 1e-9, 0.5, 10.0, 1e6)) | st.floats(0, 1e12),
            st.floats(-1e6, 1e6),
        ),
        max_size=30,
    ),
    ages=st.lists(st.tuples(st.floats(0, 1e9), st.integers(1, 100)), max_size=5),
    queued=st.sampled_from((0, 1, 7, 10_000, 10**7)),
    cpus=st.integers(0, 1_000),
)
def test_whatever_jobs_took_the_range_holds_the_estimate(
    known: list[tuple[float, float]], ages: list[tuple[float, int]], queued: int, cpus: int
) -> None:
    durations = Durations()
    for duration_sec, at in known:
        durations.note(duration_sec, NOW + at)
    found = forecast(durations, queued=queued, ages=ages, cpus=cpus, now=NOW)
    if found is not None:
        assert 0.0 <= found.early_sec <= found.eta_sec <= found.late_sec < float("inf")
