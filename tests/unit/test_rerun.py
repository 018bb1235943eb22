"""Jobs are run again by the function of their program, whatever that does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from typing import Any

import pytest
from clusters import wait_until
from dispy import DispyJob
from dispy_objects import FakeCluster
from impatience import SOON

from flask_dispy import BadRequest, ClusterRegistry, PastRegistry
from flask_dispy.engine.commands.calls import Calls
from flask_dispy.engine.commands.outcomes import Outcome
from flask_dispy.watching.dashboard import Dashboard, board_of


@pytest.fixture
def registry() -> Iterator[ClusterRegistry]:
    registry = ClusterRegistry(engine_timeout_sec=5, _intervals=SOON)
    yield registry
    registry.close()


def failed(cluster: FakeCluster, *args: Any, **options: Any) -> DispyJob:
    """Submit a job that fails."""
    job = cluster.submit(*args, **options)
    cluster.end(job, None, exception="ValueError: no")
    return job


def watched(registry: ClusterRegistry, rerun: Any = None, name: str = "compute") -> FakeCluster:
    cluster = FakeCluster(name)
    registry.add(cluster, rerun=rerun or (lambda job: cluster.submit(job["id"])))
    return cluster


def row(registry: ClusterRegistry, serial: int) -> Any:
    return registry.view("*").job(serial)


def codes(outcomes: list[Outcome]) -> list[tuple[str, bool]]:
    return [(outcome.code, outcome.ok) for outcome in outcomes]


def test_job_that_is_run_again_and_the_new_one_are_linked(registry: ClusterRegistry) -> None:
    cluster = watched(registry)
    failed(cluster, 7, job_id="seven")
    (outcome,) = registry.control.rerun([1])
    assert (outcome.code, outcome.rerun_as, outcome.id) == ("submitted", 2, "seven")
    old, new = row(registry, 1), row(registry, 2)
    assert (old["rerun_of"], old["rerun_as"], old["reruns"]) == (None, 2, 1)
    assert (new["rerun_of"], new["rerun_as"], new["reruns"]) == (1, None, 0)


def test_function_gets_the_row_of_the_job(registry: ClusterRegistry) -> None:
    seen: list[Any] = []
    cluster = watched(registry, seen.append)
    failed(cluster, "x" * 3000, n=1, job_id="y" * 3000)
    registry.control.rerun([1])
    (job,) = seen
    detail = row(registry, 1)
    assert {name: value for name, value in job.items() if name != "reruns"} == {
        name: detail[name] for name in job if name != "reruns"
    }
    assert (job["state"], job["failed"], job["error"]) == ("terminated", True, "ValueError: no")
    assert (job["kwargs"], job["texts_cut"]["args"]) == ("n=1", "text_limit")
    # A node could not unpickle a class of ours.
    assert {type(value) for value in job.values()} <= {str, int, float, bool, dict, type(None)}


def test_function_that_returns_nothing_is_called_and_counted(registry: ClusterRegistry) -> None:
    cluster = watched(registry, lambda job: None)
    failed(cluster)
    assert codes(registry.control.rerun([1])) == [("called", True)]
    assert (row(registry, 1)["rerun_as"], row(registry, 1)["reruns"]) == (None, 1)


@pytest.mark.parametrize("error", [ValueError("no input"), SystemExit(3), KeyboardInterrupt()])
def test_error_of_the_function_is_the_outcome_of_that_job_alone(
    registry: ClusterRegistry, error: BaseException
) -> None:
    def rerun(job: Any) -> Any:
        if job["serial"] == 1:
            raise error
        return cluster.submit()

    cluster = watched(registry, rerun)
    failed(cluster)
    failed(cluster)
    first, second = registry.control.rerun([1, 2])
    assert (first.code, second.code) == ("raised", "submitted")
    text = f": {error}" if str(error) else "."
    assert first.message == f"rerun raised {type(error).__name__}{text}"
    assert row(registry, 1)["reruns"] == 0


def test_error_whose_text_fails_and_one_that_is_redacted() -> None:
    class Bad(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    errors = [Bad(), ValueError("a secret")]

    def rerun(job: Any) -> None:
        raise errors[job["serial"] - 1]

    registry = ClusterRegistry(redact=lambda text, kind: text.replace("secret", "***"))
    cluster = watched(registry, rerun)
    failed(cluster)
    failed(cluster)
    outcomes = registry.control.rerun([1, 2])
    assert [one.message for one in outcomes] == [
        "rerun raised Bad.", "rerun raised ValueError: a ***",
    ]  # fmt: skip
    registry.close()


class UntilItHangs(Calls):
    """Calls whose time is up as soon as something hangs."""

    def __init__(self) -> None:
        super().__init__(30)
        self.hangs = threading.Event()

    def start(self, what: str, owner: Any, call: Callable[[], Any], **options: Any) -> Any:
        future = super().start(what, owner, call, **options)
        return self if options.get("callee") == "rerun" else future

    def result(self, timeout_sec: float) -> None:
        assert self.hangs.wait(timeout_sec)
        raise FutureTimeout


def test_hanging_function_ends_in_time_and_what_it_does_later_counts(
    registry: ClusterRegistry,
) -> None:
    release, calls = threading.Event(), UntilItHangs()
    registry.control._calls = calls

    def rerun(job: Any) -> Any:
        if job["serial"] == 2:
            calls.hangs.set()
            assert release.wait(60)
        return cluster.submit()

    cluster = watched(registry, rerun)
    for _ in range(3):
        failed(cluster)
    outcomes = registry.control.rerun([1, 2, 3], by="ann")
    assert codes(outcomes) == [("submitted", True), ("timeout", False), ("timeout", False)]
    assert ["has not returned" in one.message for one in outcomes] == [False, True, False]
    release.set()
    wait_until(lambda: row(registry, 2)["rerun_as"], what="the late job")
    wait_until(lambda: len(registry.view("*").events(["jobs_rerun"]).items) == 2, what="its entry")
    logged = registry.view("*").events(["jobs_rerun"])
    assert [event["text"] for event in logged.items] == [
        "Job #2 was run again", "Job #1 was run again",
    ]  # fmt: skip
    assert row(registry, 3)["reruns"] == 0


def test_function_that_always_hangs_takes_few_threads_and_none_of_its_clusters(
    registry: ClusterRegistry,
) -> None:
    release, calls = threading.Event(), UntilItHangs()
    registry.control._calls = calls

    def rerun(job: Any) -> None:
        calls.hangs.set()
        assert release.wait(60)

    cluster = watched(registry, rerun)
    for serial in range(1, 6):
        failed(cluster)
        calls.hangs.clear()
        assert codes(registry.control.rerun([serial])) == [("timeout", False)]
    assert calls.health()["in_flight"] == 3
    assert calls.run("cancel", id(cluster), lambda: "done") == "done"
    release.set()


@pytest.mark.parametrize("made", [7, "job", object(), DispyJob, True])
def test_function_that_returns_something_else_has_failed(
    registry: ClusterRegistry, made: object
) -> None:
    cluster = watched(registry, lambda job: made)
    failed(cluster)
    (outcome,) = registry.control.rerun([1])
    assert (outcome.code, outcome.ok) == ("bad_result", False)
    assert row(registry, 1)["reruns"] == 0


def test_job_that_was_there_before_is_no_new_one(registry: ClusterRegistry) -> None:
    made: list[DispyJob] = []
    cluster = watched(registry, lambda job: made[-1])
    made.append(failed(cluster))
    assert codes(registry.control.rerun([1])) == [("bad_result", False)]
    made.append(cluster.submit())  # newer, but not by running it again
    assert codes(registry.control.rerun([1])) == [("bad_result", False)]
    assert row(registry, 1)["reruns"] == 0


def test_job_that_was_not_submitted_is_no_new_one(registry: ClusterRegistry) -> None:
    class Odd(DispyJob):  # type: ignore[misc]
        def __init__(self) -> None:
            pass

    made = [DispyJob(None, (), {}), Odd()]
    cluster = watched(registry, lambda job: made[job["serial"] - 1])
    failed(cluster)
    failed(cluster)
    assert codes(registry.control.rerun([1, 2])) == [("bad_result", False)] * 2
    assert row(registry, 1)["reruns"] == 0


def test_one_new_job_is_made_by_one_old_job_alone(registry: ClusterRegistry) -> None:
    made: list[DispyJob] = []

    def rerun(job: Any) -> DispyJob:
        if not made:
            made.append(cluster.submit())
        return made[0]

    cluster = watched(registry, rerun)
    failed(cluster)
    failed(cluster)
    outcomes = registry.control.rerun([1, 2])
    assert codes(outcomes) == [("submitted", True), ("bad_result", False)]
    assert (row(registry, 1)["rerun_as"], row(registry, 2)["rerun_as"]) == (3, None)


def test_job_is_run_again_once_if_two_ask_at_the_same_time(registry: ClusterRegistry) -> None:
    others: list[tuple[str, bool]] = []

    def rerun(job: Any) -> DispyJob:
        others.extend(codes(registry.control.rerun([1, 2], by="bob")))
        return cluster.submit()

    cluster = watched(registry, rerun)
    failed(cluster)
    cluster.end(cluster.submit(), None)
    assert codes(registry.control.rerun([1], by="ann")) == [("submitted", True)]
    assert others == [("under_way", False), ("finished", False)]
    assert (row(registry, 1)["reruns"], row(registry, 1)["rerun_as"]) == (1, 3)


def test_job_that_comes_back_before_its_turn_is_not_run_again(registry: ClusterRegistry) -> None:
    def rerun(job: Any) -> None:
        cluster.start(second, node)

    cluster = watched(registry, rerun)
    node = cluster.join("10.0.0.1")
    failed(cluster)
    second = cluster.submit()
    cluster.abandon(second)
    assert codes(registry.control.rerun([1, 2])) == [("called", True), ("not_ended", False)]


def test_new_job_may_be_another_clusters(registry: ClusterRegistry) -> None:
    other = watched(registry, name="other")
    cluster = watched(registry, lambda job: other.submit())
    failed(cluster)
    (outcome,) = registry.control.rerun([1])
    assert (outcome.cluster, outcome.rerun_as) == ("compute", 2)
    assert (row(registry, 2)["cluster"], row(registry, 2)["rerun_of"]) == ("other", 1)


def test_new_job_of_a_cluster_that_is_not_watched_is_not_linked(registry: ClusterRegistry) -> None:
    unseen = FakeCluster("unseen")
    cluster = watched(registry, lambda job: unseen.submit())
    failed(cluster)
    (outcome,) = registry.control.rerun([1])
    assert (outcome.code, outcome.rerun_as) == ("submitted", None)
    assert (row(registry, 1)["rerun_as"], row(registry, 1)["reruns"]) == (None, 1)


def test_new_job_that_dispy_reports_late_is_linked_then(registry: ClusterRegistry) -> None:
    late: list[DispyJob] = []
    report = threading.Event()

    def rerun(job: Any) -> Any:
        cluster.cluster_status, ours = None, cluster.cluster_status
        late.append(cluster.submit())
        cluster.cluster_status = ours
        return late[0]

    cluster = watched(registry, rerun)
    failed(cluster)
    (outcome,) = registry.control.rerun([1])
    assert (outcome.code, outcome.rerun_as, report.is_set()) == ("submitted", None, False)
    cluster.report(DispyJob.Created, None, late[0])
    assert (row(registry, 1)["rerun_as"], row(registry, 2)["rerun_of"]) == (2, 1)


def test_jobs_that_are_not_to_be_run_again_are_refused(registry: ClusterRegistry) -> None:
    cluster = watched(registry)
    registry.add(plain := FakeCluster("plain"))
    cluster.end(cluster.submit(), None)
    cluster.submit()
    failed(plain)
    for dry_run in (True, False):
        outcomes = registry.control.rerun([1, 2, 3, 99], dry_run=dry_run)
        assert codes(outcomes) == [
            ("finished", False), ("not_ended", False), ("unsupported", False), ("unknown", False),
        ]  # fmt: skip
    failed(cluster)
    assert codes(registry.control.rerun([4], "plain")) == [("unknown", False)]
    assert registry.control.rerunners("*") == ["compute"]


@pytest.mark.parametrize("status", [DispyJob.Cancelled, DispyJob.Terminated, DispyJob.Abandoned])
def test_jobs_that_somebody_ended_or_a_node_lost_can_be_run_again(
    registry: ClusterRegistry, status: int
) -> None:
    cluster = watched(registry)
    cluster.end(cluster.submit(), None, status)
    assert codes(registry.control.rerun([1])) == [("submitted", True)]


def test_dry_run_calls_nothing_and_knows_what_was_run_again(registry: ClusterRegistry) -> None:
    cluster = watched(registry)
    failed(cluster)
    failed(cluster)
    registry.control.rerun([1])
    outcomes = registry.control.rerun([1, 2], dry_run=True)
    assert codes(outcomes) == [("again", True), ("ok", True)]
    assert registry.view("*").summary()["jobs"]["submitted"] == 3


def test_closed_cluster_runs_nothing_again(registry: ClusterRegistry) -> None:
    def rerun(job: Any) -> None:
        cluster.close()

    cluster = watched(registry, rerun)
    failed(cluster)
    failed(cluster)
    assert registry.view("compute").summary()["rerun"]
    assert codes(registry.control.rerun([1, 2])) == [("called", True), ("closed", False)]
    assert codes(registry.control.rerun([1])) == [("closed", False)]
    wait_until(lambda: not registry.view("compute").summary()["rerun"], what="its end")
    assert registry.control.rerunners("*") == []


def test_cluster_may_be_removed_while_its_function_runs(registry: ClusterRegistry) -> None:
    cluster = watched(registry, lambda job: registry.remove(cluster))
    failed(cluster)
    assert codes(registry.control.rerun([1])) == [("called", True)]


def test_function_may_read_and_command_the_registry(registry: ClusterRegistry) -> None:
    def rerun(job: Any) -> Any:
        assert registry.view("compute").job(job["serial"])["state"] == "terminated"
        registry.control.cancel([2])
        return cluster.submit()

    cluster = watched(registry, rerun)
    failed(cluster)
    cluster.submit()
    assert codes(registry.control.rerun([1])) == [("submitted", True)]


def test_no_function_is_refused_and_a_later_one_counts(registry: ClusterRegistry) -> None:
    cluster = FakeCluster()
    with pytest.raises(BadRequest, match="rerun must be a function"):
        registry.add(cluster, rerun="submit")  # type: ignore[arg-type]
    registry.add(cluster)
    failed(cluster)
    assert not registry.view("*").summary()["rerun"]
    registry.add(cluster, rerun=lambda job: cluster.submit())
    assert registry.view("*").summary()["rerun"]
    assert codes(registry.control.rerun([1])) == [("submitted", True)]


def found(registry: Dashboard, q: str) -> list[int]:
    from flask_dispy.core.search.query import JobQuery

    return [job["serial"] for job in registry.view("*").jobs(JobQuery.parse(q)).items]


def test_search_finds_what_was_run_again_until_it_is_evicted() -> None:
    registry = ClusterRegistry(history_limit=2)
    cluster = watched(registry)
    failed(cluster)
    failed(cluster)
    registry.control.rerun([1])
    assert (found(registry, "is:rerun"), found(registry, "state:failed -is:rerun")) == ([1], [2])
    failed(cluster)
    assert found(registry, "is:rerun") == []
    board = board_of(registry)
    assert [state.ledger.rerun for state in board.states()] == [set()]
    assert row(registry, 3)["rerun_of"] == 1
    registry.close()


def test_search_finds_a_job_that_was_run_again_and_evicted_and_comes_back() -> None:
    registry = ClusterRegistry(history_limit=1)
    cluster = watched(registry)
    node, lost = cluster.join("10.0.0.1"), cluster.submit()
    cluster.abandon(lost)
    registry.control.rerun([1])
    failed(cluster)
    assert found(registry, "is:rerun") == []
    cluster.start(lost, node)
    assert (found(registry, "is:rerun"), row(registry, 1)["reruns"]) == ([1], 1)
    registry.close()


def test_cluster_that_is_removed_leaves_nothing_of_its_jobs(registry: ClusterRegistry) -> None:
    unseen = FakeCluster("unseen")
    cluster = watched(registry, lambda job: unseen.submit())
    failed(cluster)
    registry.control.rerun([1])
    relations = board_of(registry).relations
    assert len(relations.expected) == 1
    registry.remove(cluster)
    assert relations.expected == {}


def test_command_is_an_event_of_its_user(registry: ClusterRegistry) -> None:
    cluster = watched(registry)
    for _ in range(3):
        failed(cluster)
    registry.control.rerun([1, 2, 3], by="ann")
    (event,) = registry.view("compute").events(["jobs_rerun"]).items
    assert (event["text"], event["by"], event["source"]) == (
        "3 jobs were run again", "ann", "command",
    )  # fmt: skip


def test_callback_of_dispy_is_free_while_the_function_runs(registry: ClusterRegistry) -> None:
    called, release = threading.Event(), threading.Event()

    def rerun(job: Any) -> None:
        called.set()
        release.wait(60)

    cluster = watched(registry, rerun)
    failed(cluster)
    asking: Callable[[], Any] = lambda: registry.control.rerun([1])  # noqa: E731
    thread = threading.Thread(target=asking)
    thread.start()
    assert called.wait(30)
    cluster.submit()
    assert row(registry, 2)["state"] == "queued"
    release.set()
    thread.join(30)


def test_past_run_knows_what_was_run_again(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    for _ in range(2):  # the second program's numbers go on where the first one's end
        registry = ClusterRegistry(history=path, history_limit=2)
        cluster = watched(registry)
        first = failed(cluster)
        (serial,) = found(registry, "")
        registry.control.rerun([serial])
        (outcome,) = registry.control.rerun([serial])
        newest = outcome.rerun_as
        for job in list(cluster._alive.values()):
            cluster.end(job.job, None)
        failed(cluster)  # now the first ones are evicted
        assert first
        registry.close()
    past = PastRegistry(path)
    rows = [job for view in past.views() for job in view.jobs().items if job["reruns"]]
    assert [(job["rerun_as"] - job["serial"], job["reruns"]) for job in rows] == [(2, 2), (2, 2)]
    assert newest in {job["rerun_as"] for job in rows}
    made = past.view("*").job(rows[0]["rerun_as"])
    assert (made["rerun_of"], made["reruns"]) == (rows[0]["serial"], 0)
    assert len(found(past, "is:rerun")) == 2
    assert not past.view("*").summary()["rerun"]
    past.close()


def test_function_that_runs_its_own_job_again_is_refused(registry: ClusterRegistry) -> None:
    inner: list[str] = []

    def rerun(job: Any) -> None:
        inner.extend(outcome.code for outcome in registry.control.rerun([job["serial"]]))

    cluster = watched(registry, rerun)
    failed(cluster)
    assert codes(registry.control.rerun([1])) == [("called", True)]
    assert inner == ["under_way"]


def test_closing_the_registry_ends_the_wait_for_the_new_job(registry: ClusterRegistry) -> None:
    def rerun(job: Any) -> Any:
        registry.close()
        return FakeCluster("unseen").submit()

    cluster = watched(registry, rerun)
    failed(cluster)
    assert codes(registry.control.rerun([1])) == [("submitted", True)]
