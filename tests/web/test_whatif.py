"""Asking when all would be done with other CPUs."""

from __future__ import annotations

import time
from typing import Any

import pytest

URL = "/api/v1/clusters/{}/what-if"


def ask(client: Any, name: str = "compute", **question: Any) -> Any:
    return client.get(URL.format(name), query_string=question).json


@pytest.fixture
def busy(cluster: Any, scene: Any) -> Any:
    """The scene's cluster, with jobs that wait."""
    for number in range(40):
        cluster.submit(str(number), job_id=f"w{number}")
    return scene


@pytest.mark.parametrize("name", ["compute", "*"])
def test_each_question_gets_its_answer(client: Any, busy: Any, name: str) -> None:
    more = ask(client, name, cpus=64)
    assert (more["cpus_now"], more["cpus"], more["cpus_sure"]) == (8, 64, None)
    assert more["eta_sec"] <= more["now"]["eta_sec"]
    assert more["message"].startswith("With 64 CPUs, 56 more: about ")
    without = ask(client, name, without="beta")
    assert (without["cpus"], without["message"][:13]) == (4, "Without beta,")
    by = ask(client, name, by=time.time() + 86_400)
    assert 1 <= by["cpus"] <= by["cpus_sure"] <= 8


def test_summary_and_answer_say_the_same_of_the_cpus_that_there_are(client: Any, busy: Any) -> None:
    now = ask(client, cpus=8)["now"]
    outlook = client.get("/api/v1/clusters/compute").json["outlook"]
    assert now["eta_sec"] == pytest.approx(outlook["eta_sec"], abs=0.5)


def test_idle_cluster_is_done(client: Any, scene: Any) -> None:
    assert ask(client, "render", cpus=1)["message"] == "No job is pending."


@pytest.mark.parametrize(
    ("question", "status", "field"),
    [
        ({}, 422, "cpus"),
        ({"cpus": 1, "by": 5}, 422, "cpus"),
        ({"cpus": 0}, 422, "cpus"),
        ({"by": "soon"}, 422, "by"),
        ({"by": 5}, 422, "by"),
        ({"without": "nowhere"}, 404, "node"),
    ],
)
def test_nonsense_is_refused(
    client: Any, busy: Any, question: dict[str, Any], status: int, field: str
) -> None:
    answer = client.get(URL.format("compute"), query_string=question)
    assert answer.status_code == status
    assert answer.json["error"].get("field") == field
