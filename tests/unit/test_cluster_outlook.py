"""The outlook of a cluster's state as events are folded, and time goes by."""

from __future__ import annotations

import json
from typing import Any

import pytest
from unit.stories import ended, new_state, queued, seen, started, tell

from flask_dispy.core import events
from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.durations import Durations
from flask_dispy.core.ends import Ends
from flask_dispy.core.prospects import Surroundings
from flask_dispy.core.summary import summary_of


def outlook_of(state: ClusterState, now: float, **around: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {"trouble": None, "counted": True, "others_on": lambda: ((), 0)}
    told: dict[str, Any] = summary_of(state, now, Surroundings(**facts | around))["outlook"]
    return told


def run(state: ClusterState, until: int) -> None:
    """Jobs that take a second each, one after another, on a node of two CPUs."""
    tell(state, seen("n1", joined=True))
    for number in range(until):
        key = f"j{number}"
        tell(state, queued(key, number), started(key, at=number), ended(key, start=number,
             at=number + 1))  # fmt: skip
        state.series.add(1_000.0 + number + 1, state.sample())


def test_last_nine_that_hang_are_a_stall_and_no_less_than_a_minute(state: ClusterState) -> None:
    run(state, 100)
    tell(state, *(queued(f"h{n}", 100) for n in range(9)))
    tell(state, *(started(f"h{n}", node=f"n{n % 5}", at=100) for n in range(9)))
    for now in range(1_161, 2_400, 7):
        state.series.add(float(now), state.sample())
        summary = summary_of(state, float(now))
        assert summary["eta_sec"] is None
        assert (summary["outlook"]["state"], summary["outlook"]["since"]) == ("stalled", 1_100)
        assert summary["outlook"]["stuck"]["jobs"] == 9
    assert summary["outlook"]["stuck"]["nodes"] == 5
    assert summary["outlook"]["stuck"]["usual_sec"] == 1


def test_end_of_a_stuck_job_ends_the_stall(state: ClusterState) -> None:
    run(state, 30)
    tell(state, started("h1", at=30), started("h2", at=30))
    assert outlook_of(state, 1_100)["state"] == "stalled"
    tell(state, ended("h1", start=30, at=100))
    assert outlook_of(state, 1_101)["state"] == "going"


def test_job_that_somebody_ended_shows_no_progress(state: ClusterState) -> None:
    run(state, 30)
    tell(state, started("h1", at=30), started("h2", at=30),
         ended("h1", "terminated", start=30, at=99))  # fmt: skip
    assert outlook_of(state, 1_100)["stuck"]["jobs"] == 1


def test_closed_cluster_uses_no_cpu_and_has_no_straggler(state: ClusterState) -> None:
    run(state, 30)
    tell(state, started("h1", at=30))
    summary = summary_of(state, 1_100)
    assert (summary["cpus"]["busy"], summary["attention"]["stragglers"]) == (1, 1)
    tell(state, events.WatchingEnded(1_100.0))
    summary = summary_of(state, 1_200)
    assert (summary["cpus"]["busy"], summary["attention"]["stragglers"]) == (0, 0)
    assert (state.sample().cpus_busy, summary["jobs"]["running"]) == (0, 1)


def test_job_that_raised_shows_progress(state: ClusterState) -> None:
    run(state, 30)
    tell(state, started("h1", at=30), started("h2", at=30),
         ended("h1", "terminated", start=30, at=99, exception="E"))  # fmt: skip
    assert outlook_of(state, 1_100)["state"] == "going"


def test_time_alone_makes_the_summary_new_once() -> None:
    state = new_state()
    run(state, 30)
    tell(state, started("h1", at=30))
    state.refresh_pace(1_062.0)
    state.dirty = False
    state.refresh_pace(1_090.0)
    assert not state.dirty
    state.refresh_pace(1_090.5)
    assert state.dirty
    state.dirty = False
    state.refresh_pace(1_500.0)
    assert not state.dirty


def test_clock_that_is_set_back_hides_no_stall(state: ClusterState) -> None:
    run(state, 30)
    tell(state, started("h1", at=30), started("h2", at=30))
    back = 1_031.0 - 7_200
    assert outlook_of(state, back)["state"] == "going"
    told = outlook_of(state, back + 61)
    assert (told["state"], told["since"]) == ("stalled", back)
    assert told["stuck"]["oldest_sec"] == 61
    assert "the oldest for 61 s" in told["message"]
    # What happens by the new time counts as usual.
    tell(state, started("j", at=back - 1_000 + 62), ended("j", start=back - 1_000 + 62,
         at=back - 1_000 + 63))  # fmt: skip
    assert outlook_of(state, back + 64)["state"] == "going"
    assert outlook_of(state, back + 122)["state"] == "going"
    told = outlook_of(state, back + 124)
    assert (told["state"], told["since"]) == ("stalled", back + 63)


def test_clock_that_is_set_back_ended_nothing_in_the_future(state: ClusterState) -> None:
    run(state, 3)
    assert outlook_of(state, 1_002 - 7_200)["since"] == 1_002 - 7_200


def test_limit_is_the_clusters_own_to_say() -> None:
    state = ClusterState("c", 1_000.0, serials=iter(range(1, 99)), history_limit=9, stall_sec=4.0)
    run(state, 3)
    tell(state, started("h", at=3))
    assert outlook_of(state, 1_010)["state"] == "going"  # ten times the usual gap of a second
    assert outlook_of(state, 1_014)["state"] == "stalled"


# -- jobs bound to a node that is gone ---------------------------------------------------------


def test_bound_jobs_are_counted_while_they_wait(state: ClusterState) -> None:
    run(state, 3)
    tell(state, *(queued(key, 3) for key in "abc"),
         events.QueueSeen((("a", "n9"), ("b", "n9"), ("gone", "n9")), full=False))  # fmt: skip
    tell(state, started("c", at=3))
    told = outlook_of(state, 1_004)
    assert (told["reason"], told["bound"]) == ("part_blocked", 2)
    assert "2 of the queued jobs are bound" not in told["message"]
    assert "All 2 queued jobs are bound to n9, which is gone." in told["message"]
    tell(state, ended("a", "cancelled", node=None, start=None, at=4), ended("c", start=3, at=4))
    told = outlook_of(state, 1_005)
    assert (told["state"], told["reason"], told["bound"]) == ("waiting", "bound_to_gone_node", 1)
    tell(state, events.QueueSeen((), full=False))
    assert outlook_of(state, 1_005)["bound"] == 0


# -- other clusters -----------------------------------------------------------------------------


def test_other_clusters_jobs_hold_all_cpus(state: ClusterState) -> None:
    tell(state, seen("n1", cpus=4, joined=True), queued("a"))

    def reason(now: float, running: int) -> Any:
        return outlook_of(state, now, others_on=lambda: (["fit_model"], running))["reason"]

    assert reason(1_001, 4) == "no_estimate"
    assert reason(1_010, 3) == "no_estimate"
    assert reason(1_010, 4) == "cpus_busy"


def test_dispys_own_count_of_busy_cpus_decides_where_nobody_is_known(state: ClusterState) -> None:
    tell(state, seen("n1", cpus=4, joined=True), queued("a"), events.QueueSeen((), full=True))
    outlook_of(state, 1_001)
    assert outlook_of(state, 1_005)["reason"] == "cpus_busy"


# -- before watching ----------------------------------------------------------------------------


def test_jobs_from_before_watching_are_pending_everywhere(state: ClusterState) -> None:
    tell(state, seen("n1", joined=True), events.PendingCounted(1_000.5, 10))
    tell(state, *(started(str(n), at=0.2) for n in range(4)))
    tell(state, *(ended(str(n), start=0.2, at=3) for n in range(2)))
    summary = summary_of(state, 1_004)
    jobs = summary["jobs"]
    assert (jobs["submitted"], jobs["done"], jobs["before_watching"]) == (4, 2, 6)
    assert (jobs["pending"], summary["progress"]) == (8, 0.2)
    assert state.sample().queued == 6  # as the tile has it
    assert summary["outlook"]["state"] == "going"


# -- what is usual ------------------------------------------------------------------------------


def test_usual_gap_is_the_median_and_leaves_idle_time_out() -> None:
    ends = Ends()
    assert ends.usual_gap_sec() == 0.0
    for number in range(5):
        ends.note(10.0 * number + 10, 10.0 * number)
    assert (ends.usual_gap_sec(), ends.last_at) == (10.0, 50.0)
    ends.note(5_010.0, 5_000.0)
    assert ends.usual_gap_sec() == 10.0
    ends.note(4_000.0, 3_000.0)  # told late
    assert ends.last_at == 5_010.0


@pytest.mark.parametrize(("durations", "median"), [([], None), ([3.0], 3.0), ([1, 2, 90], 2)])
def test_usual_duration_is_the_median(durations: list[float], median: float | None) -> None:
    known = Durations()
    for duration in durations:
        known.note(duration, 1_000.0)
    assert known.median_sec() == median


def test_outlook_is_json_without_nan(state: ClusterState) -> None:
    run(state, 3)
    json.dumps(summary_of(state, 1_004), allow_nan=False)


# -- when it will be done -----------------------------------------------------------------------


def test_going_has_a_range_and_says_so(state: ClusterState) -> None:
    run(state, 30)
    tell(state, *(queued(f"q{n}", 30) for n in range(60)), started("r", at=30))
    summary = summary_of(state, 1_030.5)
    told = summary["outlook"]
    assert (told["state"], told["reason"]) == ("going", "estimated")
    assert 0 < told["eta_early_sec"] <= told["eta_sec"] <= told["eta_late_sec"]
    assert summary["eta_sec"] == told["eta_sec"]
    assert told["message"].startswith("About ")


def test_cpus_that_others_hold_make_it_later(state: ClusterState) -> None:
    run(state, 30)
    tell(state, seen("n1", cpus=8), *(queued(f"q{n}", 30) for n in range(60)), started("r", at=30))
    alone = outlook_of(state, 1_030.5)["eta_sec"]
    shared = outlook_of(state, 1_030.5, others_on=lambda: (["b"], 6))["eta_sec"]
    assert shared > 2 * alone


def test_nothing_left_to_start_is_no_promise(state: ClusterState) -> None:
    run(state, 30)
    tell(state, *(queued(f"q{n}", 30) for n in range(6)), started("r", at=30), seen("n1", cpus=0))
    told = outlook_of(state, 1_031)
    assert (told["reason"], told["eta_sec"]) == ("part_blocked", None)
