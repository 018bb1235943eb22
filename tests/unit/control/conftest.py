"""The commands to dispy without a registry, of one cluster with one node."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from dispy import DispyJob
from dispy_objects import FakeCluster

from flask_dispy.core.errors import UnknownOffer
from flask_dispy.core.events import Departure
from flask_dispy.core.journal import EntryKind
from flask_dispy.core.offers import Allocation, Offer
from flask_dispy.engine.clusters import Kind
from flask_dispy.engine.commands.calls import Calls
from flask_dispy.engine.commands.control import Control
from flask_dispy.engine.commands.outcomes import JobTarget, Target


class Fixed:
    """Targets of one cluster with one node, without a registry."""

    def __init__(self, cluster: Any, kind: Kind) -> None:
        self.target = Target("compute", cluster, kind)
        self.jobs: dict[int, JobTarget] = {}
        self.left: Departure | None = None
        self.rejoined = False
        self.offers: list[tuple[str, Allocation, str | None]] = []
        self.orders: list[tuple[EntryKind, str, str | None]] = []
        self.ended: list[tuple[list[int], str | None]] = []

    def targets(self, name: str) -> list[Target]:
        return [self.target]

    def targets_of_node(self, name: str, host: str) -> tuple[str, list[Target]]:
        return "10.0.0.1", [self.target]

    def targets_of_jobs(self, serials: Iterable[int]) -> dict[int, JobTarget]:
        return self.jobs

    def node_left(self, name: str, ip_addr: str) -> Departure | None:
        return self.left

    def node_closed(self, name: str, ip_addr: str, why: Departure) -> None:
        self.left = why

    def offered(self, name: str, host: str, offered: Allocation, by: str | None) -> None:
        self.offers.append((host, offered, by))

    def offer(self, name: str, number: int) -> tuple[Target, Offer]:
        raise UnknownOffer("none")

    def withdrawn(self, name: str, number: int, by: str | None) -> None:
        pass

    def ordered(self, name: str, kind: EntryKind, ip_addr: str, by: str | None) -> None:
        self.orders.append((kind, ip_addr, by))

    def called_off(self, name: str, kind: EntryKind, ip_addr: str) -> None:
        self.orders.pop()

    def cancelled(self, name: str, serials: Sequence[int], by: str | None) -> None:
        self.ended.append((list(serials), by))

    def rows_of_jobs(self, serials: Iterable[int]) -> dict[int, Any]:
        raise NotImplementedError

    def newest_job(self) -> int:
        raise NotImplementedError

    def relate(self, name: str, serial: int, made: object, newest: int) -> bool:
        raise NotImplementedError

    def serials_of(self, made: Iterable[object]) -> dict[Any, int]:
        raise NotImplementedError

    def reran(self, name: str, serials: Sequence[int], by: str | None) -> None:
        raise NotImplementedError

    def redacted(self, text: str) -> str:
        raise NotImplementedError

    def node_rejoined(self, name: str, ip_addr: str) -> None:
        self.rejoined = True


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


@pytest.fixture
def release() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def control_of(cluster: Any, kind: Kind = "JobCluster", timeout_sec: float = 5) -> Control:
    return Control(Fixed(cluster, kind), Calls(timeout_sec))


def with_jobs(cluster: Any, *states: str, timeout_sec: float = 5) -> Control:
    targets = Fixed(cluster, "JobCluster")
    for serial, state in enumerate(states, 1):
        live = state in ("queued", "running")
        job = SimpleNamespace(status=DispyJob.Created) if live else None
        targets.jobs[serial] = JobTarget(targets.target, job, state)
    return Control(targets, Calls(timeout_sec))


def codes(outcomes: list[Any]) -> list[tuple[bool, str]]:
    return [(outcome.ok, outcome.code) for outcome in outcomes]
