"""Blocks tell the rows that they were made of."""

from __future__ import annotations

import json
from typing import Any

from flask_dispy.core.columns import block_of
from flask_dispy.core.nodes import encode


def rows_of(block: dict[str, Any]) -> list[dict[str, Any]]:
    """What a reader makes of a block by the rule that docs/api.md tells."""
    count = len(block["ip_addr"])

    def at(column: Any, index: int) -> Any:
        if isinstance(column, dict):
            value = {field: at(inner, index) for field, inner in column.items()}
            return None if None in value.values() else value
        return column[0] if len(column) == 1 else column[index]

    return [{field: at(column, i) for field, column in block.items()} for i in range(count)]


def row(number: int, **more: Any) -> dict[str, Any]:
    load = {"cpu": number / 2, "memory": 4096 * number, "swap": 100.0}
    return {"ip_addr": f"10.0.0.{number}", "cpus": 8, "state": "up", "avail_info": load, **more}


def block(*rows: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(block_of([encode(one) for one in rows]))
    assert rows_of(found) == list(rows)
    return found


def test_what_all_rows_share_stands_once() -> None:
    found = block(row(1), row(2), row(3, state="silent"))
    assert found["ip_addr"] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert found["cpus"] == [8]
    assert found["state"] == ["up", "up", "silent"]
    assert found["avail_info"]["swap"] == [100.0]


def test_one_row_is_a_block_too() -> None:
    assert block(row(1))["ip_addr"] == ["10.0.0.1"]


def test_nodes_without_figures_are_told_among_others_and_alone() -> None:
    found = block(row(1, avail_info=None), row(2), row(3, avail_info=None))
    assert found["avail_info"]["memory"] == [None, 8192, None]
    assert block(row(1, avail_info=None), row(2, avail_info=None))["avail_info"] == [None]


def test_a_list_that_all_share_is_one_value() -> None:
    assert block(row(1, clusters=["a", "b"]), row(2, clusters=["a", "b"]))["clusters"] == [
        ["a", "b"]
    ]
    assert block(row(1, clusters=["a"]), row(2, clusters=["b"]))["clusters"] == [["a"], ["b"]]


def test_hostile_names_come_through() -> None:
    block(row(1, name='","cpus":[1],"'), row(2, name="\ud800\u2028</script>"))
