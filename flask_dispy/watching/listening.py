"""Whether the reports of each cluster reach us, and what is done where they do not.

A cluster keeps a callback of its own, and its program may put another in place of ours at any time.
Whether that one hands the reports on shows only when dispy moves on. Where it does not, the
cluster is asked for its nodes and its number of jobs at intervals, and the log, the page and
``/healthz`` say so.
"""

from __future__ import annotations

import contextlib
import logging
import time
from functools import partial
from typing import Any

from ..core import events
from ..core.errors import EngineTimeout
from ..engine.commands.calls import Calls
from ..engine.reports.delivery import Delivery, all_reported, status_of, status_snapshot
from .hub import Hub
from .watched import Watched

__all__ = ["Listening"]

logger = logging.getLogger("flask_dispy")


class Listening:
    """Keeps a hub's clusters heard. Called by the pump's thread alone."""

    def __init__(self, hub: Hub, calls: Calls) -> None:
        self._hub = hub
        self._calls = calls

    def look(self, watched: Watched) -> None:
        """See whether a cluster's reports still reach us; never waits for dispy."""
        delivery = watched.delivery
        if delivery is None or watched.state.closed_at is not None:
            return
        before = delivery.trouble
        heard, pending = self._known(watched)
        delivery.look(watched.cluster.cluster_status, heard, pending)
        if watched.mode == "polling" or delivery.doubted:
            self._poll(watched, delivery)
        if delivery.trouble != before:
            self._say(watched, delivery.trouble)

    def _known(self, watched: Watched) -> tuple[int, int]:
        """Return how many reports came, and how many jobs are pending by what is known."""
        with self._hub.folding:
            ledger = watched.state.ledger
            return watched.watch.received, ledger.pending + ledger.before_watching

    def _say(self, watched: Watched, trouble: str | None) -> None:
        if trouble is not None:
            logger.warning("Trouble with the cluster %s: %s", watched.name, trouble)
        else:
            logger.info("The reports of the cluster %s arrive again.", watched.name)
        with self._hub.changing(watched):
            watched.unheard = trouble
            watched.mode = "callback" if trouble is None else "polling"

    def _poll(self, watched: Watched, delivery: Delivery) -> None:
        if watched.poll is not None:
            if not watched.poll.done():
                return
            answer, watched.poll = watched.poll, None
            if answer.exception() is None:
                self._polled(watched, delivery, answer.result())
        every_sec = self._hub.intervals.poll_sec
        if not delivery.doubted:
            every_sec = max(every_sec, self._hub.settings.poll_sec)
        if watched.is_due("poll", every_sec):
            ask = partial(status_of, watched.cluster, watched.kind)
            # Too many calls that hang show in health(); to be refused one more is no fault here.
            with contextlib.suppress(EngineTimeout):
                watched.poll = self._calls.start(
                    f"ask for the status of {watched.name}", id(watched.cluster), ask
                )

    def _polled(self, watched: Watched, delivery: Delivery, status: Any) -> None:
        nodes, pending = list(status.nodes), status.jobs_pending
        delivery.judge(
            status_snapshot(nodes, pending),
            *self._known(watched),
            all_reported=all_reported(watched.cluster),
        )
        # What is known to be unheard from now on is shown at once, not an interval later.
        if watched.mode == "polling" or delivery.trouble is not None:
            self._adopt(watched, nodes, pending)

    def _adopt(self, watched: Watched, nodes: list[Any], pending: int) -> None:
        there = {node.ip_addr for node in nodes}
        known = watched.watch.nodes
        now = time.time()
        with self._hub.folding:
            gone = [node for ip_addr, node in known.known.items() if ip_addr not in there]
            self._hub.apply(
                watched,
                [
                    *known.adopt(nodes),
                    *(known.unlisted(node, now) for node in gone),
                    (events.PendingCounted(now, pending), None, ()),
                ],
            )
