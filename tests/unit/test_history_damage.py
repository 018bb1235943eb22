"""What can't be read of a history is left out and counted; the rest shows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from dispy import DispyJob
from dispy_objects import FakeCluster

from flask_dispy import ClusterRegistry, HistoryError
from flask_dispy.history.schema import MIGRATIONS
from flask_dispy.programs.dashboards import _loaded
from flask_dispy.report import render_report
from flask_dispy.watching.dashboard import board_of
from flask_dispy.watching.past import PastRegistry

DEEP = "[" * 100_000
ODD: list[Any] = [
    None, b"\x00\xff", "text\x00", -1, 2**62, 1e300, float("inf"), 1e14, "[1]",
    '[["running", 1e999, null]]', '{"ip_addr": {"a": [1]}}', DEEP,
]  # fmt: skip
ROOTS = ("sessions", "runs")
LEAVES = (
    "jobs", "nodes", "node_events", "series", "tallies", "error_kinds", "events", "loads",
    "node_courses",
)  # fmt: skip
TABLES = (*ROOTS, *LEAVES)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A history in which any value may stand anywhere: of three jobs, one of them put back."""
    path = tmp_path / "runs.sqlite"
    registry = ClusterRegistry(history=path)
    cluster = FakeCluster("compute")
    registry.add(cluster)
    alpha, beta = cluster.join("10.0.0.1", "alpha"), cluster.join("10.0.0.2", "beta")
    cluster.pulse(alpha)
    for number in range(3):
        job = cluster.submit(number, job_id=f"id {number}")
        cluster.start(job, alpha)
        if number == 1:
            cluster.abandon(job, reentrant=True)
            cluster.start(job, beta)
        cluster.end(job, beta if number == 1 else alpha, DispyJob.Finished, result=number)
    board_of(registry).fold()
    registry.close()
    with closing(sqlite3.connect(path)) as db, db:
        # It ended before anything was measured.
        values = "1, started_at, 1, 3, 0, 0, 1, 1, 4"
        db.execute(f"INSERT OR IGNORE INTO series SELECT {values} FROM runs")
        row = {"function": "compute", "type": "E", "message": "", "count": 1, "first_at": 5.0,
               "last_at": 6.0, "late": True, "nodes": {"10.0.0.1": 1}, "course": [4.0, 1.0, 1],
               "sample": "E", "cut": False, "latest": [1]}  # fmt: skip
        db.execute("INSERT INTO error_kinds VALUES (1, 'x', ?)", (json.dumps(row),))
        for table in TABLES:
            db.execute(f"CREATE TABLE copy AS SELECT * FROM {table}")
            db.execute(f"DROP TABLE {table}")
            db.execute(f"ALTER TABLE copy RENAME TO {table}")
    return path


def places(path: Path) -> Iterator[list[tuple[str, str]]]:
    """Every column of every table: together where one does not keep the other from being read."""
    with closing(sqlite3.connect(path)) as db:
        columns = {
            table: [(table, column[1]) for column in db.execute(f"PRAGMA table_info({table})")]
            for table in TABLES
        }
    for root in ROOTS:
        yield from ([column] for column in columns[root])
    for side_by_side in zip_longest(*(columns[leaf] for leaf in LEAVES)):
        yield list(filter(None, side_by_side))


