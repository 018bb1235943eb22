"""How busy the nodes of a past run were: what the history keeps of it, and what is shown."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from dispy_objects import FakeCluster
from unit.histories import rows, run_once
from unit.old_history import back_to
from unit.stories import new_state, seen

from flask_dispy import ClusterRegistry
from flask_dispy.history.loads import LoadsDue
from flask_dispy.watching.dashboard import board_of


def run_on(path: Path, nodes: int) -> None:
    """A run that ends while the first node, of two CPUs, is half busy and the others are idle."""
    registry = ClusterRegistry(history=path)
    cluster = FakeCluster("compute")
    registry.add(cluster)
    for number in range(nodes):
        cluster.join(f"10.0.0.{number}", f"n{number}", cpus=2)
    cluster.start(cluster.submit(1), cluster._dispy_nodes["10.0.0.0"])
    board_of(registry).fold()
    registry.close()


def test_a_few_nodes_have_a_line_each(path: Path, past: Any) -> None:
    run_on(path, 3)
    opened = past(path)
    found = opened.views()[0].node_loads()
    assert found["unavailable"] is None
    assert [(n["ip_addr"], n["name"], n["busy"][-1]) for n in found["nodes"]] == [
        ("10.0.0.0", "n0", 50), ("10.0.0.1", "n1", 0), ("10.0.0.2", "n2", 0),
    ]  # fmt: skip
    assert len(found["t"]) == len(found["nodes"][0]["busy"])
    assert found["most"] == []
    assert opened.view("*").node_loads() == found  # it is the only run


def test_many_nodes_have_bands(path: Path, past: Any) -> None:
    run_on(path, 13)
    found = past(path).views()[0].node_loads()
    assert found["nodes"] == []
    assert [found[name][-1] for name in ("least", "low", "median", "high", "most")] == [
        0, 0, 0, 0, 50,
    ]  # fmt: skip


def test_a_node_that_came_later_was_not_there_before(path: Path, past: Any) -> None:
    run_on(path, 2)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM loads")
        (ended_at,) = db.execute("SELECT last_at FROM runs").fetchone()
        both = json.dumps({"10.0.0.1": 7, "10.0.0.0": 100})
        db.execute("INSERT INTO loads VALUES (1, ?, ?)", (ended_at - 20, '{"10.0.0.1": 5}'))
        db.execute("INSERT INTO loads VALUES (1, ?, ?)", (ended_at - 10, both))
    found = past(path).views()[0].node_loads()
    assert {n["ip_addr"]: n["busy"] for n in found["nodes"]} == {
        "10.0.0.1": [5, 7], "10.0.0.0": [None, 100],
    }  # fmt: skip


def test_several_runs_and_old_files_say_why_there_is_nothing(path: Path, past: Any) -> None:
    run_once(path)
    run_once(path, "render")
    opened = past(path)
    assert opened.view("*").node_loads()["unavailable"] == "several_runs"
    assert opened.views()[0].node_loads()["unavailable"] is None
    back_to(path, 7)
    old = past(path).views()[0].node_loads()
    assert (old["unavailable"], old["t"], old["nodes"]) == ("not_kept", [], [])


def test_the_longer_a_run_goes_on_the_less_is_kept() -> None:
    state = new_state()
    state.apply(seen("n1", cpus=2, joined=True))
    due = LoadsDue(state)
    start, day_sec = int(state.started_at), 86_400
    times = [
        row.at - start
        for at in range(start, start + 3 * day_sec, 10)
        for row in due.take(float(at))
    ]
    assert len([at for at in times if at < 7_200]) == 720
    assert len([at for at in times if 7_200 <= at < day_sec]) == 1_320
    assert len([at for at in times if at >= day_sec]) == 2 * 144
    assert list(due.take(start - 500.0))  # a clock that was set back


def test_a_long_run_is_shown_at_720_times_the_last_among_them(path: Path, past: Any) -> None:
    run_on(path, 1)
    with closing(sqlite3.connect(path)) as db, db:
        (ended_at,) = db.execute("SELECT last_at FROM runs").fetchone()
        db.execute("DELETE FROM loads")
        db.executemany(
            "INSERT INTO loads VALUES (1, ?, ?)",
            [(ended_at - 10 * n, json.dumps({"10.0.0.0": n % 100})) for n in range(2_000)],
        )
    found = past(path).views()[0].node_loads()
    assert len(found["t"]) == 667
    assert found["t"][-1] == ended_at
    assert found["t"] == sorted(found["t"])


def test_old_loads_are_pruned(path: Path) -> None:
    run_on(path, 1)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO loads VALUES (1, 1000.0, '{}')")
    registry = ClusterRegistry(history=path)
    registry.add(FakeCluster("render"))
    registry.close()
    assert rows(path, "SELECT count(*) FROM loads WHERE at < 2000") == [(0,)]
