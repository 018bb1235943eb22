"""What happens to a cluster is logged once, in order, and the log is bounded."""

from __future__ import annotations

import itertools
from typing import Any

from unit.stories import ended, gone, new_state, queued, seen, started, tell

from flask_dispy.core import events
from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.failurewindow import FailureWindow
from flask_dispy.core.journal import ENTRY_KINDS, MOST_OF_A_KIND, Entry, Journal
from flask_dispy.wire.journal import event_row


def entries(state: ClusterState) -> list[Entry]:
    return sorted(state.journal.kept(), key=lambda entry: entry.serial)


def kinds(state: ClusterState) -> list[str]:
    return [entry.kind for entry in entries(state)]


def last(state: ClusterState) -> Entry:
    return entries(state)[-1]


def joined(ip_addr: str = "n1", at: float = 1.0, **figures: Any) -> Any:
    return seen(ip_addr, joined=True, at=1_000 + at, updated=at, **figures)


# -- nodes ------------------------------------------------------------------------------------


def test_node_joins_falls_silent_comes_back_and_is_lost() -> None:
    state = new_state()
    tell(state, joined(), queued("a"), started("a"))
    tell(state, seen(load=(1.0, 1.0, 1.0, 1.0), updated=700.0, pulse=True))
    state.mark_silent(1_800.0, 10.0, 10.0)
    state.mark_silent(1_900.0, 10.0, 10.0)
    tell(state, seen(load=(2.0, 1.0, 1.0, 1.0), updated=950.0, pulse=True), gone(at=1_000.0))
    assert [(entry.kind, entry.at) for entry in entries(state)] == [
        ("node_joined", 1_001.0),
        ("node_silent", 1_800.0),
        ("node_heard", 1_950.0),
        ("node_lost", 2_000.0),
    ]
    assert {(entry.node, entry.name) for entry in entries(state)} == {("n1", "alpha")}
    assert (entries(state)[0].detail, last(state).detail) == ({"cpus": 2}, {"jobs": 1})


def test_reports_that_come_twice_are_logged_once() -> None:
    state = new_state()
    tell(state, joined(), seen(), seen(), gone(), gone(at=6.0), gone(why="closed", at=7.0))
    assert kinds(state) == ["node_joined", "node_closed"]


def test_node_that_was_there_before_watching_has_not_joined() -> None:
    state = new_state()
    tell(state, seen(joined=True))
    assert kinds(state) == []


def test_closed_node_names_its_closer() -> None:
    state = new_state()
    for number, why in enumerate(("closed", "deallocated", "given_up", "closed"), 1):
        tell(state, joined(f"n{number}"))
        if number == 4:
            state.journal.order("node_closed", "n4", "ann", 1_004.0)
        tell(state, gone(f"n{number}", why))  # type: ignore[arg-type]
    found = [(e.kind, e.source, e.by) for e in entries(state) if e.kind != "node_joined"]
    assert found == [
        ("node_closed", "program", None),
        ("node_deallocated", "program", None),
        ("node_closed", None, None),
        ("node_closed", "command", "ann"),
    ]


def test_closed_node_whose_jobs_turn_out_abandoned_was_lost() -> None:
    state = new_state()
    tell(state, joined(), gone(), ended("a", "abandoned", at=6.0))
    assert [(entry.kind, entry.at) for entry in entries(state)] == [
        ("node_joined", 1_001.0),
        ("node_lost", 1_005.0),
    ]
    assert state.journal.counts["node_closed"] == 0
    assert [entry.kind for entry in state.journal.fresh] == ["node_joined", "node_lost"]


def test_clusters_end_is_one_entry_however_many_nodes_it_had() -> None:
    state = new_state()
    tell(state, *(joined(f"n{number}") for number in range(5)), queued("a"))
    tell(state, events.WatchingEnded(1_009.0))
    assert kinds(state) == [*["node_joined"] * 5, "cluster_closed"]
    assert last(state).detail == {"jobs": 1}


# -- CPUs -------------------------------------------------------------------------------------


