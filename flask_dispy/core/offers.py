"""The nodes that were offered to one cluster and have not joined.

dispy asks a node to join, but does not report whether it answers. So each offer is kept until the
node joins, somebody withdraws it, or the cluster ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, get_args

from .nodes import GONE_STATES, Node

__all__ = ["SOURCES", "Allocation", "Finding", "Offer", "Offers", "Source"]

Source = Literal["program", "command"]
"""Who offered the node: the program, or somebody with a command."""

Finding = Literal[
    "unknown", "pattern", "refused_connection", "no_answer", "unreachable", "listening",
    "being_set_up", "not_set_up",
]  # fmt: skip
"""What is known about why a node has not joined.

``unknown``: nothing. ``pattern``: it is a pattern, which stands for any number of nodes.
``refused_connection``: nothing listens at its port. ``no_answer``: it did not answer.
``unreachable``: there is no route to it. ``listening``: something listens there.
``being_set_up``: it answered, and dispy is sending it what the computation needs.
``not_set_up``: it answered, but could not be set up, served another client, or offers no CPU.
"""


class Allocation(NamedTuple):
    """A node, or a pattern of nodes (``*`` in *ip_addr*), that a cluster may use."""

    ip_addr: str
    port: int | None
    cpus: int


SOURCES: Final[tuple[Source, ...]] = get_args(Source)


@dataclass(slots=True)
class Offer:
    """A node, or a pattern of nodes, that was offered to a cluster; times in epoch seconds.

    *host* is as given, *ip_addr* the address that it stands for; *asked_by* is the user, if there
    are users. *is_late* is whether :meth:`Offers.newly_late` has returned it.
    """

    number: int
    host: str
    ip_addr: str
    port: int | None
    cpus: int
    source: Source
    asked_by: str | None
    asked_at: float
    finding: Finding = "unknown"
    is_late: bool = False
    checked_at: float = 0.0
    _pattern: re.Pattern[str] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.is_pattern:
            self.finding = "pattern"
            # As in dispy: matched from the beginning, and "*" stands for any text.
            self._pattern = re.compile(".*".join(map(re.escape, self.ip_addr.split("*"))))

    @property
    def is_pattern(self) -> bool:
        """Whether it stands for any number of nodes."""
        return "*" in self.ip_addr

    def is_fulfilled(self, nodes: Mapping[str, Node]) -> bool:
        """Whether a matching node has joined since."""
        if self._pattern is not None:
            matches = self._pattern.match
            return any(self._has_joined(nodes[ip]) for ip in nodes if matches(ip))
        node = nodes.get(self.ip_addr)
        return node is not None and self._has_joined(node)

    def _has_joined(self, node: Node) -> bool:
        if node.state not in GONE_STATES:
            return True
        return any(at >= self.asked_at and event == "joined" for at, event in node.past or ())


class Offers:
    """The offers of one cluster whose nodes have not joined. Guarded by the hub's lock.

    :param numbers: yields the numbers of offers, shared by all clusters.
    :param overdue_sec: a node that has not joined this long after it was asked needs attention.
    :param most: how many are kept; the oldest go first. A program may list thousands.
    """

    def __init__(
        self, numbers: Iterator[int], *, overdue_sec: float = 30.0, most: int = 10_000
    ) -> None:
        self.waiting: dict[int, Offer] = {}
        self.overdue = 0
        self.changes = 0  # grows with every change that readers should see
        self._numbers = numbers
        self._overdue_sec = overdue_sec
        self._most = most
        # The program's allocations, as last seen.
        self._listed: dict[str, Allocation] = {}
        self._published_changes = 0

    def ask(
        self, host: str, node: Allocation, at: float, *, by: str | None, source: Source = "command"
    ) -> Offer:
        """Keep an offer; it replaces an earlier one of the same address, and takes its number."""
        earlier = [n for n, offer in self.waiting.items() if offer.ip_addr == node.ip_addr]
        number = earlier[0] if earlier else next(self._numbers)
        self.waiting.pop(number, None)
        offer = self.waiting[number] = Offer(number, host, *node, source, by, at)
        self.changes += 1
        while len(self.waiting) > self._most:
            del self.waiting[next(iter(self.waiting))]
        return offer

    def withdraw(self, number: int) -> Offer | None:
        """Remove an offer and return it, ``None`` if there is none with that number."""
        offer = self.waiting.pop(number, None)
        if offer is not None:
            self.changes += 1
        return offer

    def sync_with_program(self, offered: Sequence[Allocation], at: float) -> None:
        """Add what the program newly offers, and remove what it no longer offers."""
        now = {one.ip_addr: one for one in offered}
        if now.keys() == self._listed.keys():
            return
        known = {offer.ip_addr: offer for offer in self.waiting.values()}
        for ip_addr in self._listed.keys() - now.keys():
            if ip_addr in known:
                self.withdraw(known[ip_addr].number)
        for ip_addr in now.keys() - self._listed.keys() - known.keys():
            self.ask(ip_addr, now[ip_addr], at, by=None, source="program")
        self._listed = now

    def watch(self, nodes: Mapping[str, Node], now: float) -> bool:
        """Remove fulfilled offers; return whether anything changed for readers."""
        for offer in [offer for offer in self.waiting.values() if offer.is_fulfilled(nodes)]:
            del self.waiting[offer.number]
            self.changes += 1
        overdue = sum(self.is_overdue(offer, now) for offer in self.waiting.values())
        self.changes += overdue != self.overdue
        self.overdue = overdue
        changed = self.changes != self._published_changes
        self._published_changes = self.changes
        return changed

    def is_overdue(self, offer: Offer, now: float) -> bool:
        """Whether an offer's node should have joined by now."""
        return now - offer.asked_at >= self._overdue_sec

    def newly_late(self, now: float) -> list[Offer]:
        """Return the offers that became overdue since this was last called."""
        late = [
            one for one in self.waiting.values() if not one.is_late and self.is_overdue(one, now)
        ]
        for offer in late:
            offer.is_late = True
        return late

    def clear(self) -> None:
        """Remove all offers, because the cluster ended."""
        self.changes += bool(self.waiting)
        self.waiting.clear()
        self.overdue = 0

    def as_dict(self) -> dict[str, int]:
        """Return the summary's ``offers``."""
        return {"waiting": len(self.waiting), "overdue": self.overdue, "changes": self.changes}

    def due_for_check(self, now: float, every_sec: float, most: int) -> list[Offer]:
        """Return the overdue offers that were checked longest ago, without patterns."""
        due = [
            offer
            for offer in self.waiting.values()
            if self.is_overdue(offer, now)
            and now - offer.checked_at >= every_sec
            and not offer.is_pattern
        ]
        return sorted(due, key=lambda offer: offer.checked_at)[:most]
