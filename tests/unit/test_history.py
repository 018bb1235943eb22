"""What a registry with a history keeps."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from clusters import wait_until
from dispy_objects import FakeCluster
from impatience import SOON
from unit.histories import rows, run_once, run_some

from flask_dispy import ClusterRegistry
from flask_dispy.core.errors import BadRequest
from flask_dispy.watching.dashboard import board_of


@pytest.fixture
def history(path: Path) -> Path:
    return path


# -- what is kept ----------------------------------------------------------------------------


def test_registry_without_history_keeps_none(tmp_path: Path) -> None:
    registry = ClusterRegistry()
    assert registry.health()["history"] is None
    registry.close()


def test_health_includes_the_history(registry: ClusterRegistry) -> None:
    history = registry.health()["history"]
    assert (history["dropped"], history["error"], "problems" in history) == (0, None, False)


def test_history_that_cannot_be_written_makes_the_registry_unwell(tmp_path: Path) -> None:
    registry = ClusterRegistry(history=tmp_path)  # a folder
    cluster = FakeCluster()
    registry.add(cluster)
    run_some(cluster, cluster.join("10.0.0.1"))
    health = registry.health()
    assert registry.view("compute").summary()["jobs"]["done"] == 10
    assert (health["status"], len(health["problems"])) == ("degraded", 1)
    assert "The history can't be written" in health["problems"][0]
    registry.close()


def test_history_that_fails_and_is_written_again_is_logged_for_all_clusters(path: Path) -> None:
    path.mkdir()  # in its place
    with closing(ClusterRegistry(history=path, _intervals=SOON)) as registry:
        for name in ("one", "two"):
            cluster = FakeCluster(name)
            registry.add(cluster)
            cluster.join("10.0.0.1")
        happened = registry.view("*").events
        wait_until(lambda: happened(["history_failing"]).items, what="the failure")
        path.rmdir()
        wait_until(lambda: happened(["history_resumed"]).items, what="the file")
        failed, again = happened(["history_resumed", "history_failing"]).items[::-1]
        assert (failed["cluster"], again["text"]) == (None, "The history is written again")
        assert failed["text"] == f"The history can't be written: {failed['message']}"
        (hidden,) = happened(["history_failing"], private=True).items
        assert (hidden["text"], hidden["message"]) == ("The history can't be written", None)


@pytest.mark.parametrize(
    ("field", "value"),
    [("history", ""), ("history", 3), ("history_days", 0), ("history_days", float("nan")),
     ("history_days", "7"), ("history_days", True), ("history_max_bytes", 10)],
)  # fmt: skip
def test_setting_that_makes_no_sense_is_named(field: str, value: Any) -> None:
    with pytest.raises(BadRequest) as caught:
        ClusterRegistry(**{field: value})
    assert caught.value.field == field


def test_jobs_are_in_the_file_while_the_run_goes_on(path: Path, registry: ClusterRegistry) -> None:
    cluster = FakeCluster()
    registry.add(cluster)
    run_some(cluster, cluster.join("10.0.0.1"))
    ended_at = time.monotonic()
    wait_until(lambda: rows(path, "SELECT count(*) FROM jobs") == [(10,)])
    wait_until(lambda: rows(path, "SELECT finished, terminated FROM runs") == [(8, 2)])
    wait_until(lambda: rows(path, "SELECT sum(done) FROM series") == [(10.0,)])
    assert time.monotonic() - ended_at < 3.0  # a second, on a machine that is not busy


def test_job_that_ended_beyond_the_limit_is_kept_all_the_same(path: Path, past: Any) -> None:
    run_once(path, count=20, history_limit=5)
    summary = past(path).views()[0].summary()
    assert (summary["history"]["retained"], summary["jobs"]["done"]) == (20, 20)


def test_events_of_nodes_are_kept(path: Path, registry: ClusterRegistry) -> None:
    cluster = FakeCluster(pulse_interval=0.05)
    registry.add(cluster)
    alpha = cluster.join("10.0.0.1", "alpha")
    cluster.pulse(alpha)
    board_of(registry).fold()
    wait_until(lambda: registry.view("*").node("alpha")["state"] == "silent")
    cluster.pulse(alpha)
    board_of(registry).fold()
    cluster.leave(alpha)
    registry.close()
    found = [event for (event,) in rows(path, "SELECT event FROM node_events ORDER BY at")]
    assert found == ["joined", "silent", "heard", "closed"]
    live = registry.view("*").node_events("alpha")
    assert [entry["event"] for entry in live] == ["closed", "heard", "silent", "joined"]


def test_arguments_are_kept_redacted_only(path: Path) -> None:
    def redact(text: str, kind: str) -> str:
        return text.replace("hunter2", "***")

    registry = ClusterRegistry(history=path, redact=redact)
    cluster = FakeCluster()
    registry.add(cluster)
    node = cluster.join("10.0.0.1")
    job = cluster.submit("hunter2", key="hunter2")
    cluster.start(job, node)
    cluster.end(job, node, result="hunter2 too")
    registry.close()  # which waits for the texts
    assert rows(path, "SELECT args, kwargs, result FROM jobs") == [("***", "key=***", "*** too")]
    assert b"hunter2" not in path.read_bytes()


def test_cluster_that_was_removed_leaves_a_run_that_is_complete(
    path: Path, registry: ClusterRegistry
) -> None:
    cluster = FakeCluster()
    registry.add(cluster)
    run_some(cluster, cluster.join("10.0.0.1"))
    board_of(registry).fold()
    registry.remove(cluster)
    wait_until(lambda: rows(path, "SELECT complete, finished FROM runs") == [(1, 8)])


def test_strays_are_kept_in_the_run_of_the_cluster_they_turn_out_to_be_of(path: Path) -> None:
    registry = ClusterRegistry(history=path)
    cluster = FakeCluster()
    cluster.cluster_status = registry.cluster_status
    run_some(cluster, cluster.join("10.0.0.1"))
    board_of(registry).fold()
    assert registry.names() == ["other clusters"]
    wait_until(lambda: rows(path, "SELECT count(*) FROM jobs") == [(10,)])
    registry.add(cluster)
    registry.close()
    counts = "SELECT name, count(*) FROM jobs JOIN runs ON run = runs.id GROUP BY name"
    assert rows(path, counts) == [("compute", 10)]


def test_lock_is_free_while_the_file_is_not(
    path: Path, registry: ClusterRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = FakeCluster()
    registry.add(cluster)
    node = cluster.join("10.0.0.1")
    board_of(registry).fold()
    wait_until(lambda: rows(path, "SELECT count(*) FROM runs") == [(1,)])
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        slowest = 0.0
        for _ in range(20):
            run_some(cluster, node)
            began_at = time.monotonic()
            board_of(registry).fold()
            registry.view("*").summary()
            slowest = max(slowest, time.monotonic() - began_at)
        other.execute("ROLLBACK")
    assert slowest < 0.5
    wait_until(lambda: rows(path, "SELECT count(*) FROM jobs") == [(200,)])
