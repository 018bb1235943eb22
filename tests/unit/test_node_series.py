"""A node's load over time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from flask_dispy.core.nodeseries import NodeCourse, NodeSeries

LOAD = (90.0, 2.0**33, 2.0**35, 100.0)


def test_node_series_names_its_columns_and_marks_what_is_unknown() -> None:
    series = NodeSeries()
    series.add(100.0, None, 1)
    series.add(120.0, LOAD, 2)
    assert series.as_dict() == {
        "t": [100.0, 120.0],
        "cpu_avail": [None, 90.0],
        "memory_avail_bytes": [None, 2.0**33],
        "disk_avail_bytes": [None, 2.0**35],
        "swap_avail": [None, 100.0],
        "running": [1.0, 2.0],
    }


def test_node_series_has_figures_in_their_order() -> None:
    series = NodeSeries()
    series.add(100.0, (0.1, 2.0**33, 2.0**35, 99.7), 1)
    columns = series.as_dict()
    assert (columns["cpu_avail"], columns["swap_avail"]) == ([0.1], [99.7])


def test_node_series_keeps_the_newest_sign_and_few_between() -> None:
    series = NodeSeries()
    for at in range(100):
        series.add(float(at), LOAD, at)
    times = series.as_dict()["t"]
    assert times[-1] == 99.0
    assert times == [float(at) for at in range(9, 100, 10)]


def test_node_series_is_bounded_and_drops_the_oldest() -> None:
    series = NodeSeries()
    for n in range(1000):
        series.add(20.0 * n, LOAD, n)
    assert series.as_dict()["running"] == [float(n) for n in range(880, 1000)]


def test_node_series_times_never_fall() -> None:
    series = NodeSeries()
    for at in (100.0, 120.0, 140.0, 60.0, 61.0):
        series.add(at, LOAD, int(at))
    assert series.as_dict()["t"] == [100.0, 120.0, 140.0]
    assert series.as_dict()["running"] == [100.0, 120.0, 61.0]
    series.add(160.0, LOAD, 160)
    assert series.as_dict()["t"] == [100.0, 120.0, 140.0, 160.0]


def test_jobs_of_other_clusters_on_the_node_are_added() -> None:
    ours, theirs = NodeSeries(), NodeSeries()
    for at in (100.0, 120.0, 140.0):
        ours.add(at, None, 1)
    for at, running in ((110.0, 2), (135.0, 0)):
        theirs.add(at, None, running)
    assert ours.as_dict([theirs])["running"] == [1.0, 3.0, 1.0]


def test_clusters_that_take_turns_on_a_node_never_add_up_to_more_than_ran() -> None:
    ours, theirs = NodeSeries(), NodeSeries()
    for turn in range(60):
        at = 100.0 + 3 * turn
        mine, other = (2, 0) if turn % 2 else (0, 2)
        for series, before, now in ((ours, other, mine), (theirs, mine, other)):
            series.add(at, None, min(before, now))  # one job ends
            series.add(at, None, now)  # before another begins
    assert set(ours.as_dict([theirs])["running"]) == {2.0}
    assert set(theirs.as_dict([ours])["running"]) == {2.0}


# -- over a whole run ------------------------------------------------------------------------


def test_course_covers_the_whole_run_in_few_points() -> None:
    course = NodeCourse()
    for number in range(10_000):
        course.note(10.0 * number, LOAD, number % 7)
    times = course.as_dict()["t"]
    assert 60 <= len(times) <= 120
    assert (times[0], times[-1]) == (course.step_sec - 10.0, 99_990.0)
    assert {later - sooner for sooner, later in pairwise(times[:-1])} == {course.step_sec}


def test_course_keeps_the_last_figures_of_each_step() -> None:
    course = NodeCourse()
    for number in range(121):
        course.note(10.0 * number, (float(number), 1.0, 1.0, 1.0), 0)
    assert course.step_sec == 20.0
    assert course.as_dict()["cpu_avail"][:3] == [1.0, 3.0, 5.0]


def test_course_shows_how_many_jobs_ran_until_that_changed() -> None:
    course = NodeCourse()
    course.note(1_000.0, None, 2)
    course.note(5_000.0, None, 0)
    columns = course.as_dict()
    assert (columns["t"], columns["running"]) == ([1_000.0, 4_990.0, 5_000.0], [2.0, 2.0, 0.0])


def test_point_before_the_jobs_change_has_no_load_older_than_a_minute() -> None:
    course = NodeCourse()
    course.note(1_000.0, LOAD, 0)
    course.note(1_040.0, LOAD, 1)
    course.note(5_000.0, None, 0)
    columns = course.as_dict()
    assert columns["t"] == [1_000.0, 1_030.0, 1_040.0, 4_990.0, 5_000.0]
    assert columns["cpu_avail"] == [90.0, 90.0, 90.0, None, None]
    assert columns["running"] == [0.0, 0.0, 1.0, 1.0, 0.0]


def test_course_stays_small_whatever_the_clock_does() -> None:
    course = NodeCourse()
    for at in (0.0, 1e9, 5.0, 2e9, 1e11, 3.0, *(1e11 + 7.0 * n for n in range(500))):
        course.note(at, LOAD, int(at) % 3)
    times = course.as_dict()["t"]
    assert len(times) <= 120
    assert times == sorted(times)


def test_course_that_is_thinned_while_it_is_read_is_read_as_it_was_before() -> None:
    due: list[float] = []

    class Overtaken(NodeCourse):
        def _offset(self, index: int) -> int:
            if index == 90 and due:
                self.note(due.pop(), LOAD, 1)  # as another thread does
            return super()._offset(index)

    course = Overtaken()
    for number in range(course.POINTS):
        course.note(1_000.0 + 10.0 * number, LOAD, 1)
    due.append(3_000.0)
    columns = course.as_dict()
    assert columns["t"] == [1_000.0 + 10.0 * number for number in range(course.POINTS)]
    assert set(columns["running"]) == {1.0}


def test_node_series_that_is_read_while_a_point_is_replaced_is_not_empty() -> None:
    seen: list[int] = []

    class Reading:
        def __float__(self) -> float:
            seen.append(len(series.points()))  # as another thread does
            return 1.0

    series = NodeSeries()
    running: Any = Reading()
    for at in (100.0, 101.0, 102.0):
        series.add(at, LOAD, running)
    assert seen == [0, 1, 1]
