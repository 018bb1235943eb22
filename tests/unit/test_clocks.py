"""What comes of the times that nodes tell, whose clocks are not ours."""

from __future__ import annotations

from typing import Any

import pytest
from dispy import DispyJob
from dispy_objects import FakeCluster
from hypothesis import given
from hypothesis import strategies as st

from flask_dispy.core import events
from flask_dispy.engine.reports.clocks import NodeClocks
from flask_dispy.engine.reports.watch import Watch

NOW = 1_700_000_000.0
IP = "10.0.0.1"


class Runs:
    """Runs on one node, the clock of which is ``ahead_sec`` ahead of ours."""

    def __init__(self, ahead_sec: float = 0.0) -> None:
        self.clocks = NodeClocks()
        self.ahead_sec = ahead_sec
        self.now = NOW

    def run(
        self,
        length_sec: float = 10.0,
        *,
        queued_sec: float = 1.0,
        late_sec: float = 0.01,
        confirmed: bool = True,
    ) -> tuple[float | None, float]:
        """Return when a run begins and ends, in seconds since its start."""
        submitted_at = self.now
        began_at = submitted_at + queued_sec
        self.now = began_at + length_sec + late_sec
        began, ended = self.clocks.run(
            IP,
            began_at + self.ahead_sec,
            began_at + length_sec + self.ahead_sec,
            submitted_at=submitted_at,
            confirmed_at=began_at + 0.01 if confirmed else 0.0,
            received_at=self.now,
        )
        return None if began is None else began - began_at, ended - began_at

    @property
    def offset_sec(self) -> float | None:
        return self.clocks.offset_sec(IP)


def test_clock_in_step_is_taken_at_its_word() -> None:
    assert NodeClocks().run(
        IP, NOW + 1, NOW + 11, submitted_at=NOW, confirmed_at=0.0, received_at=NOW + 11.2
    ) == (NOW + 1, NOW + 11)


@pytest.mark.parametrize("ahead_sec", [7_200.0, -7_200.0, 3.0, -3.0, -NOW + 100.0, 4e9])
def test_clock_that_is_off_says_only_how_long_a_run_was(ahead_sec: float) -> None:
    runs = Runs(ahead_sec)
    for _ in range(3):
        assert runs.run() == pytest.approx((0.0, 10.0), abs=0.011)
    assert runs.offset_sec == pytest.approx(ahead_sec, abs=0.1)


@given(
    ahead_sec=st.floats(-1.6e9, 1e9),
    lengths=st.lists(st.floats(0.0, 1e5), min_size=1, max_size=20),
    queued_sec=st.floats(0.0, 1e6),
    late_sec=st.floats(0.0, 300.0),
    confirmed=st.booleans(),
)
def test_runs_lie_between_submission_and_now_and_are_as_long_as_the_node_says(
    ahead_sec: float, lengths: list[float], queued_sec: float, late_sec: float, confirmed: bool
) -> None:
    runs = Runs(ahead_sec)
    for length in lengths:
        began, ended = runs.run(
            length, queued_sec=queued_sec, late_sec=late_sec, confirmed=confirmed
        )
        assert began is not None
        assert began >= -queued_sec - 1e-5
        assert ended <= length + late_sec + 1e-5
        assert ended - began == pytest.approx(length, abs=1e-5)


@pytest.mark.parametrize("ahead_sec", [0.3, -0.3, 1.9, -1.9])
def test_small_clock_offset_is_not_mentioned(ahead_sec: float) -> None:
    runs = Runs(ahead_sec)
    runs.run()
    assert runs.offset_sec is None


def test_reports_that_come_late_make_no_clock_wrong() -> None:
    runs = Runs()
    assert runs.run(late_sec=300.0) == pytest.approx((0.0, 10.0), abs=0.02)
    assert runs.run(late_sec=30.0, confirmed=False) == pytest.approx((0.0, 10.0), abs=0.02)
    assert runs.offset_sec is None


def test_late_report_of_a_node_that_is_off_is_seen_through() -> None:
    runs = Runs(7_200.0)
    assert runs.run(late_sec=300.0) == pytest.approx((0.0, 10.0), abs=0.02)
    assert runs.offset_sec == pytest.approx(7_200.0, abs=0.1)


@pytest.mark.parametrize("ahead_sec", [7_200.0, -7_200.0])
def test_queue_of_days_hides_no_offset(ahead_sec: float) -> None:
    runs = Runs(ahead_sec)
    assert runs.run(queued_sec=200_000.0) == pytest.approx((0.0, 10.0), abs=0.02)
    # Once it is known, also runs that the node had not confirmed are of that clock.
    assert runs.run(queued_sec=200_000.0, confirmed=False) == pytest.approx((0.0, 10.0), abs=0.02)


