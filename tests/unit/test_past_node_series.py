"""A node's load over a past run: what the history keeps of it, and what is shown."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from dispy_objects import FakeCluster
from unit.histories import rows, run_once
from unit.old_history import back_to
from unit.stories import gone, new_state, seen, started

from flask_dispy import ClusterRegistry
from flask_dispy.core.cluster import ClusterState
from flask_dispy.history.courses import CoursesDue, course_of
from flask_dispy.history.pruning import Pruner
from flask_dispy.history.schema import open_for_writing
from flask_dispy.watching.dashboard import board_of

COURSE = {
    "step_sec": 20.0, "start": 1_000, "t": [0, 25], "cpu_avail": [None, 12.5],
    "memory_avail_mb": [None, 4_000], "disk_avail_mb": [None, 2_000_000], "swap_avail": [None, 100],
    "running": [0, 3],
}  # fmt: skip


def put_course(path: Path, course: object) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE node_courses SET course = ?", (json.dumps(course),))


def test_past_run_has_the_load_of_its_node(path: Path, past: Any) -> None:
    run_once(path)
    opened = past(path)
    found = opened.views()[0].node_series("alpha")
    assert (found["ip_addr"], found["unavailable"]) == ("10.0.0.1", None)
    assert found["cpu_avail"][-1] == 50.0
    assert found["memory_avail_bytes"][-1] == pytest.approx(2**30, rel=0.001)
    assert found["disk_avail_bytes"][-1] == pytest.approx(2**40, rel=0.001)
    assert (found["swap_avail"][-1], found["running"][-1]) == (100.0, 0.0)
    assert time.time() - found["t"][-1] < 3_600
    assert opened.view("*").node_series("alpha") == found  # it is the only run


def test_course_of_the_file_is_shown_with_its_steps_and_gaps(path: Path, past: Any) -> None:
    run_once(path)
    put_course(path, COURSE)
    assert past(path).views()[0].node_series("10.0.0.1") == {
        "ip_addr": "10.0.0.1", "resolution_sec": 20.0, "t": [1_000.0, 1_025.0],
        "cpu_avail": [None, 12.5], "memory_avail_bytes": [None, 4e9],
        "disk_avail_bytes": [None, pytest.approx(2e12)], "swap_avail": [None, 100.0],
        "running": [0.0, 3.0], "unavailable": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    "damage",
    [
        [], {**COURSE, "t": [0]}, {**COURSE, "t": [0, None]},
        {**COURSE, "step_sec": 0}, {**COURSE, "start": 1e300}, {**COURSE, "cpu_avail": [0, 1e39]},
        {name: [1] * 121 if isinstance(value, list) else value for name, value in COURSE.items()},
    ],
    ids=str,
)  # fmt: skip
def test_damaged_course_is_shown_as_unknown(path: Path, past: Any, damage: Any) -> None:
    run_once(path)
    put_course(path, damage)
    found = past(path).views()[0].node_series("alpha")
    assert all(value in ([], None) for value in list(found.values())[2:])


@pytest.mark.parametrize("version", range(1, 9))
def test_file_of_an_earlier_version_says_that_it_keeps_no_load(
    path: Path, past: Any, version: int
) -> None:
    run_once(path)
    back_to(path, version)
    found = past(path).views()[0].node_series("alpha")
    assert (found["unavailable"], found["t"]) == ("not_kept", [])


def test_several_runs_have_no_load_together(path: Path, past: Any) -> None:
    run_once(path)
    run_once(path, "render")
    opened = past(path)
    assert opened.view("*").node_series("alpha")["unavailable"] == "several_runs"
    assert all(view.node_series("alpha")["unavailable"] is None for view in opened.views())


def test_run_that_is_cut_off_has_its_load(path: Path, past: Any) -> None:
    registry = ClusterRegistry(history=path)
    cluster = FakeCluster("compute")
    registry.add(cluster)
    cluster.pulse(cluster.join("10.0.0.1", "alpha"))
    board_of(registry).fold()
    recorder = board_of(registry).recorder
    assert recorder is not None
    (record,) = recorder._records.values()
    record.end = record.record_due  # type: ignore[method-assign]
    registry.close()
    found = past(path).views()[0].node_series("alpha")
    assert (found["cpu_avail"], found["unavailable"]) == ([50.0], None)


# -- how much is kept, and when --------------------------------------------------------------


def busy_state(nodes: int) -> ClusterState:
    state = new_state()
    for number in range(nodes):
        state.apply(seen(f"n{number}", cpus=2, joined=True))
        state.apply(started(str(number), f"n{number}"))
    return state


def taken(due: CoursesDue, at: float) -> list[str]:
    return [next(iter(row)) for row in due.take(at)]


def test_young_run_is_written_every_ten_seconds_and_an_old_one_every_five_minutes() -> None:
    state = busy_state(1)
    due, start = CoursesDue(state), state.started_at
    times = []
    for at in range(0, 40_000, 5):
        due.note(["n0"], start + at)
        if taken(due, start + at):
            times.append(at)
    assert times[:4] == [0, 10, 20, 30]
    assert times[-1] - times[-2] == 300


def test_many_nodes_take_turns() -> None:
    state = busy_state(120)
    due = CoursesDue(state)
    due.note(state.nodes, 1_010.0)
    found = [taken(due, 1_010.0) for _ in range(4)]
    assert list(map(len, found)) == [50, 50, 20, 0]
    assert {address for each in found for address in each} == state.nodes.keys()


def test_node_that_reports_no_load_has_its_running_jobs() -> None:
    state = busy_state(1)
    due = CoursesDue(state)
    due.note(["n0", "nobody"], 1_010.0)
    ((_, said),) = due.take(1_010.0)
    course = json.loads(said)
    assert (course["running"], course["cpu_avail"]) == ([1], [None])


def test_all_points_of_a_course_come_back() -> None:
    state = busy_state(1)
    due = CoursesDue(state)
    for at in (1_000.0, 1_019.7, 1_021.0, 1_039.9, 1_045.0):
        due.note(["n0"], at)
    ((_, said),) = due.take(1_045.0, last=True)
    assert course_of((said,)).as_dict()["t"] == [1_000.0, 1_019.0, 1_021.0, 1_039.0, 1_045.0]


def test_forgotten_nodes_take_no_memory_once_they_are_written() -> None:
    state = busy_state(2)
    due = CoursesDue(state)
    due.note(["n0", "n1"], 1_010.0)
    state.apply(gone("n0"))
    state.roster.drop("n0")
    due.forget(["n0"])
    assert taken(due, 1_010.0) == ["n0", "n1"]
    assert list(due._courses) == ["n1"]
    state.roster.drop("n1")
    due.forget(["n1"])
    assert list(due._courses) == []


def test_course_takes_four_kilobytes_however_long_the_run() -> None:
    state = busy_state(1)
    node = state.nodes["n0"]
    due = CoursesDue(state)
    for number in range(20_000):
        at = state.started_at + 61.0 * number
        node.load, node.load_at = (97.3, 987_654e6 + number, 98_765_432e6, 99.7), at
        due.note(["n0"], at)
    (row,) = due.take(at, last=True)
    _, said = row
    assert 60 <= len(json.loads(said)["t"]) <= 120
    assert len(said) < 4_000


def test_old_courses_are_pruned(path: Path) -> None:
    run_once(path)
    with closing(open_for_writing(path)) as db:
        Pruner(days=1.0, max_bytes=10**9).step(db, time.time())
        assert db.execute("SELECT count(*) FROM node_courses").fetchone() == (1,)
        Pruner(days=1.0, max_bytes=10**9).step(db, time.time() + 2 * 86_400)
    assert rows(path, "SELECT count(*) FROM node_courses") == [(0,)]


def test_courses_make_room_where_the_file_is_too_large(path: Path) -> None:
    run_once(path)
    with closing(open_for_writing(path)) as db:
        db.execute("UPDATE runs SET last_at = 1000.0")
        Pruner(days=10**6, max_bytes=1).step(db, time.time())
    assert rows(path, "SELECT count(*) FROM node_courses") == [(0,)]
