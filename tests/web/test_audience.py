"""Who has seen what: the waiting at the end of a server, without one."""

from __future__ import annotations

import threading

from flask_dispy.web.audience import Audience


class Clock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_audience_waits_for_those_who_are_behind() -> None:
    audience = Audience()
    audience.served("ann", 5)
    audience.served("bob", 3)

    def wait(timeout_sec: float) -> bool:
        return audience.wait_until_served(lambda: 5, within_sec=60, timeout_sec=timeout_sec)

    assert not wait(0.05)
    threading.Timer(0.1, audience.served, ("bob", 5)).start()
    assert wait(10)


def test_audience_does_not_wait_for_those_who_left_or_fell_silent() -> None:
    clock = Clock()
    audience = Audience(clock=clock)
    audience.served("gone", 1)
    audience.served("silent", 1)
    audience.left("gone")
    audience.left("gone")
    clock.now += 31
    assert audience.present(30) == 0
    assert audience.wait_until_served(lambda: 9, within_sec=30, timeout_sec=0)


def test_audience_takes_nothing_back() -> None:
    audience = Audience()
    audience.served("ann", 7)
    audience.served("ann", 3)
    assert audience.wait_until_served(lambda: 7, within_sec=60, timeout_sec=0)


def test_audience_is_bounded() -> None:
    audience = Audience(max_clients=10)
    for number in range(1000):
        audience.served(f"client {number}", 1)
    assert audience.present(60) == 10
