"""A batch of reports comes to the same as if each report were read by itself."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import pytest
from dispy import DispyJob
from dispy_objects import FakeCluster
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_dispy.core import events
from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.jobs import ENDED_STATES
from flask_dispy.engine.reports.watch import Watch
from flask_dispy.wire.tables import JobTable

NOW = 4e9  # the time of whatever has none of its own


class Story:
    """What dispy reports of jobs on two nodes, as a list of calls; a job told of is submitted."""

    def __init__(self) -> None:
        self.reports: list[tuple[int, Any, Any]] = []
        self.cluster = FakeCluster()
        self.cluster.cluster_status = lambda *report: self.reports.append(report)
        self.nodes = [self.cluster.join("10.0.0.1"), self.cluster.join("10.0.0.2")]
        self.jobs: dict[int, Any] = {}

    def submit(self, number: int, uid: int | None = None) -> Any:
        job = self.jobs[number] = self.cluster.submit(number, job_id=f"job {number}")
        reported = self.reports[-1][2]
        job.submit_time = reported.submit_time = NOW + len(self.reports)
        if uid is not None:
            job._uid = reported._uid = uid
        return job

    def tell(self, deed: str, number: int, place: int = 0) -> None:
        job, node = self.jobs.get(number) or self.submit(number), self.nodes[place]
        if deed == "again":
            # Another job, at the address in memory where dispy had the last one.
            self.submit(number, job._uid if job._dispy_job_ is None else None)
        elif job._dispy_job_ is None:
            self.reports.append(self.reports[-1])  # it is over, and dispy repeats itself
        elif deed == "start":
            self.cluster.start(job, node)
        elif deed == "progress":
            self.cluster.progress(job, node, "half")
        elif deed == "leave":
            self.cluster.leave(node)
        elif deed in ("abandon", "requeue"):
            self.cluster.abandon(job, reentrant=deed == "requeue")
        elif deed == "live":
            self.cluster.start(job, node)
            self.cluster.end(job, node, result=number)
        elif deed != "submit":
            status = getattr(DispyJob, deed)
            if job.start_time is None and status != DispyJob.Cancelled:
                job.start_time = NOW  # it was quicker than the report of its start
            self.cluster.end(job, node, status, result=number)

    def folded(self, batch: int) -> tuple[ClusterState, Watch]:
        """Return what comes of it where that many reports are read at a time."""
        watch = Watch(self.cluster, text_limit=100, inbox_limit=1_000, clock=lambda: NOW)
        state = ClusterState("compute", 1.0, serials=itertools.count(1), history_limit=100)
        watch.inbox.extend(self.reports)
        while watch.inbox:
            for event, held, _ in watch.drain(batch):
                job = state.apply(event)
                if job is not None and job.state in ENDED_STATES:
                    watch.jobs.pop(job.serial, None)
                elif job is not None and held is not None:
                    watch.jobs[job.serial] = held
        return state, watch


def all_told(state: ClusterState) -> Any:
    return (
        [JobTable().detail(job, state, NOW) for job in state.ledger.jobs.values()],
        state.ledger.counts,
        state.ledger.failed,
        {
            ip_addr: (list(node.running), node.state, node.totals)
            for ip_addr, node in state.nodes.items()
        },
        sorted(state.dirty_ends),
    )


DEEDS = [
    "submit", "start", "leave", "progress", "abandon", "requeue", "Finished", "Terminated",
    "Cancelled", "live", "again",
]  # fmt: skip


@settings(max_examples=500)
@given(
    st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 3), st.integers(0, 1))),
    st.integers(2, 20),
)
def test_batches_have_the_same_result_as_single_reports(
    deeds: list[tuple[str, int, int]], batch: int
) -> None:
    story = Story()
    for deed in deeds:
        story.tell(*deed)
    one_by_one, watch = story.folded(batch=1)
    batched, other = story.folded(batch)
    assert all_told(batched) == all_told(one_by_one)
    assert other.jobs == watch.jobs


def a_run() -> Story:
    story = Story()
    story.tell("live", 0)
    return story


def kinds(story: Story, *, earlier: int = 0) -> list[type]:
    """Return the kinds of the jobs' events, but for those of so many earlier reports."""
    watch = Watch(story.cluster, text_limit=100, inbox_limit=1_000)
    watch.inbox.extend(story.reports)
    watch.drain(earlier)
    jobs = [events.JobQueued, events.JobStarted, events.JobEnded]
    return [type(event) for event, _, _ in watch.drain(1_000) if type(event) in jobs]


JOINED = 2  # reports, one of each node
WHOLE = [events.JobQueued, events.JobStarted, events.JobEnded]


