"""Whether a node that left is missed (lost) or not (closed)."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import pytest
from dispy_objects import FakeCluster
from unit.stories import ended, gone, new_state, queued, seen, started, tell

from flask_dispy.core import events
from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.summary import summary_of
from flask_dispy.engine.reports.watch import Watch
from flask_dispy.wire.rows import RowWriter

_LOAD = (50.0, 1.0, 2.0, 3.0)


def _left(state: ClusterState, *story: Any) -> str:
    tell(state, *story)
    return state.nodes["n1"].state


# -- dispy gave it up -------------------------------------------------------------------------


def test_node_that_leaves_running_jobs_is_lost(state: ClusterState) -> None:
    assert _left(state, seen(joined=True), started("a"), gone()) == "lost"


def test_node_that_leaves_while_jobs_wait_is_lost(state: ClusterState) -> None:
    """dispy notices that it can't be reached when it sends a job there."""
    assert _left(state, seen(joined=True), queued("a"), gone()) == "lost"


def test_node_that_leaves_while_jobs_wait_from_before_is_lost(state: ClusterState) -> None:
    assert _left(state, seen(joined=True), events.PendingCounted(1_001, 3), gone()) == "lost"


def test_node_that_says_goodbye_with_nothing_left_to_do_is_closed(state: ClusterState) -> None:
    story = (seen(joined=True), started("a"), ended("a"), gone())
    assert _left(state, *story) == "closed"


@pytest.mark.parametrize("reentrant", [False, True])
@pytest.mark.parametrize("order", list(itertools.permutations(range(2))))
def test_node_whose_jobs_are_abandoned_is_lost_whatever_is_reported_first(
    state: ClusterState, order: tuple[int, ...], reentrant: bool
) -> None:
    abandoned = queued("a", 5.0, requeued=True) if reentrant else ended("a", "abandoned", at=5.0)
    reports = (abandoned, gone())
    story = [reports[place] for place in order]
    assert _left(state, seen(joined=True, at=1_000.0), started("a"), *story) == "lost"
    assert state.nodes["n1"].past == [(1_000.0, "joined"), (1_005.0, "lost")]


def test_node_is_lost_whose_job_was_reported_at_its_end_alone(state: ClusterState) -> None:
    """A run and its end that come together are told as one event, after the node's."""
    story = (seen(joined=True, at=1_000.0), gone(), ended("a", "abandoned", at=6.0))
    assert _left(state, *story) == "lost"
    assert state.nodes["n1"].past == [(1_000.0, "joined"), (1_005.0, "lost")]


def test_node_whose_pulses_stopped_is_lost(state: ClusterState) -> None:
    """It serves another cluster as well, which had the jobs that dispy looked after."""
    pulses = [seen(updated=at, load=(at, 1.0, 2.0, 3.0), pulse=True) for at in (1, 2, 3)]
    assert _left(state, seen(joined=True), *pulses, gone(at=7.0)) == "lost"


def test_node_that_pulsed_just_before_is_closed(state: ClusterState) -> None:
    pulses = [seen(updated=at, load=(at, 1.0, 2.0, 3.0), pulse=True) for at in (1, 2, 3)]
    assert _left(state, seen(joined=True), *pulses, gone(at=4.0)) == "closed"


def test_abandoned_jobs_of_an_earlier_life_do_not_count(state: ClusterState) -> None:
    story = (seen(joined=True), started("a"), gone(), ended("a", "abandoned"))
    assert _left(state, *story, seen(joined=True), gone(at=9.0)) == "closed"


def test_silent_node_that_is_given_up_is_lost(state: ClusterState) -> None:
    tell(state, seen(joined=True), seen(updated=1, load=_LOAD, pulse=True))
    state.mark_silent(1_100.0, 1.0, 10.0)
    assert _left(state, gone(at=101.0)) == "lost"


def test_lost_node_is_counted_and_comes_back(state: ClusterState) -> None:
    tell(state, seen(joined=True), started("a"), gone(), ended("a", "abandoned"))
    summary = summary_of(state, 1_010)
    assert summary["nodes"] == {"known": 1, "up": 0, "silent": 0, "lost": 1, "closed": 0}
    assert (summary["attention"]["lost"], summary["attention"]["abandoned"]) == (1, 1)
    assert summary["cpus"]["total"] == 0
    assert RowWriter().node_row(state.nodes["n1"])["state"] == "lost"
    assert '"state":"lost"' in RowWriter().node_json(state.nodes["n1"])
    tell(state, gone(at=6.0), seen(updated=7, jobs_done=1))  # neither a goodbye nor late figures
    assert state.nodes["n1"].state == "lost"
    tell(state, seen(joined=True))
    assert summary_of(state, 1_010)["attention"]["lost"] == 0


