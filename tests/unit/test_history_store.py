"""The history's writer: it writes what it is given, and disturbs nobody whatever the file does."""

from __future__ import annotations

import inspect
import itertools
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from clusters import wait_until

from flask_dispy.core.jobs import Job
from flask_dispy.history.courses import CourseRow
from flask_dispy.history.recorder import RECORD_SEC
from flask_dispy.history.records import Figures, NodeEvent
from flask_dispy.history.schema import open_for_writing
from flask_dispy.history.store import Run, Store

MakeStore = Callable[..., Store]
DEFAULTS: dict[str, Any] = {
    "days": 30, "max_bytes": 10**9, "commit_sec": 0.01, "retry_sec": 0.05,
}  # fmt: skip


@pytest.fixture
def make_store(path: Path) -> Iterator[MakeStore]:
    stores: list[Store] = []

    def make(**options: Any) -> Store:
        made = Store(path, **(DEFAULTS | options))
        stores.append(made)
        return made

    yield make
    for one in stores:
        one.close()


def figures(finished: int = 0, *, last_at: float | None = None, complete: bool = False) -> Figures:
    return Figures(
        None, last_at or time.time(), complete, 0, 0, finished, 0, 0, 0, 0, 0, 0.0, 0.0, None
    )


def new_run(to: Store, name: str = "compute") -> Run:
    run = Run(name, "JobCluster", 1_000.0, figures())
    to.add_run(run)
    return run


def ended_job(serial: int, *, at: float | None = None, args: Any = "1") -> Job:
    job = Job(serial, serial, 1_000.0, str(serial), args, "")
    job.state, job.started_at, job.ended_at = "finished", 1_000.0, at or time.time()
    return job


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


def kept(path: Path) -> list[int]:
    return [serial for (serial,) in rows(path, "SELECT serial FROM jobs ORDER BY serial")]


def test_jobs_are_committed_within_a_second(path: Path) -> None:
    """Records gather for less than that, and a registry looks for them twice a second."""
    commit_sec = inspect.signature(Store).parameters["commit_sec"].default
    assert commit_sec + RECORD_SEC < 1.0
    with closing(Store(path, days=30, max_bytes=10**9)) as one:
        one.put(new_run(one), ended_job(1))
        wait_until(lambda: kept(path) == [1])


def test_job_that_is_put_twice_is_kept_once_as_it_is_now(path: Path, make_store: MakeStore) -> None:
    one = make_store()
    run, job = new_run(one), ended_job(1)
    one.put(run, job)
    wait_until(lambda: kept(path) == [1])
    job.args = "later"
    one.put(run, job)
    wait_until(lambda: rows(path, "SELECT args FROM jobs") == [("later",)])


def test_job_that_goes_on_is_taken_out_again(path: Path, make_store: MakeStore) -> None:
    one = make_store()
    run, job = new_run(one), ended_job(1)
    one.put(run, job)
    wait_until(lambda: kept(path) == [1])
    job.state, job.ended_at = "running", None
    one.put(run, job)
    wait_until(lambda: kept(path) == [])


def test_job_that_moved_to_another_run_is_kept_there(path: Path, make_store: MakeStore) -> None:
    one = make_store()
    other, run, job = new_run(one, "other clusters"), new_run(one), ended_job(1)
    one.put(other, job)
    one.put(run, job)
    one.close()
    assert rows(path, "SELECT name FROM jobs JOIN runs ON run = runs.id") == [("compute",)]


def test_figures_are_written_though_nothing_else_is(path: Path, make_store: MakeStore) -> None:
    one = make_store()
    run = new_run(one)
    run.figures = written = figures(7)
    wait_until(lambda: rows(path, "SELECT finished, last_at FROM runs") == [(7, written.last_at)])


def test_close_writes_all_that_waits(path: Path, make_store: MakeStore) -> None:
    one = make_store()
    run = new_run(one)
    for serial in range(1, 12_001):
        one.put(run, ended_job(serial))
    one.close()
    assert kept(path) == list(range(1, 12_001))
    assert one.health()["dropped"] == 0
    assert [file.name for file in path.parent.iterdir()] == [path.name]  # no log is left


def test_serials_go_on_from_those_in_the_file(make_store: MakeStore) -> None:
    one = make_store()
    one.put(new_run(one), ended_job(41))
    one.close()
    assert make_store().first_serial == 42


# -- a file that can't be written ------------------------------------------------------------


def test_full_queue_counts_what_it_drops(path: Path, make_store: MakeStore) -> None:
    one = make_store(limit=10)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        run = new_run(one)
        for serial in range(1, 26):
            one.put(run, ended_job(serial))
        # The thread may have taken some out to write them.
        health = one.health()
        assert 0 < health["dropped"] <= 15
        assert f"{health['dropped']} records" in health["problems"][-1]
        other.execute("ROLLBACK")
    wait_until(lambda: len(kept(path)) == 25 - health["dropped"])


