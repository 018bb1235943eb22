"""Texts that only a user's own code can make: asked for while folding, applied once made."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from ..core import events
from ..core.settings import Settings
from ..engine.reports.render import Renderer, TextRequest
from .watched import Watched

__all__ = ["LateTexts"]


class LateTexts:
    """What a :class:`~flask_dispy.engine.reports.render.Renderer` is asked for and has made.

    :meth:`ask` and :meth:`apply` are called while folding, by one thread at a time.
    """

    def __init__(self, settings: Settings) -> None:
        self._made: deque[tuple[int, str, str]] = deque()
        self._asked = self._taken = 0
        self.renderer = Renderer(
            lambda *text: self._made.append(text),
            limit=settings.text_limit,
            redact=settings.redact,
        )

    def ask(self, requests: Sequence[TextRequest]) -> None:
        """Have texts made. Never waits."""
        self._asked += len(requests)
        for request in requests:
            self.renderer.submit(request)

    def apply(self, clusters: Sequence[Watched]) -> bool:
        """Give each text that was made to its job; return whether there were any.

        The caller holds the hub's lock.
        """
        waiting = len(self._made)
        for _ in range(waiting):
            serial, field, text = self._made.popleft()
            self._taken += 1
            for watched in clusters:
                if serial in watched.state.ledger.jobs:
                    watched.state.apply(events.JobText(serial, field, text))  # type: ignore[arg-type]
                    break
        return waiting > 0

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
