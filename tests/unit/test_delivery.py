"""Whether the reports of a cluster reach us, where a callback that is not ours stands there."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from clusters import wait_until
from dispy_objects import FakeCluster

from flask_dispy import ClusterRegistry
from flask_dispy.engine.reports.delivery import Delivery, Status, all_reported
from flask_dispy.watching.dashboard import board_of
from flask_dispy.watching.intervals import Intervals


def _mine(status: int, node: Any, job: Any) -> None:
    """A user's callback that forwards nothing."""


def _ours(status: int, node: Any, job: Any) -> None:
    """Stands for our own."""


def _doubtful() -> Delivery:
    delivery = Delivery(object(), _ours, _ours)
    delivery.look(_mine, 10, 3)
    return delivery


def _judged(delivery: Delivery, *seen: tuple[Any, int], pending: int = 3) -> str | None:
    for nodes, heard in seen:
        delivery.look(_mine, heard, pending)
        delivery.judge(Status(3, nodes), heard, pending, all_reported=True)
    return delivery.trouble


def test_callback_of_ours_is_not_doubted() -> None:
    delivery = Delivery(object(), _ours, _ours)
    delivery.look(_ours, 0, 0)
    assert (delivery.doubted, delivery.trouble) == (False, None)


def test_another_callback_is_doubted_until_something_arrives() -> None:
    delivery = _doubtful()
    assert delivery.doubted
    assert _judged(delivery, ("a", 10), ("b", 12)) is None
    assert not delivery.doubted


def test_nothing_is_known_while_nothing_happens() -> None:
    delivery = _doubtful()
    assert _judged(delivery, *[("a", 10)] * 9) is None
    assert delivery.doubted


def test_reports_that_do_not_arrive_while_dispy_moves_on_are_missed() -> None:
    delivery = _doubtful()
    assert _judged(delivery, ("a", 10), ("b", 10)) is None  # they have until the next time
    assert "replaced by one that forwards nothing" in str(_judged(delivery, ("b", 10)))


def test_late_reports_are_not_missed() -> None:
    assert _judged(_doubtful(), ("a", 10), ("b", 10), ("b", 11), ("c", 11)) is None


def test_jobs_that_dispy_has_and_nobody_reported_are_missed() -> None:
    """They were submitted at once after the callback was replaced."""
    delivery = Delivery(object(), _ours, _ours)
    delivery.look(_mine, 10, 0)
    assert "replaced" in str(_judged(delivery, ("a", 10), ("a", 10), pending=0))


def test_reports_that_wait_their_turn_are_not_missed() -> None:
    delivery = _doubtful()
    for now in "abcdef":
        delivery.look(_mine, 10, 3)
        delivery.judge(Status(3, now), 10, 3, all_reported=False)
    assert (delivery.trouble, delivery.doubted) == (None, True)


def test_late_reports_to_the_callback_before_do_not_speak_for_the_new_one() -> None:
    delivery = _doubtful()
    delivery.judge(Status(3, "a"), 11, 3, all_reported=False)
    assert _judged(delivery, ("b", 14), ("c", 14), ("c", 14)) is not None


def test_trouble_ends_when_reports_arrive_or_our_callback_is_back() -> None:
    delivery = _doubtful()
    assert _judged(delivery, ("a", 10), ("b", 10), ("b", 10))
    delivery.look(_mine, 11, 3)
    assert delivery.trouble is None
    delivery = _doubtful()
    assert _judged(delivery, ("a", 10), ("b", 10), ("b", 10))
    delivery.look(_ours, 10, 3)
    assert (delivery.doubted, delivery.trouble) == (False, None)


def test_callback_that_was_taken_away_is_known_at_once() -> None:
    delivery = Delivery(object(), _ours, _ours)
    delivery.look(None, 5, 0)
    assert "was removed" in str(delivery.trouble)