@contextmanager
def damaged(path: Path, table: str, column: str, value: Any) -> Iterator[None]:
    """Put a value into one row for a while."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        ((rowid, before),) = db.execute(f"SELECT rowid, {column} FROM {table} LIMIT 1")
        put = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"
        db.execute(put, (value, rowid))
        yield
        db.execute(put, (before, rowid))


def read_all(registry: PastRegistry) -> None:
    """Ask for all that pages and API ask for; all of it is JSON."""
    answers: list[Any] = []
    for view in (registry.view("*"), *registry.views()):
        answers += [view.summary(), view.series(10), view.timeline(), view.nodes()]
        answers.append(view.durations())
        answers.append(view.error_kinds().items)
        answers.append(view.events().items)
        page = view.jobs()
        answers += [page.items, page.counts]
        answers += [view.job(row["serial"]) for row in page.items]
        for node in view.nodes():
            answers += [view.node_series(node["ip_addr"]), view.node_events(node["ip_addr"])]
        view.changes(by_column=True)
    render_report(registry.view("*"))
    json.dumps(answers, allow_nan=False)
    _loaded(registry)


def test_schema_has_no_table_that_is_not_damaged_here() -> None:
    assert sum(script.count("CREATE TABLE") for script in MIGRATIONS) == len(TABLES)


@pytest.mark.parametrize("value", ODD, ids=[f"{value!r:.20}" for value in ODD])
def test_no_value_makes_a_history_unusable(path: Path, value: Any) -> None:
    for columns in places(path):
        with ExitStack() as damages:
            for table, column in columns:
                damages.enter_context(damaged(path, table, column, value))
            registry = PastRegistry(path)
            try:
                read_all(registry)
            finally:
                registry.close()


@pytest.mark.parametrize("value", [b"\x00\xff", "text", 1e300, None])
def test_program_writes_on_whatever_is_in_the_file(path: Path, value: Any) -> None:
    with damaged(path, "jobs", "serial", value):
        registry = ClusterRegistry(history=path)
        first = board_of(registry).recorder and board_of(registry).recorder.store.first_serial
        registry.close()
    assert first in (3, 4)


@pytest.mark.parametrize(
    ("column", "value"),
    [("id", b"\x00\xff"), ("ended_at", 1e300), ("state", "lost"), ("state", "running"),
     ("past", DEEP), ("past", "[[[[1]]]]"), ("submitted_at", None), ("serial", b"7"),
     ("started_at", float("-inf")), ("attempts", -3), ("cut", "x")],
)  # fmt: skip
def test_job_that_cannot_be_read_is_counted(
    path: Path, column: str, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with damaged(path, "jobs", column, value):
        registry = PastRegistry(path)
    try:
        (view,) = registry.views()
        assert view.summary()["unreadable"] == {"jobs": 1, "of": 3}
        assert view.jobs().total == 2
        assert view.summary()["jobs"]["finished"] == 3  # the run's own count
        assert registry.damage() == "1 of 3 jobs can't be read"
        assert "1 of 3 jobs can't be read" in caplog.text
        assert _loaded(registry) == "1 of 1 runs, 2 of 3 jobs; 1 of 3 jobs can't be read"
    finally:
        registry.close()


def test_other_rows_that_cannot_be_read_are_counted_too(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE nodes SET row = '[1]' WHERE ip_addr = '10.0.0.1'")
        db.execute("UPDATE node_events SET at = 'noon'")
        db.execute("UPDATE events SET detail = '{\"cpus\": -1}' WHERE node = '10.0.0.1'")
    registry = PastRegistry(path)
    try:
        assert [row["ip_addr"] for row in registry.view("*").nodes()] == ["10.0.0.2"]
        assert registry.damage() == (
            "1 rows of events, 2 rows of node events, 1 rows of nodes can't be read"
        )
    finally:
        registry.close()


def test_run_that_cannot_be_read_hides_no_other(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO runs SELECT * FROM runs")
        db.execute("UPDATE runs SET id = 2 WHERE rowid = 2")
    with damaged(path, "runs", "started_at", 1e300):
        registry = PastRegistry(path)
    try:
        assert len(registry.names()) == 1
        assert registry.damage() == "1 of 2 runs can't be read"
    finally:
        registry.close()


def test_file_whose_pages_are_damaged_is_refused_with_what_may_save_it(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [[page_bytes]] = db.execute("PRAGMA page_size").fetchall()
        found = "SELECT rootpage FROM sqlite_schema WHERE name = 'jobs' AND type = 'table'"
        [[page]] = db.execute(found).fetchall()
    content = bytearray(path.read_bytes())
    content[(page - 1) * page_bytes : page * page_bytes] = bytes(page_bytes)
    path.write_bytes(content)
    with pytest.raises(HistoryError, match=r"is damaged: .*\.recover"):
        PastRegistry(path)
