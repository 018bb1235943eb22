"""The callbacks of registry.on get the events, each on a thread of its own."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from clusters import wait_until
from receivers import Receiver
from web.alerting import Watch, happen, threads, webhook

from flask_dispy import BadRequest, ClusterRegistry, EventRow
from flask_dispy.watching.dashboard import board_of


def callbacks(registry: ClusterRegistry) -> dict[str, int]:
    found: dict[str, int] = registry.health()["alerts"]["callbacks"]
    return found


def test_callback_gets_the_event_in_order_on_a_thread_of_its_own(watch: Watch) -> None:
    registry, cluster = watch()
    seen: list[tuple[EventRow, str, bool]] = []

    def note(event: EventRow) -> None:
        free = board_of(registry).lock.acquire(timeout=10)
        board_of(registry).lock.release()
        seen.append((event, threading.current_thread().name, free))

    off = registry.on("node_joined", note)
    cluster.join("10.0.0.1")
    cluster.join("10.0.0.2")
    wait_until(lambda: len(seen) == 2, what="both events")
    assert [event["node"] for event, *_ in seen] == ["10.0.0.1", "10.0.0.2"]
    assert seen[0][0] == registry.view("compute").events(["node_joined"]).items[-1]
    assert {(name, free) for _, name, free in seen} == {("flask_dispy-event", True)}
    off()
    off()
    cluster.join("10.0.0.3")
    wait_until(lambda: registry.view("*").events(["node_joined"]).total == 3, what="the third")
    wait_until(lambda: "flask_dispy-event" not in threads(), what="the thread's end")
    registry.close()
    assert len(seen) == 2
    counts = callbacks(registry)
    assert (counts["registered"], counts["called"], counts["failed"]) == (0, 2, 0)


def test_callback_that_raises_or_hangs_harms_nobody(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    registry, _ = watch()
    hang, seen = threading.Event(), list[str | None]()
    registry.on("cpus_set", lambda _: hang.wait())
    registry.on("cpus_set", lambda event: 1 // 0)
    registry.on("cpus_set", lambda event: exec("raise SystemExit"))
    registry.on("cpus_set", lambda event: seen.append(event["node"]))
    try:
        for name in ("a", "b"):
            happen(registry, name)
        wait_until(lambda: seen == ["a", "b"], what="the good one")
        wait_until(lambda: callbacks(registry)["failed"] == 4, what="the others")
        counts = callbacks(registry)
        assert (counts["registered"], counts["waiting"] <= 1) == (4, True)
        assert registry.health()["status"] == "ok"
        assert "A callback for the event cpus_set failed" in caplog.text
    finally:
        hang.set()


def test_too_many_events_for_a_callback_are_dropped_and_counted(watch: Watch) -> None:
    registry, _ = watch()
    hang = threading.Event()
    registry.on("cpus_set", lambda _: hang.wait())

    def dropped() -> bool:
        counts = callbacks(registry)
        return bool(counts["dropped"] + counts["waiting"] == 1_001 and counts["dropped"])

    try:
        for _ in range(1_002):
            happen(registry)
        wait_until(dropped, what="the last")
    finally:
        hang.set()


@pytest.mark.parametrize(("event", "callback"), [("node_eaten", print), ("done", None)])
def test_unknown_event_or_uncallable_is_refused(watch: Watch, event: Any, callback: Any) -> None:
    registry, _ = watch()
    with pytest.raises(BadRequest):
        registry.on(event, callback)


def test_no_thread_runs_while_nothing_is_to_be_passed_on(watch: Watch, receiver: Receiver) -> None:
    registry, cluster = watch(webhook(receiver))
    registry.on("stalled", print)
    cluster.join("10.0.0.1")
    wait_until(lambda: registry.view("*").events(["node_joined"]).total == 1)
    assert not threads() & {"flask_dispy-event", "flask_dispy-alert"}
