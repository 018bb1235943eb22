"""What a cluster's jobs and those of each node came to, folded as they end."""

from __future__ import annotations

from typing import Any

import pytest
from unit.stories import ended, gone, new_state, queued, seen, started, tell

from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.tally import Tally


def tally_of(state: ClusterState, ip_addr: str = "n1") -> Tally:
    tally = state.nodes[ip_addr].tally
    assert tally is not None
    return tally


def jobs(tally: Tally) -> tuple[int, int, int]:
    return tally.jobs("finished"), tally.jobs("failed"), tally.jobs("terminated")


def run(
    key: str, *, node: str = "n1", start: float = 1.0, at: float = 5.0, **how: Any
) -> list[Any]:
    return [
        queued(key),
        started(key, node, start),
        ended(key, node=node, start=start, at=at, **how),
    ]


def test_each_end_is_counted_for_its_cluster_and_node() -> None:
    state = new_state()
    tell(state, seen("n1"), seen("n2"))
    tell(state, *run("a"), *run("b", node="n2"), *run("c", state="terminated", exception="E"))
    tell(state, *run("d", state="terminated"), queued("e"), ended("e", "cancelled", start=None))
    assert jobs(state.tallies.total) == (2, 1, 1)
    assert jobs(tally_of(state)) == (1, 1, 1)
    assert jobs(tally_of(state, "n2")) == (1, 0, 0)


def test_times_run_and_waited_are_those_of_the_attempt_that_ended() -> None:
    state = new_state()
    tell(state, *run("a", start=30.0, at=40.0))
    times = tally_of(state).times("finished")
    assert times is not None
    assert (times.ran.longest_sec, times.waited.longest_sec) == (10.0, 30.0)
    assert times.ran.quantile(0.5) == pytest.approx(10.0, rel=0.05)


def test_counts_outlive_the_history() -> None:
    state = new_state(history_limit=1)
    for number in range(20):
        tell(state, *run(str(number), state="terminated", exception="E"))
    assert jobs(state.tallies.total) == jobs(tally_of(state)) == (0, 20, 0)
    assert state.tallies.total.lost_sec == tally_of(state).lost_sec == 20 * 4.0


def test_time_of_failed_and_abandoned_jobs_is_lost() -> None:
    state = new_state()
    tell(state, *run("a"), *run("b", state="terminated", exception="E"))
    tell(state, *run("c", state="abandoned", at=8.0), *run("d", state="terminated"))
    assert tally_of(state).lost_sec == 4.0 + 7.0


def test_a_late_answer_of_an_abandoned_job_gives_its_time_back() -> None:
    state = new_state()
    tell(state, *run("a", state="abandoned", at=8.0), ended("a", at=9.0))
    assert tally_of(state).lost_sec == 0.0
    assert jobs(tally_of(state)) == (1, 0, 0)


def test_an_attempt_that_is_repeated_elsewhere_is_lost_where_it_ran() -> None:
    state = new_state()
    tell(state, seen("n1"), seen("n2"), queued("a"), started("a", "n1", 1.0), gone("n1", at=5.0))
    tell(state, queued("a", at=6.0, requeued=True), started("a", "n2", 7.0))
    tell(state, ended("a", node="n2", start=7.0, at=9.0))
    assert (tally_of(state).lost_sec, tally_of(state, "n2").lost_sec) == (5.0, 0.0)
    assert jobs(tally_of(state)) == (0, 0, 0)
    assert state.tallies.total.lost_sec == 5.0


def test_a_job_that_was_abandoned_and_put_back_is_lost_once() -> None:
    state = new_state()
    tell(state, *run("a", state="abandoned", at=8.0), queued("a", at=9.0, requeued=True))
    assert tally_of(state).lost_sec == 7.0


def test_an_end_reported_twice_counts_once() -> None:
    state = new_state()
    tell(state, *run("a"), ended("a"), ended("a", state="abandoned"))
    assert jobs(state.tallies.total) == (1, 0, 0)


def test_jobs_released_to_another_cluster_are_counted_there() -> None:
    state, other = new_state(), new_state()
    tell(state, seen("n1"), *run("a", start=30.0, at=40.0), *run("b", at=2.0))
    tell(state, *run("c", state="terminated", exception="E"))
    tell(other, seen("n1"))
    released = [job for job in state.ledger.jobs.values() if job.ended_at != 1_002.0]
    state.release(released)
    other.adopt(released)
    assert jobs(state.tallies.total) == jobs(tally_of(state)) == (1, 0, 0)
    assert jobs(other.tallies.total) == jobs(tally_of(other)) == (1, 1, 0)
    assert (tally_of(state).lost_sec, tally_of(other).lost_sec) == (0.0, 4.0)
    times = tally_of(state).times("finished")
    assert times is not None
    assert times.ran.total == 1
    assert times.ran.longest_sec < 2.0


def test_a_node_that_is_forgotten_stays_in_the_total() -> None:
    state = new_state()
    tell(state, seen("n1"), *run("a"))
    state.drop_node("n1")
    assert jobs(state.tallies.total) == (1, 0, 0)
