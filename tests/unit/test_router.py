"""Reports without a cluster find their cluster, and move to it when it is added."""

from __future__ import annotations

from typing import Any

import pytest
from dispy import DispyJob
from dispy_objects import FakeCluster

from flask_dispy import ClusterRegistry
from flask_dispy.core.errors import UnknownCluster
from flask_dispy.engine.reports.router import OTHER_NAME, forwards_to
from flask_dispy.watching.dashboard import board_of


def forwarding(registry: ClusterRegistry, name: str = "compute") -> FakeCluster:
    """Return a cluster that was made with ``cluster_status=registry.cluster_status``."""
    cluster = FakeCluster(name)
    cluster.cluster_status = registry.cluster_status
    return cluster


def jobs(registry: ClusterRegistry, name: str) -> dict[str, int]:
    counts = registry.view(name).summary()["jobs"]
    return {state: counts[state] for state in ("queued", "running", "finished") if counts[state]}


# -- who hands on -----------------------------------------------------------------------------


def test_registrys_own_method_hands_on(registry: ClusterRegistry) -> None:
    assert forwards_to(registry.cluster_status, registry)
    assert not forwards_to(ClusterRegistry().cluster_status, registry)


def test_method_of_a_server_with_the_registry_hands_on(registry: ClusterRegistry) -> None:
    class Server:
        def __init__(self) -> None:
            self.registry = registry

        def cluster_status(self, status: int, node: Any, job: Any) -> None: ...

        def another(self, status: int, node: Any, job: Any) -> None: ...

    assert forwards_to(Server().cluster_status, registry)
    assert not forwards_to(Server().another, registry)


def test_function_that_says_so_hands_on(registry: ClusterRegistry) -> None:
    def callback(status: int, node: Any, job: Any) -> None: ...

    assert not forwards_to(callback, registry)
    callback.forwards_to = lambda asked: asked is registry  # type: ignore[attr-defined]
    assert forwards_to(callback, registry)


# -- a cluster that is known ------------------------------------------------------------------


def test_whole_life_of_a_job_reaches_its_cluster(registry: ClusterRegistry) -> None:
    cluster, other = forwarding(registry), forwarding(registry, "render")
    registry.add(cluster)
    registry.add(other)
    node = cluster.join("10.0.0.1")
    job = cluster.submit(1)
    cluster.start(job, node)
    cluster.end(job, node)
    other.submit(1)
    assert jobs(registry, "compute") == {"finished": 1}
    assert jobs(registry, "render") == {"queued": 1}
    assert registry.names() == ["compute", "render"]


def test_end_is_found_by_the_job_even_before_its_beginning_was_folded(
    registry: ClusterRegistry,
) -> None:
    cluster = forwarding(registry)
    registry.add(cluster)
    job = cluster.submit(1)
    cluster.end(job, None)
    assert registry.names() == ["compute"]
    assert jobs(registry, "compute") == {"finished": 1}


def test_end_of_an_unknown_job_is_found_by_its_node(registry: ClusterRegistry) -> None:
    cluster = forwarding(registry)
    job = cluster.submit(1)
    board_of(registry).router.inbox.clear()
    registry.add(cluster)
    cluster.end(job, cluster.join("10.0.0.1"))
    assert jobs(registry, "compute") == {"finished": 1}


def test_registry_knows_the_jobs_of_its_clusters(registry: ClusterRegistry) -> None:
    mine, theirs = forwarding(registry), FakeCluster("other")
    registry.add(mine)
    assert board_of(registry).knows(mine.submit(1), None)
    assert not board_of(registry).knows(theirs.submit(1), None)
    assert board_of(registry).knows(None, mine.join("10.0.0.1"))
    assert not board_of(registry).knows(None, theirs.join("10.0.0.1"))


def test_reports_that_reach_us_end_the_polling(registry: ClusterRegistry) -> None:
    cluster = FakeCluster()

    def own(status: int, node: Any, job: Any) -> None:
        registry.cluster_status(status, node, job)

    cluster.cluster_status = own
    registry.add(cluster)
    assert registry.view("compute").summary()["watching"] == "polling"
    cluster.submit(1)
    assert registry.view("compute").summary()["watching"] == "callback"


# -- one that was never added -----------------------------------------------------------------


def test_cluster_that_was_not_added_is_shown_once_it_reports(registry: ClusterRegistry) -> None:
    stranger = forwarding(registry)
    stranger.start(stranger.submit("x"), stranger.join("10.0.0.1"))
    board_of(registry).fold()
    assert registry.names() == [OTHER_NAME]
    assert jobs(registry, OTHER_NAME) == {"running": 1}
    assert registry.view(OTHER_NAME).node("10.0.0.1")["running"] == 1


