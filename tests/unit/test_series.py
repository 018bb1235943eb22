"""The bounded time series: rates, gaps, the turn of the rings, and clocks that jump."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_dispy.core.errors import BadRequest
from flask_dispy.core.series import RESOLUTIONS, Sample, Series

DAY_SEC = 86_400.0


def sample(done: int = 0, *, failed: int = 0, queued: int = 0, running: int = 0) -> Sample:
    return Sample(done, failed, queued, running, cpus_busy=running, cpus_total=8)


def steady(series: Series, start: float, end: float, *, jobs_per_sec: int, done: int = 0) -> int:
    """Sample each second from *start* to *end*; return how many jobs are done then."""
    for second in range(int(start), int(end)):
        done += jobs_per_sec
        series.add(second + 1, sample(done, running=2))
    return done


def column(series: Series, name: str, resolution_sec: int, now: float) -> list[Any]:
    return series.as_dict(resolution_sec, now)["columns"][name]


# -- rates and gauges ------------------------------------------------------------------------


def test_rate_is_what_ended_by_the_second() -> None:
    series = Series(1000.0)
    steady(series, 1000, 1005, jobs_per_sec=3)
    assert column(series, "jobs_per_sec", 1, 1005.5) == [3, 3, 3, 3]


def test_second_that_still_fills_is_not_shown_until_it_is_over() -> None:
    series = Series(1000.0)
    series.add(1000.25, sample(1))
    series.add(1000.5, sample(2))
    assert column(series, "jobs_per_sec", 1, 1000.9) == []
    assert column(series, "jobs_per_sec", 1, 1001.0) == [4.0]


def test_rate_of_a_longer_bucket_is_right_while_it_fills() -> None:
    series = Series(1000.0)
    steady(series, 1000, 1003, jobs_per_sec=5)
    assert column(series, "jobs_per_sec", 10, 1003.0) == [5.0]


def test_rate_of_a_bucket_that_watching_began_in_counts_the_time_watched() -> None:
    series = Series(1074.0)  # 6 s before a minute ends
    steady(series, 1074, 1090, jobs_per_sec=2)
    assert column(series, "jobs_per_sec", 60, 1090.0) == [2.0, 2.0]


def test_jobs_that_ended_in_a_gap_are_spread_over_it() -> None:
    series = Series(1000.0)
    series.add(1001.0, sample(1))
    series.add(1021.0, sample(41))
    assert column(series, "jobs_per_sec", 1, 1022.0) == [1.0, *[None] * 19, 2.0]


def test_gauge_is_the_mean_of_its_samples() -> None:
    series = Series(1000.0)
    for at, queued in ((1000.25, 1), (1000.5, 3), (1000.75, 8)):
        series.add(at, sample(queued=queued))
    assert column(series, "queued", 1, 1001.0) == [4.0]


def test_bucket_without_a_sample_is_a_gap_in_every_column() -> None:
    series = Series(1000.0)
    series.add(1000.5, sample(queued=5))
    series.add(1003.5, sample(queued=5))
    columns = series.as_dict(1, 1004.0)["columns"]
    assert [values[1:3] for values in columns.values()] == [[None, None]] * 6


def test_series_goes_on_as_gaps_when_nobody_samples() -> None:
    series = Series(1000.0)
    series.add(1000.5, sample(queued=5))
    assert column(series, "queued", 1, 1004.2) == [5.0, None, None, None]


def test_measured_values_do_not_make_room_for_gaps() -> None:
    series = Series(1000.0)
    steady(series, 1000, 1600, jobs_per_sec=1)
    found = series.as_dict(1, 1000.0 + 7 * DAY_SEC)
    assert found["from"] == 1001
    assert found["columns"]["jobs_per_sec"] == [1.0] * 600


def test_jobs_that_come_back_make_no_negative_rate() -> None:
    series = Series(1000.0)
    series.add(1001.0, sample(5, failed=2))
    series.add(1002.0, sample(3, failed=1))
    assert column(series, "jobs_per_sec", 1, 1003.0) == [5.0, 0.0]
    assert column(series, "failed_per_sec", 1, 1003.0) == [2.0, 0.0]


def test_empty_series_says_so_at_every_resolution() -> None:
    for resolution in RESOLUTIONS:
        found = Series(1000.0).as_dict(resolution, 1010.0)
        assert found["resolution_sec"] == resolution
        assert found["from"] == 1010
        assert set(map(tuple, found["columns"].values())) == {()}


@pytest.mark.parametrize("resolution", [0, 2, -1, 3600])
def test_unknown_resolution_is_refused_by_name(resolution: int) -> None:
    with pytest.raises(BadRequest, match="1, 10, 60") as caught:
        Series(0.0).as_dict(resolution, 1.0)
    assert caught.value.field == "resolution_sec"


# -- the rings -------------------------------------------------------------------------------


@pytest.mark.parametrize(("resolution", "buckets"), RESOLUTIONS.items())
def test_ring_keeps_its_last_buckets_over_days(resolution: int, buckets: int) -> None:
    series = Series(0.0)
    end = int(2.5 * DAY_SEC)
    for at in range(30, end + 1, 30):
        series.add(float(at), sample(at // 10, queued=at))
    found = series.as_dict(resolution, float(end))
    queued = found["columns"]["queued"]
    assert len(queued) == (buckets if resolution > 1 else buckets - 1)
    newest = end // resolution
    assert found["from"] == (newest - buckets + 1) * resolution
    if resolution > 1:
        assert queued[-1] == end
    assert all(value is None or value > end - buckets * resolution for value in queued)


def test_leap_beyond_the_ring_forgets_all_that_was() -> None:
    series = Series(1000.0)
    steady(series, 1000, 1010, jobs_per_sec=1)
    series.add(1000.0 + 3 * DAY_SEC, sample(10, queued=7))
    for resolution in RESOLUTIONS:
        known = [
            v for v in column(series, "queued", resolution, 1001 + 3 * DAY_SEC) if v is not None
        ]
        assert known == [7.0]


def test_rings_do_not_grow() -> None:
    series = Series(0.0)
    sizes = [[len(c) for c in ring.sums] for ring in series._rings.values()]
    for at in range(0, 200_000, 50):
        series.add(float(at), sample(at))
    assert [[len(c) for c in ring.sums] for ring in series._rings.values()] == sizes


# -- clocks ----------------------------------------------------------------------------------


def test_small_step_back_goes_on_in_the_newest_bucket() -> None:
    series = Series(1000.0)
    done = steady(series, 1000, 1010, jobs_per_sec=1)
    series.add(1008.0, sample(done + 1))
    assert column(series, "jobs_per_sec", 1, 1011.0)[:9] == [1.0] * 9
    assert len(column(series, "jobs_per_sec", 1, 1011.0)) == 10


def test_clock_set_back_by_an_hour_goes_on_from_there() -> None:
    series = Series(10_000.0)
    done = steady(series, 10_000, 17_200, jobs_per_sec=1)
    steady(series, 13_600, 13_700, jobs_per_sec=4, done=done)
    found = series.as_dict(10, 13_700.0)
    rates = found["columns"]["jobs_per_sec"]
    assert found["from"] + 10 * len(rates) == 13_710
    assert rates[-10:-1] == [4.0] * 9
    assert series.jobs_per_sec(13_700.0) == 4.0


def test_clock_set_back_before_all_that_is_kept_starts_anew() -> None:
    series = Series(1_000_000.0)
    done = steady(series, 1_000_000, 1_000_700, jobs_per_sec=1)
    steady(series, 1000, 1010, jobs_per_sec=2, done=done)
    for resolution in RESOLUTIONS:
        found = series.as_dict(resolution, 1010.5)
        assert found["from"] == 1001 // resolution * resolution
        # The sample that finds the clock set back brings jobs, but tells of no time.
        assert found["columns"]["jobs_per_sec"][-1] == pytest.approx(2.0, rel=0.15)


@given(
    steps=st.lists(
        st.tuples(st.floats(-100_000, 100_000), st.integers(0, 50), st.integers(0, 9)), max_size=40
    )
)
def test_any_clock_leaves_a_series_that_is_bounded_and_json(
    steps: list[tuple[float, int, int]],
) -> None:
    at, done = 1_000_000.0, 0
    series = Series(at)
    for step, more, queued in steps:
        at, done = max(0.0, at + step), done + more
        series.add(at, sample(done, queued=queued))
        for resolution, buckets in RESOLUTIONS.items():
            found = series.as_dict(resolution, at)
            json.dumps(found, allow_nan=False)
            lengths = {len(values) for values in found["columns"].values()}
            assert len(lengths) == 1
            assert lengths.pop() <= buckets
            assert all(v is None or v >= 0 for v in found["columns"]["jobs_per_sec"])
        assert 0 <= series.jobs_per_sec(at) <= done


# -- windows ---------------------------------------------------------------------------------


def test_gauge_takes_the_finest_ring_that_reaches_back() -> None:
    series = Series(0.0)
    for at in range(1, 4000):
        series.add(float(at), sample(queued=at % 100))
    fine, _ = series.gauge("queued", 3900.0, 3999.0, now=3999.0, points=300)
    coarse, _ = series.gauge("queued", 1000.0, 3999.0, now=3999.0, points=300)
    assert fine[:3] == [3900.5, 3901.5, 3902.5]
    assert coarse[:3] == [1005.0, 1015.0, 1025.0]


def test_gauge_of_a_young_series_is_fine_however_wide_the_window() -> None:
    series = Series(1000.0)
    steady(series, 1000, 1010, jobs_per_sec=1)
    times, running = series.gauge("running", 0.0, 1010.0, now=1010.0, points=300)
    assert times == [1001.5 + n for n in range(9)]
    assert running == [2.0] * 9


def test_gauge_keeps_peaks_and_gaps_within_its_points() -> None:
    series = Series(1000.0)
    for at in (*range(1001, 1201), *range(1401, 1601)):
        series.add(float(at), sample(queued=99 if at == 1111 else 1))
    times, queued = series.gauge("queued", 1001.0, 1600.0, now=1601.0, points=60)
    assert len(times) == len(queued) == 60
    assert max(v for v in queued if v is not None) == 99.0
    assert queued[20:40] == [None] * 20


@pytest.mark.parametrize(("start", "end"), [(0.0, 10.0), (1e11, 2e11), (-1e300, 1e300)])
def test_gauge_answers_for_any_window(start: float, end: float) -> None:
    series = Series(1000.0)
    steady(series, 1000, 1100, jobs_per_sec=1)
    times, values = series.gauge("queued", start, end, now=1100.0, points=10)
    assert len(times) == len(values) <= 10
