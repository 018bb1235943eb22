"""Nodes are called slow or failing beyond chance, and hardly ever by chance."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from unit.stories import new_state, seen

from flask_dispy.core.chance import chance_of_failures, chance_of_times, look_number, others_of
from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.comparison import combined_standing
from flask_dispy.core.events import EndState, JobEnded
from flask_dispy.core.spread import Spread, bucket_of
from flask_dispy.core.standing import Standing
from flask_dispy.core.summary import summary_of

NODES = 10
SEEDS = 60


class Run:
    """A cluster of ten nodes whose jobs end in turns, looked at each second as upkeep does."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.state = new_state(history_limit=10)
        self.alarms: set[str] = set()
        for number in range(NODES):
            self.state.apply(seen(f"n{number}"))

    def end(self, node: str, took_sec: float, *, fails: bool = False) -> None:
        at = 2_000.0
        began, exception = at - took_sec, "E" if fails else None
        state: EndState = "terminated" if fails else "finished"
        nothing = (None, None, None)
        self.state.apply(
            JobEnded(object(), at, began, began, node, state, "1", *nothing, exception)
        )

    def look(self, *, none_left: bool = False) -> None:
        self.state.comparison.refresh(none_left=none_left)
        self.alarms |= self.state.comparison.slow | self.state.comparison.failing

    def work(
        self, jobs: int, took: Callable[[random.Random], float], *, fails: float = 0.03
    ) -> None:
        for turn in range(jobs):
            for number in range(NODES):
                failed = self.random.random() < fails
                self.end(f"n{number}", took(self.random), fails=failed)
            # A run that pauses is looked at as if it were over.
            self.look(none_left=turn % 10 == 5)
        self.look(none_left=True)


def lognormal(r: random.Random) -> float:
    return r.lognormvariate(1.0, 0.5)


def exponential(r: random.Random) -> float:
    return r.expovariate(0.2)


def heavy(r: random.Random) -> float:
    return r.paretovariate(1.1)


def two_kinds(r: random.Random) -> float:
    return r.lognormvariate(0.0, 0.2) * (40.0 if r.random() < 0.5 else 1.0)


@pytest.mark.parametrize("took", [lognormal, exponential, heavy, two_kinds])
def test_equal_nodes_are_called_slow_or_failing_in_2_percent_of_runs_at_most(
    took: Callable[[random.Random], float],
) -> None:
    alarmed = 0
    for seed in range(100):
        run = Run(seed)
        run.work(40, took)
        alarmed += bool(run.alarms)
    assert alarmed <= 2


def test_a_node_that_takes_twice_as_long_is_found_with_30_jobs() -> None:
    found = 0
    for seed in range(SEEDS):
        run = Run(seed)
        for _ in range(30):
            for number in range(NODES):
                run.end(f"n{number}", lognormal(run.random) * (2 if number == 3 else 1))
            run.look()
        found += run.state.comparison.slow == {"n3"}
    assert found >= 0.95 * SEEDS


def test_a_node_that_fails_nine_times_as_often_is_found() -> None:
    found = 0
    for seed in range(SEEDS):
        run = Run(seed)
        for _ in range(95):
            for number in range(NODES):
                fails = run.random.random() < (0.27 if number == 3 else 0.03)
                run.end(f"n{number}", 1.0, fails=fails)
            run.look()
        found += run.state.comparison.failing == {"n3"}
    assert found >= 0.95 * SEEDS


def test_in_the_end_all_jobs_count() -> None:
    run = Run(1)
    for turn in range(26):
        for number in range(NODES):  # the look before the end is at 18 jobs
            run.end(f"n{number}", 1.0, fails=turn >= 18 and number == 5)
        run.look()
    assert (run.state.comparison.slow, run.state.comparison.failing) == (set(), set())
    run.state.refresh_pace(2_000.0)
    assert run.state.comparison.failing == {"n5"}
    assert standing(run.state, "n5").last_looks == 1
    assert run.state.comparison.refresh(none_left=True) == []  # all has been seen


def standing(state: ClusterState, node: str) -> Standing:
    found = state.nodes[node].standing
    assert found is not None
    return found


