"""What happened to a cluster, as a bounded log for people.

An entry is not an event of :mod:`.events`: dispy reports thousands of those a second, and few of
them change what an operator needs to know.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, get_args

from .offers import Source

__all__ = ["ENTRY_KINDS", "MOST_OF_A_KIND", "SHARED_KINDS", "Entry", "EntryKind", "Journal"]

EntryKind = Literal[
    "node_joined", "node_silent", "node_heard", "node_lost", "node_closed", "node_deallocated",
    "node_asked", "node_withdrawn", "node_overdue", "cpus_set", "jobs_cancelled", "jobs_rerun",
    "error_kind", "failing", "recovered", "stalled", "going", "done", "cluster_closed",
    "settings_changed", "history_failing", "history_resumed",
]  # fmt: skip
"""What an entry says happened; docs/api.md explains each."""

ENTRY_KINDS: Final[tuple[EntryKind, ...]] = get_args(EntryKind)

SHARED_KINDS: Final = frozenset[EntryKind](
    ("settings_changed", "history_failing", "history_resumed")
)
"""Kinds that concern all clusters: each of them gets the same entry."""

MOST_OF_A_KIND: Final = 500
"""Entries of each kind that a cluster keeps. A thousand nodes that join push out no other kind."""

# What happens to a node so soon after a command asked for it was done by that command.
_ORDER_SEC: Final = 60.0

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Entry(NamedTuple):
    """Something that happened at *at*.

    *serial* grows with each entry of a program, over all its clusters. *node* is the address of the
    node concerned, *name* its name. *source* says whether a command or the program did it, *by*
    is the user who gave the command, if there are users. *detail* has what else is known of it.
    """

    serial: int
    at: float
    kind: EntryKind
    node: str | None = None
    name: str = ""
    source: Source | None = None
    by: str | None = None
    detail: Mapping[str, Any] = _NOTHING


class Journal:
    """The entries of one cluster, the newest of each kind. Guarded by the hub's lock.

    :param numbers: yields the serial numbers of entries, shared by all clusters.

    ``counts`` are all entries by kind, those no longer kept included; ``latest`` is the newest
    serial number, 0 before the first. ``fresh`` are those made since changes were last published.
    ``now`` is the time, as of about a second ago; 0 if it is not known.
    """

    def __init__(self, numbers: Iterator[int]) -> None:
        self.counts: dict[EntryKind, int] = dict.fromkeys(ENTRY_KINDS, 0)
        self.latest = 0
        self.now = 0.0
        self.fresh: list[Entry] = []
        self._numbers = numbers
        self._kept: dict[EntryKind, deque[Entry]] = {
            kind: deque(maxlen=MOST_OF_A_KIND) for kind in ENTRY_KINDS
        }
        # Who asked for what of which node, and when.
        self._orders: dict[tuple[EntryKind, str], tuple[str | None, float]] = {}

    def add(
        self,
        kind: EntryKind,
        at: float,
        *,
        node: str | None = None,
        name: str = "",
        source: Source | None = None,
        by: str | None = None,
        **detail: Any,
    ) -> Entry:
        """Add an entry; one that somebody ordered is theirs."""
        order = self._orders.pop((kind, node or ""), None)
        if order is not None and abs(at - order[1]) <= _ORDER_SEC:
            source, by = "command", order[0]
        entry = Entry(next(self._numbers), at, kind, node, name, source, by, detail)
        self.log(entry)
        return entry

    def log(self, entry: Entry) -> None:
        """Add an entry that several clusters have in common."""
        self.enter(entry)
        self.fresh.append(entry)

    def enter(self, entry: Entry) -> None:
        """Keep an entry that a history kept."""
        self._kept[entry.kind].append(entry)
        self.counts[entry.kind] += 1
        self.latest = max(self.latest, entry.serial)

    def last_of(self, kind: EntryKind, node: str) -> Entry | None:
        """Return the newest entry of that kind about a node."""
        return next((one for one in reversed(self._kept[kind]) if one.node == node), None)

    def retract(self, entry: Entry) -> None:
        """Remove an entry that turned out to be wrong."""
        self._kept[entry.kind].remove(entry)
        self.counts[entry.kind] -= 1
        self.fresh = [one for one in self.fresh if one is not entry]

    def order(self, kind: EntryKind, node: str, by: str | None, at: float) -> None:
        """Note that a command asks for what will be an entry of *kind* about *node*.

        dispy reports what happens like all that its program does, and perhaps before the command
        has returned.
        """
        orders = self._orders
        for key in [key for key, (_, asked_at) in orders.items() if at - asked_at > _ORDER_SEC]:
            del orders[key]
        orders[kind, node] = (by, at)

    def call_off(self, kind: EntryKind, node: str) -> None:
        """Note that the command failed."""
        self._orders.pop((kind, node), None)

    def number_kept(self, kind: EntryKind) -> int:
        """Return how many entries of a kind are kept."""
        return len(self._kept[kind])

    def kept(self, kinds: Collection[EntryKind] = ()) -> list[Entry]:
        """Return the entries that are kept, of all kinds or of *kinds*, in no order."""
        return [entry for kind in kinds or ENTRY_KINDS for entry in self._kept[kind]]