def test_cpus_that_are_set_are_logged_with_those_before() -> None:
    state = new_state()
    tell(state, joined(cpus=4))
    state.journal.order("cpus_set", "n1", "ann", 1_002.0)
    tell(state, seen(cpus=2, updated=2.5), seen(cpus=2, updated=3.0), seen(cpus=3, updated=4.0))
    found = [entry for entry in entries(state) if entry.kind == "cpus_set"]
    assert [(e.detail, e.source, e.by) for e in found] == [
        ({"cpus": 2, "cpus_before": 4}, "command", "ann"),
        ({"cpus": 3, "cpus_before": 2}, None, None),
    ]


def test_failed_or_old_command_is_not_named_as_the_cause() -> None:
    state = new_state()
    tell(state, joined())
    state.journal.order("cpus_set", "n1", "ann", 1_002.0)
    state.journal.call_off("cpus_set", "n1")
    tell(state, seen(cpus=1, updated=3.0))
    state.journal.order("cpus_set", "n1", "ann", 1_002.0)
    tell(state, seen(cpus=2, updated=100.0))
    assert [e.by for e in entries(state) if e.kind == "cpus_set"] == [None, None]


def test_cpus_of_a_dying_node_were_not_set() -> None:
    state = new_state()
    tell(state, joined(), seen(cpus=0, updated=3.0), gone())
    assert kinds(state) == ["node_joined", "node_closed"]
    tell(state, joined(at=8.0), seen(cpus=0, updated=9.0), joined(at=9.5, cpus=2))
    assert kinds(state) == ["node_joined", "node_closed", "node_joined", "node_joined"]
    tell(state, seen(cpus=0, updated=10.0), gone(at=90.0))
    assert kinds(state)[-2:] == ["cpus_set", "node_closed"]


# -- jobs -------------------------------------------------------------------------------------


def test_kind_of_error_is_logged_when_it_first_comes() -> None:
    state = new_state(history_limit=1)
    tell(state, ended("a", "terminated", exception="KeyError: 1"),
         ended("b", "terminated", exception="KeyError: 2"),
         ended("c", "terminated", exception=""),
         events.JobText(3, "exception", "ValueError: 'x'"))  # fmt: skip
    first, second = entries(state)
    assert (first.kind, first.at, first.node) == ("error_kind", 1_005.0, "n1")
    assert first.detail == {
        "error_kind": next(iter(state.error_kinds.kinds)),
        "function": "compute",
        "type": "KeyError",
        "message": "#",
    }
    assert (second.kind, second.detail["type"]) == ("error_kind", "ValueError")


def test_many_failures_and_few_again_are_logged_in_turn() -> None:
    window = FailureWindow(jobs=10, percent=40.0)
    state = ClusterState(
        "c", 1_000.0, serials=itertools.count(1), history_limit=9, failure_window=window
    )
    # The fifth failure of ten, three to seven of them, only two; then five again, and none.
    outcomes = "ffff.f.ff" + "." * 8 + "f.ffff" + "." * 10
    for at, outcome in enumerate(outcomes):
        how = {"state": "terminated", "exception": "E: 1"} if outcome == "f" else {}
        tell(state, ended(f"j{at}", at=float(at), **how))  # type: ignore[arg-type]
        tell(state, ended(f"c{at}", "cancelled", at=float(at)))
    rows = [event_row(one, "c", private=True) for one in entries(state) if one.kind != "error_kind"]
    assert [(row["kind"], row["at"], row["text"]) for row in rows] == [
        ("failing", 1_005.0, "5 of the latest 6 jobs failed"),
        ("recovered", 1_015.0, "Only 2 of the latest 10 jobs failed"),
        ("failing", 1_022.0, "5 of the latest 10 jobs failed"),
        ("recovered", 1_030.0, "Only 2 of the latest 10 jobs failed"),
    ]


def test_recovery_without_a_failure_says_none() -> None:
    entry = Entry(1, 1.0, "recovered", detail={"jobs": 100, "failed": 0})
    assert event_row(entry, "c", private=True)["text"] == "None of the latest 100 jobs failed"


def test_percentage_of_100_is_never_exceeded() -> None:
    window = FailureWindow(jobs=3, percent=100.0)
    assert not any(window.note(failed=True) for _ in range(9))


