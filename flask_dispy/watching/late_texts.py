"""What only a user's own code can make: asked for while folding, applied once made."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from ..core import events
from ..core.settings import Settings
from ..engine.reports.columns import ColumnReader, JobSubject, NodeSubject
from ..engine.reports.render import Renderer, TextRequest
from .watched import Watched

__all__ = ["LateTexts"]


class LateTexts:
    """Texts of jobs and values of custom columns that were asked for, and those that are made.

    :meth:`ask`, :meth:`ask_columns` and :meth:`apply` are called while folding, by one thread at a
    time.
    """

    def __init__(self, settings: Settings) -> None:
        # With each the state that it is for, or None: that which has the job.
        self._made: deque[tuple[events.Event, object]] = deque()
        self._asked = self._taken = 0
        self.renderer = Renderer(
            lambda *text: self._made.append((events.JobText(*text), None)),
            limit=settings.text_limit,
            redact=settings.redact,
        )
        self.columns = ColumnReader(
            lambda *made: self._made.append(made),
            settings.node_columns,
            settings.job_columns,
            redact=settings.redact,
        )

    def ask(self, requests: Sequence[TextRequest]) -> None:
        """Have texts made. Never waits."""
        self._asked += len(requests)
        for request in requests:
            self.renderer.submit(request)

    def ask_columns(self, watched: Watched) -> None:
        """Have the custom columns read of what a cluster's reports were of. Never waits."""
        nodes, jobs = watched.watch.subjects.take()
        for ip_addr, node in nodes.items():
            self._asked += self.columns.ask(NodeSubject(watched.state, ip_addr, node))
        for key, live in jobs.items():
            job = watched.state.ledger.named.get(key)
            if job is not None:
                self._asked += self.columns.ask(JobSubject(job.serial, live))

    def watch(self) -> None:
        """End the calls that exceed their time; called a few times a second by the pump."""
        self.renderer.watch()
        self.columns.watch()

    def apply(self, clusters: Sequence[Watched]) -> None:
        """Give what was made to its job or node. The caller holds the hub's lock."""
        for _ in range(len(self._made)):
            event, state = self._made.popleft()
            self._taken += 1
            for watched in clusters:
                if state is None:
                    mine = watched.state.awaits_text(event.serial)  # type: ignore[union-attr]
                else:
                    mine = watched.state is state
                if mine:
                    _apply(watched, event)
                    break

    @property
    def waiting(self) -> bool:
        """Whether some were made and not yet applied."""
        return bool(self._made)

    @property
    def pending(self) -> bool:
        """Whether some are still to be made, or to be applied."""
        return self._taken < self._asked

    def wait(self, timeout_sec: float) -> None:
        """Wait until all that was asked for is made, or time is out."""
        give_up_at = time.monotonic() + timeout_sec
        while len(self._made) < self._asked - self._taken and time.monotonic() < give_up_at:
            time.sleep(0.01)

    def close(self) -> None:
        """End the threads; what still waits is dropped."""
        self.renderer.close()
        self.columns.close()


def _apply(watched: Watched, event: events.Event) -> None:
    if isinstance(event, events.NodeValues):
        node = watched.state.nodes.get(event.ip_addr)
        if node is None or node.columns == event.values:
            return  # which is no change that anybody is to hear of
    watched.state.apply(event)
