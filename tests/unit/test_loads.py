"""How busy nodes are beside each other: a line each of a few, bands of many."""

from __future__ import annotations

import itertools
from typing import Any

from dispy_objects import FakeCluster
from unit.stories import new_state, seen

from flask_dispy import ClusterRegistry
from flask_dispy.core.combined import CombinedState
from flask_dispy.core.events import JobQueued, JobStarted, NodeClosed
from flask_dispy.core.loads import POINTS, Loads, percent_of
from flask_dispy.watching.dashboard import board_of

KEYS = itertools.count()


def starts(state: Any, node: str, jobs: int = 1) -> None:
    for _ in range(jobs):
        key = next(KEYS)
        state.apply(JobQueued(key, 1_000.0, "", None, None))
        state.apply(JobStarted(key, 1_000.0, 1_000.0, node, "", None, None))


def test_a_node_is_as_busy_as_its_cpus_are() -> None:
    assert [percent_of(*one) for one in ((0, 4), (1, 3), (4, 4), (9, 4))] == [0, 33, 100, 100]
    assert percent_of(1, 0) is None


def test_bands_are_the_least_the_quartiles_and_the_most() -> None:
    loads = Loads()
    assert loads.band(1.0) is None
    for percent in (50, 10, 90, 30, 70):
        loads.replace(None, percent)
    assert loads.band(1.0) == (1.0, 10, 30, 50, 70, 90)
    loads.replace(90, None)
    loads.replace(10, 20)
    assert loads.band(2.0) == (2.0, 20, 20, 30, 50, 70)


def test_a_band_is_kept_each_ten_seconds_for_twenty_minutes() -> None:
    loads = Loads()
    loads.replace(None, 5)
    for tick in range(4 * 3_000):
        loads.sample(1_000 + tick / 4)
    kept = loads.bands(4_000.0)
    assert len(kept) == POINTS + 1
    assert [band.t for band in kept] == [2_800.0 + 10 * n for n in range(POINTS)] + [4_000.0]


def test_nodes_count_while_they_are_there_as_jobs_start_and_end() -> None:
    state = new_state()
    combined = CombinedState(lambda: [state], 1_000.0)
    addresses = [f"n{number}" for number in range(4)]
    for ip_addr in addresses:
        state.apply(seen(ip_addr, cpus=4, joined=True))
    starts(state, "n0", 2)
    starts(state, "n1", 4)

    def band() -> tuple[int, ...]:
        combined.nodes_changed(addresses)
        found, both = state.roster.loads.band(1.0), combined.loads.band(1.0)
        assert found == both is not None
        return both[1:]

    assert band() == (0, 0, 0, 50, 100)
    state.apply(NodeClosed("n1", 1_001.0, "closed"))
    assert band() == (0, 0, 0, 0, 50)
    state.apply(seen("n0", cpus=2))
    state.drop_node("n3")
    assert band() == (0, 0, 0, 0, 100)
    for ip_addr in ("n0", "n2"):
        state.apply(NodeClosed(ip_addr, 1_001.0, "closed"))
    combined.nodes_changed(addresses)
    assert state.roster.loads.band(1.0) is combined.loads.band(1.0) is None


def test_up_to_twelve_nodes_have_lines_and_more_have_bands() -> None:
    registry = ClusterRegistry()
    try:
        cluster = FakeCluster("compute")
        registry.add(cluster)
        for number in range(12):
            node = cluster.join(f"10.0.0.{number}", f"n{number}", cpus=2)
            if number == 3:
                cluster.start(cluster.submit(number, job_id="a"), node)
        board_of(registry).fold()
        for name in ("compute", "*"):
            found = registry.view(name).node_loads()
            assert found["median"] == []
            assert {line["ip_addr"]: line["busy"][-1] for line in found["nodes"]} == {
                f"10.0.0.{number}": 50 if number == 3 else 0 for number in range(12)
            }
        cluster.join("10.0.0.99", cpus=2)
        board_of(registry).fold()
        for name in ("compute", "*"):
            found = registry.view(name).node_loads()
            assert found["nodes"] == []
            assert (found["least"][-1], found["median"][-1], found["most"][-1]) == (0, 0, 50)
            assert len(found["t"]) == len(found["low"]) == len(found["high"])
    finally:
        registry.close()
