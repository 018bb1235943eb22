"""Closing a registry passes on what is left, also as a program ends."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from clusters import wait_until
from receivers import Receiver
from web.alerting import PROMPT, Watch, drip, happen, of, threads, webhook

from flask_dispy import EventRow
from flask_dispy.watching.dashboard import board_of
from flask_dispy.wire.journal import event_row


def test_last_events_are_sent_before_the_registry_closes(watch: Watch, receiver: Receiver) -> None:
    registry, cluster = watch(
        webhook(receiver, events=["done"], quiet_sec=60), intervals=replace(PROMPT, tick_sec=60)
    )
    node = cluster.join("10.0.0.1")
    job = cluster.submit(1)
    cluster.start(job, node)
    cluster.end(job, node)
    registry.close()
    assert [each.json["text"] for each in receiver.received] == ["The job is done"]
    assert not threads()


_PROGRAM = """
import os, sys
from dispy_objects import FakeCluster
from flask_dispy import ClusterRegistry, Webhook

registry = ClusterRegistry(alerts=[Webhook(sys.argv[1], events=["done"], allow_private=True)])
registry.on("done", lambda event: print("called with", event["kind"], flush=True))
if os.fork():
    os.wait()
else:
    cluster = FakeCluster()
    registry.add(cluster)
    node = cluster.join("10.0.0.1")
    job = cluster.submit(1)
    cluster.start(job, node)
    cluster.end(job, node)
"""


def test_program_that_forks_and_closes_nothing_sends_the_last_events(receiver: Receiver) -> None:
    command = [sys.executable, "-W", "ignore", "-c", _PROGRAM, f"{receiver.url}/x"]
    folder = Path(__file__).parents[1]
    run = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=True)
    assert (run.stdout, run.stderr) == (b"called with done\n", b"")
    assert [each.json["text"] for each in receiver.received] == ["The job is done"]


@pytest.fixture
def no_new_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse the threads of alerts, as Python 3.12 does all while a program ends."""
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name.startswith(("flask_dispy-event", "flask_dispy-alert")):
            raise RuntimeError("can't create new thread at interpreter shutdown")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)


@pytest.mark.usefixtures("no_new_threads")
def test_last_events_are_passed_on_where_no_thread_can_be_started(
    watch: Watch, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    registry, _ = watch(webhook(receiver))
    seen: list[str | None] = []
    registry.on("cpus_set", lambda event: seen.append(event["node"]))
    for name in ("a", "b"):
        happen(registry, name)
    registry.close()
    assert seen == ["a", "b"]
    texts = "\n".join(each.json["text"] for each in receiver.received)
    assert texts == "a uses 1 CPU, 2 before\nb uses 1 CPU, 2 before"
    health = registry.health()["alerts"]
    assert (health["dropped"], health["failed"], health["callbacks"]["dropped"]) == (0, 0, 0)
    assert "A thread for events can't be started" in caplog.text


@pytest.mark.usefixtures("no_new_threads")
def test_last_message_is_cut_off_where_no_thread_can_be_started(
    watch: Watch, receiver: Receiver
) -> None:
    ended = threading.Event()
    receiver.answers.append(partial(drip, ended))
    registry, _ = watch(
        webhook(receiver, timeout_sec=60), intervals=replace(PROMPT, last_alerts_sec=2)
    )
    happen(registry)
    registry.close()
    assert of(registry)["error"] == "no answer in time"
    assert ended.wait(20)  # long before the receiver has said all


def test_closing_while_events_are_passed_on_loses_none(
    watch: Watch, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the upkeep is so late that closing no longer waits for it."""
    registry, _ = watch(webhook(receiver), intervals=replace(PROMPT, tick_sec=60))
    seen: list[str | None] = []
    registry.on("cpus_set", lambda event: seen.append(event["node"]))
    begun, second = threading.Event(), threading.Event()

    def slow(*values: Any, **options: Any) -> EventRow:
        if begun.is_set():
            second.set()
        begun.set()
        second.wait(0.3)  # nobody comes in between
        return event_row(*values, **options)

    monkeypatch.setattr("flask_dispy.alerts.announcer.event_row", slow)
    for name in ("a", "b"):
        happen(registry, name)
    with ThreadPoolExecutor() as pool:
        passing = pool.submit(board_of(registry).announcer.pass_on)
        assert begun.wait(20)
        registry.close()
        passing.result(20)
    assert seen == ["a", "b"]
    texts = "\n".join(each.json["text"] for each in receiver.received)
    assert texts == "a uses 1 CPU, 2 before\nb uses 1 CPU, 2 before"


@pytest.mark.parametrize(("last", "counts"), [(204, (1, 0)), (503, (0, 1))])
def test_message_that_waits_for_its_next_attempt_gets_a_last_one_when_the_registry_closes(
    watch: Watch, receiver: Receiver, last: int, counts: tuple[int, int]
) -> None:
    receiver.answers.extend([(503, {"Retry-After": "60"}), (last, {})])
    registry, _ = watch(webhook(receiver))
    happen(registry)
    wait_until(lambda: of(registry)["error"], what="the refusal")
    registry.close()
    assert len(receiver.received) == 2
    assert (of(registry)["delivered"], of(registry)["failed"]) == counts


def test_closing_waits_for_no_receiver_that_is_silent(watch: Watch, receiver: Receiver) -> None:
    release = threading.Event()
    receiver.answers.append(lambda _: release.wait(30))
    registry, _ = watch(webhook(receiver), intervals=replace(PROMPT, last_alerts_sec=0.1))
    happen(registry)
    wait_until(lambda: receiver.received, what="the request")
    happen(registry)
    registry.close()
    assert of(registry)["delivered"] == 0
    release.set()
    wait_until(lambda: "flask_dispy-alert" not in threads(), what="the end of the attempt")
    assert of(registry)["dropped"] == 1
