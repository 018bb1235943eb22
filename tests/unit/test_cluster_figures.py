"""The figures of a whole cluster: its summary, its stragglers, its end."""

from __future__ import annotations

import itertools

from unit.stories import (
    counts,
    ended,
    new_state,
    queued,
    seen,
    started,
    state_of,
    tell,
)

from flask_dispy.core import events
from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.journal import Journal
from flask_dispy.core.roster import Roster
from flask_dispy.core.summary import summary_of

# -- the end of the cluster -------------------------------------------------------------------


def test_closed_cluster_has_no_nodes_up(state: ClusterState) -> None:
    tell(state, seen("n1"), seen("n2"), events.WatchingEnded(1_009))
    summary = summary_of(state, 1_010)
    assert (summary["state"], summary["closed_at"]) == ("closed", 1_009)
    assert summary["nodes"] == {"known": 2, "up": 0, "silent": 0, "lost": 0, "closed": 2}


def test_closing_twice_keeps_the_first_time(state: ClusterState) -> None:
    tell(state, events.WatchingEnded(1_009), events.WatchingEnded(1_020))
    assert state.closed_at == 1_009


def test_jobs_of_a_closed_cluster_can_still_end(state: ClusterState) -> None:
    tell(state, started("a"), events.WatchingEnded(1_009), ended("a"))
    assert counts(state) == {"finished": 1}


# -- figures ----------------------------------------------------------------------------------


def test_p95_is_of_the_finished_jobs(state: ClusterState) -> None:
    tell(state, *(ended(str(n), start=0, at=n) for n in range(1, 101)),
         ended("t", "terminated", start=0, at=5_000))  # fmt: skip
    assert state.durations.p95_sec() == 95.0


def test_p95_forgets_all_but_the_latest_thousand() -> None:
    state = new_state()
    for number in range(1_000):
        state.apply(ended(f"slow{number}", start=0, at=100))
    for number in range(1_000):
        state.apply(ended(f"fast{number}", start=0, at=1))
    assert state.durations.p95_sec() == 1.0


def test_no_job_straggles_before_any_has_finished(state: ClusterState) -> None:
    tell(state, started("a", at=0))
    assert state.stragglers(1_000_000) == []


def test_straggler_takes_three_times_the_p95_and_ten_seconds(state: ClusterState) -> None:
    tell(state, ended("f", start=0, at=20), started("a", at=0), started("b", at=30))
    assert state.stragglers(1_060) == []
    assert [job.key for job in state.stragglers(1_061)] == ["a"]
    assert summary_of(state, 1_100)["attention"]["stragglers"] == 2


def test_quick_jobs_are_no_stragglers_before_ten_seconds(state: ClusterState) -> None:
    tell(state, ended("f", start=0, at=0.1), started("a", at=0))
    assert state.stragglers(1_010) == []
    assert len(state.stragglers(1_010.5)) == 1


def test_summary_counts_agree_with_one_another(state: ClusterState) -> None:
    tell(state, queued("a"), started("b"), ended("c"), ended("d", "terminated", exception="E"),
         ended("e", "cancelled", start=None), ended("f", "abandoned"))  # fmt: skip
    jobs = summary_of(state, 1_010)["jobs"]
    assert jobs == {
        "submitted": 6, "queued": 1, "running": 1, "finished": 1, "terminated": 1, "cancelled": 1,
        "abandoned": 1, "failed": 1, "done": 4, "pending": 2, "before_watching": 0,
    }  # fmt: skip
    assert summary_of(state, 1_010)["progress"] == round(4 / 6, 6)


def test_summary_of_nothing_has_no_progress(state: ClusterState) -> None:
    assert summary_of(state, 1_000)["progress"] is None


def test_cpus_busy_are_those_with_known_jobs(state: ClusterState) -> None:
    tell(state, seen(busy=40), started("a"))
    assert summary_of(state, 1_010)["cpus"] == {"total": 2, "busy": 1}


def test_states_are_listed_by_key(state: ClusterState) -> None:
    tell(state, queued("a"), started("b"))
    assert (state_of(state, "a"), state_of(state, "b")) == ("queued", "running")


def test_pace_that_time_alone_changed_is_a_change(state: ClusterState) -> None:
    state.series.add(1_000.0, state.sample())
    tell(state, queued("a"), ended("a"))
    state.series.add(1_001.5, state.sample())
    state.refresh_pace(1_002.0)
    state.dirty = False
    state.refresh_pace(1_002.0)
    assert not state.dirty
    state.refresh_pace(1_100.0)
    assert state.dirty


def test_nodes_that_closed_long_ago_are_forgotten() -> None:
    roster = Roster(Journal(itertools.count(1)), most_gone=2)
    for name in ("n1", "n2", "n3", "n4"):
        roster.see(seen(name, joined=True), 1_000.0)
    for name in ("n2", "n1", "n3"):
        roster.leave(name, 1_000.0, "closed")
    roster.see(seen("n1", joined=True), 1_000.0)
    roster.leave("n4", 1_001.0, "closed")
    assert sorted(roster.nodes) == ["n1", "n3", "n4"]
    assert roster.dropped == {"n2"}
    census = {"known": 3, "up": 1, "silent": 0, "lost": 0, "closed": 2}
    assert roster.census.as_dict() == census
