"""dispy's calls become events; the call itself is quick, bounded and never raises."""

from __future__ import annotations

import inspect
import threading
import time
from collections import deque
from typing import Any

import pytest
from dispy import DispyJob, DispyNode
from dispy_objects import FakeCluster, make_node
from effort import effort

from flask_dispy.core import events
from flask_dispy.core.text import Cut
from flask_dispy.engine.reports.jobs import job_key
from flask_dispy.engine.reports.watch import Watch


def watching(
    *, inbox_limit: int = 1_000, text_limit: int = 100, plain: bool = True
) -> tuple[FakeCluster, Watch]:
    cluster = FakeCluster()
    watch = Watch(cluster, text_limit=text_limit, inbox_limit=inbox_limit, plain=plain)
    cluster.cluster_status = watch.callback
    return cluster, watch


def told(watch: Watch) -> list[Any]:
    return [event for event, _, _ in watch.drain(1_000)]


def jobs_told(watch: Watch) -> list[Any]:
    return [event for event in told(watch) if not isinstance(event, events.NodeSeen)]


class Own:
    """A user's class."""

    def __str__(self) -> str:
        raise AssertionError("asked where it must not be")

    __repr__ = __str__


# -- the call ---------------------------------------------------------------------------------


def test_callback_has_the_shape_that_dispys_constructor_asks_for() -> None:
    _, watch = watching()
    assert inspect.isfunction(watch.callback)
    shape = inspect.getfullargspec(watch.callback)
    assert (shape.args, shape.varargs, shape.varkw, shape.defaults) == (
        ["status", "node", "job"], None, None, None
    )  # fmt: skip


@pytest.mark.parametrize("report", [(None, None, None), ("x", 1, 2), (99, object(), object())])
def test_callback_takes_anything(report: Any) -> None:
    _, watch = watching()
    watch.callback(*report)
    assert told(watch) == []


def test_callback_does_next_to_nothing() -> None:
    _, watch = watching(inbox_limit=10)
    assert max(effort(watch.callback, 6, None, None).calls for _ in range(20)) <= 3


def test_reports_past_the_bound_are_dropped_and_counted() -> None:
    cluster, watch = watching(inbox_limit=3)
    for _ in range(10):
        cluster.submit(1)
    assert watch.dropped == 7
    assert len(told(watch)) == 3


