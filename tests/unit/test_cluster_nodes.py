"""The nodes of one cluster: their figures, their silence, what happened to them."""

from __future__ import annotations

from typing import Any

from unit.stories import (
    check,
    ended,
    gone,
    queued,
    seen,
    started,
    tell,
)

from flask_dispy.core import events
from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.summary import summary_of
from flask_dispy.wire.rows import RowWriter

# -- what happened to a node ------------------------------------------------------------------


def test_node_keeps_when_it_joined_fell_silent_came_back_and_left(state: ClusterState) -> None:
    load = (50.0, 1.0, 2.0, 3.0)
    tell(state, seen(joined=True, at=1_000.0), seen(updated=1, load=load, pulse=True, at=1_001.0))
    state.mark_silent(1_100.0, 1.0, 10.0)
    tell(
        state, seen(updated=101, pulse=True, at=1_101.0), events.NodeClosed("n1", 1_102.0, "closed")
    )
    tell(state, events.NodeClosed("n1", 1_103.0, "closed"))
    assert state.nodes["n1"].past == [
        (1_000.0, "joined"),
        (1_100.0, "silent"),
        (1_101.0, "heard"),
        (1_102.0, "closed"),
    ]


def test_node_that_was_there_before_has_no_time_of_joining(state: ClusterState) -> None:
    tell(state, seen(joined=True))
    assert state.nodes["n1"].past is None


def test_past_of_a_node_is_bounded(state: ClusterState) -> None:
    for at in range(100):
        tell(
            state,
            seen(joined=True, at=1_000.0 + at),
            events.NodeClosed("n1", 1_000.5 + at, "closed"),
        )
    past = state.nodes["n1"].past
    assert past is not None
    assert (len(past), past[-1]) == (30, (1_099.5, "closed"))


# -- nodes ------------------------------------------------------------------------------------


def test_node_row_has_dispys_fields_and_ours(state: ClusterState) -> None:
    tell(
        state,
        seen(
            "10.0.0.2",
            updated=5,
            name="alpha",
            cpus=2,
            avail_cpus=4,
            busy=1,
            jobs_done=3,
            cpu_time=1.5,
            tx=10,
            rx=20,
            load=(97.5, 1.0, 2.0, 100.0),
            joined=True,
        ),
    )
    assert RowWriter().node_row(state.nodes["10.0.0.2"]) == {
        "ip_addr": "10.0.0.2", "name": "alpha", "cpus": 2, "avail_cpus": 4, "busy": 1,
        "jobs_done": 3, "cpu_time": 1.5, "tx": 10, "rx": 20, "update_time": 1_005,
        "avail_info": {"cpu": 97.5, "memory": 1.0, "disk": 2.0, "swap": 100.0},
        "state": "up", "running": 0, "clock_offset_sec": None,
        "avail_info_age_sec": 0, "compared": None,
        "cost": {"used_sec": 0.0, "idle_sec": 0, "money": None},
    }  # fmt: skip


def test_closed_node_stays_listed(state: ClusterState) -> None:
    tell(state, seen(busy=1), events.NodeClosed("n1", 1_005, "closed"))
    assert (state.nodes["n1"].state, state.nodes["n1"].busy) == ("closed", 0)
    assert summary_of(state, 1_010)["nodes"] == {
        "known": 1,
        "up": 0,
        "silent": 0,
        "lost": 0,
        "closed": 1,
    }


def test_closed_nodes_cpus_are_gone(state: ClusterState) -> None:
    tell(state, seen("n1"), seen("n2"), events.NodeClosed("n1", 1_005, "closed"))
    assert summary_of(state, 1_010)["cpus"]["total"] == 2


def test_late_figures_do_not_reopen_a_closed_node(state: ClusterState) -> None:
    tell(state, seen(), events.NodeClosed("n1", 1_005, "closed"), seen(updated=9, jobs_done=1))
    assert state.nodes["n1"].state == "closed"


def test_node_that_joins_again_is_up(state: ClusterState) -> None:
    tell(state, seen(), events.NodeClosed("n1", 1_005, "closed"), seen(joined=True))
    assert state.nodes["n1"].state == "up"


def test_closing_an_unknown_node_makes_none(state: ClusterState) -> None:
    tell(state, events.NodeClosed("n9", 1_005, "closed"))
    assert state.nodes == {}


