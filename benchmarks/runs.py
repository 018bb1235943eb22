"""Runs to forecast: families of made-up ones, drawn by seed, and recorded real ones.

All that shapes a run is drawn over a wide range, evenly by its logarithm: 2 to 64 CPUs, 3 to 40
jobs a CPU, jobs of 0.2 s to 10 minutes, 2 to 30 ms between two jobs on a CPU.
"""

from __future__ import annotations

import heapq
import json
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from .recording import RECORDED

__all__ = ["FAMILIES", "Ran", "Run", "changed", "hanging", "made", "recorded"]

_MOST_JOBS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Ran:
    """A job, in seconds after the run began; one that hangs has no end."""

    submitted: float
    started: float
    ended: float | None
    node: str


@dataclass(frozen=True, slots=True)
class Run:
    """What happened: nodes with their CPUs and the moment they joined, and jobs."""

    family: str
    nodes: dict[str, tuple[int, float]]
    jobs: list[Ran]

    @property
    def length_sec(self) -> float:
        """Seconds until the last job ended that ends."""
        return max(job.ended for job in self.jobs if job.ended is not None)


@dataclass(slots=True)
class _Plan:
    """What is to happen; *work* are (submitted, seconds) in the order they were submitted.

    Nodes of *until* take no job from that moment on.
    """

    rng: random.Random
    nodes: dict[str, tuple[int, float]] = field(default_factory=dict)
    slower: dict[str, float] = field(default_factory=dict)
    until: dict[str, float] = field(default_factory=dict)
    work: list[tuple[float, float]] = field(default_factory=list)
    cpus: int = 0
    jobs: int = 0
    usual_sec: float = 1.0
    gap_sec: float = 0.01

    @classmethod
    def drawn(cls, rng: random.Random) -> _Plan:
        plan = cls(rng)
        a_node = rng.choice((1, 2, 4, 8))
        nodes = max(2 if a_node < 2 else 1, round(_between(rng, 2, 64) / a_node))
        plan.nodes = {f"10.0.0.{n}": (a_node, 0.0) for n in range(1, nodes + 1)}
        plan.cpus = a_node * nodes
        plan.jobs = min(_MOST_JOBS, round(plan.cpus * _between(rng, 3, 40)))
        plan.usual_sec = _between(rng, 0.2, 600)
        plan.gap_sec = _between(rng, 0.002, 0.03)
        return plan

    def run(self, family: str) -> Run:
        """Give each job, in turn, to the CPU that is free first."""
        free = [(at, node, n) for node, (cpus, at) in self.nodes.items() for n in range(cpus)]
        heapq.heapify(free)
        jobs = []
        for submitted, seconds in self.work:
            at, node, number = heapq.heappop(free)
            while at >= self.until.get(node, math.inf):
                at, node, number = heapq.heappop(free)
            started = max(at, submitted) + self.gap_sec * self.rng.uniform(0.5, 1.5)
            ended = started + max(0.001, seconds * self.slower.get(node, 1.0))
            heapq.heappush(free, (ended, node, number))
            jobs.append(Ran(submitted, started, ended, node))
        return Run(family, self.nodes, jobs)


def _between(rng: random.Random, low: float, high: float) -> float:
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def _near(plan: _Plan, spread: float) -> float:
    """Return a duration near the usual one."""
    return plan.usual_sec * plan.rng.lognormvariate(0.0, spread)


def _steady(plan: _Plan) -> None:
    spread = _between(plan.rng, 0.02, 0.35)
    plan.work = [(0.0, _near(plan, spread)) for _ in range(plan.jobs)]


def _bimodal(plan: _Plan) -> None:
    rng = plan.rng
    share, times, spread = rng.uniform(0.03, 0.4), _between(rng, 3, 15), rng.uniform(0.05, 0.25)
    plan.work = [
        (0.0, _near(plan, spread) * (times if rng.random() < share else 1.0))
        for _ in range(plan.jobs)
    ]


def _heavy_tailed(plan: _Plan) -> None:
    rng = plan.rng
    if rng.random() < 0.5:
        spread = rng.uniform(0.7, 1.4)
        plan.work = [(0.0, _near(plan, spread)) for _ in range(plan.jobs)]
    else:
        alpha = rng.uniform(1.5, 3.0)
        plan.work = [(0.0, plan.usual_sec * rng.paretovariate(alpha)) for _ in range(plan.jobs)]