# -- somebody wanted it -----------------------------------------------------------------------


@pytest.mark.parametrize("why", ["closed", "deallocated"])
def test_node_that_somebody_let_go_is_closed_whatever_it_does(why: events.Departure) -> None:
    state = new_state()
    tell(state, seen(joined=True, at=1_000.0), started("a"), queued("b"), gone(why=why))
    assert state.nodes["n1"].past == [(1_000.0, "joined"), (1_005.0, why)]
    tell(state, ended("a", "abandoned"), gone(at=9.0))
    assert state.nodes["n1"].state == "closed"


def test_nodes_of_a_cluster_that_ends_are_closed(state: ClusterState) -> None:
    tell(state, seen(joined=True), queued("a"), started("b"), events.WatchingEnded(1_009))
    assert state.nodes["n1"].state == "closed"


def test_node_whose_pulses_stopped_before_the_cluster_ended_is_lost(state: ClusterState) -> None:
    tell(state, seen(joined=True), seen(updated=1, load=_LOAD, pulse=True))
    state.mark_silent(1_100.0, 1.0, 10.0)
    assert _left(state, gone(why="ended", at=101.0)) == "lost"


def test_silence_without_pulses_is_no_loss_when_the_cluster_ends(state: ClusterState) -> None:
    tell(state, seen(joined=True, updated=1), queued("a"))
    state.mark_silent(1_900.0, None, 10.0)
    assert state.nodes["n1"].state == "silent"
    assert _left(state, events.WatchingEnded(2_000)) == "closed"


# -- as the engine sees it --------------------------------------------------------------------


class _Scheduling(FakeCluster):
    """Has what dispy's scheduler knows of it, as well."""

    def __init__(self) -> None:
        super().__init__()
        self._cluster = SimpleNamespace(_clusters={self._compute.id: self}, _nodes={})
        self.watch = Watch(self, text_limit=100, inbox_limit=100)
        self.cluster_status = self.watch.callback

    def join(self, ip_addr: str, name: str = "", *, cpus: int = 2) -> Any:
        self._cluster._nodes[ip_addr] = SimpleNamespace(clusters={self})
        return super().join(ip_addr, name, cpus=cpus)

    def end_cluster(self) -> None:
        """As dispy closes a cluster: its nodes keep their CPUs."""
        self._cluster._clusters.clear()
        for node in self._dispy_nodes.values():
            node.update_time += 60
            self.report(16, node, None)

    def departures(self) -> list[tuple[str, events.Departure]]:
        drained = [*self.watch.drain(100), *self.watch.nodes.membership(1_000.0)]
        told = [event for event, _, _ in drained]
        return [(e.ip_addr, e.why) for e in told if isinstance(e, events.NodeClosed)]


def test_dispys_reports_say_whether_the_cluster_ends() -> None:
    cluster = _Scheduling()
    node = cluster.join("n1")
    cluster.join("n2")
    cluster.leave(node)
    assert cluster.departures() == [("n1", "given_up")]
    cluster.end_cluster()
    assert cluster.departures() == [("n2", "ended")]


def test_node_that_was_given_up_just_before_the_cluster_ended_was_given_up() -> None:
    cluster = _Scheduling()
    node = cluster.join("n1")
    cluster.leave(node)
    cluster.end_cluster()
    cluster.close()
    assert cluster.departures() == [("n1", "given_up")]


def test_end_of_a_cluster_is_no_sign_of_life_of_its_nodes() -> None:
    cluster = _Scheduling()
    cluster.pulse(cluster.join("n1"))
    before = [e for e, _, _ in cluster.watch.drain(100) if isinstance(e, events.NodeSeen)][-1]
    cluster.end_cluster()
    last = cluster.watch.drain(100)[0][0]
    assert last.updated_at == before.updated_at


def test_nodes_that_the_users_program_lets_go_and_takes_back_are_noticed() -> None:
    cluster = _Scheduling()
    cluster.join("n1")
    assert cluster.departures() == []
    cluster._cluster._nodes["n1"].clusters.discard(cluster)
    assert cluster.departures() == []  # dispy may be about to report that it gave it up
    assert cluster.departures() == [("n1", "closed")]
    assert cluster.departures() == []
    cluster._cluster._nodes["n1"].clusters.add(cluster)
    (joined,) = [event for event, _, _ in cluster.watch.nodes.membership(1_000.0)]
    assert (joined.ip_addr, joined.joined) == ("n1", True)


def test_node_that_is_being_set_up_is_not_taken_for_one_that_was_let_go() -> None:
    cluster = _Scheduling()
    node = cluster.join("n1")
    node.update_time = 0
    cluster._cluster._nodes["n1"].clusters.clear()
    assert [cluster.departures() for _ in range(3)] == [[], [], []]