def test_figures_are_those_of_all_jobs_whatever_the_history_keeps() -> None:
    run = Run(1)
    for number in range(NODES):
        for turn in range(40):
            run.end(f"n{number}", 8.0 if number == 2 else 2.0, fails=number == 5 and turn % 4 == 0)
    run.look()
    slow, failing = standing(run.state, "n2"), standing(run.state, "n5")
    assert slow.times_others == pytest.approx(4.0, rel=0.1)
    assert slow.median_sec == pytest.approx(8.0, rel=0.05)
    assert (slow.slow, slow.failing, failing.slow, failing.failing) == (True, False, False, True)
    assert (failing.jobs, failing.failed, failing.failed_share) == (40, 10, 0.25)
    assert failing.lost_sec == 20.0
    summary = summary_of(run.state, 2_000.0)["attention"]
    assert (summary["slow"], summary["failing"]) == (1, 1)


def test_a_node_that_is_hardly_slower_is_of_no_concern_however_sure_that_is() -> None:
    run = Run(1)
    for number in range(NODES):
        for turn in range(500):
            run.end(f"n{number}", (2.0 + turn % 5 / 10) * (1.2 if number == 2 else 1.0))
    run.look()
    assert run.state.comparison.slow == set()


def test_a_node_that_has_left_needs_no_attention_until_the_run_is_over() -> None:
    run = Run(1)
    for number in range(NODES):
        for _ in range(40):
            run.end(f"n{number}", 8.0 if number == 2 else 2.0)
    run.look()
    run.state.nodes["n2"].state = "closed"
    assert run.state.comparison.need_attention(gone=False) == (set(), set())
    assert run.state.comparison.need_attention(gone=True) == ({"n2"}, set())
    run.state.drop_node("n2")
    assert run.state.comparison.need_attention(gone=True) == (set(), set())


def test_nothing_is_compared_while_nothing_ends() -> None:
    run = Run(1)
    assert run.state.comparison.refresh() == []
    run.end("n1", 1.0)
    assert [node.ip_addr for node in run.state.comparison.refresh()] == ["n1"]
    assert run.state.comparison.refresh() == []


def test_many_nodes_are_compared_some_at_a_time() -> None:
    run = Run(1)
    for number in range(NODES):
        run.end(f"n{number}", 1.0)
    assert len(run.state.comparison.refresh(4)) == 4
    assert len(run.state.comparison.refresh(4)) == 4
    assert len(run.state.comparison.refresh(4)) == 2


def test_clusters_are_put_together_by_the_number_of_jobs() -> None:
    quick, slow = Run(1), Run(2)
    for run, jobs, own in ((quick, 30, 1.0), (slow, 10, 16.0)):
        for number in range(NODES):
            for _ in range(jobs):
                run.end(f"n{number}", own if number == 0 else 1.0, fails=False)
        run.look()
    found = combined_standing([run.state.nodes["n0"] for run in (quick, slow)])
    assert found is not None
    assert found.times_others == pytest.approx(2.0, rel=0.05)  # 16 ** (10 / 40)
    assert (found.jobs, found.slow) == (40, True)
    assert combined_standing([]) is None


# -- the tests ---------------------------------------------------------------------------------


def test_failures_are_as_unlikely_as_fishers_test_says() -> None:
    assert chance_of_failures(3, 4, 1, 4) == pytest.approx(17 / 70)  # the lady and her tea
    assert chance_of_failures(0, 4, 4, 4) == pytest.approx(1.0)
    assert chance_of_failures(5, 5, 0, 5) == pytest.approx(1 / 252)


def test_times_are_as_unlikely_as_the_rank_sum_says() -> None:
    own, others = Spread(), Spread()
    for seconds in range(1, 21):
        (own if seconds > 10 else others).add(bucket_of(10.0**seconds / 1e10), 1.0)
    assert chance_of_times(own, others) == pytest.approx(7.4e-5, rel=0.3)
    assert chance_of_times(others, own) > 0.999
    assert chance_of_times(own, own) == pytest.approx(0.5, abs=0.02)
    assert chance_of_times(own, Spread()) == 1.0


def test_others_are_all_but_its_own() -> None:
    own, total = Spread(), Spread()
    for seconds in (1.0, 2.0, 3.0):
        total.add(bucket_of(seconds), seconds)
    own.add(bucket_of(2.0), 2.0)
    found = others_of(own, total)
    assert [bucket for bucket, count in found if count] == [bucket_of(1.0), bucket_of(3.0)]
    assert total.total == 3


def test_looks_become_rarer_as_jobs_become_more() -> None:
    assert [look_number(jobs) for jobs in (7, 8, 11, 12, 17, 18, 27, 1_000_000)] == [
        0, 1, 1, 2, 2, 3, 4, 29
    ]  # fmt: skip
