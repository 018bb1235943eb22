"""Custom columns in a history: what is kept of them, and how past runs show them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from clusters import wait_until
from dispy_objects import FakeCluster
from unit.old_history import back_to

from flask_dispy import ClusterRegistry, Column, PastRegistry
from flask_dispy.core.search.order import JobOrder
from flask_dispy.core.search.query import JobQuery
from flask_dispy.history.columns import Columns, columns_of, together
from flask_dispy.history.schema import MIGRATIONS
from flask_dispy.watching.dashboard import board_of

TEMP = Column("temp", label="Temp", unit="°C", type="number", value=lambda _: 41.5)
RACK = Column("rack", sortable=False, value=lambda node: f"rack of {node.name}")
BATCH = Column("batch", label="Batch", value=lambda job: f"night {job.result}")


@pytest.fixture
def past(path: Path) -> Iterator[Any]:
    """Return a function that opens the history; what it opened is closed with the test."""
    opened: list[PastRegistry] = []

    def open_past() -> PastRegistry:
        opened.append(PastRegistry(path))
        return opened[-1]

    yield open_past
    for one in opened:
        one.close()


def run_once(path: Path, name: str = "compute", **columns: list[Column]) -> None:
    registry = ClusterRegistry(history=path, **columns)
    cluster = FakeCluster(name)
    registry.add(cluster)
    node = cluster.join("10.0.0.1", "alpha")
    job = cluster.submit(1)
    cluster.start(job, node)
    cluster.end(job, node, result=7)
    view = registry.view("*")
    for names, row in (
        (board_of(registry).tables.nodes.names, lambda: view.node("10.0.0.1")),
        (board_of(registry).tables.jobs.names, lambda: view.jobs().items[0]),
    ):
        wait_until(lambda: all(row()[one] not in (None, "night None") for one in names))  # noqa: B023
    registry.close()


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(statement)


def test_past_run_shows_its_columns(path: Path, past: Any) -> None:
    run_once(path, node_columns=[TEMP, RACK], job_columns=[BATCH])
    registry = past()
    for view in (registry.view("*"), *registry.views()):
        node = view.node("10.0.0.1")
        assert (node["temp"], node["rack"]) == (41.5, "rack of alpha")
        assert view.job(1)["batch"] == "night 7"
        assert view.jobs(JobQuery.parse("batch:7", columns=["batch"])).total == 1
        assert view.jobs(order=JobOrder("batch", place=0)).items[0]["batch"] == "night 7"
        block = json.loads(view.changes(by_column=True).body.plain())["blocks"][0]
        assert block["temp"] == [41.5]
    found = {field["name"]: field for field in board_of(registry).tables.nodes.of_pages()}
    assert (found["temp"]["label"], found["temp"]["unit"]) == ("Temp", "°C")
    assert (found["temp"]["type"], found["rack"]["sortable"]) == ("number", False)


def test_values_can_be_asked_of_the_file(path: Path) -> None:
    run_once(path, node_columns=[TEMP], job_columns=[BATCH])
    with closing(sqlite3.connect(path)) as db:
        ((batch,),) = db.execute("SELECT json_extract(columns, '$.batch') FROM jobs").fetchall()
        ((temp,),) = db.execute("SELECT json_extract(row, '$.temp') FROM nodes").fetchall()
    assert (batch, temp) == ("night 7", 41.5)


def test_last_value_is_kept_though_the_program_ends_at_once(path: Path, past: Any) -> None:
    registry = ClusterRegistry(history=path, job_columns=[BATCH])
    cluster = FakeCluster()
    registry.add(cluster)
    node = cluster.join("10.0.0.1")
    for number in range(300):
        job = cluster.submit(number)
        cluster.start(job, node)
        cluster.end(job, node, result=number)
    registry.close()
    found = {row["batch"] for row in past().view("*").jobs(limit=1000).items}
    assert found == {f"night {number}" for number in range(300)}


def test_runs_with_other_columns_stand_beside_each_other(path: Path, past: Any) -> None:
    run_once(path, "old", node_columns=[TEMP])
    run_once(path, "plain")
    other = Column("temp", label="Temperature", unit="K", value=lambda _: 315)
    run_once(path, "new", node_columns=[RACK, other], job_columns=[BATCH])
    registry = past()
    assert board_of(registry).tables.nodes.names == ("rack", "temp")
    found = [(view.node("10.0.0.1")["temp"], view.node("10.0.0.1")["rack"])
             for view in registry.views()]  # fmt: skip
    assert found == [(315, "rack of alpha"), (None, None), (41.5, None)]
    labels = {field["name"]: field["label"] for field in board_of(registry).tables.nodes.of_pages()}
    assert labels["temp"] == "Temperature"  # the newest run's


def test_file_from_before_there_were_columns_is_brought_up_to_date(path: Path, past: Any) -> None:
    run_once(path)
    back_to(path, 2)
    registry = past()
    assert registry.view("*").job(1)["result"] == "7"
    assert not registry.unreadable
    run_once(path, "new", job_columns=[BATCH])
    assert [view.jobs().items[0]["batch"] for view in past().views()] == ["night 7", None]
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)


@pytest.mark.parametrize(
    "broken",
    ["{", "[]", "{}", '{"nodes": [{}], "jobs": []}', '{"nodes": [5], "jobs": 3}',
     '{"nodes": [{"name": "<b>", "label": "", "unit": "", "type": null, "sortable": true}], '
     '"jobs": []}'],
)  # fmt: skip
def test_columns_that_can_not_be_read_are_left_out(path: Path, past: Any, broken: str) -> None:
    run_once(path, node_columns=[TEMP])
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE runs SET columns = ?", (broken,))
    registry = past()
    assert registry.unreadable == {"columns": 1}
    assert board_of(registry).tables.nodes.names == ()
    assert "temp" not in registry.view("*").node("10.0.0.1")


def test_job_with_values_that_no_column_has_is_left_out(path: Path, past: Any) -> None:
    run_once(path, job_columns=[BATCH])
    execute(path, """UPDATE jobs SET columns = '{"batch": [1]}'""")
    assert past().unreadable == {"jobs": 1}


def test_columns_that_are_fields_of_ours_by_now_are_left_out() -> None:
    kept = json.loads(Columns((TEMP,), (BATCH,)).text() or "")
    kept["nodes"].append({**kept["nodes"][0], "name": "busy"})
    found = together([columns_of(json.dumps(kept))])
    assert [column.name for column in found.nodes] == ["temp"]
    assert [column.name for column in found.jobs] == ["batch"]


def test_no_more_columns_are_shown_than_there_may_be() -> None:
    many = [Columns((Column(f"column{n}", value=lambda _: 1),)) for n in range(30)]
    assert len(together(many).nodes) == 20
