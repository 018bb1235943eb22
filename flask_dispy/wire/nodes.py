"""Every field of our own that a node has, in one table.

Rows, rows of all clusters combined, columns, sort keys, the OpenAPI description and the columns
of the pages come from it, and a test compares docs/api.md with it. The custom columns of a
registry join it in :mod:`~flask_dispy.wire.tables`.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final

from ..core.addresses import address_key
from ..core.comparison import combined_standing
from ..core.nodes import NODE_STATES, Node
from ..core.standing import Standing
from .comparison import rounded
from .fields import COUNT, INTEGER, NUMBER, TEXT, NodeField, Schema

__all__ = ["NODE_FIELDS"]

KIB: Final = 1024
MIB: Final = 1048576


def _setting(name: str) -> Callable[[Node, Any], None]:
    return lambda node, value: setattr(node, name, value)


def _set_load_age(node: Node, age_sec: float | None) -> None:
    node.load_at = node.updated_at - (age_sec or 0)


def _load(node: Node) -> tuple[float, int, int, float] | None:
    if node.load is None:
        return None
    cpu, memory, disk, swap = node.load
    return cpu, int(memory), int(disk), swap


def _compared(standing: Standing | None) -> tuple[Any, ...] | None:
    if standing is None:
        return None
    return (
        standing.failed,
        rounded(standing.failed_share, 4),
        rounded(standing.median_sec, 4),
        rounded(standing.p95_sec, 4),
        rounded(standing.times_others, 3),
        round(standing.lost_sec, 3),
        standing.slow,
        standing.failing,
    )


def _cost(nodes: list[Node]) -> tuple[float, float, float | None] | None:
    """Return what became of a node's CPU time, up to its last change, in some clusters.

    Clusters that have it at the same time count its CPUs each.
    """
    nodes = [node for node in nodes if node.meter.at]
    if not nodes:
        return None
    used_sec = sum(node.used_sec() for node in nodes)
    idle_sec = max(0.0, sum(node.meter.offered_sec for node in nodes) - used_sec)
    money = sum(node.meter.money for node in nodes)
    is_priced = any(node.price is not None for node in nodes)
    # Whole seconds, because rows change with each sign of life.
    return round(used_sec, 1), round(idle_sec), round(money, 2) if is_priced else None


def _set_cost(node: Node, values: tuple[float, float, float | None] | None) -> None:
    if values is not None:
        used_sec, idle_sec, money = values
        node.meter.at = node.updated_at or 1.0
        node.meter.offered_sec = used_sec + idle_sec
        node.meter.money, node.price = money or 0.0, None if money is None else 0.0


def _field(name: str, schema: Schema, **more: Any) -> NodeField:
    """Return a field whose value is the attribute of its name, if nothing else is given."""
    return NodeField(name=name, schema=schema, **{"value": attrgetter(name), **more})


def _total(name: str, place: int, schema: Schema = NUMBER, **more: Any) -> NodeField:
    """Return the field of one of a node's totals."""

    def restore(node: Node, value: Any) -> None:
        node.totals = (*node.totals[:place], value, *node.totals[place + 1 :])

    how: dict[str, Any] = {"dispys": True, "combine": "sum", "restore": restore}
    return _field(name, schema, value=lambda node: node.totals[place], **how, **more)


def _compare_part(name: str, schema: Schema = NUMBER, **more: Any) -> NodeField:
    """Return a part, which may be unknown, of an object that is put together of all clusters."""
    how: dict[str, Any] = {"nullable": True, "combine": "merged"}
    return NodeField(name=name, schema=schema, **how | more)


