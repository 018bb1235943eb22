"""Failures are counted by kind over the whole run, whatever the history keeps of the jobs."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from unit.stories import check, ended, job, new_state, queued, started, tell

from flask_dispy.core import events
from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.errorkinds import MOST_KINDS, NEW_SEC, Course, ErrorKind


def fail(key: str, error: str, *, node: str = "n1", at: float = 5.0) -> Any:
    return ended(key, "terminated", node=node, at=at, exception=error)


def kinds_of(state: ClusterState) -> dict[tuple[str, str], int]:
    return {tuple(kind.failure): kind.count for kind in state.error_kinds.kinds.values()}


def only_kind(state: ClusterState) -> ErrorKind:
    (kind,) = state.error_kinds.kinds.values()
    return kind


def test_failures_that_differ_in_values_alone_are_one_kind() -> None:
    state = new_state()
    tell(state, fail("a", "KeyError: 'x'"), fail("b", "KeyError: 'y'", node="n2", at=9.0),
         fail("c", "ValueError: 3"), ended("d"), ended("e", "terminated"))  # fmt: skip
    assert kinds_of(state) == {("KeyError", "'…'"): 2, ("ValueError", "#"): 1}
    kind = next(iter(state.error_kinds.kinds.values()))
    assert (kind.first_at, kind.last_at, kind.nodes) == (1_005.0, 1_009.0, {"n1": 1, "n2": 1})
    assert (kind.sample, list(kind.latest)) == ("KeyError: 'x'", [1, 2])
    assert job(state, "a").error_kind == job(state, "b").error_kind == kind.id
    assert job(state, "d").error_kind is None


def test_jobs_that_the_history_has_dropped_stay_counted() -> None:
    state = new_state(history_limit=2)
    for number in range(50):
        tell(state, fail(str(number), f"KeyError: {number}"))
    assert (kinds_of(state), state.ledger.retained) == ({("KeyError", "#"): 50}, 2)


def test_late_text_counts_even_where_the_history_has_dropped_the_job() -> None:
    state = new_state(history_limit=1)
    tell(state, fail("a", ""), fail("b", ""), fail("c", "KeyError: 1"))
    assert (state.error_kinds.uncounted, kinds_of(state)) == (2, {("KeyError", "#"): 1})
    assert state.awaits_text(1)
    tell(state, events.JobText(1, "exception", "ValueError: 3"))
    assert not state.awaits_text(1)
    tell(state, events.JobText(1, "exception", "ValueError: 3"))
    assert kinds_of(state) == {("KeyError", "#"): 1, ("ValueError", "#"): 1}
    assert state.error_kinds.uncounted == 1


def test_text_that_comes_to_nothing_is_waited_for_no_longer() -> None:
    state = new_state()
    tell(state, fail("a", ""), events.JobText(1, "exception", ""))
    assert (kinds_of(state), state.error_kinds.unread) == ({("", ""): 1}, {})


def test_further_kinds_count_as_other() -> None:
    state = new_state(history_limit=1_000)
    for number in range(MOST_KINDS + 3):
        state.apply(fail(str(number), f"E{number}Error: x"))
    check(state)
    assert len(state.error_kinds.kinds) == MOST_KINDS
    assert state.error_kinds.other == 3
    state.apply(fail("again", "E0Error: x"))
    assert state.error_kinds.other == 3
    state.release(list(state.ledger.jobs.values()))
    check(state)
    assert (state.error_kinds.kinds, state.error_kinds.other) == ({}, 0)


def test_jobs_take_their_kinds_along_to_another_cluster() -> None:
    state, other = new_state(), new_state()
    tell(state, fail("a", "KeyError: 1"), fail("b", "KeyError: 2"), fail("c", ""))
    moved = [job(state, "a"), job(state, "c")]
    state.release(moved)
    other.adopt(moved)
    for one in (state, other):
        check(one)
        assert kinds_of(one) == {("KeyError", "#"): 1}
    tell(other, events.JobText(3, "exception", "ValueError: 3"))
    assert kinds_of(other) == {("KeyError", "#"): 1, ("ValueError", "#"): 1}


def test_abandoned_job_that_fails_after_all_is_counted_once() -> None:
    state = new_state()
    tell(state, queued("a"), started("a"), ended("a", "abandoned"), fail("a", "KeyError: 1"))
    tell(state, fail("a", "KeyError: 1"), ended("a"))
    assert kinds_of(state) == {("KeyError", "#"): 1}


@pytest.mark.parametrize(
    ("others", "first_end", "at", "late"),
    [(200, 0.0, 100.0, True), (200, 0.0, 59.0, False), (50, 0.0, 100.0, False)],
)
def test_kind_that_came_into_a_run_that_had_gone_on_is_new(
    others: int, first_end: float, at: float, late: bool
) -> None:
    state = new_state(history_limit=1_000)
    for number in range(others):
        state.apply(ended(str(number), at=first_end))
    tell(state, fail("x", "KeyError: 1", at=at))
    kind = only_kind(state)
    assert kind.is_new(1_000 + at) is late
    assert not kind.is_new(1_000 + at + NEW_SEC)
    tell(state, fail("y", "KeyError: 1", at=at + 500))
    assert kind.is_new(1_000 + at + 501) is late, "what counts is when it was first seen"


def test_nodes_of_a_kind_are_bounded() -> None:
    state = new_state(history_limit=0)
    for number in range(150):
        state.apply(fail(str(number), "KeyError: 1", node=f"n{number}"))
    assert (len(only_kind(state).nodes), only_kind(state).count) == (100, 150)


def test_course_halves_as_time_goes_on() -> None:
    course = Course(1_000.0)
    for at in range(1_000, 1_048):
        course.add(at)
    assert (course.step_sec, course.counts) == (1.0, [1] * 48)
    course.add(1_048.0)
    assert (course.step_sec, course.counts) == (2.0, [2] * 24 + [1])
    course.add(900.0)
    assert course.counts[0] == 3
    assert list(itertools.islice(course, 2)) == [(1_001.0, 3), (1_003.0, 2)]
    course.add(1e9)
    assert (sum(course.counts), len(course.counts) <= 48) == (51, True)


def test_long_run_takes_no_more_room_than_a_short_one() -> None:
    course = Course(0.0)
    for at in range(0, 10_000_000, 9_973):
        course.add(at)
    assert len(course.counts) <= 48
    assert sum(course.counts) == len(range(0, 10_000_000, 9_973))
