"""Runs that begin and end in one turn come to the same as if each report had a turn of its own."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from dispy import DispyJob
from dispy_objects import FakeCluster
from hypothesis import given
from hypothesis import strategies as st

from flask_dispy.core import events
from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.jobs import ENDED_STATES
from flask_dispy.engine.watch import Watch

NOW = 4e9  # what a turn says of what has no time of its own: the same for all


class Story:
    """What dispy reports of three jobs on two nodes, as a list of calls."""

    def __init__(self) -> None:
        self.reports: list[tuple[int, Any, Any]] = []
        self.cluster = FakeCluster()
        self.cluster.cluster_status = lambda *report: self.reports.append(report)
        self.nodes = [self.cluster.join("10.0.0.1"), self.cluster.join("10.0.0.2")]
        self.jobs = [self.cluster.submit(number, job_id=f"job {number}") for number in range(3)]

    def tell(self, deed: str, number: int, place: int) -> None:
        job, node = self.jobs[number], self.nodes[place]
        if job._dispy_job_ is None:
            self.reports.append(self.reports[-1])  # it is over, and dispy repeats itself
        elif deed == "start":
            self.cluster.start(job, node)
        elif deed == "progress":
            self.cluster.progress(job, node, "half")
        elif deed == "leave":
            self.cluster.leave(node)
        elif deed in ("abandon", "requeue"):
            self.cluster.abandon(job, reentrant=deed == "requeue")
        else:
            status = getattr(DispyJob, deed)
            self.cluster.end(job, node, status, result=number)

    def folded(self, turn: int) -> tuple[ClusterState, Watch]:
        """Return what comes of it where that many reports are read in a turn."""
        watch = Watch(self.cluster, text_limit=100, inbox_limit=1_000)
        state = ClusterState("compute", 1.0, serials=itertools.count(1), history_limit=100)
        watch.inbox.extend(self.reports)
        while watch.inbox:
            for event, held, _ in watch.drain(turn):
                job = state.apply(event)
                if job is not None and job.state in ENDED_STATES:
                    watch.jobs.pop(job.serial, None)
                elif job is not None and held is not None:
                    watch.jobs[job.serial] = held
        return state, watch


def all_told(state: ClusterState) -> Any:
    return (
        [job.detail("compute", NOW) for job in state.ledger.jobs.values()],
        state.ledger.counts,
        state.ledger.failed,
        {ip_addr: list(node.running) for ip_addr, node in state.nodes.items()},
        list(state.dirty_ends),
    )


DEEDS = ["start", "leave", "progress", "abandon", "requeue", "Finished", "Terminated", "Cancelled"]


@given(st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 2), st.integers(0, 1))))
def test_whole_turns_come_to_the_same_as_single_reports(
    deeds: list[tuple[str, int, int]],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flask_dispy.engine.watch.time.time", lambda: NOW)
        story = Story()
        for deed in deeds:
            story.tell(*deed)
        one_by_one, watch = story.folded(turn=1)
        in_one_turn, other = story.folded(turn=1_000)
    assert all_told(in_one_turn) == all_told(one_by_one)
    assert other.jobs == watch.jobs


def a_run() -> Story:
    story = Story()
    story.tell("start", 0, 0)
    story.tell("Finished", 0, 0)
    return story


def kinds(story: Story) -> list[type]:
    watch = Watch(story.cluster, text_limit=100, inbox_limit=1_000)
    watch.inbox.extend(story.reports)
    jobs = [events.JobQueued, events.JobStarted, events.JobEnded]
    return [type(event) for event, _, _ in watch.drain(1_000) if type(event) in jobs]


def test_start_is_left_out_where_the_end_tells_it() -> None:
    story = a_run()
    assert kinds(story) == [events.JobQueued] * 3 + [events.JobEnded]


def test_start_is_told_where_the_job_ends_elsewhere() -> None:
    story = Story()
    story.tell("start", 0, 0)
    story.tell("Finished", 0, 1)
    assert kinds(story)[3:] == [events.JobStarted, events.JobEnded]


def test_start_is_told_of_a_job_at_the_address_of_one_that_ended() -> None:
    story = Story()
    story.tell("start", 0, 0)
    del story.reports[-1]  # an earlier turn has read it
    story.tell("Finished", 0, 0)
    ended = story.reports[-1][2]
    story.jobs.append(story.cluster.submit(3))
    story.tell("start", 3, 0)
    for _, _, later in story.reports[-2:]:
        later._uid, later.submit_time = ended._uid, ended.submit_time + 1
    assert kinds(story)[3:] == [events.JobEnded, events.JobQueued, events.JobStarted]


def test_starts_are_told_of_a_job_that_started_twice() -> None:
    story = Story()
    for place in (0, 1):
        story.tell("start", 0, place)
    story.tell("Finished", 0, 0)
    assert kinds(story)[3:] == [events.JobStarted, events.JobStarted, events.JobEnded]


def test_start_is_told_where_the_end_has_no_time_of_it() -> None:
    story = a_run()
    story.reports[-1][2].start_time = None
    assert kinds(story)[3:] == [events.JobStarted, events.JobEnded]


def test_start_is_told_of_a_job_whose_arguments_come_with_it() -> None:
    story = Story()
    del story.reports[2]  # it was submitted before anybody watched
    story.tell("start", 0, 0)
    story.tell("Finished", 0, 0)
    assert kinds(story)[2:] == [events.JobStarted, events.JobEnded]


def test_start_is_told_on_a_node_that_is_not_known() -> None:
    story = Story()
    del story.reports[0]  # it joined before anybody watched
    story.tell("start", 0, 0)
    story.tell("Finished", 0, 0)
    assert kinds(story)[3:] == [events.JobStarted, events.JobEnded]


def test_node_that_comes_and_goes_in_one_turn_was_there() -> None:
    story = a_run()
    story.cluster.leave(story.nodes[0])
    state, _ = story.folded(turn=1_000)
    assert state.nodes["10.0.0.1"].state == "closed"


def test_one_unreadable_report_hides_no_other(caplog: pytest.LogCaptureFixture) -> None:
    story = Story()
    story.tell("start", 0, 0)
    story.reports.append((DispyJob.Finished, story.nodes[0], object()))
    story.tell("Finished", 0, 0)
    assert kinds(story)[3:] == [events.JobStarted, events.JobEnded]
    assert "could not be read" in caplog.text
