"""How each cost grows with nodes, and with viewers."""

from __future__ import annotations

import statistics

from .idle import idle_share
from .scale import Scale
from .snapshots import PAGE, times_ms
from .stage import staged
from .stream import listen
from .table import Growth, percentile
from .updates import updates
from .viewers import poll

__all__ = ["measure"]


def measure(scale: Scale) -> list[Growth]:
    """Measure at 100 to 50,000 nodes and 1 to 100 viewers."""
    sizes = scale.pick((100, 1_000, 10_000, 50_000), (100, 10_000), (10, 20))
    crowds = scale.pick((1, 10, 100), (1, 100), (1, 2))
    return [*_by_nodes(scale, sizes), *_by_viewers(scale, crowds)]


def _by_nodes(scale: Scale, sizes: tuple[int, ...]) -> list[Growth]:
    rounds = scale.pick(9, 3, 1)
    snapshot = Growth("snapshot, time", "ms", "nodes")
    weight = Growth("snapshot, bytes on the wire", "KB", "nodes")
    update = Growth("update with 100 changed, time", "ms", "nodes")
    report = Growth("report of a job, all CPU", "µs a call", "nodes")
    idle = Growth("idle", "% of a core", "nodes")
    for size in sizes:
        times, bytes_ = times_ms(size, PAGE, rounds)
        _note(snapshot, size, *times)
        _note(weight, size, *bytes_)
        with staged("ours", "theirs", nodes=size) as (ours, theirs):
            _note(update, size, *updates(ours, theirs, min(100, size), rounds)[0])
            for child, into in ((ours, report.ours), (theirs, report.theirs)):
                jobs = scale.pick(10_000, 2_000, 50)
                found = [child.call("callback", "all_cpu_us", jobs) for _ in range(rounds)]
                into[size] = statistics.median(found)
        idle.ours[size], idle.theirs[size] = idle_share(size, scale.pick(20.0, 2.0, 0.5))
    return [snapshot, weight, update, report, idle]


def _note(growth: Growth, size: int, ours: list[float], theirs: list[float]) -> None:
    growth.ours[size] = statistics.median(ours)
    growth.theirs[size] = statistics.median(theirs)


def _by_viewers(scale: Scale, crowds: tuple[int, ...]) -> list[Growth]:
    rate, p99 = Growth("polls", "a second", "viewers"), Growth("polls, p99", "ms", "viewers")
    seen = Growth("last figures that a viewer has", "%", "viewers")
    delay = Growth("stream: event to client, p99", "s", "viewers")
    cores = Growth("stream: server CPU", "cores", "viewers")
    nodes, seconds = scale.pick(1_000, 1_000, 20), scale.pick(5.0, 1.0, 0.5)
    for crowd in crowds:
        for kind, at in (("ours", "ours"), ("theirs", "theirs")):
            with staged(kind, nodes=nodes) as (child,):  # type: ignore[arg-type]
                polled = poll(child, crowd, seconds)
            getattr(rate, at)[crowd] = polled.per_sec
            getattr(p99, at)[crowd] = polled.p99_ms
            getattr(seen, at)[crowd] = polled.seen
        with staged("ours", nodes=nodes) as (child,):
            heard = listen(child, crowd, seconds)
        delay.ours[crowd] = percentile(heard.delays_sec, 0.99)
        cores.ours[crowd] = heard.cores
    return [rate, p99, seen, delay, cores]