def test_totals_go_on_when_a_node_begins_a_new_life(state: ClusterState) -> None:
    tell(
        state,
        seen(jobs_done=5, cpu_time=50.0, tx=500, rx=50),
        events.NodeClosed("n1", 1_005, "closed"),
        seen(joined=True),
        seen(jobs_done=2, cpu_time=20.0, tx=200, rx=20),
    )
    assert state.nodes["n1"].totals == (7, 70.0, 700, 70)


def test_bytes_that_dispy_goes_on_counting_are_not_counted_twice(state: ClusterState) -> None:
    tell(
        state,
        seen(jobs_done=5, cpu_time=50.0, tx=500, rx=50),
        seen(joined=True, tx=500, rx=60),
        seen(jobs_done=1, cpu_time=10.0, tx=600, rx=70),
    )
    assert state.nodes["n1"].totals == (6, 60.0, 600, 70)


def test_cpu_time_that_falls_with_a_clock_is_no_new_life(state: ClusterState) -> None:
    tell(state, seen(jobs_done=5, cpu_time=1_000.0), seen(jobs_done=6, cpu_time=999.0))
    assert state.nodes["n1"].totals[:2] == (6, 999.0)


def test_node_without_cpus_that_was_never_there_is_not_listed(state: ClusterState) -> None:
    tell(state, seen("scheduler", cpus=0, avail_cpus=0, joined=True))
    assert state.nodes == {}


def test_node_known_before_may_lose_all_cpus(state: ClusterState) -> None:
    tell(state, seen("n1"), seen("n1", cpus=0, avail_cpus=0))
    assert state.nodes["n1"].cpus == 0


def test_load_is_kept_until_a_newer_one_comes(state: ClusterState) -> None:
    tell(state, seen(load=(50.0, 1.0, 2.0, 3.0)), seen(load=None, jobs_done=1))
    assert state.nodes["n1"].load == (50.0, 1.0, 2.0, 3.0)


def test_same_figures_again_change_nothing(state: ClusterState) -> None:
    tell(state, seen())
    state.roster.dirty.clear()
    tell(state, seen())
    assert not state.roster.dirty


# -- silence ----------------------------------------------------------------------------------


def pulse(at: float, *, updated: float | None = None, measured: float | None = None) -> Any:
    """Return a pulse that came at *at*, and that dispy noted as *updated*.

    Its load was measured then, or at *measured*.
    """
    updated = at if updated is None else updated
    load = (50.0, at if measured is None else measured, 2.0, 3.0)
    return seen(updated=updated, load=load, pulse=True, at=1_000.0 + at)


def silence(state: ClusterState, at: float, pulse_sec: float | None = None) -> str:
    state.mark_silent(1_000 + at, pulse_sec, 10.0)
    check(state)
    return state.nodes["n1"].state


def test_node_is_silent_after_five_pulses_without_a_sign(state: ClusterState) -> None:
    tell(state, pulse(1))
    assert silence(state, 11.0, pulse_sec=2.0) == "up"
    assert silence(state, 11.1, pulse_sec=2.0) == "silent"


def test_node_without_a_load_is_not_expected_to_pulse(state: ClusterState) -> None:
    tell(state, seen(updated=1))
    assert silence(state, 10_000, pulse_sec=2.0) == "up"


def test_silent_node_is_up_again_after_a_sign(state: ClusterState) -> None:
    tell(state, pulse(1))
    silence(state, 100, pulse_sec=2.0)
    tell(state, seen(updated=101))
    assert state.nodes["n1"].state == "up"


def test_silent_node_stays_silent_when_merely_looked_at(state: ClusterState) -> None:
    tell(state, pulse(1))
    silence(state, 100, pulse_sec=2.0)
    tell(state, seen(updated=1, tx=5))
    assert state.nodes["n1"].state == "silent"


def test_sign_of_life_counts_after_the_clock_was_set_back(state: ClusterState) -> None:
    tell(state, pulse(500))
    silence(state, 1_000, pulse_sec=2.0)
    tell(state, pulse(100))
    assert state.nodes["n1"].state == "up"