def test_callback_that_says_that_it_hands_on_is_believed(registry: ClusterRegistry) -> None:
    delivery = Delivery(registry, _ours, _ours)
    delivery.look(registry.cluster_status, 5, 0)
    assert (delivery.doubted, delivery.trouble) == (False, None)


def test_callback_at_work_has_not_reported_all() -> None:
    queue = SimpleNamespace(unfinished_tasks=1)
    assert not all_reported(SimpleNamespace(_cluster=SimpleNamespace(worker_Q=queue)))
    assert all_reported(FakeCluster())


# -- in a registry ----------------------------------------------------------------------------


@pytest.fixture
def polled() -> Iterator[ClusterRegistry]:
    """A registry that looks often."""
    registry = ClusterRegistry(poll_sec=0, _intervals=Intervals(tick_sec=0.02, poll_sec=0.05))
    yield registry
    registry.close()


def _summary(registry: ClusterRegistry) -> dict[str, Any]:
    return registry.view("compute").summary()


def test_callback_that_is_replaced_is_noticed_and_polled_instead(
    polled: ClusterRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = FakeCluster()
    polled.add(cluster)
    ours = cluster.cluster_status
    cluster.cluster_status = _mine
    node = cluster.join("10.0.0.1")
    for _ in range(6):
        cluster.start(cluster.submit(), node)
    wait_until(lambda: _summary(polled)["trouble"], what="the trouble")
    summary = _summary(polled)
    assert summary["watching"] == "polling"
    assert "replaced" in summary["trouble"]
    assert "chain=True" in summary["trouble"]
    assert summary["outlook"]["reason"] != "scheduler_silent"
    assert "replaced" in caplog.text
    health = polled.health()
    assert (health["status"], len(health["problems"])) == ("degraded", 1)
    assert "compute" in health["problems"][0]
    wait_until(lambda: _summary(polled)["nodes"]["up"] == 1, what="the node, by polling")
    wait_until(lambda: _summary(polled)["jobs"]["before_watching"] == 6, what="the jobs")

    cluster.cluster_status = ours
    wait_until(lambda: _summary(polled)["trouble"] is None, what="the end of the trouble")
    assert _summary(polled)["watching"] == "callback"
    assert polled.health()["status"] == "ok"


def test_trouble_is_shown_with_its_evidence(polled: ClusterRegistry) -> None:
    polled.poll_sec = 3600
    cluster = FakeCluster()
    polled.add(cluster)
    cluster.cluster_status = _mine
    node = cluster.join("10.0.0.1")
    for _ in range(6):
        cluster.start(cluster.submit(), node)
    wait_until(lambda: _summary(polled)["trouble"], what="the trouble")
    summary = _summary(polled)
    assert (summary["jobs"]["before_watching"], summary["nodes"]["up"]) == (6, 1)
    assert summary["outlook"]["reason"] == "not_counted"


@pytest.mark.parametrize("when", ["before", "since"])
def test_callback_that_calls_ours_is_no_trouble(
    polled: ClusterRegistry, caplog: pytest.LogCaptureFixture, when: str
) -> None:
    cluster = FakeCluster()

    def chained(status: int, node: Any, job: Any) -> None:
        polled.cluster_status(status, node, job)

    if when == "before":
        cluster.cluster_status = chained
    polled.add(cluster)
    cluster.cluster_status = chained
    wait_until(lambda: _has_polled(cluster, 2), what="a look before anything happens")
    node = cluster.join("10.0.0.1")
    cluster.start(cluster.submit(), node)
    wait_until(lambda: _summary(polled)["watching"] == "callback", what="its reports")
    wait_until(
        lambda: not board_of(polled).members()[0].delivery.doubted, what="the end of the doubt"
    )
    summary = _summary(polled)
    assert (summary["trouble"], summary["jobs"]["running"]) == (None, 1)
    assert caplog.text == ""
    assert polled.health()["status"] == "ok"


def _has_polled(cluster: FakeCluster, times: int) -> bool:
    return cluster.status_calls > times
