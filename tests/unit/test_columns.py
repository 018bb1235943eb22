"""Blocks tell the nodes that they were made of."""

from __future__ import annotations

import gzip
import json
import random
from typing import Any

import pytest

from flask_dispy.core.feed import Feed
from flask_dispy.core.jobs import Job
from flask_dispy.core.nodes import Node
from flask_dispy.wire.columns import Block
from flask_dispy.wire.packing import PackedRows, Piece, Sendable, joined
from flask_dispy.wire.rows import ClusterRows, RowWriter

KIB, MIB = 1 << 10, 1 << 20
WRITER = RowWriter()
JOB = Job(1, 1, 1.0, "", None, None)


def rows_of(block: dict[str, Any]) -> list[dict[str, Any]]:
    """What a reader makes of a block by the rules that docs/api.md tells."""
    count = len(block["ip_addr"])

    def at(column: Any, index: int) -> Any:
        if isinstance(column, list):
            return column[0] if len(column) == 1 else column[index]
        if "values" in column:
            value = at(column["values"], index)
            return None if value is None else column.get("from", 0) + column.get("unit", 1) * value
        value = {field: at(inner, index) for field, inner in column.items()}
        return None if set(value.values()) == {None} else value

    return [{field: at(column, i) for field, column in block.items()} for i in range(count)]


def row(number: int, **more: Any) -> dict[str, Any]:
    return {
        "ip_addr": f"10.0.0.{number}",
        "name": f"node{number}",
        "state": "up",
        "cpus": 8,
        "avail_cpus": 8,
        "busy": number % 3,
        "running": number,
        "jobs_done": 10 * number,
        "cpu_time": 4000 + number,
        "tx": 2**30 + KIB * number,
        "rx": KIB * number,
        "update_time": 1_700_000_000 + number,
        "clock_offset_sec": None,
        "avail_info_age_sec": None if more.get("avail_info", 0) is None else 0,
        "avail_info": {"cpu": number, "memory": 4096 * MIB, "disk": number * MIB, "swap": 100},
        "compared": None,
        "cost": None,
        **more,
    }


def cells(row: dict[str, Any]) -> str:
    node = Node(row["ip_addr"])
    node.name, node.state, node.busy = row["name"], row["state"], row["busy"]
    node.cpus, node.avail_cpus = row["cpus"], row["avail_cpus"]
    node.totals = (row["jobs_done"], row["cpu_time"], row["tx"], row["rx"])
    node.running = dict.fromkeys(range(row["running"]), JOB)
    node.updated_at = node.load_at = row["update_time"]
    load = row["avail_info"]
    node.load = load and tuple(load[name] for name in ("cpu", "memory", "disk", "swap"))
    (told,) = ClusterRows({node.ip_addr: node}, WRITER).cells([node.ip_addr])
    return f"{told}\t{json.dumps(row['clusters'])}" if "clusters" in row else told


def made_of(*rows: dict[str, Any]) -> Block:
    cells_of = {row["ip_addr"]: cells(row) for row in rows}
    return WRITER.block.changed(
        dict.fromkeys(cells_of), list(cells_of), lambda keys: map(cells_of.__getitem__, keys)
    )


def packed(*rows: dict[str, Any]) -> list[Piece]:
    return list(made_of(*rows).pieces())


def block(*rows: dict[str, Any]) -> dict[str, Any]:
    sent = Sendable(*packed(*rows))
    assert gzip.decompress(sent.gzip()) == sent.plain()
    found: dict[str, Any] = json.loads(sent.plain())
    pairs = zip(rows_of(found), rows, strict=True)
    assert [{name: sent[name] for name in row} for sent, row in pairs] == list(rows)
    return found


def test_values_that_all_rows_share_are_written_once() -> None:
    found = block(row(1), row(2), row(3, state="silent"))
    assert found["ip_addr"] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert found["cpus"] == [8]
    assert found["state"] == ["up", "up", "silent"]
    assert found["avail_info"]["swap"] == [100]


def test_one_row_is_a_block_too() -> None:
    assert block(row(1))["ip_addr"] == ["10.0.0.1"]


def test_first_and_last_may_be_the_same_among_others() -> None:
    assert block(row(1, cpus=4), row(2), row(3, cpus=4))["cpus"] == [4, 8, 4]


