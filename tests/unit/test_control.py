"""Each command to dispy ends in an outcome that says what happened, for each kind of cluster."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from clusters import wait_until
from dispy import DispyJob
from dispy_objects import FakeCluster

from flask_dispy import ClusterRegistry
from flask_dispy.core.errors import BadRequest, UnknownCluster, UnknownNode, UnknownOffer
from flask_dispy.core.events import Departure
from flask_dispy.core.journal import EntryKind
from flask_dispy.core.offers import Allocation, Offer
from flask_dispy.core.phrases import quantity
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


class SchedulersCluster:
    """Has what a cluster inside dispyscheduler has, and nothing more."""

    name = "compute @ 127.0.0.1"

    def allocate_node(self, node: Any) -> None:
        return None

    def set_node_cpus(self, node: Any, cpus: int) -> int:
        return 0


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


# -- cancel -----------------------------------------------------------------------------------


def test_job_that_has_just_been_sent_to_a_node_is_terminating(cluster: FakeCluster) -> None:
    control = with_jobs(cluster, "queued")
    control._targets.jobs[1].job.status = DispyJob.Running  # type: ignore[attr-defined]
    assert codes(control.cancel([1])) == [(True, "terminating")]


def test_queued_job_is_cancelled_and_running_one_terminating(cluster: FakeCluster) -> None:
    outcomes = with_jobs(cluster, "queued", "running").cancel([1, 2])
    assert codes(outcomes) == [(True, "cancelled"), (True, "terminating")]
    assert [outcome.serial for outcome in outcomes] == [1, 2]


def test_job_that_ended_is_already_ended(cluster: FakeCluster) -> None:
    outcome = with_jobs(cluster, "finished").cancel([1])[0]
    assert (outcome.ok, outcome.code) == (False, "already_ended")
    assert cluster.calls == []


def test_job_that_ends_meanwhile_is_already_ended(cluster: FakeCluster) -> None:
    cluster.answers["cancel"] = -1
    assert codes(with_jobs(cluster, "running").cancel([1])) == [(False, "already_ended")]


def test_job_whose_node_cannot_be_reached_is_refused(cluster: FakeCluster) -> None:
    control = with_jobs(cluster, "running")
    job = cluster.submit(1)
    control._targets.jobs[1] = JobTarget(control._targets.target, job, "running")  # type: ignore[attr-defined]
    cluster.answers["cancel"] = -1
    assert codes(control.cancel([1])) == [(False, "refused")]
    cluster.end_silently(job, DispyJob.Finished)
    assert codes(control.cancel([1])) == [(False, "already_ended")]


def test_job_on_its_way_to_a_node_is_refused(cluster: FakeCluster) -> None:
    cluster.answers["cancel"] = None  # what a failed task of pycos leaves
    assert codes(with_jobs(cluster, "queued").cancel([1])) == [(False, "refused")]


def test_unknown_job_is_unknown(cluster: FakeCluster) -> None:
    assert codes(with_jobs(cluster).cancel([7])) == [(False, "unknown")]


def test_each_job_is_cancelled_once_in_the_order_asked(cluster: FakeCluster) -> None:
    outcomes = with_jobs(cluster, "queued", "queued").cancel([2, 1, 2])
    assert [outcome.serial for outcome in outcomes] == [2, 1]
    assert len(cluster.calls) == 2


def test_job_that_dispy_fails_on_leaves_the_others(cluster: FakeCluster) -> None:
    answers = iter([ValueError("x"), 0])

    def cancel(job: Any) -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    cluster.answers["cancel"] = cancel
    outcomes = with_jobs(cluster, "queued", "queued").cancel([1, 2])
    assert codes(outcomes) == [(False, "refused"), (True, "cancelled")]


def test_jobs_whose_turn_does_not_come_time_out(
    cluster: FakeCluster, release: threading.Event
) -> None:
    answers = iter([lambda: 0, release.wait, lambda: 0])
    cluster.answers["cancel"] = lambda job: int(next(answers)() or 0)
    outcomes = with_jobs(cluster, "queued", "queued", "queued", timeout_sec=0.05).cancel([1, 2, 3])
    assert codes(outcomes) == [(True, "cancelled"), (False, "timeout"), (False, "timeout")]


def test_jobs_of_a_closed_cluster_are_refused_as_closed(cluster: FakeCluster) -> None:
    cluster.close()
    assert codes(with_jobs(cluster, "queued").cancel([1])) == [(False, "closed")]


def test_job_of_another_cluster_is_unknown_to_this_one() -> None:
    registry = ClusterRegistry()
    first, second = FakeCluster("first"), FakeCluster("second")
    registry.add(first)
    registry.add(second)
    first.submit(1)
    assert codes(registry.control.cancel([1], "second")) == [(False, "unknown")]
    assert codes(registry.control.cancel([1], "*")) == [(True, "cancelled")]
    with pytest.raises(UnknownCluster):
        registry.control.cancel([1], "third")
    registry.close()


def test_job_of_a_cluster_nobody_added_is_not_unknown(registry: ClusterRegistry) -> None:
    stranger = FakeCluster()
    stranger.cluster_status = registry.cluster_status
    stranger.submit()
    for cluster in (None, "*", *registry.names()):
        assert codes(registry.control.cancel([1], cluster)) == [(False, "unsupported")]


def test_outcomes_of_cancelled_jobs_are_what_was_logged(
    cluster: FakeCluster, release: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = with_jobs(cluster, "queued", "queued", timeout_sec=0.05)

    def hang(job: Any) -> int:
        release.wait()
        return 0

    def until_the_late_call_has_ended(name: str, serials: Sequence[int], by: str | None) -> None:
        logged.extend(serials)
        release.set()
        wait_until(lambda: control._calls.health()["in_flight"] == 0, what="the late call's end")

    logged: list[int] = []
    cluster.answers["cancel"] = hang
    monkeypatch.setattr(control._targets, "cancelled", until_the_late_call_has_ended)
    outcomes = control.cancel([1, 2])
    assert [outcome.serial for outcome in outcomes if outcome.ok] == logged == []


# -- nodes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["allocate", "deallocate", "close"])
@pytest.mark.parametrize(
    ("answer", "code"), [(0, "ok"), (None, "ok"), (-1, "refused"), (OSError(), "refused")]
)
def test_node_action_is_what_dispy_answers(
    cluster: FakeCluster, action: Any, answer: Any, code: str
) -> None:
    cluster.answers[f"{action}_node"] = answer
    outcome = control_of(cluster).node_action("compute", action, "10.0.0.1")[0]
    if (action, code) == ("allocate", "ok"):
        code = "asked"
    assert (outcome.code, outcome.ip_addr) == (code, "10.0.0.1")


def test_action_that_hangs_times_out(cluster: FakeCluster, release: threading.Event) -> None:
    cluster.answers["close_node"] = lambda node: release.wait()
    outcomes = control_of(cluster, timeout_sec=0.05).node_action("compute", "close", "10.0.0.1")
    assert codes(outcomes) == [(False, "timeout")]


def test_action_on_a_closed_cluster_says_so(cluster: FakeCluster) -> None:
    cluster.close()
    outcomes = control_of(cluster).node_action("compute", "close", "10.0.0.1")
    assert codes(outcomes) == [(False, "closed")]


def test_cluster_that_closes_meanwhile_is_closed(cluster: FakeCluster) -> None:
    def closes(node: Any) -> None:
        cluster.close()
        raise AttributeError

    cluster.answers["close_node"] = closes
    outcomes = control_of(cluster).node_action("compute", "close", "10.0.0.1")
    assert codes(outcomes) == [(False, "closed")]


@pytest.mark.parametrize("action", ["deallocate", "close"])
def test_command_that_the_scheduler_lacks_is_unsupported(action: Any) -> None:
    control = control_of(SchedulersCluster(), "scheduler")
    assert codes(control.node_action("compute", action, "10.0.0.1")) == [(False, "unsupported")]


def test_closed_node_is_forgotten_before_it_is_allocated_again(cluster: FakeCluster) -> None:
    cluster.join("10.0.0.1")
    control = control_of(cluster)
    control._targets.left = "closed"  # type: ignore[attr-defined]
    control.node_action("compute", "allocate", "10.0.0.1")
    assert cluster._dispy_nodes == {}


def test_deallocated_node_is_up_again_once_it_is_allocated(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    registry.add(cluster)
    node = cluster.join("10.0.0.1")
    states = []
    for action in ("deallocate", "allocate"):
        registry.control.node_action("compute", action, "10.0.0.1")  # type: ignore[arg-type]
        states.append(registry.view("compute").node("10.0.0.1")["state"])
    assert states == ["closed", "up"]
    assert cluster._dispy_nodes == {"10.0.0.1": node}  # dispy did not set it up anew
    happened = [entry["event"] for entry in registry.view("compute").node_events("10.0.0.1")]
    assert happened[:2] == ["joined", "deallocated"]


def test_node_that_was_closed_by_a_command_is_not_lost(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    registry.add(cluster)
    node = cluster.join("10.0.0.1")
    cluster.start(cluster.submit(), node)
    cluster.submit()
    registry.control.node_action("compute", "close", "10.0.0.1")
    cluster.leave(node)
    assert registry.view("compute").node("10.0.0.1")["state"] == "closed"


def test_unknown_action_is_refused(cluster: FakeCluster) -> None:
    with pytest.raises(BadRequest) as caught:
        control_of(cluster).node_action("compute", "explode", "10.0.0.1")  # type: ignore[arg-type]
    assert caught.value.field == "action"


def test_unknown_node_is_unknown(registry: ClusterRegistry) -> None:
    registry.add(FakeCluster())
    with pytest.raises(UnknownNode):
        registry.control.node_action("*", "close", "10.9.9.9")


def test_node_of_clusters_nobody_added_takes_no_commands(registry: ClusterRegistry) -> None:
    stranger = FakeCluster()
    stranger.cluster_status = registry.cluster_status
    stranger.join("10.0.0.1")
    with pytest.raises(UnknownNode, match="not added"):
        registry.control.node_action("*", "close", "10.0.0.1")


# -- allocate ---------------------------------------------------------------------------------


def test_allocate_hands_on_what_was_asked(cluster: FakeCluster) -> None:
    outcome = control_of(cluster).allocate("compute", " 127.0.0.1 ", 9_700, 3)[0]
    assert (outcome.ok, outcome.code) == (True, "asked")
    assert outcome.message == "127.0.0.1 is asked to join compute."
    assert cluster.calls == [("allocate_node", ({"host": "127.0.0.1", "port": 9_700, "cpus": 3},))]


def test_name_is_looked_up_once(cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def look_up(host: str, *_: Any) -> Any:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("10.0.0.7", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    outcome = control_of(cluster).allocate("compute", "worker", None, 2)[0]
    assert outcome.message == "worker is asked to join compute."
    assert cluster.calls == [("allocate_node", ({"host": "10.0.0.7", "port": None, "cpus": 2},))]
    assert asked == ["worker"], "dispy gets the address, and asks nobody"


def test_wildcard_is_not_resolved(cluster: FakeCluster) -> None:
    assert codes(control_of(cluster).allocate("compute", "10.0.*")) == [(True, "asked")]
    assert cluster.calls[0][1][0]["host"] == "10.0.*"


def test_brackets_around_an_ipv6_address_are_no_part_of_it(cluster: FakeCluster) -> None:
    control_of(cluster).allocate("compute", "[::1]")
    assert cluster.calls == [("allocate_node", ({"host": "::1", "port": None, "cpus": 0},))]


@pytest.mark.parametrize(
    ("kind", "host", "why"),
    [("JobCluster", "10.0.*", "with a wildcard"),
     ("SharedJobCluster", "127.0.0.1", "dispyscheduler decides"),
     ("SharedJobCluster", "10.0.*", "dispyscheduler decides"),
     ("scheduler", "127.0.0.1", "dispyscheduler decides")],
)  # fmt: skip
def test_cpus_that_are_ignored_are_not_sent_and_the_outcome_says_so(
    cluster: FakeCluster, kind: Kind, host: str, why: str
) -> None:
    outcome = control_of(cluster, kind).allocate("compute", host, None, 3)[0]
    assert outcome.ok
    assert "CPUs are ignored" in outcome.message
    assert why in outcome.message
    assert cluster.calls[0][1][0]["cpus"] == 0
    assert "ignored" not in control_of(cluster, kind).allocate("compute", host)[0].message


@pytest.mark.parametrize(
    ("host", "port", "cpus", "field"),
    [("", None, 0, "host"), ("a b", None, 0, "host"), ("x" * 254, None, 0, "host"),
     ("ho\0st", None, 0, "host"), ("\u202e", None, 0, "host"), ("h", 0, 0, "port"),
     ("h", 65_536, 0, "port"), ("h", None, 65_537, "cpus"),
     ("no-such-host.invalid", None, 0, "host"),
     ("a..b", None, 0, "host"), ("[10.0.0.1]", None, 0, "host"), ("[::1", None, 0, "host"),
     ("[]", None, 0, "host"), ("[:]", None, 0, "host")],
)  # fmt: skip
def test_nonsense_is_a_bad_request(
    cluster: FakeCluster, host: str, port: int | None, cpus: int, field: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        control_of(cluster).allocate("compute", host, port, cpus)
    assert caught.value.field == field
    assert cluster.calls == []


def test_name_server_that_hangs_times_out(
    cluster: FakeCluster, release: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: release.wait())
    with pytest.raises(TimeoutError, match="resolve host"):
        control_of(cluster, timeout_sec=0.05).allocate("compute", "host")


# -- CPUs -------------------------------------------------------------------------------------


def test_outcome_shows_the_cpus_in_use(cluster: FakeCluster) -> None:
    cluster.answers["set_node_cpus"] = 2
    outcome = control_of(cluster).set_cpus("compute", "10.0.0.1", 8)[0]
    assert (outcome.code, outcome.cpus) == ("ok", 2)


@pytest.mark.parametrize("answer", [-1, None, "x"])
def test_refused_cpus_name_the_remedy_of_a_shared_cluster(
    cluster: FakeCluster, answer: Any
) -> None:
    cluster.answers["set_node_cpus"] = answer
    outcome = control_of(cluster, "SharedJobCluster").set_cpus("compute", "10.0.0.1", 1)[0]
    assert outcome.code == "refused"
    assert "--cooperative" in outcome.message


@pytest.mark.parametrize(("asked", "used"), [(1, 1), (0, 0), (8, 4), (-1, 3), (-4, 0), (-5, 2)])
def test_zero_is_success_of_a_shared_cluster(cluster: FakeCluster, asked: int, used: int) -> None:
    node = SimpleNamespace(avail_cpus=4, cpus=2)
    cluster._dispy_nodes = {"10.0.0.1": node}  # type: ignore[attr-defined]
    outcome = control_of(cluster, "SharedJobCluster").set_cpus("compute", "10.0.0.1", asked)[0]
    assert (outcome.code, outcome.cpus) == ("ok", used)
    assert outcome.message == f"10.0.0.1 now uses {quantity(used, 'CPU')}."


def test_schedulers_zero_means_that_it_did() -> None:
    outcome = control_of(SchedulersCluster(), "scheduler").set_cpus("compute", "10.0.0.1", 3)[0]
    assert (outcome.code, outcome.cpus) == ("ok", 3)


def test_outcome_leaves_out_what_does_not_apply(cluster: FakeCluster) -> None:
    assert with_jobs(cluster).cancel([7])[0].as_dict() == {
        "cluster": "*", "ok": False, "code": "unknown", "message": "No such job is retained.",
        "serial": 7,
    }  # fmt: skip