def run_jobs(state: ClusterState, *names: str, at: float) -> None:
    for name in names:
        tell(state, queued(name, at), started(name, at=at), ended(name, start=at, at=at + 1))


def test_run_that_stalls_goes_on_and_is_done() -> None:
    state = ClusterState("c", 1_000.0, serials=itertools.count(1), history_limit=9, stall_sec=4.0)
    tell(state, joined())
    run_jobs(state, "a", "b", at=2.0)
    tell(state, queued("c", 3.0), started("c", at=3.0), queued("d", 3.0))
    for now in (1_004.0, 1_100.0, 1_101.0):
        state.refresh_pace(now)
    tell(state, started("d", at=102.0))
    for now in (1_102.0, 1_103.0):
        state.refresh_pace(now)
    tell(state, ended("c", start=3.0, at=104.0), ended("d", start=102.0, at=105.0))
    for now in (1_106.0, 1_109.0, 1_110.0, 1_200.0):
        state.refresh_pace(now)
    found = [(entry.kind, entry.at) for entry in entries(state)]
    assert found == [
        ("node_joined", 1_001.0),
        ("stalled", 1_100.0),
        ("going", 1_102.0),
        ("done", 1_105.0),
    ]
    assert entries(state)[1].node == "n1"
    assert entries(state)[1].detail["jobs"] == 1
    assert [last(state).detail[word] for word in ("jobs", "failed", "finished")] == [4, 0, 4]


def test_loop_that_submits_one_job_after_another_is_done_once() -> None:
    state = new_state()
    for second in range(0, 20, 2):
        run_jobs(state, str(second), at=float(second))
        state.refresh_pace(1_000.0 + second + 2)
    assert kinds(state) == []
    state.refresh_pace(1_030.0)
    tell(state, events.WatchingEnded(1_040.0))
    assert kinds(state) == ["done", "cluster_closed"]


def test_cluster_that_is_closed_at_once_was_done() -> None:
    state = new_state()
    run_jobs(state, "a", at=1.0)
    tell(state, events.WatchingEnded(1_002.5), events.WatchingEnded(1_003.0))
    found = [(entry.kind, entry.at) for entry in entries(state)]
    assert found == [("done", 1_002.0), ("cluster_closed", 1_002.5)]


# -- bounds -----------------------------------------------------------------------------------


def test_many_of_a_kind_push_out_their_own_oldest_alone() -> None:
    state = new_state()
    tell(state, ended("a", "terminated", exception="KeyError: 1"))
    for number in range(MOST_OF_A_KIND + 7):
        state.apply(joined(f"n{number}"))
    assert kinds(state) == ["error_kind", *["node_joined"] * MOST_OF_A_KIND]
    assert entries(state)[1].node == "n7"
    assert state.journal.counts["node_joined"] == MOST_OF_A_KIND + 7
    assert state.journal.latest == last(state).serial == MOST_OF_A_KIND + 8


def test_serials_grow_over_all_clusters() -> None:
    numbers = itertools.count(1)
    one, other = Journal(numbers), Journal(numbers)
    made = [journal.add("settings_changed", 1.0).serial for journal in (one, other, one)]
    assert (made, one.latest, other.latest) == ([1, 2, 3], 3, 2)


def test_orders_without_effect_are_forgotten() -> None:
    journal = Journal(itertools.count(1))
    for number in range(1_000):
        journal.order("cpus_set", str(number), None, 1_000.0 + number)
    assert len(journal._orders) <= 61


def test_jobs_alone_cost_the_journal_nothing(monkeypatch: Any) -> None:
    state = new_state()
    called: list[str] = []
    for name in ("add", "order", "last_of", "kept"):
        monkeypatch.setattr(
            Journal, name, lambda *_args, _name=name, **_detail: called.append(_name)
        )
    tell(state, seen())
    run_jobs(state, *map(str, range(100)), at=1.0)
    assert called == []


def test_every_kind_can_be_logged() -> None:
    journal = Journal(itertools.count(1))
    for kind in ENTRY_KINDS:
        journal.add(kind, 1.0)
    assert {entry.kind for entry in journal.kept()} == set(ENTRY_KINDS)
    assert [entry.kind for entry in journal.kept(["done"])] == ["done"]
