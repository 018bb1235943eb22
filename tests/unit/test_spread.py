"""A spread's counts are exact and its quantiles are off by 5 % at most, however it was made."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_dispy.core.spread import BUCKETS, RELATIVE_ERROR, Spread, bucket_of, edge_sec

_durations = st.floats(2e-4, 1e8)
_lists = st.lists(_durations, min_size=1, max_size=200)


def spread_of(durations: list[float]) -> Spread:
    spread = Spread()
    for seconds in durations:
        spread.add(bucket_of(seconds), seconds)
    return spread


def buckets(spread: Spread) -> dict[int, int]:
    return {bucket: count for bucket, count in spread if count}


def near(found: float | None, exact: float) -> bool:
    return found is not None and abs(found - exact) <= exact * (RELATIVE_ERROR + 1e-9)


@given(_lists, st.floats(0, 1))
def test_quantiles_are_off_by_5_percent_at_most(durations: list[float], share: float) -> None:
    exact = sorted(durations)[int(share * (len(durations) - 1))]
    assert near(spread_of(durations).quantile(share), exact)
    assert RELATIVE_ERROR < 0.05


@given(_lists, _lists)
def test_merging_is_the_same_as_counting_all_in_one(one: list[float], other: list[float]) -> None:
    merged = Spread.merged([spread_of(one), Spread(), spread_of(other)])
    assert buckets(merged) == buckets(spread_of(one + other))
    assert merged.longest_sec == max(one + other)
    assert merged.total == len(one) + len(other)


@given(_lists, _lists)
def test_removed_durations_leave_no_trace_in_the_counts(
    kept: list[float], gone: list[float]
) -> None:
    spread = spread_of(kept + gone)
    for seconds in gone:
        spread.remove(bucket_of(seconds))
    assert buckets(spread) == buckets(spread_of(kept))
    assert max(kept) <= spread.longest_sec * (1 + 1e-9)
    assert spread.longest_sec <= max(kept) * (1 + 2 * RELATIVE_ERROR) / (1 - RELATIVE_ERROR)


@given(_durations)
def test_a_duration_lies_between_its_buckets_edges(seconds: float) -> None:
    bucket = bucket_of(seconds)
    assert edge_sec(bucket - 1) * (1 - 1e-9) <= seconds <= edge_sec(bucket) * (1 + 1e-9)


@pytest.mark.parametrize("power", range(-4, 10))
def test_powers_of_ten_are_edges(power: int) -> None:
    assert edge_sec((power + 4) * 24) == pytest.approx(10.0**power, rel=1e-12)


def test_nothing_known_is_no_quantile_and_no_time_is_no_error() -> None:
    spread = Spread()
    assert spread.quantile(0.5) is None
    spread.remove(7)
    assert spread.total == 0
    spread.add(bucket_of(0.0), 0.0)
    assert (spread.quantile(0.5), spread.longest_sec) == (0.0, 0.0)


def test_durations_beyond_all_bounds_are_counted() -> None:
    spread = spread_of([1e300, -5.0])
    assert [bucket for bucket, count in spread if count] == [0, BUCKETS - 1]
    assert len(spread.counts) == BUCKETS


def test_a_spread_of_like_jobs_takes_some_hundred_bytes() -> None:
    random_ = random.Random(1)
    spread = spread_of([random_.lognormvariate(0, 0.5) for _ in range(10_000)])
    assert spread.counts.__sizeof__() < 500
