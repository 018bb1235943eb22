"""A node overlooks no signal, whenever it arrives."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from flask_dispy.programs import nodesignals


@pytest.fixture
def node() -> Iterator[Any]:
    """A module with the names of dispynode, and its handler of SIGUSR1."""
    module: Any = ModuleType("dispynode")
    module.signal, module.received = signal, []
    module.time = time
    nodesignals.heed_signals(module)

    def sighandler(number: int, frame: Any) -> None:
        module.received.append(number)

    sighandler.__qualname__ = "sighandler"  # as of a function of the module
    before = module.signal.signal(module.signal.SIGUSR1, sighandler)
    yield module
    signal.signal(signal.SIGUSR1, before)


def test_signal_before_the_node_is_made_is_handled_once_it_is(node: Any) -> None:
    signal.raise_signal(signal.SIGUSR1)
    assert node.received == []
    node._dispy_node = object()
    node.time.sleep(0)
    assert node.received == [signal.SIGUSR1]
    signal.raise_signal(signal.SIGUSR1)
    node.time.sleep(0)
    assert node.received == [signal.SIGUSR1] * 2


def test_long_sleep_looks_for_signals_every_half_second(
    node: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    clock = SimpleNamespace(sleep=slept.append, monotonic=lambda: 100.0 + sum(slept))
    monkeypatch.setattr(nodesignals, "time", clock)
    node.time.sleep(1.25)
    assert slept == [0.5, 0.5, 0.25]
    assert node.time.time() > 1e9
