"""The kinds of errors against the client's own tally, over real nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from clusters import LocalDispy, submit, wait_until
from computations import fail_in_ways

from flask_dispy import ClusterRegistry
from flask_dispy.core.search.query import JobQuery

pytestmark = pytest.mark.cluster

# How often each of the five ways is taken, the process that dies last.
TIMES = (40, 20, 10, 5, 5)

TYPES = ("KeyError", "ValueError", "IndexError", "RuntimeError", "process died")


@pytest.fixture
def make_registry() -> Iterator[Callable[..., ClusterRegistry]]:
    made: list[ClusterRegistry] = []

    def make(**settings: Any) -> ClusterRegistry:
        made.append(ClusterRegistry(**settings))
        return made[-1]

    yield make
    for registry in made:
        registry.close()


@pytest.mark.timeout(300)  # its own waits come to more than others may take
@pytest.mark.parametrize("history_limit", [1_000, 8])
def test_kinds_are_those_of_the_clients_tally(
    local_dispy: LocalDispy,
    make_registry: Callable[..., ClusterRegistry],
    history_limit: int,
) -> None:
    local_dispy.start_node(2, cpus=2)
    local_dispy.start_node(3, cpus=2)
    cluster = local_dispy.job_cluster(fail_in_ways)
    registry = make_registry(history_limit=history_limit)
    registry.add(cluster)
    ways = [way for way, times in enumerate(TIMES) for _ in range(times)]
    jobs = [submit(cluster, way, number) for number, way in enumerate(ways)]
    view = registry.view("fail_in_ways")
    wait_until(
        lambda: view.summary()["jobs"]["done"] == len(jobs),
        timeout_sec=120,
        what="the end of all jobs",
    )
    last_lines = Counter(
        TYPES[4] if "its process" in job.exception else _type(job.exception) for job in jobs
    )
    assert last_lines == dict(zip(TYPES, TIMES, strict=True))
    page = view.error_kinds()
    assert {kind["type"]: kind["count"] for kind in page.items} == last_lines
    assert (page.total, page.failed, page.other) == (5, len(jobs), 0)
    samples = "\n".join(kind["sample"] or "" for kind in page.items)
    assert (
        '    return {}[f"row {number}"]\nKeyError' in samples
    )  # the line that the node can't show
    for kind in page.items:
        assert sum(node["count"] for node in kind["nodes"]) == kind["count"]
        assert kind["share"] == round(kind["count"] / len(jobs), 6)
        kept = view.jobs(JobQuery.parse(f"error-kind:{kind['id']}")).total
        assert kept <= kind["count"] if history_limit < len(jobs) else kept == kind["count"]


def _type(text: str) -> str:
    return next(name for name in TYPES if f"\n{name}: " in text)
