"""Every field of our own that a node has, in one table.

Rows, rows of all clusters combined, columns, sort keys, the OpenAPI description and the columns
of the pages come from it, and a test compares docs/api.md with it. The custom columns of a
registry join it in :mod:`~flask_dispy.wire.tables`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, Literal

from ..core.addresses import address_key
from ..core.comparison import combined_standing
from ..core.nodes import NODE_STATES, Node
from ..core.standing import Standing

__all__ = [
    "COUNT",
    "INTEGER",
    "NODE_FIELDS",
    "NUMBER",
    "TEXT",
    "Combine",
    "Field",
    "NodeField",
    "Precision",
    "Schema",
    "SortKey",
    "properties",
]

Schema = dict[str, Any]

Combine = Literal["latest", "sum", "largest", "newest", "merged", "listed"]
"""How a node's field combines over the clusters that it serves.

``latest``: the latest word, of the clusters that have the node in its present state. ``sum``: over
all clusters. ``largest``: of the clusters that have the node in its present state, because it
belongs to the machine. ``newest``: the largest of all clusters. ``merged``: put together, by
``combined``, from what all clusters know. ``listed``: only the combined row
has it.
"""

Precision = Literal["exact", "percent", "four_digits", "seconds"]
"""How fine a figure is written by column: as fine as pages show it.

``percent``: whole percent, neither 0 nor 100 unless it is. ``four_digits``: four, or all of a
whole number's. ``seconds``: whole seconds since a moment that stands once in each block.
"""

SortKey = Callable[[Any], Any]

MIB: Final = 1048576

NUMBER: Final[Schema] = {"type": "number"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
INTEGER: Final[Schema] = {"type": "integer"}
TEXT: Final[Schema] = {"type": "string"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What is known of a field, whatever it is of.

    :param schema: its JSON Schema, without ``null``.
    :param nullable: whether it may be unknown.
    :param label: the heading of its column; no column without one.
    :param hint: what the heading means, where it does not say so.
    :param unit: what its figures are: ``bytes``, ``seconds``, ``percent``, ``time`` (seconds
        since the epoch), nothing, or a custom column's own.
    :param description: for the API's documentation.
    """

    name: str
    schema: Schema
    nullable: bool = False
    label: str = ""
    hint: str = ""
    unit: str = ""
    description: str = ""

    def described(self) -> Schema:
        """Return the field's JSON Schema."""
        found = dict(self.schema)
        if self.nullable:
            kind = found["type"]
            found["type"] = [*([kind] if isinstance(kind, str) else kind), "null"]
        if self.description:
            found["description"] = self.description
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeField(Field):
    """A field of a node's row.

    :param value: returns its value in one cluster; of one with *parts*, theirs or ``None``.
    :param digits: to how many decimals rows round it; ``None``: not at all.
    :param dispys: whether dispy.httpd reports it too. These come first.
    :param combine: see :data:`Combine`.
    :param combined: returns its value over several clusters, where they are ``merged``.
    :param precision: see :data:`Precision`.
    :param multiple: what its figures are multiples of by column.
    :param sort: what to sort by, given the value; ``None``: it can't be sorted by.
    :param restore: sets it in a node of a past run, from what its row keeps; ``None``: it is made
        of others, or says nothing of a run that is over.
    :param parts: the fields of the object that it is. All are unknown, or none.
    """

    value: Callable[[Node], Any]
    digits: int | None = None
    dispys: bool = False
    combine: Combine = "latest"
    combined: Callable[[list[Node]], Any] | None = None
    precision: Precision = "exact"
    multiple: int = 1
    sort: SortKey | None = None
    restore: Callable[[Node, Any], None] | None = None
    parts: tuple[NodeField, ...] = ()

    def columns(self) -> tuple[NodeField, ...]:
        """Return the fields that are columns: itself, or its parts."""
        return self.parts or (self,)

    def described(self) -> Schema:
        """Return the field's JSON Schema."""
        found = super(NodeField, self).described()
        if self.parts:
            found |= properties(self.parts)
        return found


def properties(fields: Iterable[Field], optional: Iterable[str] = ()) -> Schema:
    """Return what the JSON Schema of an object with these *fields* says of them."""
    described = {field.name: field.described() for field in fields}
    missing = set(optional)
    return {
        "properties": described,
        "required": [name for name in described if name not in missing],
    }


def _itself(value: Any) -> Any:
    return value


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
    how: dict[str, Any] = {"schema": NUMBER, "nullable": True, "sort": _itself, "combine": "merged"}
    return NodeField(name=name, value=lambda _: None, **how | more)


def _available(name: str, index: int, **more: Any) -> NodeField:
    def value(node: Node) -> Any:
        return None if node.load is None else node.load[index]

    return NodeField(name=name, schema=NUMBER, value=value, sort=_itself, **more)


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
        sort=_itself,
        restore=_setting("cpus"),
    ),
    NodeField(
        name="avail_cpus",
        schema=INTEGER,
        value=attrgetter("avail_cpus"),
        dispys=True,
        combine="largest",
        sort=_itself,
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
        sort=_itself,
    ),
    NodeField(
        name="jobs_done",
        schema=COUNT,
        value=lambda node: node.totals[0],
        dispys=True,
        combine="sum",
        label="Jobs done",
        sort=_itself,
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
        sort=_itself,
        restore=_setting_total(1),
    ),
    NodeField(
        name="tx",
        schema=NUMBER,
        value=lambda node: node.totals[2],
        dispys=True,
        combine="sum",
        unit="bytes",
        label="Sent",
        hint="Sent to the node",
        sort=_itself,
        restore=_setting_total(2),
    ),
    NodeField(
        name="rx",
        schema=NUMBER,
        value=lambda node: node.totals[3],
        dispys=True,
        combine="sum",
        unit="bytes",
        label="Received",
        hint="Received from the node",
        sort=_itself,
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
        sort=_itself,
        restore=_setting("updated_at"),
    ),
    NodeField(
        name="avail_info",
        schema={"type": "object"},
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
        sort=_itself,
        restore=_setting("state"),
    ),
    NodeField(
        name="running",
        schema=COUNT,
        value=lambda node: len(node.running),
        combine="sum",
        sort=_itself,
    ),
    NodeField(
        name="clock_offset_sec",
        schema=NUMBER,
        nullable=True,
        value=attrgetter("clock_offset_sec"),
        unit="seconds",
        description="By how much the node's clock is ahead of the server's; null while it is less "
        "than two seconds off, and while nothing is known of it.",
    ),
    NodeField(
        name="avail_info_age_sec",
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
                precision="four_digits",
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
        value=_itself,  # of no node: the names of the clusters
        combine="listed",
        label="Clusters",
    ),
)
"""The fields of a node's row, in their order: dispy.httpd's own first, under its names."""
