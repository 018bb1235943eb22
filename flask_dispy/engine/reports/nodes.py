"""dispy's reports on a cluster's nodes, turned into events."""

from __future__ import annotations

from typing import Any, Final

from dispy import DispyNode

from ...core import events
from ...core.events import Departure
from ..clusters import is_ending, membership_test
from ..faultlog import SkippedReports
from .clocks import NodeClocks
from .columns import Subjects
from .figures import FIGURES, figures_of, name_text, sanitized
from .parsed import ParsedReport

__all__ = ["NodeReports"]

# The place of dispy's ``update_time`` in a node's figures.
_UPDATED: Final = FIGURES.index("update_time")


class NodeReports:
    """Reads the reports on one watched cluster's nodes.

    :param cluster: dispy's object, ``None`` for reports of clusters that nobody added.
    :param skipped: counts figures that can't be read.
    :param subjects: collects the nodes, if they have custom columns.

    ``known`` has dispy's objects of the present nodes, by address; ``touched`` those that were
    reported since figures were last read; ``clocks`` the nodes' clocks.
    """

    def __init__(self, cluster: Any, skipped: SkippedReports, subjects: Subjects | None) -> None:
        self._cluster = cluster
        self.known: dict[str, Any] = {}
        self.touched: dict[str, Any] = {}
        self.clocks = NodeClocks()
        self._skipped = skipped
        self._subjects = subjects
        # Known nodes to which dispy sends no more jobs, and those to which it may not.
        self._released: set[str] = set()
        self._suspects: set[str] = set()
        self._pulsed: dict[str, float] = {}
        # The last figures of each node: most of the time there is nothing new.
        self._last_figures: dict[str, tuple[Any, ...]] = {}

    def read(self, status: int, node: Any, found: list[ParsedReport], now: float) -> None:
        """Read that a node joined, left or gave a sign of life; add the events to *found*."""
        ip_addr = node.ip_addr
        if status == DispyNode.Closed:
            found.extend(self._left(node, now))
        elif status == DispyNode.Initialized:
            self._report_final_figures(node, found)
            self.forget(ip_addr)
            self.known[ip_addr] = node
            if self._subjects is not None:
                self._subjects.note_node(node, joined=True)
            figures = self._last_figures[ip_addr] = figures_of(node)
            found.append((self._seen(node, figures, joined=True, at=now), None, ()))
        else:
            if status == DispyNode.AvailInfo:
                self._pulsed[ip_addr] = now
            self.touched[ip_addr] = node

    def _left(self, node: Any, now: float) -> list[ParsedReport]:
        """Return the events with a node's last figures, and that it left the cluster."""
        ip_addr = node.ip_addr
        figures = figures_of(node)
        why = self._why(node)
        if why == "ended":
            # dispy sets this time for all nodes, whether they answered or not.
            before = self._last_figures.get(ip_addr)
            updated_at = before[_UPDATED] if before else 0.0
            figures = (*figures[:_UPDATED], updated_at, *figures[_UPDATED + 1 :])
        self.touched.pop(ip_addr, None)
        self.forget(ip_addr)
        return [
            (self._seen(node, figures), None, ()),
            (events.NodeClosed(name_text(ip_addr), now, why), None, ()),
        ]

    def _why(self, node: Any) -> Departure:
        """Return why dispy reports a node as closed; its methods to close one report nothing.

        When dispy gives a node up, it takes away its CPUs, unless the node was restarted.
        """
        if node.avail_cpus > 0 and self._cluster is not None and is_ending(self._cluster):
            return "ended"
        return "given_up"

    def _report_final_figures(self, joined: Any, found: list[ParsedReport]) -> None:
        """Add the final figures of a node's earlier life, which may have another object."""
        ip_addr = joined.ip_addr
        heard = self.touched.pop(ip_addr, None)
        before = self.known.get(ip_addr) if heard is None or heard is joined else heard
        if before is None or before is joined:
            return
        try:
            found.append((self._seen(before), None, ()))
        except Exception:
            self._skipped.note()  # the new life must be read all the same

    def figures(self) -> list[ParsedReport]:
        """Return new figures of the nodes that were reported."""
        touched, self.touched = self.touched, {}
        pulsed, self._pulsed = self._pulsed, {}
        found: list[ParsedReport] = []
        last, known = self._last_figures, self.known
        for ip_addr, heard in touched.items():
            try:
                pulsed_at = pulsed.get(ip_addr)
                node = heard if known.get(ip_addr) is heard else self._current_object(heard)
                latest = figures_of(node)
                if self._subjects is not None and ip_addr in known:
                    self._subjects.note_node(node)
                if ip_addr not in known:
                    last.pop(ip_addr, None)
                elif pulsed_at is None and last.get(ip_addr) == latest:
                    continue
                else:
                    last[ip_addr] = latest
                seen = self._seen(node, latest, pulse=pulsed_at is not None, at=pulsed_at or 0.0)
                found.append((seen, None, ()))
            except Exception:
                self._skipped.note()
        return found

    def _current_object(self, heard: Any) -> Any:
        """Return which object to read if *heard* is not the known one of its address.

        dispy keeps the object of its last report up to date: we missed that the node joined. But an
        object without CPUs belongs to an earlier life, if the other has some.
        """
        known = self.known.get(heard.ip_addr)
        if heard.cpus > 0 or (known is not None and not known.cpus > 0):
            self.known[heard.ip_addr] = heard
            return heard
        return heard if known is None else known

    def refresh(self) -> list[ParsedReport]:
        """Return the figures of all nodes, because dispy changes some without a report."""
        self.touched = {**self.known, **self.touched}
        return self.figures()

    def adopt(self, nodes: list[Any]) -> list[ParsedReport]:
        """Return the figures of *nodes*, which ``cluster.status()`` lists.

        Unknown ones join. Known ones are listed whether they live or not.
        """
        found: list[ParsedReport] = []
        for node in nodes:
            if not node.update_time:
                continue  # dispy is setting it up, and will report it afterwards
            joined = node.ip_addr not in self.known
            self.known[node.ip_addr] = node
            if self._subjects is not None:
                self._subjects.note_node(node)
            figures = self._last_figures[node.ip_addr] = figures_of(node)
            found.append((self._seen(node, figures, joined=joined), None, ()))
        return found

    def unlisted(self, node: Any, now: float) -> ParsedReport:
        """Return the event that a node is no longer listed."""
        self.forget(node.ip_addr)
        return (events.NodeClosed(name_text(node.ip_addr), now, self._why(node)), None, ())

    def release(self, ip_addr: str, now: float, why: Departure) -> ParsedReport:
        """Return the event that somebody closed or deallocated a node."""
        if ip_addr in self.known:
            self._released.add(ip_addr)
        return (events.NodeClosed(name_text(ip_addr), now, why), None, ())

    def reclaim(self, ip_addr: str, now: float) -> list[ParsedReport]:
        """Return the event that a released node is back, if it was released."""
        if ip_addr not in self._released:
            return []
        self._released.discard(ip_addr)
        return [(self._seen(self.known[ip_addr], joined=True, at=now), None, ())]

    def membership(self, now: float) -> list[ParsedReport]:
        """Return which nodes the user's own program closed, deallocated or allocated again.

        A JobCluster does not report these, but removes itself from the node's list of clusters. It
        does so, too, just before it reports that it gives a node up, so a node counts only if its
        list lacks the cluster twice in a row.
        """
        found: list[ParsedReport] = []
        suspects: set[str] = set()
        is_member = membership_test(self._cluster)
        if is_member is None:
            return found
        for ip_addr, node in list(self.known.items()):
            member = is_member(node)
            if member is None:
                continue
            if member and ip_addr in self._released:
                found.extend(self.reclaim(ip_addr, now))
            elif not member and ip_addr in self._suspects:
                found.append(self.release(ip_addr, now, "closed"))
            elif not member and ip_addr not in self._released:
                suspects.add(ip_addr)
        self._suspects = suspects
        return found

    def forget(self, ip_addr: str) -> Any:
        """Forget a node; return dispy's object of it if it was known."""
        self._released.discard(ip_addr)
        self._last_figures.pop(ip_addr, None)
        self._pulsed.pop(ip_addr, None)
        self.clocks.forget(ip_addr)
        if self._subjects is not None:
            self._subjects.forget_node(ip_addr)
        return self.known.pop(ip_addr, None)

    def _seen(
        self,
        node: Any,
        figures: tuple[Any, ...] | None = None,
        *,
        joined: bool = False,
        pulse: bool = False,
        at: float = 0.0,
    ) -> events.NodeSeen:
        # Positional arguments take half the time of named ones.
        return events.NodeSeen(
            name_text(node.ip_addr),
            *sanitized(figures or figures_of(node)),
            joined,
            pulse,
            at,
            self.clocks.offset_sec(node.ip_addr),
        )
