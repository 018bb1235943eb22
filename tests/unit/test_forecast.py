"""When a run will be done, from what its jobs took and the CPUs it has."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.durations import Durations
from flask_dispy.core.forecast.forecast import Forecast, Forecaster, ages_of, forecast
from flask_dispy.core.jobs import Job
from flask_dispy.core.summary import summary_of
from tests.effort import effort

from . import stories

NOW = 1_000_000.0


def took(durations_sec: Iterable[float], *, cpus: int = 4) -> Durations:
    """Return what is known once jobs ran in that order, on so many CPUs, the last one until now."""
    spans = []
    free = [0.0] * cpus
    for duration_sec in durations_sec:
        at = free.index(min(free))
        spans.append((free[at], duration_sec))
        free[at] += duration_sec
    shift = NOW - max((start + sec for start, sec in spans), default=0.0)
    known = Durations()
    for start, sec in sorted(spans, key=sum):
        known.note(sec, start + shift)
    return known


def ask(
    known: Durations, *, queued: int = 0, ages: Iterable[float] = (), cpus: int = 4
) -> Forecast | None:
    by_age = [(age, 1) for age in sorted(ages, reverse=True)]
    return forecast(known, queued=queued, ages=by_age, cpus=cpus, now=NOW)


def tell(known: Durations, **what: object) -> Forecast:
    found = ask(known, **what)  # type: ignore[arg-type]
    assert found is not None
    assert 0.0 <= found.early_sec <= found.eta_sec <= found.late_sec < float("inf")
    return found


def drawn(seed: int, jobs: int, sigma: float = 0.3) -> list[float]:
    rng = random.Random(seed)
    return [10 * rng.lognormvariate(0.0, sigma) for _ in range(jobs)]


# -- what can't be said ------------------------------------------------------------------------


def test_nothing_left_is_done_now() -> None:
    assert ask(took([1.0])) == Forecast(0.0, 0.0, 0.0, "good")


def test_nobody_can_say_before_a_job_has_finished() -> None:
    assert ask(took([]), queued=10, ages=(5.0, 5.0)) is None


def test_nobody_can_say_without_cpus_while_jobs_wait() -> None:
    assert ask(took([1.0] * 50), queued=10, ages=(0.5,), cpus=0) is None


def test_jobs_that_run_end_without_further_cpus() -> None:
    assert tell(took([10.0] * 50), ages=(4.0,), cpus=0).eta_sec == pytest.approx(6, abs=0.5)


# -- work over CPUs ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("waiting", "left"), [(0, 8), (1, 12), (4, 18), (40, 108), (4_000, 10_008)]
)
def test_queued_work_goes_over_the_cpus(waiting: int, left: float) -> None:
    found = tell(took([10.0] * 100), queued=waiting, ages=(2.0, 4.0, 6.0, 8.0))
    assert found.eta_sec == pytest.approx(left, rel=0.1)
    assert found.early_sec == pytest.approx(left, rel=0.25)
    assert found.late_sec == pytest.approx(left, rel=0.25)
    assert found.confidence == "good"


def test_free_cpus_are_taken_at_once() -> None:
    assert tell(took([10.0] * 100), queued=4, ages=()).eta_sec == pytest.approx(10, rel=0.1)


def test_cpus_that_were_taken_away_make_no_room() -> None:
    many = tell(took([10.0] * 100), queued=4, ages=[5.0] * 8, cpus=8)
    few = tell(took([10.0] * 100), queued=4, ages=[5.0] * 8, cpus=2)
    assert many.eta_sec == pytest.approx(15, rel=0.1)
    assert few.eta_sec == pytest.approx(25, rel=0.1)


@pytest.mark.parametrize("sigma", [0.05, 0.5, 1.2])
def test_more_jobs_never_take_less_time(sigma: float) -> None:
    known = took(drawn(1, 200, sigma))
    etas = [tell(known, queued=n, ages=(1.0, 3.0, 5.0, 9.0)).eta_sec for n in range(0, 60)]
    etas += [tell(known, queued=2**n, ages=(1.0, 3.0, 5.0, 9.0)).eta_sec for n in range(6, 20)]
    assert all(later >= 0.97 * sooner for sooner, later in itertools.pairwise(etas))
    assert etas[-1] > 100 * etas[0]


def test_more_cpus_never_take_more_time() -> None:
    known = took(drawn(2, 200), cpus=32)
    etas = [tell(known, queued=500, ages=[5.0] * 4, cpus=cpus).eta_sec for cpus in (4, 8, 16, 32)]
    assert etas == sorted(etas, reverse=True)
    assert etas[0] / etas[3] == pytest.approx(8, rel=0.3)


def test_time_between_jobs_is_time_as_well() -> None:
    known = Durations()
    known.watch(NOW - 100.0, queued=500, cpus=1)
    for number in range(200):  # each CPU is idle half of its time
        known.note(0.25, NOW - 100.0 + number / 2)
    found = tell(known, queued=200, cpus=1)
    assert found.eta_sec == pytest.approx(100, rel=0.1)
    known.watch(NOW, queued=0, cpus=1)  # what was idle then says nothing of what comes later
    assert tell(known, queued=200, cpus=1).eta_sec == pytest.approx(50, rel=0.1)


# -- the last jobs -----------------------------------------------------------------------------


@pytest.mark.parametrize("age", [0.0, 2.0, 5.0, 9.0])
def test_last_job_has_left_what_it_has_not_run(age: float) -> None:
    assert tell(took([10.0] * 100), ages=(age,)).eta_sec == pytest.approx(10 - age, abs=0.7)


def test_job_that_outlasted_the_short_ones_is_a_long_one() -> None:
    known = took(([1.0] * 9 + [60.0]) * 20)
    fresh = tell(known, ages=(0.0,))
    assert fresh.eta_sec == pytest.approx(1, rel=0.2)
    assert tell(known, ages=(5.0,)).eta_sec == pytest.approx(55, rel=0.1)


def test_the_longer_a_job_outlasts_all_others_the_longer_it_may_take() -> None:
    known = took(drawn(3, 100, 0.8))
    left = [tell(known, ages=(age,)).eta_sec for age in (100.0, 1_000.0, 10_000.0)]
    assert left == sorted(left)
    assert left[2] > 3 * left[0]


def test_the_last_of_many_takes_longer_than_one_does() -> None:
    known = took(drawn(4, 400, 0.8))
    assert tell(known, ages=[0.0] * 64).eta_sec > 3 * tell(known, ages=[0.0]).eta_sec


def test_long_jobs_that_still_run_count_before_they_end() -> None:
    """Of jobs that began together the short ones end first, and must not stand for all."""
    known = Durations()
    for _ in range(10):
        known.note(1.0, NOW - 30.0)
    found = tell(known, queued=400, ages=[30.0] * 40, cpus=50)
    assert found.eta_sec > 8 * 20


def test_old_straggler_does_not_slow_the_queue() -> None:
    known = took(drawn(5, 300))
    usual = tell(known, queued=1_000, ages=(1.0, 3.0, 5.0, 9.0))
    odd = tell(known, queued=1_000, ages=(60.0, 3.0, 5.0, 9.0))
    assert odd.eta_sec == pytest.approx(usual.eta_sec, rel=0.05)


# -- jobs that take longer and longer ----------------------------------------------------------


def test_jobs_that_take_longer_and_longer_go_on_to_do_so() -> None:
    known = took([1.0 + number / 100 for number in range(400)])
    found = tell(known, queued=400, ages=(1.0, 2.0, 3.0, 4.0))
    assert found.eta_sec == pytest.approx(sum(1 + n / 100 for n in range(400, 800)) / 4, rel=0.1)


def test_growth_is_seen_over_the_whole_of_a_long_run() -> None:
    known = took((1.0 + number / 50_000 for number in range(50_000)), cpus=8)
    found = tell(known, queued=50_000, ages=[1.0] * 8, cpus=8)
    assert found.eta_sec == pytest.approx(2.5 * 50_000 / 8, rel=0.05)


@pytest.mark.parametrize("seed", range(8))
def test_chance_is_not_taken_for_growth(seed: int) -> None:
    durations = drawn(seed, 60, 0.8)
    found = tell(took(durations), queued=200, ages=(1.0, 3.0, 5.0, 9.0))
    assert found.eta_sec == pytest.approx(200 / 4 * sum(durations) / 60, rel=0.5)


# -- how sure it is ----------------------------------------------------------------------------


def test_few_known_jobs_make_a_wide_range() -> None:
    durations = drawn(6, 300)
    few = tell(took(durations[:8]), queued=100, ages=(1.0, 3.0, 5.0, 9.0))
    many = tell(took(durations), queued=100, ages=(1.0, 3.0, 5.0, 9.0))
    assert few.late_sec - few.early_sec > 1.5 * (many.late_sec - many.early_sec)
    assert (few.confidence, many.confidence) == ("low", "good")


def test_wide_range_is_no_good_confidence() -> None:
    assert tell(took(drawn(7, 300, 1.5)), ages=(1.0,)).confidence == "low"


@pytest.mark.parametrize("seed", range(40))
def test_range_is_around_the_time_whatever_is_known(seed: int) -> None:
    rng = random.Random(seed)
    known = took(drawn(seed, rng.choice((1, 2, 3, 7, 50, 1_500)), rng.choice((0.0, 0.3, 2.0))))
    cpus = rng.choice((1, 3, 64))
    ages = [rng.expovariate(0.1) for _ in range(rng.randrange(0, cpus + 2))]
    waiting = rng.choice((0, 1, 5, 1_000_000))
    found = tell(known, queued=waiting, ages=ages, cpus=cpus)
    assert (found.eta_sec > 0.0) == (waiting > 0 or bool(ages))


@pytest.mark.parametrize("age", [0.0, 1e-9, 1e9, 1e15])
@pytest.mark.parametrize("duration_sec", [0.0, 1e-9, 1e9])
def test_odd_figures_make_no_error(duration_sec: float, age: float) -> None:
    for jobs in (1, 2, 30, 2_000):
        known = Durations()
        for _ in range(jobs):
            known.note(duration_sec, NOW)
        tell(known, queued=7, ages=(age, age, 0.0))


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
def test_range_holds_the_estimate_for_any_durations(
    known: list[tuple[float, float]], ages: list[tuple[float, int]], queued: int, cpus: int
) -> None:
    durations = Durations()
    for duration_sec, at in known:
        durations.note(duration_sec, NOW + at)
    found = forecast(durations, queued=queued, ages=ages, cpus=cpus, now=NOW)
    if found is not None:
        assert 0.0 <= found.early_sec <= found.eta_sec <= found.late_sec < float("inf")


def test_the_same_facts_give_the_same_answer() -> None:
    first, second = (tell(took(drawn(8, 50)), queued=30, ages=(1.0, 2.0)) for _ in range(2))
    assert first == second


# -- what it costs -----------------------------------------------------------------------------


def running(*ages_sec: float) -> dict[int, Job]:
    jobs = {}
    for serial, age_sec in enumerate(ages_sec):
        job = jobs[serial] = Job(serial, serial, NOW - age_sec, "1", None, None)
        job.state, job.started_at = "running", NOW - age_sec
    return jobs


def test_ages_of_very_many_jobs_are_looked_at_from_either_end() -> None:
    ages = ages_of(running(*(100_000.0 - n for n in range(100_000))), NOW)
    assert sum(count for _, count in ages) == 100_000
    assert len(ages) < 1_000
    assert ages == sorted(ages, key=lambda entry: -entry[0])
    assert ages[0][0] == 100_000.0
    assert ages[-1][0] == 1.0


def test_job_of_the_future_has_not_run_yet() -> None:
    assert ages_of(running(-3_600.0), NOW) == [(0.0, 1)]


def test_effort_is_bounded_whatever_runs_and_waits() -> None:
    known = took(drawn(9, 3_000, 1.0), cpus=500)
    jobs = running(*(50.0 - n / 2_000 for n in range(100_000)))

    def once() -> None:
        ages = ages_of(jobs, NOW)
        forecast(known, queued=1_000_000, ages=ages, cpus=100_000, now=NOW)

    assert effort(once).calls < 15_000


def test_sample_of_a_long_run_is_bounded_and_spread_over_it() -> None:
    known = took(1.0 for _ in range(20_000))
    assert 128 <= len(known.sampled) <= 256
    starts = sorted(started_at for started_at, _ in known.sampled)
    gaps = [later - sooner for sooner, later in itertools.pairwise(starts[::4])]
    assert max(gaps) <= 2 * min(gap for gap in gaps if gap)


def test_readers_share_one_forecast() -> None:
    known, jobs, forecaster = took(drawn(10, 300)), running(4.0, 2.0), Forecaster()

    def at(later_sec: float, waiting: int) -> Forecast:
        found = forecaster.ask(known, jobs, queued=waiting, cpus=2, now=NOW + later_sec)
        assert found is not None
        return found

    first = at(0.0, 100)
    assert effort(at, 0.0, 100).calls < 12
    assert effort(at, 0.5, 100).calls < 12
    assert at(0.5, 100).eta_sec == pytest.approx(first.eta_sec - 0.5)
    assert effort(at, 0.1, 99).calls < 12  # jobs start and end all the time
    assert at(0.3, 99).eta_sec < first.eta_sec - 1.0
    assert at(0.3, 50).eta_sec < 0.6 * first.eta_sec  # another state of the same moment
    assert at(-60.0, 50).eta_sec == pytest.approx(at(0.3, 50).eta_sec, rel=0.1)


# -- in a cluster ------------------------------------------------------------------------------


def a_run(jobs: int = 100, *, now: float = 0.0) -> ClusterState:
    """Return a cluster in the midst of a run: jobs of 10 s, on two CPUs."""
    state = stories.new_state()
    state.apply(stories.seen(joined=True))
    for number in range(jobs):
        state.apply(stories.queued(str(number), now))
    for number in range(40):
        start = now + 10 * (number // 2) + 0.1
        state.apply(stories.started(str(number), at=start))
        state.apply(stories.ended(str(number), start=start, at=start + 10))
    for number in (40, 41):
        state.apply(stories.started(str(number), at=now + 200.2))
    state.refresh_pace(1_000 + now + 201)
    return state


def test_summary_has_the_time_that_is_left_with_its_range() -> None:
    summary = summary_of(a_run(), 1_205)
    outlook = summary["outlook"]
    assert outlook["state"] == "going"
    assert summary["eta_sec"] == outlook["eta_sec"] == pytest.approx(295, rel=0.05)
    assert 200 < outlook["eta_early_sec"] < outlook["eta_sec"] < outlook["eta_late_sec"] < 400
    assert summary["eta_confidence"] == "good"


def test_clock_set_back_keeps_the_time_that_is_left_sane() -> None:
    state = a_run(now=7_200.0)
    state.refresh_pace(1_000 + 3_600)
    assert summary_of(state, 1_000 + 3_600)["eta_sec"] == pytest.approx(300, rel=0.1)