NODE_FIELDS: Final = (
    _field("ip_addr", TEXT, dispys=True, label="IP address", sort=address_key),
    _field("name", TEXT, dispys=True, label="Name", sort=str.casefold, restore=_setting("name")),
    _field(
        "cpus",
        INTEGER,
        dispys=True,
        combine="largest",
        label="CPUs",
        hint="CPUs that dispy may use",
        restore=_setting("cpus"),
    ),
    _field("avail_cpus", INTEGER, dispys=True, combine="largest", restore=_setting("avail_cpus")),
    _field("busy", INTEGER, dispys=True, combine="sum", label="Busy", hint="CPUs at work now"),
    _total("jobs_done", 0, COUNT, label="Jobs done"),
    _total(
        "cpu_time",
        1,
        digits=3,
        unit="seconds",
        precision="four_digits",
        label="CPU time",
        hint="CPU time of all its jobs",
    ),
    _total(
        "tx",
        2,
        unit="bytes",
        precision="four_digits",
        multiple=KIB,
        label="Sent",
        hint="Sent to the node",
    ),
    _total(
        "rx",
        3,
        unit="bytes",
        precision="four_digits",
        multiple=KIB,
        label="Received",
        hint="Received from the node",
    ),
    _field(
        "update_time",
        NUMBER,
        value=attrgetter("updated_at"),
        digits=3,
        dispys=True,
        combine="newest",
        unit="time",
        precision="seconds",
        label="Last update",
        hint="When it last took on a job, ended one or sent a sign of life",
        restore=_setting("updated_at"),
    ),
    _field(
        "avail_info",
        {"type": "object"},
        sort=None,
        value=_load,
        nullable=True,
        dispys=True,
        description="What is available: cpu and swap in percent, memory and disk in bytes.",
        parts=(
            NodeField(
                name="cpu",
                schema=NUMBER,
                unit="percent",
                precision="percent",
                label="Available CPU",
                hint="Available CPU, percent",
            ),
            NodeField(
                name="memory",
                schema=NUMBER,
                unit="bytes",
                precision="four_digits",
                multiple=MIB,
                label="Memory",
                hint="Available memory",
            ),
            NodeField(
                name="disk",
                schema=NUMBER,
                unit="bytes",
                precision="four_digits",
                multiple=MIB,
                label="Disk",
                hint="Available disk space",
            ),
            NodeField(
                name="swap",
                schema=NUMBER,
                unit="percent",
                precision="percent",
                label="Swap",
                hint="Available swap, percent",
            ),
        ),
        restore=_setting("load"),
    ),
    _field(
        "state",
        {"type": "string", "enum": list(NODE_STATES)},
        label="State",
        restore=_setting("state"),
    ),
    _field("running", COUNT, value=lambda node: len(node.running), combine="sum"),
    _field(
        "clock_offset_sec",
        NUMBER,
        sort=None,
        nullable=True,
        unit="seconds",
        description="By how much the node's clock is ahead of the server's; null while it is less "
        "than two seconds off, and while nothing is known of it.",
    ),
    _field(
        "avail_info_age_sec",
        NUMBER,
        sort=None,
        nullable=True,
        value=Node.load_age_sec,
        unit="seconds",
        description="How much older avail_info is than update_time; 0 for less than a minute.",
        restore=_set_load_age,
    ),
    _field(
        "compared",
        {"type": "object"},
        sort=None,
        nullable=True,
        value=lambda node: _compared(node.standing),
        combine="merged",
        combined=lambda nodes: _compared(combined_standing(nodes)),
        description="How its jobs did beside those of the other nodes over the whole run; null "
        "until one has ended. See clusters/NAME/comparison.",
        parts=(
            _compare_part(
                "failed",
                COUNT,
                nullable=False,
                label="Failed",
                hint="Jobs that failed there",
            ),
            _compare_part(
                "failed_share",
                label="Failed, share",
                hint="Share of the jobs that finished or failed there",
            ),
            _compare_part(
                "median_sec",
                unit="seconds",
                precision="four_digits",
                label="Median",
                hint="Half of the jobs that finished there ran no longer",
            ),
            _compare_part(
                "p95_sec",
                unit="seconds",
                precision="four_digits",
                label="95 % up to",
                hint="95 % of the jobs that finished there ran no longer",
            ),
            _compare_part(
                "times_others",
                label="x others",
                hint="Its median over that of the other nodes, for the same functions",
            ),
            _compare_part(
                "lost_sec",
                nullable=False,
                unit="seconds",
                precision="four_digits",
                label="CPU time lost",
                hint="CPU time of its failed and abandoned jobs",
            ),
            _compare_part("slow", {"type": "boolean"}, nullable=False, sort=None),
            _compare_part("failing", {"type": "boolean"}, nullable=False, sort=None),
        ),
    ),
    _field(
        "cost",
        {"type": "object"},
        sort=None,
        nullable=True,
        value=lambda node: _cost([node]),
        combine="merged",
        combined=_cost,
        description="What became of its CPU time, up to its last change; money is null without "
        "cpu_hour_price, the whole for a past run whose history is older than it.",
        restore=_set_cost,
        parts=(
            _compare_part(
                "used_sec",
                nullable=False,
                unit="seconds",
                precision="four_digits",
                label="CPU time used",
                hint="CPU time of the jobs there, also of those that failed or were abandoned",
            ),
            _compare_part(
                "idle_sec",
                nullable=False,
                unit="seconds",
                label="CPU time idle",
                hint="CPU time that it offered and no job used",
            ),
            _compare_part(
                "money",
                label="Cost",
                hint="Price of the CPU time that it offered so far",
            ),
        ),
    ),
    NodeField(
        name="clusters",
        schema={"type": "array", "items": TEXT},
        sort=None,
        combine="listed",
        label="Clusters",
    ),
)
"""The fields of a node's row, in their order: dispy.httpd's own first, under its names."""
