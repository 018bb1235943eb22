"""What dispy tells of a cluster's nodes, turned into events."""

from __future__ import annotations

from typing import Any

from dispy import DispyNode

from ..core import events
from .clocks import NodeClocks
from .drained import Drained
from .faultlog import UnreadReports
from .figures import figures_of, name_text, relied_upon

__all__ = ["NodeReports"]


class NodeReports:
    """The nodes of one watched cluster.

    :param unread: takes note of figures that can't be read.

    ``known`` are dispy's objects of the nodes that are there, by address; ``touched`` are the
    nodes that were heard of since figures were last read; ``clocks`` are the nodes' own.
    """

    def __init__(self, unread: UnreadReports) -> None:
        self.known: dict[str, Any] = {}
        self.touched: dict[str, Any] = {}
        self.clocks = NodeClocks()
        self._unread = unread
        self._pulsed: dict[str, float] = {}
        # What was last told of each node: most of the time there is nothing new.
        self._told: dict[str, tuple[Any, ...]] = {}

    def has(self, node: Any) -> bool:
        """Whether a node is known and still there.

        Of one that is new and has left again, only a job that ran on it tells that it was there.
        """
        return node.ip_addr in self.known and bool(node.cpus > 0)

    def saw(self, status: int, node: Any, found: list[Drained], now: float) -> None:
        """Take in that a node joined, closed or gave a sign of life; *found* gets the events."""
        ip_addr = node.ip_addr
        if status == DispyNode.Closed:
            self.touched.pop(ip_addr, None)
            self.forget(ip_addr)
            found.append((self._seen(node), None, ()))
            found.append((events.NodeClosed(name_text(ip_addr), now), None, ()))
        elif status == DispyNode.Initialized:
            self._tell_the_last_of(node, found)
            self.forget(ip_addr)
            self.known[ip_addr] = node
            told = self._told[ip_addr] = figures_of(node)
            found.append((self._seen(node, told, joined=True, at=now), None, ()))
        else:
            if status == DispyNode.AvailInfo:
                self._pulsed[ip_addr] = now
            self.touched[ip_addr] = node

    def _tell_the_last_of(self, joined: Any, found: list[Drained]) -> None:
        """Tell the last figures of the life before, of which dispy may have another object."""
        ip_addr = joined.ip_addr
        heard = self.touched.pop(ip_addr, None)
        before = self.known.get(ip_addr) if heard is None or heard is joined else heard
        if before is None or before is joined:
            return
        try:
            found.append((self._seen(before), None, ()))
        except Exception:
            self._unread.note()  # which must not cost the life that begins

    def figures(self) -> list[Drained]:
        """Return what is new of the nodes that were heard of."""
        touched, self.touched = self.touched, {}
        pulsed, self._pulsed = self._pulsed, {}
        found: list[Drained] = []
        told, known = self._told, self.known
        for ip_addr, heard in touched.items():
            try:
                pulsed_at = pulsed.get(ip_addr)
                node = heard if known.get(ip_addr) is heard else self._now_known(heard)
                now_told = figures_of(node)
                if ip_addr not in known:
                    told.pop(ip_addr, None)
                elif pulsed_at is None and told.get(ip_addr) == now_told:
                    continue
                else:
                    told[ip_addr] = now_told
                seen = self._seen(node, now_told, pulse=pulsed_at is not None, at=pulsed_at or 0.0)
                found.append((seen, None, ()))
            except Exception:
                self._unread.note()
        return found

    def _now_known(self, heard: Any) -> Any:
        """Return the object to read for *heard*, which is not the one that its address is known by.

        dispy goes on changing the one that it last reported with: we missed that the node joined.
        But one without CPUs is of a life that is over, if the other has some.
        """
        known = self.known.get(heard.ip_addr)
        if heard.cpus > 0 or (known is not None and not known.cpus > 0):
            self.known[heard.ip_addr] = heard
            return heard
        return heard if known is None else known

    def refresh(self) -> list[Drained]:
        """Return the figures of all nodes, for dispy changes some without saying so."""
        self.touched = {**self.known, **self.touched}
        return self.figures()

    def adopt(self, nodes: list[Any]) -> list[Drained]:
        """Return the figures of *nodes*, which ``cluster.status()`` lists.

        Those that were not known join by it. The others are listed whether they live or not.
        """
        found: list[Drained] = []
        for node in nodes:
            if not node.update_time:
                continue  # dispy is setting it up, and reports it when that has come to an end
            joined = node.ip_addr not in self.known
            self.known[node.ip_addr] = node
            told = self._told[node.ip_addr] = figures_of(node)
            found.append((self._seen(node, told, joined=joined), None, ()))
        return found

    def gone(self, node: Any, now: float) -> Drained:
        """Return the event that a node is no longer listed."""
        self.forget(node.ip_addr)
        return (events.NodeClosed(name_text(node.ip_addr), now), None, ())

    def forget(self, ip_addr: str) -> Any:
        """Forget a node, and return dispy's object of it, if it was known."""
        self._told.pop(ip_addr, None)
        self._pulsed.pop(ip_addr, None)
        self.clocks.forget(ip_addr)
        return self.known.pop(ip_addr, None)

    def _seen(
        self,
        node: Any,
        told: tuple[Any, ...] | None = None,
        *,
        joined: bool = False,
        pulse: bool = False,
        at: float = 0.0,
    ) -> events.NodeSeen:
        # In the order of the fields: by name it takes twice as long.
        return events.NodeSeen(
            name_text(node.ip_addr),
            *relied_upon(told or figures_of(node)),
            joined,
            pulse,
            at,
            self.clocks.offset_sec(node.ip_addr),
        )