def test_locked_file_is_written_once_it_is_free(path: Path, make_store: MakeStore) -> None:
    one = make_store(open_file=partial(open_for_writing, busy_sec=0.05))
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        run = new_run(one)
        one.put(run, ended_job(1))
        wait_until(lambda: one.health()["error"] == "database is locked")
        assert one.health()["problems"] == ["The history can't be written: database is locked."]
        other.execute("ROLLBACK")
    wait_until(lambda: kept(path) == [1])
    wait_until(lambda: one.health()["problems"] == [])


class SmallDisk:
    """Opens files that can grow to a few pages only, as on a full disk."""

    def __init__(self, pages: int) -> None:
        self.pages = pages

    def open(self, path: Path) -> sqlite3.Connection:
        db = open_for_writing(path)
        db.execute(f"PRAGMA max_page_count = {self.pages}")
        return db


def test_full_disk_costs_nothing_once_there_is_room(
    path: Path, make_store: MakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    disk = SmallDisk(40)
    one = make_store(open_file=disk.open)
    run = new_run(one)
    for serial in range(1, 2_001):
        one.put(run, ended_job(serial, args="x" * 1_000))
    wait_until(lambda: one.health()["failures"] >= 3)
    assert "full" in one.health()["error"]
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [("full" in record.getMessage()) for record in warnings] == [True]
    disk.pages = 10**6
    wait_until(lambda: len(kept(path)) == 2_000)
    wait_until(lambda: one.health()["problems"] == [])


def test_disk_that_stays_full_does_not_hold_up_the_end(make_store: MakeStore) -> None:
    one = make_store(open_file=SmallDisk(40).open)
    run = new_run(one)
    for serial in range(1, 2_001):
        one.put(run, ended_job(serial, args="x" * 1_000))
    began_at = time.monotonic()
    one.close()
    assert time.monotonic() - began_at < 3.0
    assert one.health()["dropped"] > 0


def no_thread(_thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_records_wait_for_a_thread(
    path: Path, make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = make_store()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        run = new_run(one)
        one.put(run, ended_job(1))
    assert "can't start new thread" in str(one.health()["error"])

    def comes_with_the_next() -> bool:
        one.put(run, ended_job(2))
        return kept(path) == [1, 2]

    wait_until(comes_with_the_next)
    # The thread says so a moment after the file shows it.
    wait_until(lambda: one.health()["problems"] == [])


def test_close_needs_no_thread(
    path: Path, make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = make_store()
    monkeypatch.setattr(threading.Thread, "start", no_thread)
    one.put(new_run(one), ended_job(1))
    one.close()
    assert kept(path) == [1]


def test_folder_that_is_not_there_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "later" / "runs.sqlite"
    one = Store(path, **DEFAULTS)
    try:
        one.put(new_run(one), ended_job(1))
        wait_until(lambda: one.health()["failures"] >= 2)
        path.parent.mkdir()
        wait_until(lambda: one.health()["written"] == 1)
        assert kept(path) == [1]
    finally:
        one.close()
    assert "can't be written" in caplog.text


def test_damaged_file_disturbs_nobody(path: Path, make_store: MakeStore) -> None:
    first = make_store()
    run = new_run(first)
    for serial in range(1, 500):
        first.put(run, ended_job(serial))
    first.close()
    data = bytearray(path.read_bytes())
    data[4_096:] = b"\xff" * (len(data) - 4_096)
    path.write_bytes(data)
    one = make_store()
    one.put(new_run(one), ended_job(1_000))
    wait_until(lambda: "malformed" in str(one.health()["error"]))


def delete(path: Path) -> None:
    """Delete a file and what SQLite keeps beside it, which comes and goes."""
    for file in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
        file.unlink(missing_ok=True)


def test_file_that_is_replaced_after_a_failure_gets_the_run_anew(
    path: Path, make_store: MakeStore
) -> None:
    gone = threading.Event()
    opened: list[sqlite3.Connection] = []

    def open_file(path: Path) -> sqlite3.Connection:
        """Open a file whose second job can't be written, and no other before it is gone."""
        if opened:
            assert gone.wait(10)
        db = open_for_writing(path)
        if not opened:
            db.create_function("fail", 0, lambda: 1 / 0)
            db.execute("CREATE TEMP TRIGGER fails BEFORE INSERT ON main.jobs "
                       "WHEN NEW.serial = 2 BEGIN SELECT fail(); END")  # fmt: skip
        opened.append(db)
        return db

    one = make_store(open_file=open_file)
    run = new_run(one)
    one.put(run, ended_job(1))
    wait_until(lambda: kept(path) == [1])
    one.put(run, ended_job(2))
    wait_until(lambda: one.health()["error"])
    delete(path)
    gone.set()
    wait_until(lambda: one.health()["written"] == 2)
    assert kept(path) == [2]
    assert rows(path, "SELECT name FROM jobs JOIN runs ON run = runs.id") == [("compute",)]


def test_record_is_kept_though_the_file_goes_as_it_is_written(
    path: Path, make_store: MakeStore
) -> None:
    def open_and_lose(path: Path) -> sqlite3.Connection:
        db = open_for_writing(path)
        if not lost:
            db.create_function("lose", 0, lambda: lost.append(path) or delete(path))
            db.execute("CREATE TEMP TRIGGER goes AFTER INSERT ON main.jobs "
                       "BEGIN SELECT lose(); END")  # fmt: skip
        return db

    lost: list[Path] = []
    one = make_store(open_file=open_and_lose)
    one.put(new_run(one), ended_job(1))
    wait_until(lambda: one.health()["written"] == 1)
    assert (lost, kept(path)) == ([path], [1])


@pytest.mark.parametrize("moved", [True, False])
def test_file_that_is_moved_or_deleted_is_begun_anew_and_said_so(
    path: Path, make_store: MakeStore, caplog: pytest.LogCaptureFixture, moved: bool
) -> None:
    one = make_store()
    run = new_run(one)
    one.put(run, ended_job(1))
    wait_until(lambda: kept(path) == [1])
    aside = path.with_name("aside.sqlite")
    if moved:
        path.rename(aside)
    else:
        path.unlink()
    wait_until(lambda: "moved or deleted" in caplog.text)
    one.put(run, ended_job(2))
    wait_until(lambda: path.exists() and one.health()["written"] == 2)
    assert kept(path) == [2]
    assert rows(path, "SELECT name FROM jobs JOIN runs ON run = runs.id") == [("compute",)]
    assert one.health()["problems"] == []
    if moved:
        assert kept(aside) == [1]


def test_record_that_cannot_be_written_does_not_stop_the_rest(
    path: Path, make_store: MakeStore
) -> None:
    one = make_store()
    run = new_run(one)
    for job in (ended_job(1), ended_job(2, args="\ud800"), ended_job(3, args=object()),
                ended_job(4, at=float("nan")), ended_job(5)):  # fmt: skip
        one.put(run, job)
        one.put(run, CourseRow("10.0.0.1", object))  # no JSON
    wait_until(lambda: kept(path) == [1, 5])
    wait_until(lambda: one.health()["dropped"] == 8)
    assert one.health()["error"] is None


# -- two programs, one file ------------------------------------------------------------------


def test_two_programs_share_a_file(path: Path, make_store: MakeStore) -> None:
    first, second = make_store(), make_store()
    runs = [new_run(first, "one"), new_run(second, "two")]
    for serial, (one, run) in itertools.product(
        range(1, 301), zip((first, second), runs, strict=True)
    ):
        one.put(run, ended_job(serial))
    first.close()
    second.close()
    counts = "SELECT name, count(*) FROM jobs JOIN runs ON run = runs.id GROUP BY name"
    assert rows(path, counts) == [("one", 300), ("two", 300)]
    assert first.health()["dropped"] == second.health()["dropped"] == 0


# -- what is forgotten -----------------------------------------------------------------------


def test_old_jobs_and_runs_are_removed(path: Path, make_store: MakeStore) -> None:
    now = time.time()
    one = make_store(days=2)
    run = new_run(one)
    run.figures = figures(last_at=now)
    for serial, days in enumerate((5, 3, 1, 0), start=1):
        one.put(run, ended_job(serial, at=now - days * 86_400))
        one.put(run, NodeEvent(now - days * 86_400, "10.0.0.1", "joined"))
    one.close()
    assert kept(path) == [3, 4]
    assert rows(path, "SELECT count(*) FROM node_events") == [(2,)]
    assert rows(path, "SELECT name FROM runs") == [("compute",)]


def test_run_that_ended_long_ago_is_forgotten_with_its_jobs(
    path: Path, make_store: MakeStore
) -> None:
    now = time.time()
    old = make_store()
    run = new_run(old, "old")
    run.figures = figures(1, last_at=now - 40 * 86_400, complete=True)
    old.put(run, ended_job(1, at=now - 40 * 86_400))
    old.close()
    one = make_store(days=30)
    run = new_run(one, "new")
    run.figures = figures(1, last_at=now)
    one.put(run, ended_job(2))
    one.close()
    assert rows(path, "SELECT name FROM runs") == [("new",)]


def test_file_stays_below_its_size_and_keeps_the_newest(path: Path, make_store: MakeStore) -> None:
    one = make_store(max_bytes=3_000_000)
    run = new_run(one)
    last = 0
    for _ in range(8):
        for _ in range(1_000):
            last += 1
            one.put(run, ended_job(last, args="x" * 1_000))
        wait_until(lambda last=last: kept(path)[-1:] == [last] and len(kept(path)) < 3_000)
    one.close()
    serials = kept(path)
    assert serials == list(range(serials[0], last + 1))
    assert 1_000 < len(serials) < 3_000
    assert path.stat().st_size < 6_000_000
