"""Who has seen what: the waiting at the end of a server, without one."""

from __future__ import annotations

import threading
from typing import Any

from flask_dispy.web.http.audience import Audience


class Clock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_audience_waits_for_those_who_are_behind() -> None:
    audience = Audience()
    audience.asked("ann", 5, again=True)
    audience.asked("bob", 3, again=True)

    def wait(timeout_sec: float) -> bool:
        return audience.wait_until_current(lambda: 5, within_sec=60, timeout_sec=timeout_sec)

    assert not wait(0.05)
    threading.Timer(0.1, audience.asked, ("bob", 5), {"again": True}).start()
    assert wait(10)


def test_audience_does_not_wait_for_those_who_left_or_fell_silent() -> None:
    clock = Clock()
    audience = Audience(clock=clock)
    audience.listens("gone", "ann", 1)
    audience.asked("silent", 1, again=False)
    audience.left("gone")
    audience.left("gone")
    clock.now += 31
    assert audience.present(30) == 0
    assert audience.wait_until_current(lambda: 9, within_sec=30, timeout_sec=0)


def test_audience_takes_nothing_back() -> None:
    audience = Audience()
    audience.asked("ann", 7, again=True)
    audience.asked("ann", 3, again=True)
    assert audience.wait_until_current(lambda: 7, within_sec=60, timeout_sec=0)


def test_audience_is_bounded() -> None:
    audience = Audience(max_clients=10)
    for number in range(1000):
        audience.asked(f"client {number}", 1, again=True)
        audience.listens(f"stream {number}", "ann", 1)
    assert audience.present(60) == 20


def is_served(audience: Audience, version: int) -> bool:
    return audience.wait_until_current(lambda: version, within_sec=30, timeout_sec=0)


def test_page_that_listens_is_one_viewer() -> None:
    audience = Audience()
    audience.asked("ann", 1, again=False)
    assert audience.present(30) == 1
    audience.listens("stream", "ann", 1)
    assert audience.present(30) == 1
    assert not is_served(audience, 9)
    audience.listens("stream", "ann", 9)
    assert is_served(audience, 9)


def test_window_that_hears_of_changes_from_another_is_not_waited_for() -> None:
    audience = Audience()
    audience.listens("stream", "ann", 9)
    audience.asked("ann", 5, again=False)
    assert is_served(audience, 9)


def test_window_that_asks_beside_one_that_listens_is_waited_for() -> None:
    audience = Audience()
    audience.listens("stream", "ann", 9)
    audience.asked("ann", 5, again=True)
    audience.asked("ann", 6, again=True)
    assert not is_served(audience, 9)


def test_page_of_another_browser_is_waited_for_beside_a_stream() -> None:
    audience = Audience()
    audience.listens("stream", "ann", 9)
    audience.asked("bob", 5, again=False)
    assert not is_served(audience, 9)


def test_page_that_stopped_listening_is_waited_for() -> None:
    audience = Audience()
    audience.asked("ann", 1, again=False)
    audience.listens("stream", "ann", 5)
    audience.left("stream")
    assert not is_served(audience, 9)


def test_page_that_asks_less_often_is_expected_for_longer() -> None:
    clock = Clock()
    audience = Audience(clock=clock)
    audience.asked("ann", 1, again=False)
    clock.now += 60
    audience.asked("ann", 1, again=True)
    clock.now += 50
    assert audience.present(30) == 1
    clock.now += 150
    assert audience.present(30) == 0


def test_wait_goes_on_until_a_page_asks_at_its_own_interval(monkeypatch: Any) -> None:
    clock = Clock()
    audience = Audience(clock=clock)
    for _ in range(2):
        audience.asked("ann", 1, again=True)
        clock.now += 20

    def nap(sec: float) -> None:
        clock.now += sec

    monkeypatch.setattr(audience._changed, "wait", nap)
    clock.now = 130
    wait = {"within_sec": 5, "timeout_sec": 1, "longest_sec": 60}
    assert not audience.wait_until_current(lambda: 2, **wait)
    # It asked at 120 and was expected at 140, a little later at the latest.
    assert 145 < clock.now < 147
    clock.now = 130
    assert not audience.wait_until_current(lambda: 2, **wait | {"longest_sec": 3})
    assert 133 <= clock.now < 134