def test_nodes_without_figures_are_written_among_others_and_alone() -> None:
    found = block(row(1, avail_info=None), row(2), row(3, avail_info=None))
    assert found["avail_info"]["memory"]["values"] == [None, 4096, None]
    found = block(row(1, avail_info=None), row(2, avail_info=None))
    assert found["avail_info"]["cpu"] == [None]


def test_a_list_that_all_share_is_one_value() -> None:
    assert block(row(1, clusters=["a", "b"]), row(2, clusters=["a", "b"]))["clusters"] == [
        ["a", "b"]
    ]
    assert block(row(1, clusters=["a"]), row(2, clusters=["b"]))["clusters"] == [["a"], ["b"]]


def test_hostile_names_come_through() -> None:
    block(row(1, name='","cpus":[1],"\t\n'), row(2, name="\ud800\u2028</script>"))


def test_node_that_never_reported_is_in_its_block() -> None:
    block(row(1, update_time=0), row(2))


@pytest.mark.parametrize(
    ("exact", "told"),
    [(0, 0), (0.4, 1), (49.4, 49), (49.6, 50), (99.7, 99), (100, 100)],
)
def test_whole_percents_show_0_and_100_only_if_exact(exact: float, told: int) -> None:
    load = {"cpu": exact, "memory": 0, "disk": 0, "swap": exact}
    (found,) = rows_of(json.loads(Sendable(*packed(row(1, avail_info=load))).plain()))
    assert (found["avail_info"]["cpu"], found["avail_info"]["swap"]) == (told, told)


@pytest.mark.parametrize("exact", [0, 0.0005, 0.0731, 7.1239, 12.345, 234.56, 4321.9, 10**9 + 0.5])
def test_figures_keep_four_digits_or_their_whole(exact: float) -> None:
    load = {"cpu": 1, "memory": exact * MIB, "disk": exact * MIB, "swap": 1}
    rows = row(1, cpu_time=exact, tx=exact * KIB, avail_info=load)
    (found,) = rows_of(json.loads(Sendable(*packed(rows)).plain()))
    for figure in (
        found["cpu_time"],
        found["tx"] / KIB,
        found["avail_info"]["memory"] / MIB,
        found["avail_info"]["disk"] / MIB,
    ):
        assert abs(figure - exact) <= max(0.0005, min(0.5, exact * 0.0005))


def test_only_what_changed_is_read_and_packed_again() -> None:
    nodes = [row(number) for number in range(50)]
    block = made_of(*nodes)
    before = block.pieces()
    asked: list[str] = []

    def rows_of(keys: list[str]) -> list[str]:
        asked.extend(keys)
        return [cells(row(49, tx=5 * KIB)) for _ in keys]

    after = block.changed(block.keys, ["10.0.0.49"], rows_of).pieces()
    assert asked == ["10.0.0.49"]
    anew = [piece for piece in after if not any(piece is one for one in before)]
    assert b'"tx"' in anew[0].plain
    assert len(anew) == 2  # the other is the block's end
    assert rows_of_blocks(after) == [*nodes[:49], row(49, tx=5 * KIB)]


def rows_of_blocks(pieces: Any) -> list[dict[str, Any]]:
    sent = Sendable(b"[", *pieces, b"]")
    assert gzip.decompress(sent.gzip()) == sent.plain()
    return [found for block in json.loads(sent.plain()) for found in rows_of(block)]


def test_any_sequence_of_changes() -> None:
    rng = random.Random(7)
    feed, nodes = Feed(), dict[str, dict[str, Any]]()
    blocks = PackedRows(feed, lambda keys: [cells(nodes[key]) for key in keys], WRITER.block, 8)
    for version in range(1, 300):
        for _ in range(rng.randrange(6)):
            new = row(rng.randrange(40), busy=rng.randrange(3), state=rng.choice(("up", "silent")))
            ip_addr = new["ip_addr"]
            if ip_addr in nodes and rng.random() < 0.4:
                del nodes[ip_addr]
                feed.remove([ip_addr], version)
            else:
                nodes[ip_addr] = new
                feed.touch([ip_addr], version)
        parts = blocks.take(version)
        if rng.random() < 0.7:  # what nobody packed serves as well
            found = rows_of_blocks(joined(parts))
            assert {one["ip_addr"]: one for one in found} == nodes
            assert len(found) == len(nodes)
