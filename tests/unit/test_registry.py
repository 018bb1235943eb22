"""Many clusters in one place: names, callbacks, adding and removing, nodes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import dispy
import pytest
from clusters import wait_until
from dispy import DispyJob, DispyNode
from dispy_objects import FakeCluster, make_node

from flask_dispy import ClusterRegistry
from flask_dispy.core.errors import UnknownCluster, UnknownNode
from flask_dispy.watching.dashboard import board_of
from flask_dispy.watching.intervals import Intervals


def counts(registry: ClusterRegistry, name: str = "*") -> dict[str, int]:
    jobs = registry.view(name).summary()["jobs"]
    states = ("queued", "running", "finished", "terminated", "cancelled", "abandoned")
    return {state: jobs[state] for state in states if jobs[state]}


# -- names ------------------------------------------------------------------------------------


def test_equal_names_are_distinguished(registry: ClusterRegistry) -> None:
    names = [registry.add(FakeCluster("compute")) for _ in range(3)]
    assert names == ["compute", "compute (2)", "compute (3)"] == registry.names()


@pytest.mark.parametrize("taken", ["*", "* Combined"])
def test_no_cluster_gets_the_combined_views_name(registry: ClusterRegistry, taken: str) -> None:
    assert registry.add(FakeCluster(), name=taken) == f"{taken} (2)"


def test_cluster_is_known_by_identity(registry: ClusterRegistry, cluster: FakeCluster) -> None:
    assert registry.add(cluster, name="another name") == "compute"
    assert registry.names() == ["compute"]


def test_hostile_name_is_made_safe_and_short(registry: ClusterRegistry) -> None:
    name = registry.add(FakeCluster("\ud800\u202e\0" + "x" * 10_000))
    name.encode()
    assert len(name) == 200
    assert registry.view(name).name == name


def test_empty_name_gets_one(registry: ClusterRegistry) -> None:
    assert registry.add(FakeCluster("")) != ""


def test_other_object_than_a_cluster_is_refused(registry: ClusterRegistry) -> None:
    with pytest.raises(TypeError, match="no dispy cluster"):
        registry.add(object())


def test_closed_cluster_is_refused(registry: ClusterRegistry) -> None:
    closed = dispy.JobCluster.__new__(dispy.JobCluster)  # closing takes its computation away
    with pytest.raises(ValueError, match="before closing it"):
        registry.add(closed)
    assert registry.names() == []


def test_unknown_cluster_is_unknown(registry: ClusterRegistry) -> None:
    with pytest.raises(UnknownCluster) as caught:
        registry.view("x" * 10_000)
    assert len(str(caught.value)) < 300


# -- callbacks --------------------------------------------------------------------------------


def test_callback_is_set_only_where_there_is_none(registry: ClusterRegistry) -> None:
    free, taken = FakeCluster("free"), FakeCluster("taken")
    own: Callable[..., None] = lambda status, node, job: None  # noqa: E731
    taken.cluster_status = own
    registry.add(free)
    registry.add(taken)
    assert free.cluster_status is not None
    assert taken.cluster_status is own


def test_remove_puts_the_callback_back(registry: ClusterRegistry, cluster: FakeCluster) -> None:
    registry.remove(cluster)
    assert cluster.cluster_status is None


def test_chain_calls_ours_and_then_the_users(registry: ClusterRegistry) -> None:
    cluster, heard = FakeCluster(), list[int]()
    own: Callable[..., None] = lambda status, node, job: heard.append(status)  # noqa: E731
    cluster.cluster_status = own
    registry.add(cluster, chain=True)
    cluster.submit(1)
    assert heard == [DispyJob.Created]
    assert counts(registry) == {"queued": 1}
    registry.remove("compute")
    assert cluster.cluster_status is own


def test_chain_reports_even_when_the_users_callback_raises(registry: ClusterRegistry) -> None:
    cluster = FakeCluster()
    cluster.cluster_status = lambda status, node, job: 1 / 0  # type: ignore[assignment,return-value]
    registry.add(cluster, chain=True)
    with pytest.raises(ZeroDivisionError):
        cluster.submit(1)
    assert counts(registry) == {"queued": 1}


def test_callback_that_hands_on_is_not_chained_twice(registry: ClusterRegistry) -> None:
    cluster = FakeCluster()
    own = cluster.cluster_status = registry.cluster_status
    registry.add(cluster, chain=True)
    assert cluster.cluster_status == own
    cluster.submit(1)
    assert counts(registry, "compute") == {"queued": 1}


def test_callback_set_by_another_since_stays(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    another: Callable[..., None] = lambda status, node, job: None  # noqa: E731
    cluster.cluster_status = another
    registry.remove(cluster)
    assert cluster.cluster_status is another


def test_bound_callback_feeds_its_cluster(registry: ClusterRegistry, cluster: FakeCluster) -> None:
    callback = registry.callback(cluster)
    callback(DispyNode.Initialized, make_node("10.0.0.1"), None)
    assert registry.view("compute").node("10.0.0.1")["state"] == "up"
    with pytest.raises(UnknownCluster):
        registry.callback(FakeCluster())


def test_cluster_may_stand_in_two_registries(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    second = ClusterRegistry()
    second.add(cluster, chain=True)
    cluster.submit(1)
    assert counts(registry) == counts(second) == {"queued": 1}
    registry.remove(cluster)
    cluster.submit(2)
    assert counts(second) == {"queued": 2}
    second.close()


# -- adding and removing ----------------------------------------------------------------------


def test_cluster_that_already_runs_hands_over_its_nodes_and_pending_count(
    registry: ClusterRegistry,
) -> None:
    cluster = FakeCluster()
    cluster.join("10.0.0.1", cpus=4)
    cluster.submit(1)
    registry.add(cluster)
    summary = registry.view("compute").summary()
    assert (summary["cpus"]["total"], summary["jobs"]["before_watching"]) == (4, 1)


@pytest.mark.parametrize("intervals", [Intervals(status_sec=0.05)], ids=["impatient"])
@pytest.mark.parametrize("how", ["fails", "hangs"])
def test_cluster_without_status_is_still_added(registry: ClusterRegistry, how: str) -> None:
    cluster = FakeCluster()
    hangs = threading.Event()
    cluster.answers["status"] = OSError("down") if how == "fails" else lambda: hangs.wait(30)
    assert registry.add(cluster) == "compute"
    cluster.submit(1)
    assert counts(registry) == {"queued": 1}
    assert registry.health()["engine"]["in_flight"] == (how == "hangs")
    hangs.set()
    wait_until(lambda: registry.health()["engine"]["in_flight"] == 0)


def test_removing_an_unwatched_cluster_is_no_error(registry: ClusterRegistry) -> None:
    registry.remove("nobody")
    registry.remove(FakeCluster())


def test_view_outlives_its_cluster(registry: ClusterRegistry, cluster: FakeCluster) -> None:
    cluster.join("10.0.0.1")
    cluster.submit(1)
    view = registry.view("compute")
    board_of(registry).fold()
    registry.remove(cluster)
    registry.add(FakeCluster("compute"))
    assert view.summary()["watching"] == "removed"
    assert (len(view.nodes()), view.jobs().total) == (1, 1)
    assert registry.view("compute").jobs().total == 0


def test_adding_and_removing_while_reports_rush_in_loses_none(registry: ClusterRegistry) -> None:
    steady = FakeCluster("steady")
    registry.add(steady)
    stop = threading.Event()
    problems: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                while not stop.is_set():
                    work()
            except BaseException as error:
                problems.append(error)

        return threading.Thread(target=run)

    def come_and_go() -> None:
        cluster = FakeCluster("passing")
        registry.add(cluster)
        cluster.start(cluster.submit(1), cluster.join("10.0.0.9"))
        registry.remove(cluster)

    def read() -> None:
        for view in (registry.view("*"), *registry.views()):
            view.changes()
            view.jobs()
            view.summary()

    submitted = 0
    threads = [guarded(come_and_go), guarded(come_and_go), guarded(read), guarded(read)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 1
    while time.monotonic() < until:
        steady.submit(1)
        submitted += 1
        time.sleep(0.0005)
    stop.set()
    for thread in threads:
        thread.join()
    assert problems == []
    assert counts(registry) == {"queued": submitted}
    assert registry.names() == ["steady"]
    assert registry.health()["pump"]["faults"] == 0


def test_reader_waits_while_another_thread_folds_the_inbox(
    registry: ClusterRegistry, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    drained, release = threading.Event(), threading.Event()
    fold_one = board_of(registry).apply

    def apply_later(*arguments: Any) -> None:
        drained.set()
        release.wait(5)
        fold_one(*arguments)

    board_of(registry).fold()
    monkeypatch.setattr(board_of(registry), "apply", apply_later)
    cluster.submit(1)
    folds = threading.Thread(target=board_of(registry).fold)
    folds.start()
    assert drained.wait(5)
    answers: list[dict[str, int]] = []
    reads = threading.Thread(target=lambda: answers.append(counts(registry)))
    reads.start()
    reads.join(0.1)
    release.set()
    folds.join()
    reads.join()
    assert answers == [{"queued": 1}]


# -- nodes ------------------------------------------------------------------------------------


def test_node_is_found_by_address_or_name(registry: ClusterRegistry, cluster: FakeCluster) -> None:
    cluster.join("10.0.0.1", "alpha")
    assert registry.view("*").node("alpha")["ip_addr"] == "10.0.0.1"
    assert registry.view("compute").node_series("alpha")["ip_addr"] == "10.0.0.1"
    with pytest.raises(UnknownNode):
        registry.view("*").node("10.0.0.2")


def test_shared_node_is_one_in_the_combined_view(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    other = FakeCluster("render")
    registry.add(other)
    for each, busy in ((cluster, 1), (other, 2)):
        node = each.join("10.0.0.1", "alpha", cpus=4)
        node.busy, node.jobs_done, node.cpu_time, node.tx = busy, 10 * busy, 1.5 * busy, 100
        each.start(each.submit(1), node)
    row = registry.view("*").node("10.0.0.1")
    assert [row[f] for f in ("busy", "jobs_done", "cpu_time", "tx", "cpus", "running")] == [
        5, 30, 4.5, 200, 4, 2
    ]  # fmt: skip
    assert row["clusters"] == ["compute", "render"]
    summary = registry.view("*").summary()
    assert (summary["cpus"], summary["nodes"]["known"]) == ({"total": 4, "busy": 2}, 1)


def test_node_closed_for_one_cluster_is_still_up_for_all(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    other = FakeCluster("render")
    registry.add(other)
    node = cluster.join("10.0.0.1", cpus=4)
    other.join("10.0.0.1", cpus=4)
    cluster.leave(node)
    row = registry.view("*").node("10.0.0.1")
    assert (row["state"], row["cpus"]) == ("up", 4)
