"""What the registry does by itself, and how its readers wait for what changes."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from clusters import wait_until
from dispy import DispyJob
from dispy_objects import FakeCluster, make_node
from impatience import SOON

from flask_dispy import ClusterRegistry
from flask_dispy.watching.dashboard import board_of
from flask_dispy.watching.intervals import Intervals

soon = pytest.mark.parametrize("intervals", [SOON], ids=["soon"])


def counts(registry: ClusterRegistry, name: str = "*") -> dict[str, int]:
    jobs = registry.view(name).summary()["jobs"]
    states = ("queued", "running", "finished", "terminated", "cancelled", "abandoned")
    return {state: jobs[state] for state in states if jobs[state]}


# -- upkeep -----------------------------------------------------------------------------------


@soon
def test_silent_end_of_a_job_is_found_out(registry: ClusterRegistry) -> None:
    cluster = FakeCluster()
    registry.add(cluster)
    job = cluster.submit(1)
    board_of(registry).fold()
    cluster.end_silently(job, DispyJob.Cancelled)
    wait_until(lambda: counts(registry) == {"cancelled": 1})
    assert registry.health()["pump"]["faults"] == 0


@soon
def test_closed_cluster_stays_and_is_marked(registry: ClusterRegistry) -> None:
    cluster = FakeCluster()
    registry.add(cluster)
    cluster.join("10.0.0.1")
    board_of(registry).fold()
    cluster.close()
    wait_until(lambda: registry.view("compute").summary()["state"] == "closed")
    assert registry.view("compute").summary()["nodes"]["closed"] == 1
    registry.remove(cluster)
    assert cluster.cluster_status is None


@soon
def test_figures_that_dispy_does_not_report_are_looked_up(registry: ClusterRegistry) -> None:
    cluster = FakeCluster()
    registry.add(cluster)
    node = cluster.join("10.0.0.1")
    board_of(registry).fold()
    node.tx = 12_345
    wait_until(lambda: registry.view("*").node("10.0.0.1")["tx"] == 12_345)


@soon
def test_cluster_with_a_callback_of_its_own_is_polled(
    registry: ClusterRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    registry.poll_sec = 0
    cluster = FakeCluster()
    cluster.cluster_status = lambda status, node, job: None
    registry.add(cluster)
    assert caplog.text == ""  # nobody knows yet what it does
    node = cluster.join("10.0.0.1")
    wait_until(lambda: [row["state"] for row in registry.view("*").nodes()] == ["up"])
    cluster.pending = 3
    wait_until(lambda: registry.view("*").summary()["jobs"]["before_watching"] == 3)
    wait_until(lambda: registry.view("compute").summary()["trouble"])
    assert "forwards nothing" in caplog.text
    assert "chain=True" in caplog.text
    assert registry.health()["status"] == "ok"  # it was added so
    cluster.leave(node)
    wait_until(lambda: [row["state"] for row in registry.view("*").nodes()] == ["lost"])


@soon
def test_polling_wakes_no_silent_node(registry: ClusterRegistry) -> None:
    registry.poll_sec = 0
    cluster = FakeCluster(pulse_interval=0.1)
    cluster.cluster_status = lambda status, node, job: None
    node = cluster.join("10.0.0.1")
    cluster.pulse(node)
    node.update_time -= 100
    registry.add(cluster)
    view = registry.view("*")
    wait_until(lambda: view.node("10.0.0.1")["state"] == "silent")
    seen = {view.node("10.0.0.1")["state"] for _ in range(20) if not time.sleep(0.01)}
    assert seen == {"silent"}


def test_report_that_cannot_be_folded_takes_no_other_along(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    jobs = [cluster.submit(number) for number in range(3)]
    jobs[1].submit_time = []
    for job in jobs:
        cluster.start(job, make_node("10.0.0.1"))
    assert counts(registry) == {"queued": 1, "running": 2}
    assert registry.health()["inbox"]["unreadable"] == 1


@soon
def test_failing_step_of_the_upkeep_stops_no_other(
    registry: ClusterRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    broken, sound = FakeCluster("broken"), FakeCluster("sound")
    registry.add(broken)
    registry.add(sound)
    board_of(registry)._members["broken"].reconciler.sweep = lambda *_: 1 / 0  # type: ignore[method-assign,assignment]
    job = sound.submit(1)
    board_of(registry).fold()
    sound.end_silently(job, DispyJob.Finished)
    wait_until(lambda: counts(registry) == {"finished": 1})
    assert registry.health()["pump"]["faults"] > 0
    assert "the others go on" in caplog.text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("intervals", [Intervals(show_death_sec=0.5)], ids=["forgotten soon"])
@pytest.mark.parametrize(
    "look",
    [
        lambda registry: registry.view("*").summary(),
        lambda registry: board_of(registry).wait_for_change(board_of(registry).version, 0.01),
        lambda registry: registry.health(),
    ],
)
def test_pump_that_died_is_started_again_by_who_looks(
    registry: ClusterRegistry, monkeypatch: pytest.MonkeyPatch, look: Any
) -> None:
    def die(*_: Any) -> None:
        monkeypatch.undo()
        raise SystemExit

    monkeypatch.setattr(board_of(registry).texts.renderer, "watch", die)
    registry.add(FakeCluster())
    thread = registry._pump._thread
    assert thread is not None
    thread.join(5)
    look(registry)
    assert registry._pump._thread is not thread
    assert registry._pump._thread.is_alive()
    assert registry.health()["problems"] == ["The pump thread had died and was started again."]
    wait_until(lambda: registry.health()["status"] == "ok")
    assert registry.health()["pump"]["died"] == 1


def test_pump_starts_once_a_thread_can_be_had(
    registry: ClusterRegistry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    cluster = FakeCluster()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        registry.add(cluster)
        cluster.submit(1)
        assert counts(registry) == {"queued": 1}
    assert "can't start new thread" in caplog.text
    assert registry.health()["pump"]["alive"]


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Let threads take turns after every few steps, so that they meet where they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hasty_threads")
def test_many_clusters_added_at_once_start_one_pump() -> None:
    for _ in range(50):
        registry = ClusterRegistry()
        before = set(threading.enumerate())
        threads = [threading.Thread(target=registry.add, args=(FakeCluster(),)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        pumps = [one for one in threading.enumerate() if one.name == "flask_dispy-pump"]
        assert len(set(pumps) - before) == 1
        assert registry.health()["pump"]["died"] == 0
        assert len(registry.names()) == 8
        registry.close()


# -- waiting ----------------------------------------------------------------------------------


def test_change_wakes_waiting_readers(registry: ClusterRegistry, cluster: FakeCluster) -> None:
    version = board_of(registry).version
    timer = threading.Timer(0.05, cluster.submit, (1,))
    timer.start()
    assert board_of(registry).wait_for_change(version, 5) > version
    timer.join()


def test_waiting_ends_in_time(registry: ClusterRegistry, cluster: FakeCluster) -> None:
    board_of(registry).fold()
    start = time.monotonic()
    board_of(registry).wait_for_change(board_of(registry).version + 10**6, 0.05)
    assert 0.04 < time.monotonic() - start < 2


def test_waking_ends_waits_whose_condition_is_met(registry: ClusterRegistry) -> None:
    enough, looked = threading.Event(), threading.Event()

    def until() -> bool:
        looked.set()
        return enough.is_set()

    version = board_of(registry).version + 10**6
    waiting = threading.Thread(target=board_of(registry).wait_for_change, args=(version, 60),
                               kwargs={"until": until})  # fmt: skip
    waiting.start()
    assert looked.wait(10)
    board_of(registry).wake()
    waiting.join(0.05)
    assert waiting.is_alive()
    enough.set()
    board_of(registry).wake()
    waiting.join(10)
    assert not waiting.is_alive()


def test_close_wakes_waiting_readers(registry: ClusterRegistry) -> None:
    timer = threading.Timer(0.05, registry.close)
    timer.start()
    start = time.monotonic()
    board_of(registry).wait_for_change(board_of(registry).version + 10**6, 20)
    assert time.monotonic() - start < 5
    timer.join()
