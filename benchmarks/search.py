"""The jobs search over 100,000 retained jobs, and a node's page over 100,000 running ones."""

from __future__ import annotations

import json
import random
import statistics
import time
from http.client import HTTPConnection
from typing import Final
from urllib.parse import urlencode

from flask_dispy.core.search.order import JOB_SORTS

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
    rounds = scale.pick(40, 21, 2)
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
        more = [*_orders(client, jobs, rounds), *_exports(ours.port, jobs, rounds)]
    limit = Target("value", 20, "ms")
    what = f"jobs search over {jobs:,} retained jobs, filter then page"
    median = f"median {statistics.median(everything):.1f} ms"
    rows.append(Row(f"{what}, all filters, p95", "ms", [percentile(everything, 0.95)],
                    target=limit, note=median))  # fmt: skip
    rows.append(Row(f"{what}, the server's CPU time a search, by filter", "ms", cpu))
    rows.append(Row(f"{what}, the slowest filter ({worst[0]}), p95", "ms", [worst[1]],
                    target=limit))  # fmt: skip
    rows.append(Row(f"{what}, a word for the first time ever", "ms", [first]))
    return rows + more


def _orders(client: Client, jobs: int, rounds: int) -> list[Row]:
    """Ask for the pages after the first in every order, of all jobs and of half of them."""
    list_path = "/api/v1/clusters/compute/jobs"
    firsts: list[float] = []
    everything: list[float] = []
    worst = ("", 0.0)
    for sort in JOB_SORTS:
        for order in ("desc", "asc"):
            took = []
            following = f"?limit=50&sort={sort}&order={order}"
            firsts.append(timed_ms(lambda f=following: client.get(list_path + f)))  # type: ignore[misc]
            for search in ("", "&q=faster:1s"):
                following = f"?limit=50&sort={sort}&order={order}{search}"
                following = json.loads(client.get(list_path + following).body)["next"]
                for _ in range(rounds // 4 + 1):
                    began = time.perf_counter()
                    answer = client.get(list_path + following)
                    took.append((time.perf_counter() - began) * 1000)
                    following = json.loads(answer.body)["next"]
            everything += took
            worst = max(worst, (f"{sort} {order}", percentile(took, 0.95)), key=lambda f: f[1])
    limit = Target("value", 20, "ms")
    what = f"jobs sorted, of {jobs:,} retained ones"
    return [
        Row(f"{what}, a page after the first in any order, p95", "ms",
            [percentile(everything, 0.95)], target=limit,
            note=f"median {statistics.median(everything):.1f} ms"),
        Row(f"{what}, the slowest order ({worst[0]}), p95", "ms", [worst[1]], target=limit),
        Row(f"{what}, the first page ever in an order", "ms", firsts),
    ]  # fmt: skip


def _exports(port: int, jobs: int, rounds: int) -> list[Row]:
    """Ask for all jobs as a file."""
    limit = Target("value", 20, "ms")
    rows = []
    for kind in ("csv", "jsonl"):
        path = f"/api/v1/clusters/compute/jobs?format={kind}"
        first, whole = [], []
        for _ in range(max(2, rounds // 10)):
            began = time.perf_counter()
            connection = HTTPConnection("127.0.0.1", port)
            connection.request("GET", path)
            with connection.getresponse() as answer:
                answer.read(1)
                first.append((time.perf_counter() - began) * 1000)
                lines = answer.read().count(b"\n")
            connection.close()
            assert lines >= jobs
            whole.append((time.perf_counter() - began) * 1000)
        what = f"export of {jobs:,} jobs as {kind}"
        rows.append(Row(f"{what}, first byte, p95", "ms", [percentile(first, 0.95)], target=limit))
        rows.append(Row(f"{what}, whole", "ms", whole))
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