def test_drops_are_counted_exactly_from_many_threads() -> None:
    _, watch = watching(inbox_limit=1)
    watch.callback(5, None, None)
    threads = [
        threading.Thread(target=lambda: [watch.callback(5, None, None) for _ in range(5_000)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert watch.dropped == 20_000


def test_retired_callback_does_nothing() -> None:
    cluster, watch = watching()
    cluster.submit(1)
    watch.retire()
    cluster.submit(2)
    assert told(watch) == []
    assert watch.dropped == 0


def test_drain_takes_no_more_than_asked_for() -> None:
    cluster, watch = watching()
    for _ in range(5):
        cluster.submit(1)
    assert len(watch.drain(2)) == 2
    assert len(watch.inbox) == 3


def test_inbox_that_is_emptied_meanwhile_loses_nothing_that_was_taken() -> None:
    class Emptied(deque[Any]):
        def popleft(self) -> Any:
            if len(self) == 3:
                self.clear()
            return super().popleft()

    cluster, watch = watching()
    for _ in range(5):
        cluster.submit(1)
    watch.inbox = Emptied(watch.inbox)
    assert len(watch.drain(5)) == 2


# -- events -----------------------------------------------------------------------------------


def test_life_of_a_job_becomes_events() -> None:
    cluster, watch = watching()
    node = cluster.join("10.0.0.1", "alpha")
    job = cluster.submit(1, "a", n=2, job_id="x")
    cluster.start(job, node)
    cluster.progress(job, node, "half")
    cluster.end(job, node, result=[1])
    created, running, interim, end = jobs_told(watch)
    assert created == events.JobQueued(job_key(job), job.submit_time, "x", "1, a", "n=2")
    assert (running.node, running.at, running.args) == ("10.0.0.1", job.start_time, None)
    assert interim.provisional_result == "half"
    assert (end.state, end.node, end.result, end.at) == (
        "finished",
        "10.0.0.1",
        "[1]",
        job.end_time,
    )
    assert created.key == running.key == interim.key == end.key


@pytest.mark.parametrize(
    ("status", "state"),
    [(DispyJob.Finished, "finished"), (DispyJob.Terminated, "terminated"),
     (DispyJob.Cancelled, "cancelled")],
)  # fmt: skip
def test_end_states_have_names(status: int, state: str) -> None:
    cluster, watch = watching()
    cluster.end(cluster.submit(1), None, status)
    assert jobs_told(watch)[1].state == state


def test_abandoned_job_that_goes_back_to_the_queue_is_reported() -> None:
    cluster, watch = watching()
    job = cluster.submit(1)
    cluster.abandon(job, reentrant=True)
    assert jobs_told(watch)[1].requeued is True


def test_abandoned_job_has_ended() -> None:
    cluster, watch = watching()
    cluster.abandon(cluster.submit(1))
    assert jobs_told(watch)[1].state == "abandoned"


def test_id_set_after_submitting_is_seen() -> None:
    cluster, watch = watching()
    job = cluster.submit(1)
    job.id = "set later"
    assert jobs_told(watch)[0].id == "set later"


def test_live_job_is_handed_on_not_the_copy() -> None:
    cluster, watch = watching()
    job = cluster.submit(1)
    _, held, _ = watch.drain(10)[0]
    assert held is job


def test_job_without_known_arguments_has_them_when_it_starts() -> None:
    cluster, watch = watching()
    job = cluster.submit(1)
    watch.inbox.clear()
    cluster.start(job, make_node("10.0.0.1"))
    assert jobs_told(watch)[0].args == "1"


@pytest.mark.parametrize("time_told", [float("nan"), None, -1.0, -1e9, 0, 1e14, 10**400, "x"])
def test_invalid_times_are_replaced_by_now(time_told: Any) -> None:
    cluster, watch = watching()
    job = cluster.submit(1)
    cluster.end_silently(job, DispyJob.Finished)
    job.start_time = job.end_time = time_told
    cluster.report(DispyJob.Finished, None, job)
    end = jobs_told(watch)[1]
    assert end.started_at is None
    assert end.at == pytest.approx(time.time(), abs=5)


def test_failure_keeps_the_end_of_its_traceback() -> None:
    cluster, watch = watching()
    cluster.end(cluster.submit(1), None, DispyJob.Terminated, exception="x" * 500 + "\nError: b")
    text = jobs_told(watch)[1].exception
    assert text.endswith("\nError: b")
    assert (len(text), type(text)) == (100, Cut)


def test_output_in_bytes_becomes_text() -> None:
    cluster, watch = watching()
    job = cluster.submit(1)
    cluster.end_silently(job, DispyJob.Finished)
    job.stdout, job.stderr = b"caf\xc3\xa9", b"\xff"
    cluster.report(DispyJob.Finished, None, job)
    end = jobs_told(watch)[1]
    assert (end.stdout, end.stderr, end.result) == ("café", "�", None)


# -- texts that must wait ---------------------------------------------------------------------


def test_no_code_of_a_users_class_runs_while_draining() -> None:
    cluster, watch = watching()
    node = cluster.join("10.0.0.1")
    job = cluster.submit(Own(), 1, k=Own(), job_id=Own())
    cluster.start(job, node)
    cluster.progress(job, node, Own())
    cluster.end(job, node, result=Own())
    drained = [later for _, _, later in watch.drain(100) if later]
    assert [[field for field, _ in later] for later in drained] == [
        ["id", "args", "kwargs"], ["id"], ["provisional_result", "id"], ["id", "result"]
    ]  # fmt: skip
    assert watch.skipped.count == 0


def test_redaction_sees_every_text_before_anybody() -> None:
    cluster, watch = watching(plain=False)
    job = cluster.submit("secret", k="secret")
    cluster.end(job, None, result="secret", exception="secret")
    assert "secret" not in repr(jobs_told(watch))


# -- nodes ------------------------------------------------------------------------------------


def test_figures_of_a_node_are_read_once_for_many_reports() -> None:
    cluster, watch = watching()
    node = cluster.join("10.0.0.1")
    told(watch)
    for _ in range(50):
        cluster.start(cluster.submit(1), node)
    seen = [event for event in told(watch) if isinstance(event, events.NodeSeen)]
    assert [event.busy for event in seen] == [50]


def test_node_that_left_is_closed_with_its_last_figures() -> None:
    cluster, watch = watching()
    node = cluster.join("10.0.0.1")
    node.jobs_done = 7
    cluster.leave(node)
    _joined, last, closed = told(watch)
    assert (last.jobs_done, type(closed)) == (7, events.NodeClosed)
    assert watch.nodes.known == {}


def test_node_that_joins_anew_counts_for_its_present_life_alone() -> None:
    cluster, watch = watching()
    before = cluster.join("10.0.0.1")
    before.jobs_done = 7
    told(watch)
    job = cluster.submit(1)
    cluster.start(job, before)
    cluster.end(job, before)
    now = cluster.join("10.0.0.1")
    seen = [event for event in told(watch) if isinstance(event, events.NodeSeen)]
    assert [(event.joined, event.jobs_done) for event in seen] == [(False, 8), (True, 0)]
    now.jobs_done = 1
    assert [event.jobs_done for event, _, _ in watch.nodes.refresh()] == [1]


def test_node_whose_joining_was_missed_is_read_where_dispy_changes_it() -> None:
    cluster, watch = watching()
    cluster.join("10.0.0.1", cpus=2)
    told(watch)
    again = make_node("10.0.0.1", cpus=8)
    cluster.pulse(again)
    watch.drain(1, figures=False)
    assert [event.cpus for event, _, _ in watch.nodes.refresh()] == [8]
    again.cpus = 6
    assert [event.cpus for event, _, _ in watch.nodes.refresh()] == [6]


def test_last_figures_of_a_life_are_reported_after_the_next_began() -> None:
    cluster, watch = watching()
    before = cluster.join("10.0.0.1")
    told(watch)
    before.jobs_done = 9
    again = make_node("10.0.0.1")
    cluster.pulse(again)
    cluster.report(DispyNode.Initialized, again, None)
    seen = [event for event in told(watch) if isinstance(event, events.NodeSeen)]
    assert [(event.joined, event.jobs_done) for event in seen] == [(False, 9), (True, 0)]


def test_node_that_is_said_twice_to_have_joined_ended_no_life() -> None:
    cluster, watch = watching()
    node = cluster.join("10.0.0.1")
    cluster.report(DispyNode.Initialized, node, None)
    assert [event.joined for event in told(watch)] == [True, True]


def test_pulse_of_an_earlier_life_is_ignored() -> None:
    cluster, watch = watching()
    cluster.pulse(cluster.join("10.0.0.1"))
    now = cluster.join("10.0.0.1")
    cluster.start(cluster.submit(1), now)
    assert [event.pulse for event in told(watch) if isinstance(event, events.NodeSeen)][-1] is False


def test_life_that_can_be_read_no_more_costs_the_next_one_nothing() -> None:
    cluster, watch = watching()
    before = cluster.join("10.0.0.1")
    told(watch)
    del before.jobs_done
    cluster.join("10.0.0.1")
    seen = [event for event in told(watch) if isinstance(event, events.NodeSeen)]
    assert [event.joined for event in seen] == [True]
    assert watch.skipped.count == 1


def test_node_that_may_use_no_cpus_is_read_where_dispy_changes_it() -> None:
    cluster, watch = watching()
    before = cluster.join("10.0.0.1")
    told(watch)
    before.cpus = 0  # it left and came again, and neither was told
    again = make_node("10.0.0.1", cpus=0)
    again.jobs_done = 10
    cluster.pulse(again)
    seen = [event for event in told(watch) if isinstance(event, events.NodeSeen)]
    assert [event.jobs_done for event in seen] == [10]
    again.jobs_done = 11
    assert [event.jobs_done for event, _, _ in watch.nodes.refresh()] == [11]


def test_late_report_of_a_life_that_is_over_changes_nothing_of_the_present_one() -> None:
    cluster, watch = watching()
    before = cluster.join("10.0.0.1", cpus=2)
    job = cluster.submit(1)
    cluster.start(job, before)
    cluster.leave(before)
    now = cluster.join("10.0.0.1", cpus=4)
    told(watch)
    cluster.end(job, before)
    seen = [event for event in told(watch) if isinstance(event, events.NodeSeen)]
    assert {event.cpus for event in seen} <= {4}
    assert watch.nodes.known == {"10.0.0.1": now}


def test_pulse_is_marked_with_its_time() -> None:
    cluster, watch = watching()
    cluster.pulse(make_node("10.0.0.1"))
    seen = told(watch)[0]
    assert seen.pulse is True
    assert seen.at == pytest.approx(time.time(), abs=5)


def test_listed_nodes_join_only_once() -> None:
    _, watch = watching()
    node = make_node("10.0.0.1")
    assert [event.joined for event, _, _ in watch.nodes.adopt([node])] == [True]
    assert [event.joined for event, _, _ in watch.nodes.adopt([node])] == [False]


def test_node_that_is_being_set_up_is_left_until_it_reports() -> None:
    _, watch = watching()
    node = make_node("10.0.0.1")
    node.update_time = 0  # dispy lists it from the beginning
    assert watch.nodes.adopt([node]) == []
    node.update_time = time.time()
    assert [event.joined for event, _, _ in watch.nodes.adopt([node])] == [True]


def test_refresh_reports_changes_of_any_node() -> None:
    cluster, watch = watching()
    joined, listed = cluster.join("10.0.0.1"), make_node("10.0.0.2")
    told(watch)
    watch.nodes.adopt([listed])
    assert watch.nodes.refresh() == []
    joined.cpus, listed.cpus = 9, 8
    assert [event.cpus for event, _, _ in watch.nodes.refresh()] == [9, 8]


# -- what cannot be read ----------------------------------------------------------------------


def test_unreadable_report_is_left_out_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    cluster, watch = watching()
    cluster.submit("before")
    watch.callback(DispyJob.Created, None, object())
    cluster.submit("after")
    assert [event.args for event in jobs_told(watch)] == ["before", "after"]
    assert watch.skipped.count == 1
    assert "was skipped" in caplog.text


def test_job_whose_argument_is_of_an_unhashable_class_is_reported() -> None:
    class Meta(type):
        __hash__ = None  # type: ignore[assignment]

    class Argument(metaclass=Meta):
        pass

    cluster, watch = watching()
    cluster.submit(Argument())
    assert [type(event).__name__ for event in told(watch)] == ["JobQueued"]
    assert watch.skipped.count == 0


def test_node_that_cannot_be_read_hides_no_other(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(DispyNode):
        name = property(lambda self: 1 / 0)  # type: ignore[assignment]

        def __init__(self) -> None:
            self.ip_addr, self.cpus = "10.0.0.9", 1

    cluster, watch = watching()
    cluster.submit("kept")
    watch.callback(DispyNode.AvailInfo, Broken(), None)
    cluster.pulse(make_node("10.0.0.1"))
    assert [type(event).__name__ for event in told(watch)] == ["JobQueued", "NodeSeen"]
    assert watch.skipped.count == 1
    assert "was skipped" in caplog.text


@pytest.mark.parametrize("figure", ["two", None, float("nan"), float("inf"), 10**400, [], b""])
def test_figure_that_is_no_number_counts_as_none(figure: Any) -> None:
    cluster, watch = watching()
    node = cluster.join("10.0.0.1")
    node.cpus = node.avail_cpus = node.busy = node.tx = node.cpu_time = node.update_time = figure
    seen = told(watch)[0]
    assert (seen.cpus, seen.busy, seen.tx, seen.cpu_time, seen.updated_at) == (0, 0, 0, 0.0, 0.0)
    assert watch.skipped.count == 0