def test_pulse_that_dispy_notes_no_time_for_is_a_sign_of_life(state: ClusterState) -> None:
    tell(state, seen(updated=1, joined=True))
    for at in range(2, 100, 2):
        tell(state, pulse(at, updated=1))
        assert silence(state, at + 1) == "up"
    assert state.nodes["n1"].updated_at == 1_098
    assert silence(state, 130) == "silent"


def test_pulse_interval_is_learnt_where_it_is_not_known(state: ClusterState) -> None:
    tell(state, pulse(10), pulse(20), pulse(30))
    assert silence(state, 80) == "up"
    assert silence(state, 81) == "silent"


def test_one_pulse_predicts_no_other(state: ClusterState) -> None:
    tell(state, pulse(10))
    assert silence(state, 10_000) == "up"


def test_signs_between_two_pulses_make_no_faster_pulse(state: ClusterState) -> None:
    tell(state, pulse(10), pulse(20), seen(updated=29.9), pulse(30), pulse(30.1), pulse(40))
    assert silence(state, 89) == "up"
    assert silence(state, 91) == "silent"


def test_load_that_a_scheduler_repeats_is_no_pulse(state: ClusterState) -> None:
    tell(state, pulse(10), pulse(11, measured=10), pulse(12, measured=10))
    assert state.nodes["n1"].updated_at == 1_012
    assert silence(state, 10_000) == "up"


def test_gap_while_a_node_was_silent_is_not_learnt(state: ClusterState) -> None:
    tell(state, pulse(10), pulse(20))
    silence(state, 1_000)
    tell(state, pulse(2_000), pulse(2_010))
    assert silence(state, 2_061) == "silent"


def test_busy_node_without_pulses_is_not_silent(state: ClusterState) -> None:
    tell(state, seen(updated=1, cpus=1), started("a"), queued("b"))
    assert silence(state, 10_000) == "up"


def test_idle_node_without_pulses_is_silent_while_jobs_wait(state: ClusterState) -> None:
    tell(state, seen(updated=1), queued("b"))
    assert silence(state, 50) == "up"
    assert silence(state, 52) == "silent"


def test_idle_node_without_pulses_is_not_silent_while_nothing_waits(state: ClusterState) -> None:
    tell(state, seen(updated=1))
    assert silence(state, 10_000) == "up"


def test_node_that_gave_no_sign_yet_is_not_silent(state: ClusterState) -> None:
    tell(state, seen(updated=0, pulse=False), queued("a"))
    assert silence(state, 10_000, pulse_sec=1.0) == "up"


def test_closed_node_is_never_silent(state: ClusterState) -> None:
    tell(state, seen(updated=1, pulse=True), events.NodeClosed("n1", 1_002, "closed"))
    assert silence(state, 10_000, pulse_sec=1.0) == "closed"


# -- old figures ---------------------------------------------------------------------------------


def test_load_says_how_much_older_it_is_than_the_last_sign_of_life(state: ClusterState) -> None:
    load = (50.0, 2.0**30, 2.0**40, 100.0)
    tell(state, seen(updated=1, load=load, joined=True, at=1_001.0))
    node = state.nodes["n1"]
    assert RowWriter().node_row(node)["avail_info_age_sec"] == 0
    tell(state, seen(updated=130, load=load, jobs_done=1))
    assert RowWriter().node_row(node)["avail_info_age_sec"] == 120
    assert node.series is not None
    memory = node.series.as_dict()["memory_avail_bytes"]
    assert (memory[0], memory[-1]) == (2.0**30, None)  # a gap, for nobody measured it
    tell(state, seen(updated=190, load=load, pulse=True, at=1_190.0))
    assert RowWriter().node_row(node)["avail_info_age_sec"] == 0


def test_series_of_a_node_that_died_ends_with_what_runs_there(state: ClusterState) -> None:
    tell(state, seen(updated=1, load=(50.0, 1.0, 1.0, 100.0), joined=True, at=1_001.0))
    tell(state, queued("a"), queued("b"), started("a"), started("b"))
    tell(state, seen(updated=10, jobs_done=1), gone(at=200.0))
    for key in ("a", "b"):
        tell(state, ended(key, "abandoned", start=None, at=201.0))
    assert state.nodes["n1"].series is not None
    series = state.nodes["n1"].series.as_dict()
    assert (series["t"][-1], series["running"][-1]) == (1_200.0, 0.0)
    assert (series["running"][-2], series["memory_avail_bytes"][-1]) == (2.0, None)
