"""The jobs search over 100,000 retained jobs, and a node's page over 100,000 running ones."""

from __future__ import annotations

import random
import statistics
from typing import Final
from urllib.parse import urlencode

from .client import Client
from .pairs import by_turns, timed_ms
from .scale import Scale
from .stage import Stage, staged
from .synthetic import address, life_of
from .table import Row, Target, percentile

__all__ = ["measure", "retain"]

_FILTERS: Final[dict[str, dict[str, str]]] = {
    "no filter": {},
    "state:": {"state": "finished"},
    "node:": {"q": "node:{address}"},
    "id:": {"q": "id:{number}"},
    "id: with a wildcard": {"q": "id:{number}*"},
    "arg:": {"q": "arg:alpha-{number}"},
    "error:": {"q": "error:nowhere"},
    "serial:": {"q": "serial:{number}"},
    "slower:": {"q": "slower:1s"},
    "faster:": {"q": "faster:1s"},
    "a word": {"q": "alpha-{number}"},
    "a word and a state": {"q": "alpha-{number}", "state": "finished"},
    "three criteria": {"q": "arg:alpha node:{address} faster:1h"},
}


def measure(scale: Scale) -> list[Row]:
    """Measure every kind of filter, and the page of a node among many running jobs."""
    jobs = scale.pick(100_000, 100_000, 300)
    return [*_searches(scale, jobs), *_node_page(scale, jobs)]


def _searches(scale: Scale, jobs: int) -> list[Row]:
    rounds = scale.pick(40, 10, 2)
    rows = []
    everything: list[float] = []
    cpu: list[float] = []
    with staged("ours", nodes=100, history_limit=jobs) as (ours,):
        ours.call("search", "retain", jobs)
        client = Client(ours.port)
        first = timed_ms(lambda: client.get("/api/v1/clusters/compute/jobs?q=alpha-1"))
        rng = random.Random(1)
        worst = ("", 0.0)
        for name, query in _FILTERS.items():
            took = []
            cpu_sec = ours.ask("cpu_sec")
            for _ in range(rounds):
                words = {"address": address(rng.randrange(1, 100)), "number": rng.randrange(jobs)}
                text = urlencode({key: value.format(**words) for key, value in query.items()})
                path = f"/api/v1/clusters/compute/jobs?limit=50&{text}"
                took.append(timed_ms(lambda path=path: client.get(path)))  # type: ignore[misc]
            everything += took
            cpu.append((ours.ask("cpu_sec") - cpu_sec) / rounds * 1000)
            worst = max(worst, (name, percentile(took, 0.95)), key=lambda found: found[1])
    limit = Target("value", 20, "ms")
    what = f"jobs search over {jobs:,} retained jobs, filter then page"
    median = f"median {statistics.median(everything):.1f} ms"
    rows.append(Row(f"{what}, all filters, p95", "ms", [percentile(everything, 0.95)],
                    target=limit, note=median))  # fmt: skip
    rows.append(Row(f"{what}, the server's CPU time a search, by filter", "ms", cpu))
    rows.append(Row(f"{what}, the slowest filter ({worst[0]}), p95", "ms", [worst[1]],
                    target=limit))  # fmt: skip
    rows.append(Row(f"{what}, a word for the first time ever", "ms", [first]))
    return rows


def _node_page(scale: Scale, jobs: int) -> list[Row]:
    """Ask for a node with a thousandth of all running jobs."""
    nodes = max(1, jobs // 100)
    rounds = scale.pick(30, 12, 2)
    with staged("ours", "theirs", nodes=nodes) as (ours, theirs):
        for child in (ours, theirs):
            child.ask("run_jobs", jobs, nodes)
        form = f"host={address(1)}".encode()
        our_client, their_client = Client(ours.port), Client(theirs.port)
        found = by_turns(
            rounds,
            lambda: timed_ms(lambda: our_client.post("/node_info", form)),
            lambda: timed_ms(lambda: their_client.post("/node_info", form)),
        )
        path = f"/api/v1/clusters/compute/nodes/{address(1)}"
        by_api = by_turns(
            rounds,
            lambda: timed_ms(lambda: our_client.get(path)),
            lambda: timed_ms(lambda: their_client.post("/node_info", form)),
        )
    what = f"node page data with {jobs:,} running jobs, {jobs // nodes} on the node"
    return [
        Row(what, "ms", *found, Target("ratio", 0.5)),
        Row(f"{what}, by the JSON API", "ms", *by_api, Target("ratio", 0.5)),
    ]


# -- in the child ----------------------------------------------------------------------------


def retain(stage: Stage, jobs: int) -> None:
    """Let so many jobs run and end."""
    nodes = list(stage.cluster._dispy_nodes.values())
    for number in range(jobs):
        held, reports = life_of(number, nodes[number % len(nodes)])
        for report in reports:
            if report[2]._args:
                report[2]._args = (number, f"alpha-{number}")
            stage.cluster.report(*report)
        del held
    stage.fold()