def _growing(plan: _Plan) -> None:
    rng = plan.rng
    factor, power, spread = _between(rng, 1.5, 6), rng.uniform(0.5, 2), rng.uniform(0.03, 0.3)
    plan.work = [
        (0.0, _near(plan, spread) * (1 + (factor - 1) * (number / plan.jobs) ** power))
        for number in range(plan.jobs)
    ]


def _slow_last_node(plan: _Plan) -> None:
    rng = plan.rng
    a_node = rng.choice((1, 2, 4))
    nodes = rng.randrange(3, 12)
    plan.nodes = {f"10.0.0.{n}": (a_node, 0.0) for n in range(1, nodes + 1)}
    plan.jobs = min(_MOST_JOBS, round(a_node * nodes * _between(rng, 3, 40)))
    plan.slower = {f"10.0.0.{nodes}": _between(rng, 1.7, 6)}
    spread = _between(rng, 0.03, 0.35)
    plan.work = [(0.0, _near(plan, spread)) for _ in range(plan.jobs)]


def _waves(plan: _Plan) -> None:
    rng = plan.rng
    waves, spread = rng.randrange(2, 7), rng.uniform(0.05, 0.6)
    each = max(2, plan.jobs // waves)
    wave_sec = each * plan.usual_sec / plan.cpus
    at = 0.0
    for _ in range(waves):
        plan.work += [(at, _near(plan, spread)) for _ in range(each)]
        at += wave_sec * rng.uniform(0.6, 1.8)


def _late_nodes(plan: _Plan) -> None:
    _steady(plan)
    sec = plan.jobs * plan.usual_sec / plan.cpus
    names = list(plan.nodes)
    for name in names[len(names) // 2 + 1 :]:
        plan.nodes[name] = (plan.nodes[name][0], plan.rng.uniform(0.0, 0.4) * sec)


FAMILIES: Final[dict[str, Callable[[_Plan], None]]] = {
    "steady": _steady,
    "bimodal": _bimodal,
    "heavy-tailed": _heavy_tailed,
    "growing": _growing,
    "slow last node": _slow_last_node,
    "waves": _waves,
    "nodes join late": _late_nodes,
}


def made(family: str, seed: int) -> Run:
    """Return a run of *family*, the same for the same seed."""
    plan = _Plan.drawn(random.Random(f"{family} {seed}"))
    FAMILIES[family](plan)
    return plan.run(family)


def changed(family: str, seed: int) -> tuple[Run, float, int]:
    """Return a run whose CPUs become fewer or more midway, when that is, and how many then.

    Nodes take no more jobs, up to half of them, or others join, up to twice as many.
    """
    rng = random.Random(f"changed {family} {seed}")
    plan = _Plan.drawn(rng)
    FAMILIES[family](plan)
    at = rng.uniform(0.25, 0.6) * plan.run(family).length_sec
    names = list(plan.nodes)
    if len(names) > 1 and rng.random() < 0.5:
        plan.until = dict.fromkeys(rng.sample(names, rng.randrange(1, len(names) // 2 + 1)), at)
    else:
        cpus = plan.nodes[names[0]][0]
        for number in range(1, rng.randrange(1, 2 * len(names) + 1) + 1):
            plan.nodes[f"10.0.1.{number}"] = (cpus, at + 1e-6)
    cpus_then = sum(cpus for name, (cpus, _) in plan.nodes.items() if name not in plan.until)
    return plan.run(family), at, cpus_then


def hanging(seed: int) -> Run:
    """Return a run of any family of which the last jobs never end, some of them or all."""
    rng = random.Random(f"hanging {seed}")
    run = made(rng.choice(list(FAMILIES)), seed)
    by_start = sorted(range(len(run.jobs)), key=lambda number: run.jobs[number].started)
    most = min(len(by_start) - 1, sum(cpus for cpus, _ in run.nodes.values()))
    for number in rng.sample(by_start[-most:], rng.randrange(1, min(most, 9) + 1)):
        job = run.jobs[number]
        run.jobs[number] = Ran(job.submitted, job.started, None, job.node)
    return Run("hangs at the end", run.nodes, run.jobs)


def recorded() -> list[Run]:
    """Return the real runs."""
    runs = []
    for path in sorted(RECORDED.glob("*.json")):
        kept = json.loads(path.read_text())
        nodes = {ip: (cpus, at_ms / 1000) for ip, (cpus, at_ms) in kept["nodes"].items()}
        jobs = [
            Ran(submitted / 1000, started / 1000, ended / 1000, node)
            for submitted, started, ended, node in kept["jobs"]
        ]
        runs.append(Run("recorded", nodes, jobs))
    return runs
