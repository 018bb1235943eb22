"""The messages to one webhook: gathered while it is to be quiet, signed, sent, sent again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ..core.journal import EntryKind
from ..core.webhook import Webhook
from ..wire.journal import EventRow
from .messages import BODIES, MOST_SHOWN, Message, message_of
from .posting import Answer, NotSent, post
from .worker import Worker

__all__ = ["WAITS_SEC", "Outbox"]

logger = logging.getLogger("flask_dispy.alerts")

WAITS_SEC: Final = (1.0, 5.0, 25.0, 125.0, 300.0)
"""Seconds before each further attempt; after the last, a message is given up."""

_MOST_WAITING: Final = 100
_LONGEST_WAIT_SEC: Final = 3600.0
_AGAIN: Final = frozenset((408, 425, 429))  # and 500 or more


@dataclass(slots=True)
class _Gathered:
    """Events of one kind in one cluster that are not sent yet, and when they may be."""

    quiet_until: float = 0.0
    events: list[EventRow] = field(default_factory=list)
    more: int = 0


class Outbox:
    """Sends what happens to a webhook.

    :meth:`gather` and :meth:`send_due` are called by one thread at a time; :meth:`health` by any.

    :param waits_sec: seconds before each further attempt.
    """

    def __init__(self, webhook: Webhook, *, waits_sec: Sequence[float] = WAITS_SEC) -> None:
        self.webhook = webhook
        self._waits_sec = waits_sec
        self._gathered: dict[tuple[EntryKind, str | None], _Gathered] = {}
        self._worker: Worker[Message] = Worker(
            "flask_dispy-alert", self._deliver, limit=_MOST_WAITING
        )
        self._give_up_at = math.inf
        self._delivered = self._failed = 0
        self._delivered_at: float | None = None
        self._error: str | None = None

    def gather(self, event: EventRow) -> None:
        """Take an event that is to be sent."""
        gathered = self._gathered.setdefault((event["kind"], event["cluster"]), _Gathered())
        if len(gathered.events) < MOST_SHOWN:
            gathered.events.append(event)
        else:
            gathered.more += 1

    def send_due(self, *, at_once: bool = False) -> None:
        """Send what was gathered where the quiet time is over.

        :param at_once: or even where it is not.
        """
        now = time.monotonic()
        for key, gathered in list(self._gathered.items()):
            if now < gathered.quiet_until and not at_once:
                continue
            if not gathered.events:
                del self._gathered[key]
                continue
            self._worker.put(message_of(self.webhook, gathered.events, gathered.more))
            self._gathered[key] = _Gathered(now + self.webhook.quiet_sec)

    def close(self) -> None:
        """Have the last messages sent, each with one attempt."""
        self.send_due(at_once=True)
        self._worker.close()

    def join(self, give_up_at: float) -> None:
        """Wait until they are, or until then, by the monotonic clock."""
        self._give_up_at = give_up_at
        self._worker.join(give_up_at)

    def health(self) -> dict[str, Any]:
        """Return how many messages were delivered, failed, were dropped, and wait."""
        return {
            "name": self.webhook.name,
            "service": self.webhook.service,
            "delivered": self._delivered,
            "failed": self._failed,
            "dropped": self._worker.dropped,
            "waiting": self._worker.waiting,
            "gathered": sum(len(g.events) + g.more for g in list(self._gathered.values())),
            "delivered_at": self._delivered_at,
            "error": self._error,
        }

    # -- on the worker's thread --------------------------------------------------------------

    def _deliver(self, message: Message) -> None:
        try:
            body = BODIES[self.webhook.service](message, self.webhook)
            encoded = json.dumps(body, ensure_ascii=False).encode(errors="replace")
            error = self._attempts(message, encoded)
        except Exception as raised:  # whatever it is, the next message gets its turn
            error = type(raised).__name__
        if error is None:
            self._delivered += 1
            self._delivered_at = time.time()
        else:
            self._failed += 1
        self._note(error)

    def _note(self, error: str | None) -> None:
        if error and not self._error:
            logger.warning("An alert to %s was not delivered: %s.", self.webhook.name, error)
        self._error = error

    def _attempts(self, message: Message, body: bytes) -> str | None:
        """Send a message until it arrives; return why it did not, ``None`` if it did."""
        for wait_sec in (*self._waits_sec, None):
            asked_sec = None
            try:
                headers = self._headers(message.id, body)
                answer = post(self.webhook, body, headers, give_up_at=self._give_up_at)
            except NotSent as error:
                why, final = str(error), error.final
            else:
                if 200 <= answer.status < 300:
                    return None
                why, final, asked_sec = _refused(answer)
            self._note(why)
            if final or wait_sec is None or self._worker.closing.is_set():
                return why
            jittered = wait_sec * random.uniform(0.8, 1.2)
            pause_sec = min(max(jittered, asked_sec or 0.0), _LONGEST_WAIT_SEC)
            self._worker.closing.wait(pause_sec)  # closing ends it early, for the last attempt
        return None

    def _headers(self, id_: str, body: bytes) -> dict[str, str]:
        """Return the headers of an attempt, signed as Standard Webhooks describe."""
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "webhook-id": id_,
        }
        if not any(name.lower() == "user-agent" for name in self.webhook.headers or ()):
            headers["User-Agent"] = "flask_dispy"
        key = self.webhook.key
        if key is not None:
            timestamp = str(int(time.time()))
            signed = f"{id_}.{timestamp}.".encode() + body
            digest = hmac.new(key, signed, hashlib.sha256).digest()
            headers["webhook-timestamp"] = timestamp
            headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
        return headers


def _refused(answer: Answer) -> tuple[str, bool, float | None]:
    """Return why an answer is no success, whether that is final, and when to try again."""
    status = answer.status
    hint = ", and redirects are not followed" if 300 <= status < 400 else ""
    return f"HTTP {status}{hint}", status not in _AGAIN and status < 500, answer.retry_after_sec