def test_cluster_added_later_takes_its_jobs_and_nodes_along(registry: ClusterRegistry) -> None:
    stranger = forwarding(registry)
    node = stranger.join("10.0.0.1")
    running, done = stranger.submit(1), stranger.submit(2)
    stranger.start(running, node)
    stranger.end(done, node)
    board_of(registry).fold()
    serials = [job["serial"] for job in registry.view("*").jobs().items]
    registry.add(stranger)
    assert registry.names() == ["compute"]
    assert jobs(registry, "compute") == {"running": 1, "finished": 1}
    assert [job["serial"] for job in registry.view("compute").jobs().items] == serials
    stranger.end(running, node)
    assert jobs(registry, "compute") == {"finished": 2}


def test_jobs_and_nodes_of_another_cluster_stay(registry: ClusterRegistry) -> None:
    first, second = forwarding(registry), forwarding(registry, "render")
    first.start(first.submit(1), first.join("10.0.0.1"))
    second.start(second.submit(1), second.join("10.0.0.1"))
    board_of(registry).fold()
    registry.add(second)
    assert jobs(registry, OTHER_NAME) == {"running": 1}
    assert jobs(registry, "render") == {"running": 1}
    assert registry.view(OTHER_NAME).node("10.0.0.1")["running"] == 1
    assert registry.view("*").node("10.0.0.1")["running"] == 2


def test_cluster_without_a_computation_takes_nobodys_jobs(registry: ClusterRegistry) -> None:
    stranger, added = forwarding(registry), forwarding(registry, "render")
    stranger.submit(1)
    board_of(registry).fold()
    added._compute.id = None
    registry.add(added)
    assert jobs(registry, OTHER_NAME) == {"queued": 1}


def test_many_jobs_move_in_one_go(registry: ClusterRegistry) -> None:
    stranger = forwarding(registry)
    for _ in range(5_000):
        stranger.submit(1)
    board_of(registry).fold()
    registry.add(stranger)
    assert jobs(registry, "compute") == {"queued": 5_000}


def test_readers_see_the_move(registry: ClusterRegistry) -> None:
    stranger = forwarding(registry)
    stranger.join("10.0.0.1")
    board_of(registry).fold()
    view = registry.view(OTHER_NAME)
    cursor = view.changes().cursor
    registry.add(stranger)
    assert b'{"ip_addr":"10.0.0.1","removed":true}' in view.changes(cursor).body.plain()


# -- one that was removed ---------------------------------------------------------------------


def test_removed_cluster_does_not_come_back_as_another(registry: ClusterRegistry) -> None:
    cluster = forwarding(registry)
    registry.add(cluster)
    node = cluster.join("10.0.0.1")
    before = cluster.submit(1)
    cluster.start(before, node)
    board_of(registry).fold()
    registry.remove(cluster)
    cluster.end(before, node)
    after = cluster.submit(2)
    cluster.end(after, None, DispyJob.Cancelled)
    cluster.pulse(node)
    board_of(registry).fold()
    assert registry.names() == []


def test_removed_cluster_can_be_added_again(registry: ClusterRegistry) -> None:
    cluster = forwarding(registry)
    registry.add(cluster)
    registry.remove(cluster)
    registry.add(cluster)
    cluster.submit(1)
    assert jobs(registry, "compute") == {"queued": 1}


def test_removed_other_clusters_come_back_when_they_report(registry: ClusterRegistry) -> None:
    stranger = forwarding(registry)
    stranger.submit(1)
    board_of(registry).fold()
    registry.remove(OTHER_NAME)
    with pytest.raises(UnknownCluster):
        registry.view(OTHER_NAME)
    stranger.submit(1)
    assert registry.view("*").summary()["jobs"]["queued"] == 1


@pytest.mark.parametrize("report", [(5, None, 3), (4, 2, None), (None, object(), object())])
def test_invalid_report_is_left_out_and_counted(
    registry: ClusterRegistry, report: Any, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = forwarding(registry)
    registry.add(cluster)
    registry.cluster_status(*report)
    cluster.submit(1)
    assert jobs(registry, "compute") == {"queued": 1}
    assert registry.health()["inbox"]["unreadable"] == 1
    assert "was skipped" in caplog.text


# -- bounds -----------------------------------------------------------------------------------


def test_reports_past_the_bound_are_dropped_and_counted() -> None:
    registry = ClusterRegistry(inbox_limit=2)
    for _ in range(5):
        registry.cluster_status(5, None, None)
    assert registry.view("*").summary()["dropped_events"] == 3
    registry.close()


def test_reports_to_a_cluster_stay_counted_when_it_is_removed(registry: ClusterRegistry) -> None:
    cluster = FakeCluster()
    name = registry.add(cluster)
    cluster.report(DispyJob.Created, None, object())
    assert registry.view(name).summary()["jobs"]["submitted"] == 0
    assert registry.health()["inbox"]["unreadable"] == 1
    registry.remove(name)
    assert registry.health()["inbox"]["unreadable"] == 1


def test_closed_registry_takes_nothing_in(registry: ClusterRegistry) -> None:
    stranger = forwarding(registry)
    registry.close()
    stranger.submit(1)
    assert registry.names() == []
    assert registry.health()["inbox"]["length"] == 0
