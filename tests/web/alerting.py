"""What tests of alerts share: registries with webhooks, events at will, a slow answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dispy_objects import FakeCluster
from impatience import SOON
from receivers import Receiver

from flask_dispy import ClusterRegistry, Webhook
from flask_dispy.watching.dashboard import board_of

__all__ = ["PROMPT", "Watch", "drip", "happen", "of", "threads", "webhook"]

PROMPT = replace(SOON, alert_waits_sec=(0.01, 0.01), last_alerts_sec=3.0)

Watch = Callable[..., tuple[ClusterRegistry, FakeCluster]]


def webhook(receiver: Receiver, **options: Any) -> Webhook:
    options = {"events": ["cpus_set"], "quiet_sec": 0, "allow_private": True, **options}
    return Webhook(f"{receiver.url}/hooks/secret-path", **options)


def happen(registry: ClusterRegistry, name: str = "alpha", at: float = 1.0) -> None:
    """Let a node's CPUs be set, in a journal that is about to be published."""
    board = board_of(registry)
    with board.lock:
        for member in board.members():
            member.state.journal.add("cpus_set", at, node=name, name=name, cpus=1, cpus_before=2)
            member.state.dirty = True
            board.publish(member)


def of(registry: ClusterRegistry, number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = registry.health()["alerts"]["webhooks"][number]
    return found


def drip(ended: threading.Event, handler: Any) -> None:
    """Answer drop by drop for half a minute, unless the other side ends it."""
    try:
        for _ in range(600):
            handler.wfile.write(b"H")
            time.sleep(0.05)
    except OSError:
        ended.set()


def threads() -> set[str]:
    return {one.name for one in threading.enumerate() if one.name.startswith("flask_dispy-")}
