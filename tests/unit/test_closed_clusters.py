"""Of closed clusters the newest are kept; what looks at one that was let go is answered."""

from __future__ import annotations

import gc
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from clusters import wait_until
from dispy_objects import FakeCluster
from impatience import SOON

from flask_dispy import ClusterRegistry
from flask_dispy.core.errors import BadRequest, UnknownCluster
from flask_dispy.watching.dashboard import board_of


@pytest.fixture
def make_registry() -> Iterator[Callable[..., ClusterRegistry]]:
    made: list[ClusterRegistry] = []

    def make(**settings: Any) -> ClusterRegistry:
        made.append(ClusterRegistry(**settings, _intervals=SOON))
        return made[-1]

    yield make
    for one in made:
        one.close()


def run_and_close(registry: ClusterRegistry) -> tuple[FakeCluster, str]:
    cluster = FakeCluster()
    name = registry.add(cluster)
    node = cluster.join("10.0.0.1")
    job = cluster.submit(1)
    cluster.start(job, node)
    cluster.end(job, node, result=1)
    cluster.close()
    return cluster, name


def is_closed(registry: ClusterRegistry, name: str) -> bool:
    return registry.view(name).summary()["state"] == "closed"


def closed_at_last(registry: ClusterRegistry, name: str) -> bool:
    """Whether a cluster was seen to be closed; it may be gone since."""
    views = [view for view in registry.views() if view.name == name]
    return all(view.summary()["state"] == "closed" for view in views)


def close_some(registry: ClusterRegistry, count: int) -> list[str]:
    names = []
    for _ in range(count):
        _, name = run_and_close(registry)
        names.append(name)
        wait_until(lambda name=name: is_closed(registry, name))
    return names


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_newest_closed_clusters_are_kept(
    make_registry: Callable[..., ClusterRegistry], limit: int
) -> None:
    registry = make_registry(closed_limit=limit)
    open_cluster = FakeCluster("open")
    registry.add(open_cluster)
    names = []
    for _ in range(6):
        names.append(run_and_close(registry)[1])
        wait_until(lambda: closed_at_last(registry, names[-1]))
    kept = names[len(names) - limit :]
    wait_until(lambda: registry.names() == ["open", *kept])
    assert len(set(names)) == len(names)  # no name is another cluster's


def test_cluster_that_was_let_go_is_answered_in_words(
    make_registry: Callable[..., ClusterRegistry],
) -> None:
    registry = make_registry(closed_limit=1)
    first, _ = close_some(registry, 2)
    wait_until(lambda: first not in registry.names())
    with pytest.raises(UnknownCluster, match=r"was closed.*closed_limit is 1.*history="):
        registry.view(first)
    assert run_and_close(registry)[1] != first


def test_nothing_of_a_cluster_that_was_let_go_stays_in_memory(
    make_registry: Callable[..., ClusterRegistry],
) -> None:
    registry = make_registry(closed_limit=0)
    cluster, name = run_and_close(registry)
    with board_of(registry).lock:
        state = weakref.ref(board_of(registry)._members[name].state)
    wait_until(lambda: registry.names() == [])
    del cluster

    def is_gone() -> bool:
        gc.collect()
        return state() is None

    wait_until(is_gone)
    wait_until(lambda: registry.view("*").summary()["nodes"]["known"] == 0)


def test_history_keeps_what_was_let_go(
    make_registry: Callable[..., ClusterRegistry], tmp_path: Path
) -> None:
    path = tmp_path / "runs.sqlite"
    registry = make_registry(closed_limit=1, history=path)
    first, *_ = close_some(registry, 4)
    wait_until(lambda: len(registry.names()) == 1)
    with pytest.raises(UnknownCluster, match=r"kept in the history .*runs\.sqlite"):
        registry.view(first)
    registry.close()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM jobs").fetchone() == (4,)
        assert db.execute("SELECT sum(complete) FROM runs").fetchone() == (4,)


def test_texts_that_are_still_made_are_waited_for(
    make_registry: Callable[..., ClusterRegistry],
) -> None:
    may_end = threading.Event()

    class Slow:
        def __str__(self) -> str:
            may_end.wait(20)
            return "slow"

    registry = make_registry(closed_limit=0)
    cluster = FakeCluster()
    name = registry.add(cluster)
    cluster.submit(Slow())
    cluster.close()
    try:
        wait_until(lambda: is_closed(registry, name))
        for _ in range(3):
            board_of(registry).drop_closed()
        assert registry.names() == [name]
    finally:
        may_end.set()
    wait_until(lambda: registry.names() == [])


@pytest.mark.parametrize("limit", [-1, 1.5, "3", None])
def test_limit_that_makes_no_sense_is_refused(limit: Any) -> None:
    with pytest.raises(BadRequest):
        ClusterRegistry(closed_limit=limit)
