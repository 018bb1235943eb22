"""One cluster that is watched: its dispy object, its watch and its state."""

from __future__ import annotations

import time
from concurrent.futures import Future
from typing import Any, Literal

from ..core.cluster import ClusterState
from ..engine.clusters import Kind, compute_id
from ..engine.commands.outcomes import RerunFunction, Target
from ..engine.reports.delivery import Delivery
from ..engine.reports.reconcile import Reconciler
from ..engine.reports.watch import Callback, Watch
from .board import Member

__all__ = ["Watched"]

Mode = Literal["callback", "polling"]


class Watched(Member):
    """What belongs to one cluster, from dispy's object to the state that is shown."""

    def __init__(
        self, cluster: Any, kind: Kind, watch: Watch, state: ClusterState, number: int
    ) -> None:
        super().__init__(state, number)
        self.cluster = cluster
        self.kind = kind
        self.watch = watch
        self.mode: Mode = "callback"
        self.rerun: RerunFunction | None = None
        self.compute_id = compute_id(cluster)
        self.reconciler = Reconciler(watch, scheduler=kind == "scheduler")
        self.poll: Future[Any] | None = None
        self.scheduler_check: Future[str | None] | None = None
        self.delivery: Delivery | None = None  # None for what has no callback of its own
        self.trouble: str | None = None  # with its scheduler
        self.port_trouble: str | None = None
        self.unheard: str | None = None  # why its reports do not arrive, if they do not
        self.had_jobs_before = False  # watching began while it had some
        self.unseen: tuple[int, int] | None = None  # jobs not reported yet, after so many reports
        self.due: dict[str, float] = {}
        self._installed: Callback | None = None
        self._previous: Callback | None = None

    def is_due(self, what: str, every_sec: float) -> bool:
        """Whether something that is done every so often is to be done now."""
        now = time.monotonic()
        if now < self.due.get(what, 0.0):
            return False
        self.due[what] = now + every_sec
        return True

    def target(self) -> Target:
        """Return where commands to the cluster go."""
        return Target(self.name, self.cluster, self.kind, self.rerun)

    def install(self, *, chain: bool) -> None:
        """Set the cluster's callback to ours; with *chain*, ours and then its own."""
        own: Callback | None = self.cluster.cluster_status
        ours = self.watch.callback
        self._previous = own
        self._installed = ours
        if chain and own is not None:
            theirs = own

            def cluster_status(status: int, node: Any, job: Any) -> None:
                ours(status, node, job)
                theirs(status, node, job)

            self._installed = cluster_status
        self.cluster.cluster_status = self._installed

    def listen(self, receiver: object) -> None:
        """Begin to look whether the reports reach *receiver*, once the callback stands."""
        self.delivery = Delivery(receiver, self._installed, self.cluster.cluster_status)

    def uninstall(self) -> None:
        """Put the cluster's callback back as it was, unless somebody has set another since."""
        installed, self._installed = self._installed, None
        if installed is not None and self.cluster.cluster_status is installed:
            self.cluster.cluster_status = self._previous
        self.watch.retire()
