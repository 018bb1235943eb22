"""Two runs side by side: what got worse comes first, with how sure that is."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from flask_dispy.core.failures import Failure
from flask_dispy.core.runcomparison import Change, RunData, changes_between
from flask_dispy.core.spread import bucket_of
from flask_dispy.core.tally import Tally

KEY, ODD = Failure("KeyError", "'…'"), Failure("ValueError", "odd")


def tally(times: list[float], failed: int = 0) -> Tally:
    found = Tally()
    for sec in times:
        found.enter("finished").jobs += 1
        found.enter("finished").ran.add(bucket_of(sec), sec)
        found.enter("finished").waited.add(bucket_of(1.0), 1.0)
    if failed:
        found.enter("failed").jobs += failed
    return found


def run(times: list[float], **kinds: int) -> RunData:
    failures = {{"key": KEY, "odd": ODD}[name]: count for name, count in kinds.items()}
    whole = tally(times, sum(kinds.values()))
    return RunData(whole, {"10.0.0.1": whole}, failures)


def told(changes: list[Change]) -> list[tuple[str, str, str, bool]]:
    return [(one.what, one.of, one.verdict, one.sure) for one in changes]


def test_surely_worse_changes_come_first() -> None:
    first = run([1.0] * 100, odd=30)
    second = run([2.0] * 100, key=40, odd=2)
    changes = changes_between(first, second)
    assert told(changes) == [
        ("ran", "function", "worse", True),
        ("failed", "error_kind", "worse", True),
        ("ran", "node", "worse", True),
        ("failed", "function", "worse", False),  # 42 of 142, and 30 of 130
        ("failed", "node", "worse", False),
        ("waited", "function", "same", False),
        ("failed", "error_kind", "better", True),
    ]
    assert changes[0].times == pytest.approx(2.0, rel=0.1)
    assert (changes[1].failure, changes[1].first.failed, changes[1].second.failed) == (KEY, 0, 40)
    assert changes[1].times is None
    assert (changes[-1].failure, changes[-1].second.failed) == (ODD, 2)


def test_few_jobs_prove_nothing() -> None:
    changes = changes_between(run([1.0] * 3, odd=1), run([2.0] * 3, odd=2))
    assert changes[0].verdict == "worse"
    assert not any(one.sure for one in changes)


def test_small_difference_is_none_however_sure() -> None:
    ran = changes_between(run([1.0] * 10_000), run([1.05] * 10_000))[0]
    assert (ran.what, ran.verdict, ran.sure) == ("ran", "same", False)


def test_runs_without_common_jobs_differ_in_nothing() -> None:
    empty = RunData(Tally(), {}, {})
    assert changes_between(empty, empty) == []
    assert changes_between(empty, run([1.0])) == []


def test_comparison_the_other_way_round_says_the_opposite() -> None:
    first, second = run([1.0] * 50, odd=5), run([3.0] * 50, odd=25)
    opposite = {"worse": "better", "better": "worse", "same": "same"}
    there = {(one.what, one.of): (one.verdict, one.sure) for one in changes_between(first, second)}
    back = {(one.what, one.of): (one.verdict, one.sure) for one in changes_between(second, first)}
    assert {key: (opposite[verdict], sure) for key, (verdict, sure) in back.items()} == there


DRAWS: list[Callable[[random.Random], float]] = [
    lambda r: r.lognormvariate(1.0, 0.5),
    lambda r: r.expovariate(0.5),
]


@pytest.mark.parametrize("draw", DRAWS, ids=["lognormal", "exponential"])
def test_alike_runs_seldom_seem_to_differ_and_a_slower_one_is_found(
    draw: Callable[[random.Random], float],
) -> None:
    """With fixed seeds, so that it is the same each time."""
    alarms = found = 0
    for seed in range(100):
        some = random.Random(seed)
        base = run([draw(some) for _ in range(250)], odd=5)
        alike = run([draw(some) for _ in range(250)], odd=5)
        slower = run([2 * draw(some) for _ in range(250)], odd=5)
        alarms += any(one.sure for one in changes_between(base, alike))
        found += changes_between(base, slower)[0].sure
    assert alarms <= 2
    assert found >= 95
