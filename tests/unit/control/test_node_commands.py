"""A command to a node ends in an outcome that says what happened, for each kind of cluster."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from dispy_objects import FakeCluster
from unit.control.conftest import codes, control_of

from flask_dispy import ClusterRegistry
from flask_dispy.core.errors import BadRequest, UnknownNode
from flask_dispy.core.phrases import quantity


class SchedulersCluster:
    """Has what a cluster inside dispyscheduler has, and nothing more."""

    name = "compute @ 127.0.0.1"

    def allocate_node(self, node: Any) -> None:
        return None

    def set_node_cpus(self, node: Any, cpus: int) -> int:
        return 0


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


def test_deallocated_node_that_is_added_by_its_address_is_up_again(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    registry.add(cluster)
    cluster.join("10.0.0.1")
    registry.control.node_action("compute", "deallocate", "10.0.0.1")
    assert codes(registry.control.allocate("compute", "10.0.0.1", by="ann")) == [(True, "asked")]
    view = registry.view("compute")
    assert (view.node("10.0.0.1")["state"], view.offers()) == ("up", [])
    newest = view.events().items[0]
    assert (newest["kind"], newest["by"]) == ("node_joined", "ann")


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
