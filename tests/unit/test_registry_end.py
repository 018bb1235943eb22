"""A registry that ends leaves nothing behind, and costs no more for the jobs it holds."""

from __future__ import annotations

import multiprocessing
import os
import threading
from typing import Any

import pytest
from dispy_objects import FakeCluster
from effort import effort

from flask_dispy import ClusterRegistry
from flask_dispy.core.errors import WrongProcess
from flask_dispy.watching.dashboard import board_of


def counts(registry: ClusterRegistry, name: str = "*") -> dict[str, int]:
    jobs = registry.view(name).summary()["jobs"]
    states = ("queued", "running", "finished", "terminated", "cancelled", "abandoned")
    return {state: jobs[state] for state in states if jobs[state]}


# -- the end ----------------------------------------------------------------------------------


def test_close_ends_threads_puts_callbacks_back_and_keeps_answering(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    before = {thread for thread in threading.enumerate() if "flask_dispy" in thread.name}
    cluster.submit(object())
    registry.close()
    registry.close()
    assert cluster.cluster_status is None
    assert counts(registry) == {"queued": 1}
    assert not [t for t in before if t.is_alive() and t.name == "flask_dispy-pump"]


def test_closed_registry_watches_no_more_clusters(registry: ClusterRegistry) -> None:
    registry.close()
    cluster = FakeCluster()
    with pytest.raises(RuntimeError, match="closed"):
        registry.add(cluster)
    assert cluster.cluster_status is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_fork_refuses_without_hanging(registry: ClusterRegistry, cluster: FakeCluster) -> None:
    view = registry.view("*")

    def child(answers: Any) -> None:
        found = []
        for ask in (
            board_of(registry).fold, registry.names, registry.views, registry.health, view.summary,
            view.changes, view.jobs, lambda: registry.view("*"),
            lambda: registry.add(FakeCluster()),
            lambda: board_of(registry).wait_for_change(10**9, 60),
        ):  # fmt: skip
            try:
                ask()
                found.append("answered")
            except WrongProcess as error:
                found.append(error.code)
        registry.close()
        answers.send(found)

    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    # Another thread holds the locks at the moment of the fork, and does not live there.
    with board_of(registry).folding, board_of(registry).lock:
        process = context.Process(target=child, args=(there,))
        process.start()
    assert here.poll(20)
    assert here.recv() == ["wrong_process"] * 10
    process.join(10)
    here.close()
    there.close()
    process.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_registry_without_clusters_begins_anew_in_a_fork(registry: ClusterRegistry) -> None:
    def child(answers: Any) -> None:
        name = registry.add(FakeCluster())
        answers.send((name, registry.names(), registry.view("*").summary()["jobs"]["submitted"]))
        registry.close()

    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    with board_of(registry).folding, board_of(registry).lock:
        process = context.Process(target=child, args=(there,))
        process.start()
    assert here.poll(20)
    assert here.recv() == ("compute", ["compute"], 0)
    assert registry.names() == []
    process.join(10)
    assert process.exitcode == 0
    here.close()
    there.close()
    process.close()


# -- cost -------------------------------------------------------------------------------------


class Unread(dict[Any, Any]):
    """A dict that nobody goes through."""

    def __iter__(self) -> Any:
        raise AssertionError("somebody goes through all of it")

    keys = values = items = __iter__


def test_cost_of_a_summary_does_not_grow_with_the_jobs(registry: ClusterRegistry) -> None:
    cluster = FakeCluster()
    registry.add(cluster)
    node = cluster.join("10.0.0.1")
    for number in range(20_000):
        job = cluster.submit(number)
        if number % 2:
            cluster.start(job, node)
    view = registry.view("compute")
    view.summary()
    (state,) = board_of(registry).states()
    with board_of(registry).lock:
        state.ledger.jobs = Unread(state.ledger.jobs)
        state.ledger.named = Unread(state.ledger.named)
        state.nodes["10.0.0.1"].running = Unread(state.nodes["10.0.0.1"].running)
    assert effort(view.summary).calls < 1_000  # of 20,000 jobs


def test_removed_cluster_leaves_nothing_behind(registry: ClusterRegistry) -> None:
    for _ in range(20):
        cluster = FakeCluster("passing")
        registry.add(cluster)
        cluster.start(cluster.submit(1), cluster.join("10.0.0.1"))
        board_of(registry).fold()
        registry.remove(cluster)
    combined = board_of(registry).combined
    assert combined.texts == {} == combined._counted
    assert registry.view("*").nodes() == []
    assert registry.view("*").summary()["nodes"]["known"] == 0
