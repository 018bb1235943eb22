"""A node's row and its JSON."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.combined import CombinedState
from flask_dispy.core.events import NodeSeen
from flask_dispy.core.nodes import Node
from flask_dispy.engine.reports.figures import FIGURES
from flask_dispy.wire.rows import CombinedRows, RowWriter

DISPYS = (
    "ip_addr", "name", "cpus", "avail_cpus", "busy", "jobs_done", "cpu_time", "tx", "rx",
    "update_time", "avail_info",
)  # fmt: skip
LOADS = [None, (97.5, 24328601600.0, 1e15 - 1, 0.1 + 0.2)]


def seen(name: str, load: tuple[float, float, float, float] | None) -> NodeSeen:
    return NodeSeen("10.0.0.1", name, 4, 8, 1, 17, 1e-7, 5, 2**40, 1.5e9, load, True, False)


def assert_same(row_json: str, row: dict[str, Any]) -> None:
    """Assert that the JSON is ASCII and says what the row does, in the same order."""
    assert row_json.isascii()
    assert list(json.loads(row_json).items()) == list(row.items())


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("name", ["", "alpha", 'a"b\\c\n\u202e\ud800 </script> \U0001f600'])
def test_json_is_that_of_the_row(name: str, load: tuple[float, float, float, float] | None) -> None:
    node = Node("10.0.0.1")
    assert_same(RowWriter().node_json(node), RowWriter().node_row(node))
    node.update(seen(name, load))
    node.texts = None
    assert_same(RowWriter().node_json(node), RowWriter().node_row(node))


def test_combined_json_is_that_of_the_row_for_one_cluster_and_for_two() -> None:
    serials = itertools.count(1)
    states = [ClusterState(name, 1.5e9, serials=serials, history_limit=10) for name in ('a"', "b")]
    combined = CombinedState(lambda: states, 1.5e9)
    rows = CombinedRows(combined, RowWriter())
    for state in states:
        state.apply(seen("alpha", LOADS[1]))
        combined.nodes_changed(["10.0.0.1"])
        assert_same(*rows.json(["10.0.0.1"]), rows.row("10.0.0.1"))
        own = {name: value for name, value in rows.row("10.0.0.1").items() if name in DISPYS}
        assert_same(*rows.own_json(["10.0.0.1"]), own)


def test_figures_that_are_read_are_those_of_the_event_in_their_order() -> None:
    ours = {"update_time": "updated_at", "avail_info": "load"}
    fields = [ours.get(name, name) for name in FIGURES]
    assert NodeSeen._fields[1 : 1 + len(fields)] == tuple(fields)
