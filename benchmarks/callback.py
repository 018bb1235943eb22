"""What a report of dispy's costs: the caller, and in all."""

from __future__ import annotations

import gc
import threading
import time
from typing import Any

from flask_dispy.watching.dashboard import board_of

from .pairs import by_turns
from .scale import Scale
from .stage import Child, Stage, staged
from .synthetic import Report, life_of
from .table import Row, Target

__all__ = ["measure"]

_BLOCK_JOBS = 1_000


def measure(scale: Scale) -> list[Row]:
    """Measure the callback's own time, and all that follows from it."""
    rounds = scale.pick(12, 5, 1)
    blocks = scale.pick(20, 10, 2)
    with staged("ours", "theirs", nodes=100) as (ours, theirs):
        return [
            _row(
                "callback, time taken from dispy's thread, a call", ours, theirs, rounds,
                ("block_us", blocks), Target("ratio", 1.0),
            ),
            Row(
                "callback while both of the registry's locks are held, a call", "µs",
                [ours.call("callback", "locked_us") for _ in range(rounds)],
                target=Target("value", 1.0, "µs"),
            ),
            _row(
                "callback, all CPU it causes (folding included), a call", ours, theirs, rounds,
                ("all_cpu_us", scale.pick(20_000, 4_000, 100)), Target("value", 10.0, "µs"),
            ),
        ]  # fmt: skip


def _row(
    what: str,
    ours: Child,
    theirs: Child,
    rounds: int,
    asked: tuple[Any, ...],
    target: Target | None = None,
) -> Row:
    found = by_turns(
        rounds, lambda: ours.call("callback", *asked), lambda: theirs.call("callback", *asked)
    )
    return Row(what, "µs", *found, target)


# -- in the child ----------------------------------------------------------------------------


def _lives(stage: Stage, jobs: int) -> tuple[list[Any], list[Report]]:
    """Return jobs and their reports, out of the garbage collector's sight.

    They stand for dispy's own objects, whose collection is not what is measured.
    """
    nodes = list(stage.cluster._dispy_nodes.values())
    lives = [life_of(number, nodes[number % len(nodes)]) for number in range(jobs)]
    gc.freeze()
    return [inner for inner, _ in lives], [report for _, reports in lives for report in reports]


def _let_go(held: list[Any]) -> None:
    """Part jobs from what refers to them in turn, as dispy does: out of sight, nothing else would.

    Else they stay, and what comes later lies ever further apart in the memory.
    """
    for inner in held:
        inner.job = None


def block_us(stage: Stage, blocks: int) -> float:
    """Return the median time of a call over *blocks* bursts of 3,000 calls."""
    call = stage.cluster.cluster_status
    assert call is not None
    found = []
    for _ in range(blocks):
        held, reports = _lives(stage, _BLOCK_JOBS)
        began_at = time.thread_time()
        for _status, _node, _job in reports:
            pass
        turned_at = time.thread_time()
        for status, node, job in reports:
            call(status, node, job)
        ended_at = time.thread_time()
        found.append((ended_at - turned_at - (turned_at - began_at)) / len(reports) * 1e6)
        stage.fold()
        _let_go(held)
    return sorted(found)[len(found) // 2]


def locked_us(stage: Stage) -> float:
    """Return the time of a call while another thread holds every lock of the registry."""
    call = stage.cluster.cluster_status
    assert call is not None
    held, reports = _lives(stage, _BLOCK_JOBS)
    registry = stage.server.registry
    took: list[float] = []

    def work() -> None:
        began_at = time.perf_counter()
        for status, node, job in reports:
            call(status, node, job)
        took.append((time.perf_counter() - began_at) / len(reports) * 1e6)

    with board_of(registry).folding, board_of(registry).lock:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(10)
    stage.fold()
    _let_go(held)
    return took[0] if took else float("inf")


def all_cpu_us(stage: Stage, jobs: int) -> float:
    """Return the CPU time that a call causes in the whole process until it is folded.

    In bursts of 3,000 calls: more than the fastest real cluster here sends between two turns of
    the pump.
    """
    call = stage.cluster.cluster_status
    assert call is not None
    took, calls = 0.0, 0
    for _ in range(max(1, jobs // _BLOCK_JOBS)):
        held, reports = _lives(stage, min(jobs, _BLOCK_JOBS))
        began_at = time.process_time()
        for status, node, job in reports:
            call(status, node, job)
        stage.fold()
        took += time.process_time() - began_at
        calls += len(reports)
        _let_go(held)
    return took / calls * 1e6
