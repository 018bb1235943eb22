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
from .fields import COUNT, INTEGER, NUMBER, TEXT, NodeField, itself

__all__ = ["NODE_FIELDS"]

KIB: Final = 1024
MIB: Final = 1048576


def _setting(name: str) -> Callable[[Node, Any], None]:
    return lambda node, value: setattr(node, name, value)


def _setting_total(place: int) -> Callable[[Node, Any], None]:
    def restore(node: Node, value: Any) -> None:
        node.totals = (*node.totals[:place], value, *node.totals[place + 1 :])

    return restore


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
    share, median_sec, times = standing.failed_share, standing.median_sec, standing.times_others
    return (
        standing.failed,
        None if share is None else round(share, 4),
        None if median_sec is None else round(median_sec, 4),
        None if standing.p95_sec is None else round(standing.p95_sec, 4),
        None if times is None else round(times, 3),
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


def _compare_part(name: str, **more: Any) -> NodeField:
    """Return a part of what a comparison says, which ``_compared`` gives a value."""
    how: dict[str, Any] = {"schema": NUMBER, "nullable": True, "combine": "merged"}
    return NodeField(name=name, value=lambda _: None, **how | more)


def _available(name: str, index: int, **more: Any) -> NodeField:
    def value(node: Node) -> Any:
        return None if node.load is None else node.load[index]

    return NodeField(name=name, schema=NUMBER, value=value, **more)


NODE_FIELDS: Final = (
    NodeField(
        name="ip_addr",
        schema=TEXT,
        value=attrgetter("ip_addr"),
        dispys=True,
        label="IP address",
        sort=address_key,
    ),
    NodeField(
        name="name",
        schema=TEXT,
        value=attrgetter("name"),
        dispys=True,
        label="Name",
        sort=str.casefold,
        restore=_setting("name"),
    ),
    NodeField(
        name="cpus",
        schema=INTEGER,
        value=attrgetter("cpus"),
        dispys=True,
        combine="largest",
        label="CPUs",
        hint="CPUs that dispy may use",
        restore=_setting("cpus"),
    ),
    NodeField(
        name="avail_cpus",
        schema=INTEGER,
        value=attrgetter("avail_cpus"),
        dispys=True,
        combine="largest",
        restore=_setting("avail_cpus"),
    ),
    NodeField(
        name="busy",
        schema=INTEGER,
        value=attrgetter("busy"),
        dispys=True,
        combine="sum",
        label="Busy",
        hint="CPUs at work now",
    ),
    NodeField(
        name="jobs_done",
        schema=COUNT,
        value=lambda node: node.totals[0],
        dispys=True,
        combine="sum",
        label="Jobs done",
        restore=_setting_total(0),
    ),
    NodeField(
        name="cpu_time",
        schema=NUMBER,
        value=lambda node: node.totals[1],
        digits=3,
        dispys=True,
        combine="sum",
        unit="seconds",
        precision="four_digits",
        label="CPU time",
        hint="CPU time of all its jobs",
        restore=_setting_total(1),
    ),
    NodeField(
        name="tx",
        schema=NUMBER,
        value=lambda node: node.totals[2],
        dispys=True,
        combine="sum",
        unit="bytes",
        precision="four_digits",
        multiple=KIB,
        label="Sent",
        hint="Sent to the node",
        restore=_setting_total(2),
    ),
    NodeField(
        name="rx",
        schema=NUMBER,
        value=lambda node: node.totals[3],
        dispys=True,
        combine="sum",
        unit="bytes",
        precision="four_digits",
        multiple=KIB,
        label="Received",
        hint="Received from the node",
        restore=_setting_total(3),
    ),
    NodeField(
        name="update_time",
        schema=NUMBER,
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
    NodeField(
        name="avail_info",
        schema={"type": "object"},
        sort=None,
        value=_load,
        nullable=True,
        dispys=True,
        description="What is available: cpu and swap in percent, memory and disk in bytes.",
        parts=(
            _available(
                "cpu",
                0,
                unit="percent",
                precision="percent",
                label="Available CPU",
                hint="Available CPU, percent",
            ),
            _available(
                "memory",
                1,
                unit="bytes",
                precision="four_digits",
                multiple=MIB,
                label="Memory",
                hint="Available memory",
            ),
            _available(
                "disk",
                2,
                unit="bytes",
                precision="four_digits",
                multiple=MIB,
                label="Disk",
                hint="Available disk space",
            ),
            _available(
                "swap",
                3,
                unit="percent",
                precision="percent",
                label="Swap",
                hint="Available swap, percent",
            ),
        ),
        restore=_setting("load"),
    ),
    NodeField(
        name="state",
        schema={"type": "string", "enum": list(NODE_STATES)},
        value=attrgetter("state"),
        label="State",
        restore=_setting("state"),
    ),
    NodeField(
        name="running",
        schema=COUNT,
        value=lambda node: len(node.running),
        combine="sum",
    ),
    NodeField(
        name="clock_offset_sec",
        sort=None,
        schema=NUMBER,
        nullable=True,
        value=attrgetter("clock_offset_sec"),
        unit="seconds",
        description="By how much the node's clock is ahead of the server's; null while it is less "
        "than two seconds off, and while nothing is known of it.",
    ),
    NodeField(
        name="avail_info_age_sec",
        sort=None,
        schema=NUMBER,
        nullable=True,
        value=Node.load_age_sec,
        unit="seconds",
        description="How much older avail_info is than update_time; 0 for less than a minute.",
        restore=_set_load_age,
    ),
    NodeField(
        name="compared",
        schema={"type": "object"},
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
                schema=COUNT,
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
            _compare_part("slow", schema={"type": "boolean"}, nullable=False, sort=None),
            _compare_part("failing", schema={"type": "boolean"}, nullable=False, sort=None),
        ),
    ),
    NodeField(
        name="cost",
        schema={"type": "object"},
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
        sort=None,
        schema={"type": "array", "items": TEXT},
        value=itself,  # of no node: the names of the clusters
        combine="listed",
        label="Clusters",
    ),
)
"""The fields of a node's row, in their order: dispy.httpd's own first, under its names."""
