"""What the live view shows, and what keys change of it. Knows no terminal and no network."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from ...core.addresses import address_key
from ...core.errors import BadRequest
from ...core.nodes import NODE_STATES
from ...wire.errorkinds import ErrorKindRow
from ...wire.journal import EventRow
from ...wire.node_list import matching, sorted_rows
from ...wire.shapes.clusters import Summary
from ...wire.shapes.nodes import NodeRow
from ..tables import compared, free

__all__ = ["SORTS", "TopState"]

_WORST_FIRST: Final = {state: place for place, state in enumerate(reversed(NODE_STATES))}

_MOST_TYPED: Final = 200


SORTS: Final[dict[str, tuple[Callable[[NodeRow], Any], bool]]] = {
    "address": (lambda row: address_key(row["ip_addr"]), False),
    "name": (lambda row: row["name"].casefold() or None, False),
    "state": (lambda row: _WORST_FIRST.get(row["state"]), False),
    "busy": (lambda row: row["busy"] / row["cpus"] if row["cpus"] else None, True),
    "jobs done": (lambda row: row["jobs_done"], True),
    "failed": (lambda row: compared(row, "failed_share"), True),
    "median": (lambda row: compared(row, "median_sec"), True),
    "x others": (lambda row: compared(row, "times_others"), True),
    "CPU free": (lambda row: free(row, "cpu"), False),
    "memory free": (lambda row: free(row, "memory"), False),
}
"""What nodes can be sorted by, and whether the largest come first then."""


@dataclass
class TopState:
    """One view of a dashboard: a cluster, its nodes in some order, and where the reader is.

    :ivar away: what is in the way of new data; empty while they come.
    :ivar typed: the filter while it is being typed, else ``None``.
    :ivar words: the filter that holds.
    :ivar offset: how many nodes are above the window.
    """

    cluster: str = "*"
    away: str = ""
    summaries: dict[str, Summary] = field(default_factory=dict)
    nodes: dict[str, NodeRow] = field(default_factory=dict)
    errors: list[ErrorKindRow] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    sort: str = "address"
    descending: bool = False
    words: str = ""
    typed: str | None = None
    problem: str = ""
    offset: int = 0
    window: int = 10
    helps: bool = False
    ended: bool = False

    @property
    def summary(self) -> Summary | None:
        """The cluster's summary, once it is known."""
        return self.summaries.get(self.cluster)

    @property
    def is_reversed(self) -> bool:
        """Whether the order is not the usual one of its figure."""
        return self.descending is not SORTS[self.sort][1]

    def take(self, summaries: Iterable[Summary], nodes: dict[str, NodeRow]) -> None:
        """Show new figures, with which the dashboard is there again."""
        self.summaries = {"*" if one["combined"] else one["name"]: one for one in summaries}
        self.nodes = nodes
        self.away = ""

    def names(self) -> list[str]:
        """Return the views that there are: all clusters together first, then each."""
        single = sorted(name for name in self.summaries if name != "*")
        return ["*", *single]

    def shown(self) -> list[NodeRow]:
        """Return the nodes that pass the filter, in order."""
        rows = list(self.nodes.values())
        text = self.words if self.typed is None else self.typed
        self.problem = ""
        try:
            rows = matching(rows, text, (), self.cluster)
        except BadRequest as error:
            self.problem = error.message
        return sorted_rows(rows, SORTS[self.sort][0], descending=self.descending)

    def press(self, key: str) -> None:
        """Take a key: a character, or the name of another one."""
        if self.typed is not None:
            self._type(key)
        elif self.helps and key != "q":
            self.helps = False
        elif key in _KEYS:
            _KEYS[key](self)

    def _type(self, key: str) -> None:
        text = self.typed or ""
        match key:
            case "enter":
                self.words, self.typed = text.strip(), None
            case "escape":
                self.typed = None
            case "backspace":
                self.typed = text[:-1]
            case _ if len(key) == 1 and key.isprintable():
                self.typed = (text + key)[:_MOST_TYPED]
        self.offset = 0

    def scroll(self, rows: int) -> None:
        """Move the window over the nodes."""
        most = max(0, len(self.shown()) - self.window)
        self.offset = max(0, min(most, self.offset + rows))

    def switch(self, steps: int) -> None:
        """Go to another cluster."""
        names = self.names()
        place = names.index(self.cluster) if self.cluster in names else 0
        self._go_to(names[(place + steps) % len(names)])

    def leave(self) -> None:
        """Go to all clusters together, because this one was removed."""
        self._go_to("*")

    def _go_to(self, cluster: str) -> None:
        if cluster != self.cluster:
            self.cluster, self.offset = cluster, 0
            self.nodes, self.errors, self.events = {}, [], []

    def sort_by_next(self, steps: int) -> None:
        """Sort by another figure."""
        names = list(SORTS)
        self.sort = names[(names.index(self.sort) + steps) % len(names)]
        self.descending = SORTS[self.sort][1]
        self.offset = 0

    def reverse(self) -> None:
        """Turn the order round."""
        self.descending = not self.descending
        self.offset = 0


def _set(name: str, value: Any) -> Callable[[TopState], None]:
    return lambda state: setattr(state, name, value)


_KEYS: Final[dict[str, Callable[[TopState], None]]] = {
    "q": _set("ended", True),
    "?": _set("helps", True),
    "h": _set("helps", True),
    "s": lambda state: state.sort_by_next(1),
    "S": lambda state: state.sort_by_next(-1),
    "r": TopState.reverse,
    "/": lambda state: setattr(state, "typed", state.words),
    "escape": _set("words", ""),
    "c": lambda state: state.switch(1),
    "C": lambda state: state.switch(-1),
    "tab": lambda state: state.switch(1),
    "down": lambda state: state.scroll(1),
    "j": lambda state: state.scroll(1),
    "up": lambda state: state.scroll(-1),
    "k": lambda state: state.scroll(-1),
    "pagedown": lambda state: state.scroll(state.window),
    " ": lambda state: state.scroll(state.window),
    "pageup": lambda state: state.scroll(-state.window),
    "home": lambda state: state.scroll(-len(state.nodes)),
    "end": lambda state: state.scroll(len(state.nodes)),
}
