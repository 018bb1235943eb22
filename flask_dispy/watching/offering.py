"""What becomes of the nodes that clusters were offered."""

from __future__ import annotations

import contextlib
from concurrent.futures import Future
from functools import partial
from typing import Final

from ..core.errors import EngineTimeout
from ..core.offers import Allocation, Finding, Offer
from ..engine.commands.calls import Calls
from ..engine.offering import diagnose, program_allocations
from .hub import Hub
from .watched import Watched

__all__ = ["Offering"]

# Offers that nobody took are looked into so many at a time: each is a connection that may wait for
# some seconds.
_LOOKS_AT_ONCE: Final = 3

_Look = tuple[Watched, int, "Future[Finding]"]


class Offering:
    """Keeps a hub's offers up to date. Called by the pump's thread alone."""

    def __init__(self, hub: Hub, calls: Calls) -> None:
        self._hub = hub
        self._calls = calls
        self._looks: list[_Look] = []

    def look(self, watched: Watched, now: float) -> None:
        """See what a cluster is offered and who has joined; never waits."""
        hub, offers = self._hub, watched.state.offers
        is_open = watched.state.closed_at is None
        listed = program_allocations(watched.cluster) if is_open else []
        with hub.lock:
            if is_open:
                # What it was made with was offered before it was watched.
                offers.sync_with_program(listed, now)
            else:
                offers.clear()
            changed = offers.watch(watched.state.nodes, now)
            late = offers.newly_late(now)
            for offer in late:
                watched.state.journal.add("node_overdue", now, node=offer.host)
            if changed or late:
                watched.state.dirty = True
                hub.publish(watched)
            most = _LOOKS_AT_ONCE - len(self._looks)
            due = offers.due_for_check(now, hub.intervals.diagnose_sec, most)
            for offer in due:
                offer.checked_at = now
        self._end_looks()
        for offer in due:
            self._begin_look(watched, offer)

    def _begin_look(self, watched: Watched, offer: Offer) -> None:
        offered = Allocation(offer.ip_addr, offer.port, offer.cpus)
        # Too many calls that hang show in health(); a look that is refused is made up for later.
        with contextlib.suppress(EngineTimeout):
            future = self._calls.start(
                f"look whether {offer.ip_addr} answers", "offers",
                partial(diagnose, watched.cluster, offered),
            )  # fmt: skip
            self._looks.append((watched, offer.number, future))

    def _end_looks(self) -> None:
        ended = [look for look in self._looks if look[2].done()]
        self._looks = [look for look in self._looks if not look[2].done()]
        for watched, number, future in ended:
            with self._hub.lock:
                offer = watched.state.offers.waiting.get(number)
                if offer is None or future.exception() is not None:
                    continue
                offer.finding = future.result()
                watched.state.offers.changes += 1
                watched.state.dirty = True
                self._hub.publish(watched)
