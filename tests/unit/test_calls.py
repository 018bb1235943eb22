"""Calls into dispy end in time, whatever dispy does, and never pile up."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any

import pytest
from clusters import wait_until

from flask_dispy.core.errors import EngineTimeout
from flask_dispy.engine.commands.calls import Calls


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """What hanging calls wait for."""
    event = threading.Event()
    yield event
    event.set()


def test_answer_is_what_the_call_returns() -> None:
    assert Calls(5).run("add", "owner", lambda: 1 + 1) == 2


def test_exception_of_the_call_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        Calls(5).run("divide", "owner", lambda: 1 / 0)


def test_timeout_of_the_calls_own_is_not_ours() -> None:
    def call() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own") as caught:
        Calls(5).run("wait", "owner", call)
    assert not isinstance(caught.value, EngineTimeout)


def test_call_that_hangs_ends_in_time(release: threading.Event) -> None:
    start = time.monotonic()
    with pytest.raises(EngineTimeout, match=r"within 0\.05 s when asked to wait"):
        Calls(0.05).run("wait", "owner", release.wait)
    assert time.monotonic() - start < 2


def test_answer_in_the_moment_of_the_timeout_counts() -> None:
    class Late(Future[Any]):
        def result(self, timeout: float | None = None) -> Any:
            if timeout is not None:
                raise FutureTimeout  # not yet the built-in one on Python 3.10
            return super().result()

    class LateCalls(Calls):
        def start(self, *call: Any, **options: Any) -> Future[Any]:
            late: Future[Any] = Late()
            late.set_result(super().start(*call, **options).result(5))
            return late

    assert LateCalls(5).run("add", "owner", lambda: 2) == 2


def test_one_cluster_may_hang_three_calls(release: threading.Event) -> None:
    calls = Calls(5)
    for _ in range(3):
        calls.start("wait", "a", release.wait)
    with pytest.raises(EngineTimeout, match="Not asked to wait: 3 earlier calls"):
        calls.start("wait", "a", release.wait)
    assert calls.run("add", "b", lambda: 2) == 2


def test_all_clusters_together_are_bounded(release: threading.Event) -> None:
    calls = Calls(5)
    for number in range(24):
        calls.start("wait", number, release.wait)
    with pytest.raises(EngineTimeout):
        calls.start("wait", "another", release.wait)


def test_functions_that_hang_take_no_place_of_calls_into_dispy(release: threading.Event) -> None:
    calls = Calls(5)
    for number in range(24):
        calls.start("run again", number, release.wait, callee="rerun")
    with pytest.raises(EngineTimeout, match="24 in all"):
        calls.start("run again", "another", release.wait, callee="rerun")
    assert calls.run("cancel", 1, lambda: "done") == "done"


def test_call_that_came_back_makes_room(release: threading.Event) -> None:
    calls = Calls(5)
    for _ in range(3):
        calls.start("wait", "a", release.wait)
    release.set()
    wait_until(lambda: calls.health()["in_flight"] == 0)
    assert calls.run("add", "a", lambda: 2) == 2


def test_call_that_gets_no_thread_takes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    calls = Calls(5)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        for _ in range(4):
            with pytest.raises(EngineTimeout, match="no thread left"):
                calls.run("add", "owner", lambda: 1)
    assert calls.health()["in_flight"] == 0
    assert calls.run("add", "owner", lambda: 1) == 1


def test_health_names_what_is_under_way(release: threading.Event) -> None:
    calls = Calls(0.01)
    calls.start("wait for it", "a", release.wait)
    health = wait_until(lambda: (h := calls.health())["stuck"] and h)
    assert (health["in_flight"], health["stuck"], health["calls"]) == (1, 1, ["wait for it"])
    assert health["longest_sec"] >= 0.01


def test_call_that_may_take_longer_is_late_later(release: threading.Event) -> None:
    calls = Calls(0.01)
    calls.start("run jobs again", "a", release.wait, callee="rerun", timeout_sec=600)
    wait_until(lambda: calls.health()["longest_sec"] > 0.01)
    assert calls.health()["stuck"] == 0
