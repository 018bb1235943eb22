"""When a run would be done with other CPUs."""

from __future__ import annotations

from typing import Any

import pytest

from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.errors import BadRequest
from flask_dispy.core.whatif import Loss, WhatIf, what_if

from .stories import ended, gone, new_state, queued, seen, started, tell

NOW = 1_040.0


@pytest.fixture
def state() -> ClusterState:
    """Two nodes of two CPUs; 40 jobs took four seconds each, 40 wait and 4 run."""
    state = new_state()
    tell(state, *(seen(name, joined=True) for name in ("n1", "n2")))
    for number in range(40):
        node, at = f"n{number % 2 + 1}", number // 4 * 4.0
        key = f"j{number}"
        tell(state, queued(key), started(key, node, at=at), ended(key, node=node, start=at,
             at=at + 4 + 0.1 * (number % 3)))  # fmt: skip
    tell(state, *(queued(f"q{number}", 1) for number in range(44)))
    tell(state, *(started(f"q{number}", f"n{number % 2 + 1}", at=40) for number in range(4)))
    state.refresh_pace(NOW)
    return state


def ask(*states: ClusterState, cpus_now: int = 4, **question: Any) -> WhatIf:
    backlogs = [state.backlog(NOW) for state in states]
    return what_if(backlogs, cpus_now, NOW, **question)


def loss(state: ClusterState, name: str) -> Loss:
    return Loss.of(state.nodes.get(name))


def test_as_many_cpus_as_there_are_change_nothing(state: ClusterState) -> None:
    found = ask(state, cpus=4)
    assert found["eta_sec"] == found["now"]["eta_sec"] == pytest.approx(44, rel=0.15)
    assert found["message"].startswith("With the 4 CPUs that there are: about ")


def test_twice_the_cpus_take_half_the_time(state: ClusterState) -> None:
    found = ask(state, cpus=8)
    assert found["eta_sec"] == pytest.approx(24, rel=0.2)
    assert found["eta_early_sec"] < found["eta_sec"] < found["eta_late_sec"]
    assert (found["cpus_now"], found["cpus"], found["cpus_sure"]) == (4, 8, None)
    assert found["message"].startswith("With 8 CPUs, 4 more: about ")
    assert " in place of about " in found["message"]


def test_half_the_cpus_take_twice_the_time(state: ClusterState) -> None:
    found = ask(state, cpus=2)
    assert found["eta_sec"] == pytest.approx(86, rel=0.2)
    assert found["message"].startswith("With 2 CPUs, 2 fewer: about ")


def test_fewest_cpus_that_are_done_in_time(state: ClusterState) -> None:
    found = ask(state, by=NOW + 25)
    cpus, sure = found["cpus"], found["cpus_sure"]
    assert cpus is not None
    assert sure is not None
    assert sure >= cpus
    assert found["eta_sec"] <= 25 < ask(state, cpus=cpus - 1)["eta_sec"]
    assert ask(state, cpus=sure)["eta_late_sec"] <= 25
    assert found["message"].startswith(f"On {cpus} CPUs: about ")


def test_more_time_than_needed_takes_fewer_cpus(state: ClusterState) -> None:
    assert ask(state, by=NOW + 120)["cpus"] == 2


def test_no_number_of_cpus_makes_a_job_shorter(state: ClusterState) -> None:
    found = ask(state, by=NOW + 2)
    assert (found["cpus"], found["cpus_sure"], found["eta_sec"]) == (None, None, None)
    assert found["message"].startswith("No number of CPUs will do for 2 s")


def test_time_that_is_past_is_refused(state: ClusterState) -> None:
    with pytest.raises(BadRequest, match="in the past") as refused:
        ask(state, by=NOW)
    assert refused.value.field == "by"


def test_without_a_node_its_jobs_go_on_to_their_end(state: ClusterState) -> None:
    found = ask(state, lost=[loss(state, "n2")])
    assert (found["cpus_now"], found["cpus"]) == (4, 2)
    assert found["eta_sec"] == pytest.approx(ask(state, cpus=2)["eta_sec"])
    assert found["message"].startswith("Without ")
    assert found["message"].endswith(" Its 2 running jobs would go on to the end there.")


def test_without_the_last_node_jobs_wait(state: ClusterState) -> None:
    tell(state, gone("n2", at=40))
    found = ask(state, cpus_now=2, lost=[loss(state, "n1")])
    assert (found["cpus"], found["eta_sec"]) == (0, None)
    assert found["message"].endswith("no CPU is left: the queued jobs would wait.")


def test_node_that_has_left_costs_nothing(state: ClusterState) -> None:
    tell(state, gone("n2", at=40))
    found = ask(state, cpus_now=2, lost=[loss(state, "n2")])
    assert (found["cpus"], found["eta_sec"]) == (2, found["now"]["eta_sec"])


def test_cluster_that_has_nothing_to_do_needs_no_cpu() -> None:
    for question in ({"cpus": 9}, {"by": NOW + 5}, {"lost": [Loss("n1", 2, 0)]}):
        found = ask(new_state(), **question)
        assert (found["eta_sec"], found["message"]) == (0.0, "No job is pending.")


def test_nobody_knows_before_a_job_has_finished() -> None:
    state = new_state()
    tell(state, seen("n1", joined=True), queued("a"), queued("b"), started("a"))
    for question in ({"cpus": 9}, {"by": NOW + 5}):
        found = ask(state, **question)
        assert (found["eta_sec"], found["now"]["eta_sec"]) == (None, None)
        assert found["message"].startswith("How long the jobs take is not known yet")


def test_cpus_help_no_cluster_that_stalls(state: ClusterState) -> None:
    later = NOW + 3_600
    backlogs = [state.backlog(later)]
    found = what_if(backlogs, 4, later, cpus=8)
    assert (found["eta_sec"], found["now"]["eta_sec"]) == (None, None)
    assert found["message"].startswith("No job has ended for ")


def test_cluster_without_nodes_knows_what_a_node_would_change(state: ClusterState) -> None:
    for number in range(4):
        tell(state, ended(f"q{number}", node=f"n{number % 2 + 1}", start=40, at=40.1))
    tell(state, gone("n1", at=40.2), gone("n2", at=40.2))
    found = ask(state, cpus_now=0, cpus=4)
    assert found["now"]["eta_sec"] is None
    assert found["eta_sec"] == pytest.approx(44, rel=0.25)


def test_clusters_share_more_cpus_by_the_work_that_they_have(state: ClusterState) -> None:
    idle = new_state()
    tell(idle, seen("n1", joined=True), queued("a"), started("a"), ended("a", at=4),
         queued("b", 40), started("b", at=40))  # fmt: skip
    alone, both = ask(state, cpus=8), ask(state, idle, cpus=8)
    assert both["eta_sec"] == alone["eta_sec"]
    unknown = new_state()
    tell(unknown, seen("n1", joined=True), queued("a"))
    assert ask(state, unknown, cpus=8)["eta_sec"] is None