@pytest.mark.parametrize(("before_sec", "after_sec"), [(0.0, 7200.0), (7200.0, 0.0), (-100.0, 0.0)])
def test_clock_that_is_set_is_followed(before_sec: float, after_sec: float) -> None:
    runs = Runs(before_sec)
    for _ in range(20):
        runs.run()
    runs.ahead_sec = after_sec
    for _ in range(3):
        assert runs.run() == pytest.approx((0.0, 10.0), abs=0.02)
    assert runs.offset_sec == (pytest.approx(after_sec, abs=0.1) if after_sec else None)


def test_clock_that_drifts_back_is_followed_in_some_runs() -> None:
    runs = Runs(10.0)
    for _ in range(20):
        runs.run()
    runs.ahead_sec = 0.0
    for _ in range(20):
        runs.run()
    assert runs.offset_sec is None


@pytest.mark.parametrize("change_sec", [7_200.0, -7_200.0, 1.7e9])
def test_clock_that_is_set_during_a_run_says_nothing_of_it(change_sec: float) -> None:
    clocks = NodeClocks()
    assert clocks.run(
        IP, NOW + 1, NOW + 11 + change_sec,
        submitted_at=NOW, confirmed_at=NOW + 1.1, received_at=NOW + 11.1,
    ) == (NOW + 1.1, NOW + 11.1)  # fmt: skip


@pytest.mark.parametrize("change_sec", [3_600.0, -3_600.0])
def test_our_own_clock_may_be_set_as_well(change_sec: float) -> None:
    runs = Runs()
    runs.run()
    runs.now += change_sec
    runs.ahead_sec = -change_sec  # the node's goes on as before
    for _ in range(3):
        assert runs.run() == pytest.approx((0.0, 10.0), abs=0.02)


def test_offset_that_trembles_stands_still() -> None:
    runs = Runs(100.0)
    told = set()
    for number in range(20):
        runs.ahead_sec = 100.0 + number % 2 * 0.5
        runs.run()
        told.add(runs.offset_sec)
    assert len(told) == 1


def test_node_that_left_has_no_clock() -> None:
    runs = Runs(100.0)
    runs.run()
    runs.clocks.forget(IP)
    assert runs.offset_sec is None


# -- in events -----------------------------------------------------------------------------------


def one_job(ahead_sec: float, *, interim: bool = False) -> tuple[Any, dict[type, Any]]:
    """Return a job on a node with another clock, and its events, each report read by itself."""
    cluster = FakeCluster()
    watch = Watch(cluster, text_limit=100, inbox_limit=1_000)
    cluster.cluster_status = watch.callback
    node = cluster.join(IP)
    job = cluster.submit(1)
    cluster.start(job, node)
    begun_at = job.start_time
    found = [event for event, _, _ in watch.drain(100)]
    job.start_time += ahead_sec  # from now on it is the node's
    if interim:
        cluster.progress(job, node, "half")
    cluster.end_silently(job, DispyJob.Finished)
    job.end_time += ahead_sec
    node.jobs_done += 1
    node.update_time = job.end_time - ahead_sec
    cluster.report(DispyJob.Finished, node, job)
    found += [event for event, _, _ in watch.drain(100)]
    job.start_time = begun_at
    return job, {type(event): event for event in found}


@pytest.mark.parametrize("interim", [False, True])
@pytest.mark.parametrize("ahead_sec", [7_200.0, -7_200.0, -1.6e9])
def test_events_bear_our_times(ahead_sec: float, interim: bool) -> None:
    job, found = one_job(ahead_sec, interim=interim)
    began, ended = found[events.JobStarted], found[events.JobEnded]
    assert began.at == job.start_time
    assert job.submit_time <= ended.started_at <= ended.at
    assert ended.started_at == pytest.approx(job.start_time, abs=0.01)
    assert ended.at == pytest.approx(job.end_time - ahead_sec, abs=0.01)
    assert found[events.NodeSeen].clock_offset_sec == pytest.approx(ahead_sec, abs=0.1)


def test_job_that_is_abandoned_began_when_dispy_sent_it() -> None:
    cluster = FakeCluster()
    watch = Watch(cluster, text_limit=100, inbox_limit=1_000)
    cluster.cluster_status = watch.callback
    node = cluster.join(IP)
    job = cluster.submit(1)
    cluster.start(job, node)
    begun_at = job.start_time
    job.start_time = 100.0  # an interim result brought the node's own
    cluster.progress(job, node, "half")
    cluster.abandon(job)
    *_, end = (event for event, _, _ in watch.drain(100) if isinstance(event, events.JobEnded))
    assert (end.state, end.started_at) == ("abandoned", begun_at)
