"""Passes what happens to clusters on to users' callbacks and to webhooks."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from ..core.journal import SHARED_KINDS, Entry, EntryKind
from ..core.settings import Settings
from ..engine.faultlog import FaultLog
from ..wire.journal import EventRow, event_row
from .outbox import Outbox
from .worker import Worker

__all__ = ["Announcer", "Callback", "Listener"]

logger = logging.getLogger("flask_dispy.alerts")

Callback = Callable[[EventRow], object]

# What may wait between two turns of the upkeep, and for one callback.
_MOST_NOTED: Final = 10_000
_MOST_WAITING: Final = 1_000


class Listener:
    """A user's callback for one kind of event, with a thread of its own from the first event on."""

    def __init__(self, kind: EntryKind, callback: Callback) -> None:
        self.kind = kind
        self.called = self.failed = 0
        self._callback = callback
        self._fault_log = FaultLog(logger)
        self.worker: Worker[EventRow] = Worker("flask_dispy-event", self._call, limit=_MOST_WAITING)

    def _call(self, event: EventRow) -> None:
        self.called += 1
        try:
            self._callback(event)
        except BaseException:  # even sys.exit() must not end the thread
            self.failed += 1
            self._fault_log.exception(f"A callback for the event {self.kind} failed.")


class Announcer:
    """The callbacks, ``listeners``, and the webhooks of one registry, ``outboxes``.

    :meth:`note` is called under the hub's lock and only appends; :meth:`pass_on`, called by the
    upkeep, does the rest without it. While nobody listens, neither costs anything.
    """

    def __init__(self, settings: Settings, *, waits_sec: Sequence[float]) -> None:
        self.outboxes = [Outbox(one, waits_sec=waits_sec) for one in settings.alerts]
        self._settings = settings
        self.listeners: tuple[Listener, ...] = ()
        self._changing = threading.Lock()
        self._passing = threading.Lock()  # the upkeep may be late, and still at it as we close
        self._wanted: frozenset[EntryKind] = frozenset()
        self._noted: deque[tuple[str | None, Entry]] = deque()
        self._dropped = 0
        self._shared = 0  # serial number of the last entry that concerned all
        self._gone = [0, 0, 0]  # called, failed and dropped of listeners that were removed
        self._want()

    # -- listeners ---------------------------------------------------------------------------

    def add(self, listener: Listener) -> None:
        """Let a callback listen from now on."""
        with self._changing:
            self.listeners += (listener,)
            self._want()

    def remove(self, listener: Listener) -> None:
        """Let a callback listen no more; what waits for it is dropped. Again is no error."""
        with self._changing:
            if listener not in self.listeners:
                return
            self.listeners = tuple(one for one in self.listeners if one is not listener)
            self._want()
            self._gone = [a + b for a, b in zip(self._gone, _counts(listener), strict=True)]
        listener.worker.close()
        listener.worker.join(0.0)

    def _want(self) -> None:
        wanted = {one.kind for one in self.listeners}
        self._wanted = frozenset(wanted.union(*(one.webhook.events for one in self.outboxes)))

    # -- events ------------------------------------------------------------------------------

    def note(self, cluster: str, entries: Sequence[Entry]) -> None:
        """Take what happened to a cluster. Called under the hub's lock."""
        if not self._wanted:
            return
        for entry in entries:
            if entry.kind not in self._wanted:
                continue
            shared = entry.kind in SHARED_KINDS
            if shared and entry.serial == self._shared:
                continue
            if shared:
                self._shared = entry.serial
            if len(self._noted) < _MOST_NOTED:
                self._noted.append((None if shared else cluster, entry))
            else:
                self._dropped += 1

    def pass_on(self) -> None:
        """Hand what was noted to those who wait for it, and send what is due. Thread-safe."""
        with self._passing:
            self._hand_over()
            for outbox in self.outboxes:
                outbox.send_due()

    def _hand_over(self) -> None:
        noted = self._noted
        for _ in range(len(noted)):
            cluster, entry = noted.popleft()
            for listener in self.listeners:
                if listener.kind == entry.kind:
                    listener.worker.put(event_row(entry, cluster, private=False))
            for outbox in self.outboxes:
                webhook = outbox.webhook
                if entry.kind in webhook.events:
                    private = not (webhook.details and self._settings.show_job_args)
                    outbox.gather(event_row(entry, cluster, private=private))

    def close(self, timeout_sec: float) -> None:
        """Let callbacks and webhooks have the last events, for so long at the most."""
        give_up_at = time.monotonic() + timeout_sec
        with self._passing:
            self._hand_over()
            listeners = self.listeners
            for listener in listeners:
                listener.worker.close()
            for outbox in self.outboxes:
                outbox.close()
        for listener in listeners:
            listener.worker.join(give_up_at)
        for outbox in self.outboxes:
            outbox.join(give_up_at)

    def health(self) -> dict[str, Any]:
        """Return what was delivered, failed and was dropped: all is well if no problems."""
        with self._changing:
            listeners, gone = self.listeners, self._gone
        counts = [gone, *map(_counts, listeners)]
        called, failed, dropped = (sum(column) for column in zip(*counts, strict=True))
        webhooks = [outbox.health() for outbox in self.outboxes]
        return {
            "delivered": sum(one["delivered"] for one in webhooks),
            "failed": sum(one["failed"] for one in webhooks),
            "dropped": self._dropped + sum(one["dropped"] for one in webhooks),
            "callbacks": {
                "registered": len(listeners),
                "called": called,
                "failed": failed,
                "dropped": dropped,
                "waiting": sum(one.worker.waiting for one in listeners),
            },
            "webhooks": webhooks,
            "problems": [
                f"Alerts to {one['name']} are not delivered: {one['error']}."
                for one in webhooks
                if one["error"]
            ],
        }


def _counts(listener: Listener) -> list[int]:
    return [listener.called, listener.failed, listener.worker.dropped]
