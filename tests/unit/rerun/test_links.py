"""Jobs that were run again are linked with those that this made, and are found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dispy import DispyJob
from dispy_objects import FakeCluster
from unit.rerun.conftest import codes, failed, row, watched

from flask_dispy import ClusterRegistry, PastRegistry
from flask_dispy.core.search.query import JobQuery
from flask_dispy.watching.dashboard import Dashboard, board_of


def test_job_that_is_run_again_and_the_new_one_are_linked(registry: ClusterRegistry) -> None:
    cluster = watched(registry)
    failed(cluster, 7, job_id="seven")
    (outcome,) = registry.control.rerun([1])
    assert (outcome.code, outcome.rerun_as, outcome.id) == ("submitted", 2, "seven")
    old, new = row(registry, 1), row(registry, 2)
    assert (old["rerun_of"], old["rerun_as"], old["reruns"]) == (None, 2, 1)
    assert (new["rerun_of"], new["rerun_as"], new["reruns"]) == (1, None, 0)


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

    def rerun(job: Any) -> Any:
        cluster.cluster_status, ours = None, cluster.cluster_status
        late.append(cluster.submit())
        cluster.cluster_status = ours
        return late[0]

    cluster = watched(registry, rerun)
    failed(cluster)
    (outcome,) = registry.control.rerun([1])
    assert (outcome.code, outcome.rerun_as) == ("submitted", None)
    cluster.report(DispyJob.Created, None, late[0])
    assert (row(registry, 1)["rerun_as"], row(registry, 2)["rerun_of"]) == (2, 1)


def found(registry: Dashboard, q: str) -> list[int]:
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


def test_closing_the_registry_ends_the_wait_for_the_new_job(registry: ClusterRegistry) -> None:
    def rerun(job: Any) -> Any:
        registry.close()
        return FakeCluster("unseen").submit()

    cluster = watched(registry, rerun)
    failed(cluster)
    assert codes(registry.control.rerun([1])) == [("submitted", True)]