def test_node_on_which_jobs_ended_is_looked_at() -> None:
    story = Story()
    watch = Watch(story.cluster, text_limit=100, inbox_limit=1_000)
    watch.inbox.extend(story.reports)
    watch.drain(1_000)
    story.tell("live", 0)
    watch.inbox.extend(story.reports[JOINED:])
    seen = [event for event, _, _ in watch.drain(1_000) if type(event) is events.NodeSeen]
    assert [(event.ip_addr, event.jobs_done) for event in seen] == [("10.0.0.1", 1)]


def test_jobs_keep_the_order_in_which_they_were_submitted() -> None:
    story = Story()
    for number in range(3):
        story.tell("submit", number)
    story.tell("live", 1)
    story.tell("live", 0)
    state, _ = story.folded(batch=1_000)
    assert [job.id for job in state.ledger.jobs.values()] == ["job 0", "job 1", "job 2"]


def test_start_is_of_the_job_that_has_the_address_now() -> None:
    story = Story()
    story.tell("Finished", 0)
    story.tell("again", 0)
    story.tell("start", 0)
    state, _ = story.folded(batch=1_000)
    assert [job.state for job in state.ledger.jobs.values()] == ["finished", "running"]


def test_first_of_two_ends_counts() -> None:
    story = a_run()
    status, node, job = story.reports[-1]
    again = copy.copy(job)
    again.result = "another"
    story.reports.append((status, node, again))
    state, _ = story.folded(batch=1_000)
    assert JobTable().detail(state.ledger.jobs[1], state, NOW)["result"] == "0"


@pytest.mark.parametrize("odd", [None, 5, float("nan"), -1.0, 0.0, 1e300, "soon", 10**400])
@pytest.mark.parametrize("field", ["start_time", "end_time"])
def test_invalid_times_have_the_same_result(field: str, odd: Any) -> None:
    story = a_run()
    for _, _, job in story.reports[JOINED + 1 :]:
        setattr(job, field, odd)
    batched, one_by_one = (story.folded(batch)[0] for batch in (1_000, 1))
    assert all_told(batched) == all_told(one_by_one)


def test_interim_result_is_reported_of_a_job_without_a_reported_start() -> None:
    story = Story()
    for deed in ("submit", "progress", "Finished"):
        story.tell(deed, 0)
    state, _ = story.folded(batch=1_000)
    assert JobTable().detail(state.ledger.jobs[1], state, NOW)["provisional_result"] == "half"


def test_arguments_are_taken_of_a_job_at_the_address_of_one_that_ended() -> None:
    story = a_run()
    story.tell("again", 0)
    del story.reports[-1]  # it is lost
    story.tell("start", 0)
    state, _ = story.folded(batch=1)
    assert state.ledger.jobs[2].args == "0"


def test_arguments_are_taken_of_a_job_at_the_address_of_one_whose_end_was_missed() -> None:
    story = Story()
    story.tell("submit", 0)
    address = story.jobs[0]._uid
    story.submit(1, address)
    story.tell("live", 1)
    story.submit(2, address)
    del story.reports[-1]  # it is lost as well
    story.tell("start", 2)
    watch = Watch(story.cluster, text_limit=100, inbox_limit=1_000)
    watch.inbox.extend(story.reports)
    assert [type(e) for e, _, _ in watch.drain(JOINED + 1)].count(events.JobQueued) == 1
    watch.drain(3)
    starts = [event for event, _, _ in watch.drain(1_000) if type(event) is events.JobStarted]
    assert [event.args for event in starts] == ["2"]


def test_node_that_comes_and_goes_within_one_batch_was_there() -> None:
    story = a_run()
    story.cluster.leave(story.nodes[0])
    state, _ = story.folded(batch=1_000)
    assert state.nodes["10.0.0.1"].state == "closed"


def test_one_unreadable_report_hides_no_other(caplog: pytest.LogCaptureFixture) -> None:
    story = Story()
    story.tell("start", 0)
    story.reports.append((DispyJob.Finished, story.nodes[0], object()))
    story.tell("Finished", 0)
    assert kinds(story, earlier=JOINED) == WHOLE
    assert "could not be read" in caplog.text


def test_end_that_is_the_first_report_of_a_job_enters_it() -> None:
    story = a_run()
    del story.reports[JOINED : JOINED + 2]  # it was submitted and started before anybody watched
    job = story.folded(batch=1_000)[0].ledger.jobs[1]
    assert (job.id, job.args, job.state, job.node, job.attempts) == (
        "job 0", None, "finished", "10.0.0.1", 1
    )  # fmt: skip


def test_end_elsewhere_than_the_start_makes_two_attempts() -> None:
    story = Story()
    story.tell("start", 0, 0)
    story.tell("Finished", 0, 1)
    job = story.folded(batch=1_000)[0].ledger.jobs[1]
    assert (job.node, job.attempts) == ("10.0.0.2", 2)
