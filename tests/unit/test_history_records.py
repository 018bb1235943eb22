"""Jobs, nodes and series come back from the history as they went in."""

from __future__ import annotations

import pytest
from unit.stories import ended, new_state, progressed, queued, seen, started, state_of

from flask_dispy.core import events
from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.jobs import Job
from flask_dispy.core.series import Measured, Sample, Series
from flask_dispy.core.text import Cut
from flask_dispy.core.textbudget import TextBudget
from flask_dispy.history.records import job_of, job_row, node_of
from flask_dispy.wire.rows import RowWriter
from flask_dispy.wire.tables import JobTable

NOW = 2_000.0


@pytest.fixture
def state() -> ClusterState:
    state = new_state()
    state.apply(seen("n1", updated=1.0, load=(50.0, 2.0**30, 2.0**40, 100.0), jobs_done=3))
    return state


def back(job: Job) -> Job:
    row = job_row(job)
    assert row is not None
    return job_of(row, 0)


def test_job_comes_back_whole(state: ClusterState) -> None:
    for event in (queued("a"), started("a"), progressed("a"), ended("a", result="done")):
        state.apply(event)
    job = state.ledger.jobs[1]
    job.args = Cut("cut sho…")
    again = JobTable().detail(back(job), state, NOW)
    assert again == JobTable().detail(job, state, NOW)
    assert (again["args_truncated"], again["result_truncated"]) == (True, False)


def test_texts_that_made_room_are_restored_as_lost(state: ClusterState) -> None:
    state.apply(ended("a", result="r" * 2_500))
    job = state.ledger.jobs[1]
    job.args = Cut("cut sho…")
    assert back(job).texts_cut == {"args": "text_limit"}
    budget = TextBudget(0)
    budget.note(job, lambda _: None)
    assert back(job).texts_cut == {"args": "text_limit", "result": "history_bytes"}
    assert JobTable().detail(back(job), state, NOW) == JobTable().detail(job, state, NOW)


def test_abandoned_attempts_are_restored(state: ClusterState) -> None:
    for event in (queued("a"), started("a"), queued("a", 3, requeued=True), started("a", "n2", 4),
                  ended("a", "terminated", node="n2", start=4, exception="Boom")):  # fmt: skip
        state.apply(event)
    job = back(state.ledger.jobs[1])
    steps = [(step["state"], step["node"]) for step in job.history()]
    assert steps == [("queued", None), ("running", "n1"), ("abandoned", "n1"), ("queued", None),
                     ("running", "n2"), ("terminated", "n2")]  # fmt: skip
    assert (job.failed, job.attempts) == (True, 2)


def test_job_that_was_cancelled_in_the_queue_comes_back(state: ClusterState) -> None:
    state.apply(queued("a"))
    state.apply(ended("a", "cancelled", node=None, start=None))
    job = state.ledger.jobs[1]
    assert JobTable().detail(back(job), state, NOW) == JobTable().detail(job, state, NOW)
    assert back(job).output is None


def test_job_that_goes_on_has_no_row(state: ClusterState) -> None:
    state.apply(queued("a"))
    assert job_row(state.ledger.jobs[1]) is None


def test_node_comes_back_with_its_figures(state: ClusterState) -> None:
    node = state.nodes["n1"]
    rows = RowWriter()
    # Of a run that is over, nothing is there any more.
    again = rows.node_row(node_of(rows.node_json(node)))
    assert again == {**rows.node_row(node), "state": "closed", "busy": 0}


# -- what is marked for the history ----------------------------------------------------------


def marked(state: ClusterState) -> list[int]:
    found = list(state.dirty_ends)
    state.dirty_ends.clear()
    return found


def test_ends_are_marked_and_nothing_before_them(state: ClusterState) -> None:
    state.apply(queued("a"))
    state.apply(started("a"))
    assert marked(state) == []
    state.apply(ended("a"))
    assert marked(state) == [1]


def test_abandoned_job_that_goes_on_is_marked_again(state: ClusterState) -> None:
    for event in (queued("a"), started("a"), ended("a", "abandoned")):
        state.apply(event)
    assert marked(state) == [1]
    state.apply(started("a", "n2", 6))
    assert (marked(state), state_of(state, "a")) == ([1], "running")


def test_late_text_of_an_ended_job_is_marked(state: ClusterState) -> None:
    for event in (queued("a"), ended("a", result="…")):
        state.apply(event)
    marked(state)
    state.apply(events.JobText(1, "result", "whole"))
    assert marked(state) == [1]


def test_job_that_another_cluster_takes_is_marked_there_only(state: ClusterState) -> None:
    other = new_state()
    state.apply(queued("a"))
    state.apply(ended("a"))
    job = state.ledger.jobs[1]
    state.release([job])
    other.adopt([job])
    assert (marked(state), marked(other), other.durations.p95_sec()) == ([], [1], 4.0)


# -- series ----------------------------------------------------------------------------------


def sample(done: int, running: int) -> Sample:
    return Sample(done, 0, 5, running, running, 8)


def series() -> Series:
    """35 s in which one job a second ended."""
    found = Series(1_000.0)
    for second in range(1, 36):
        found.add(1_000.0 + second, sample(second, 4))
    return found


def test_buckets_have_amounts_means_and_their_span() -> None:
    buckets = series().measured(10, 0.0)
    assert [bucket.start for bucket in buckets] == [1_000, 1_010, 1_020, 1_030]
    assert buckets[1] == Measured(1_010, 10.0, 10.0, 0.0, 5.0, 4.0, 4.0, 8.0)
    assert buckets[3][1:3] == (6.0, 6.0)


def test_buckets_are_taken_from_a_moment_on() -> None:
    assert [bucket.start for bucket in series().measured(10, 1_025.0)] == [1_020, 1_030]
    assert Series(0.0).measured(10, 0.0) == []


def test_clock_that_was_set_back_gives_its_newest_bucket() -> None:
    assert [bucket.start for bucket in series().measured(10, 5_000.0)] == [1_030]


@pytest.mark.parametrize("resolution_sec", [10, 60])
def test_series_that_is_refilled_is_the_one_that_was_measured(resolution_sec: int) -> None:
    again = Series(1_000.0)
    for bucket in series().measured(10, 0.0):
        again.refill(10, bucket)
    assert again.as_dict(resolution_sec, 1_035) == series().as_dict(resolution_sec, 1_035)


def test_finer_series_shows_the_means() -> None:
    again = Series(1_000.0)
    for bucket in series().measured(10, 0.0):
        again.refill(10, bucket)
    columns = again.as_dict(1, 1_035)["columns"]
    assert columns["jobs_per_sec"][10:20] == [1.0] * 10
    assert columns["queued"][10:20] == [5.0] * 10
