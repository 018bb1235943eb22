"""What lists, groups and files of 100,000 retained jobs take until their first page is there.

The jobs are an hour's work of 100 nodes, with two kinds of trouble: five kinds of errors, and times
that differ. A few more end before each question, as in a run that goes on.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any, Final

from flask_dispy.core import events
from flask_dispy.watching.dashboard import board_of

from .client import Client
from .pairs import timed_ms
from .scale import Scale
from .search import retain
from .stage import Child, Stage, staged
from .table import Row, Target, percentile

__all__ = ["measure"]

_NODES: Final = 100
_ENDING: Final = 20
_SPAN_SEC: Final = 3_600.0
_LIMIT: Final = Target("value", 20, "ms")

# By what the rows are about: the paths below that of the cluster.
_ASKED: Final[dict[str, dict[str, str]]] = {
    "facets": {
        "no filter": "jobs/facets",
        "state:": "jobs/facets?state=failed",
        "node:": "jobs/facets?q=node:10.0.0.7",
        "slower:": "jobs/facets?q=slower:20s",
        "a word": "jobs/facets?q=alpha",
        "error:": "jobs/facets?q=error:lost",
        "-word": "jobs/facets?q=-alpha-7",
        "since:": "jobs/facets?q=since:30m",
    },
    "groups": {
        "kinds of errors": "errors",
        "kinds of errors by share": "errors?sort=share",
        "durations": "durations",
        "durations of a node": "durations?node=10.0.0.7",
        "comparison": "comparison",
        "events": "events",
    },
    "nodes sorted": {
        f"{sort} {order}": f"nodes?sort={sort}&order={order}&limit=100"
        for sort in ("ip_addr", "name", "jobs_done", "failed_share", "times_others", "idle_sec")
        for order in ("desc", "asc")
    },
}

_FILES: Final = {
    "jobs as csv": "jobs?format=csv",
    "jobs as jsonl": "jobs?format=jsonl",
    "jobs as csv, by time run": "jobs?format=csv&sort=ran&q=faster:1h",
    "nodes as csv": "nodes?format=csv",
    "errors as csv": "errors?format=csv",
    "events as jsonl": "events?format=jsonl",
    "trace": "trace",
}


def measure(scale: Scale) -> list[Row]:
    """Measure each kind of question, and each of the files."""
    jobs, rounds = scale.pick(100_000, 100_000, 300), scale.pick(40, 21, 2)
    rows = []
    with staged("ours", nodes=_NODES, history_limit=jobs) as (ours,):
        ours.call("lists", "retain_mixed", jobs)
        for what, paths in _ASKED.items():
            rows += _answers(ours, f"{what} of {jobs:,} retained jobs", paths, rounds)
        rows += _files(ours, jobs, max(2, rounds // 4))
    return rows


def _answers(ours: Child, what: str, paths: dict[str, str], rounds: int) -> list[Row]:
    client = Client(ours.port)
    firsts, everything, cpu, worst = [], list[float](), list[float](), ("", 0.0)
    for name, path in paths.items():
        took = []
        for _ in range(rounds + 1):
            ours.call("lists", "end_some", _ENDING)
            cpu_sec = ours.ask("cpu_sec")
            took.append(timed_ms(lambda p=path: _got(client, p)))  # type: ignore[misc]
            cpu.append((ours.ask("cpu_sec") - cpu_sec) * 1000)
        firsts.append(took.pop(0))
        everything += took
        worst = max(worst, (name, percentile(took, 0.95)), key=lambda found: found[1])
    return [
        Row(f"{what}, p95", "ms", [percentile(everything, 0.95)], target=_LIMIT,
            note=f"median {statistics.median(everything):.1f} ms"),
        Row(f"{what}, the slowest ({worst[0]}), p95", "ms", [worst[1]], target=_LIMIT),
        Row(f"{what}, the server's CPU time", "ms", cpu),
        Row(f"{what}, the first of each kind ever", "ms", firsts),
    ]  # fmt: skip


def _got(client: Client, path: str) -> None:
    answer = client.get(f"/api/v1/clusters/compute/{path}")
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status}")


def _files(ours: Child, jobs: int, rounds: int) -> list[Row]:
    took, worst = list[float](), ("", 0.0)
    for name, path in _FILES.items():
        found = []
        for _ in range(rounds + 1):
            ours.call("lists", "end_some", _ENDING)
            found.append(_first_byte_ms(ours.port, path))
        found = found[1:]
        took += found
        worst = max(worst, (name, percentile(found, 0.95)), key=lambda one: one[1])
    what = f"files of {jobs:,} retained jobs, first byte"
    return [
        Row(f"{what}, p95", "ms", [percentile(took, 0.95)], target=_LIMIT,
            note=f"median {statistics.median(took):.1f} ms"),
        Row(f"{what}, the slowest ({worst[0]}), p95", "ms", [worst[1]], target=_LIMIT),
    ]  # fmt: skip


def _first_byte_ms(port: int, path: str) -> float:
    """Return how soon a file begins, and read it to its end."""
    began = time.perf_counter()
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", f"/api/v1/clusters/compute/{path}")
    with connection.getresponse() as answer:
        answer.read(1)
        took_ms = (time.perf_counter() - began) * 1000
        answer.read()
    connection.close()
    return took_ms


# -- in the child ----------------------------------------------------------------------------


def retain_mixed(stage: Stage, jobs: int, cluster: str = "compute") -> None:
    """Let the cluster have run so many jobs in the last hour, of which one in eight failed."""
    board = board_of(stage.server.registry)
    (watched,) = board.named(cluster)
    now = time.time()
    nodes = list(stage.cluster._dispy_nodes)
    reports = [(event, None, ()) for n in range(jobs) for event in _life(n, jobs, nodes, now)]
    with board.folding:
        for start in range(0, len(reports), 500):
            board.apply(watched, reports[start : start + 500])


def _life(number: int, jobs: int, nodes: list[str], now: float) -> Iterator[Any]:
    """Yield what happened to a job."""
    rng = random.Random(number)
    took = rng.lognormvariate(2.0, 1.0)
    started_at = min(now - _SPAN_SEC * (1 - number / jobs), now - took)
    submitted_at = started_at - rng.uniform(0, 60)
    node, id_ = nodes[number % len(nodes)], str(number)
    key = f"mixed {number}"
    yield events.JobQueued(key, submitted_at, id_, f"{number}, alpha-{number}", "n=5")
    yield events.JobStarted(key, started_at, submitted_at, node, id_, None, None)
    exception = _exception(number) if rng.random() < 0.125 else None
    end: events.EndState = "terminated" if exception else "finished"
    yield events.JobEnded(
        key, started_at + took, submitted_at, started_at, node, end, id_, id_, "", "", exception
    )


def _exception(number: int) -> str:
    errors = ("ValueError: no number", "KeyError: 'alpha'", "OSError: disk full",
              "RuntimeError: lost the way", "MemoryError")  # fmt: skip
    return f'Traceback (most recent call last):\n  File "a.py", line 9\n{errors[number % 5]}'


def end_some(stage: Stage, jobs: int) -> None:
    """Let some more jobs run and end."""
    retain(stage, jobs)
