"""What changed since the last time: what every page asks for again and again."""

from __future__ import annotations

import json
import statistics

from .client import Answer, Client
from .pairs import by_turns, timed_ms
from .scale import Scale
from .stage import Child, staged
from .table import Row, Target

__all__ = ["measure", "updates"]


def measure(scale: Scale) -> list[Row]:
    """Measure updates of several sizes: of changes as they come, and all at once.

    As they come, over some time, our pump folds most of them before anybody asks; the reader
    encodes them. All at once is the worst that can happen to a reader, who then folds them, too.
    """
    nodes, rounds = scale.pick(10_000, 10_000, 50), scale.pick(30, 10, 2)
    few, many = scale.pick(100, 100, 5), scale.pick(1_000, 1_000, 20)
    rows = []
    with staged("ours", "theirs", nodes=nodes) as (ours, theirs):
        for changed, limit_ms in ((few, 10), (many, 25)):
            what = f"update with {changed:,} of {nodes:,} nodes changed"
            target = Target("value", limit_ms, "ms")
            times, sizes = updates(ours, theirs, changed, rounds, over_sec=scale.pick(0.5, 0.4, 0))
            rows.append(Row(f"{what}, time", "ms", *times, target))
            rows.append(
                Row(f"{what}, bytes on the wire", "KB", *sizes,
                    Target("ratio", 0.2) if changed == few else None)
            )  # fmt: skip
            times, _ = updates(ours, theirs, changed, rounds)
            rows.append(Row(f"{what} in the same instant, time", "ms", *times))
        rows.append(_nothing_changed(ours, scale))
        rows.append(_by_the_api(ours, few, rounds))
    return rows


def updates(
    ours: Child, theirs: Child, changed: int, rounds: int, *, over_sec: float = 0
) -> tuple[tuple[list[float], list[float]], tuple[list[float], list[float]]]:
    """Return the times and the sizes of legacy updates, ours and theirs."""
    sizes: tuple[list[float], list[float]] = ([], [])
    clients = Client(ours.port), Client(theirs.port)
    for client in clients:
        client.get("/cluster_status")
        client.get("/cluster_updates")

    def ask(child: Child, index: int) -> float:
        child.ask("change_over", changed, over_sec) if over_sec else child.ask("change", changed)
        return timed_ms(
            lambda: sizes[index].append(clients[index].get("/cluster_updates").wire_bytes / 1000)
        )

    return by_turns(rounds, lambda: ask(ours, 0), lambda: ask(theirs, 1)), sizes


def _nothing_changed(ours: Child, scale: Scale) -> Row:
    """Compare an empty update with the least that Flask can answer, on the same server."""
    client = Client(ours.port)
    since = json.loads(client.get("/api/v1/changes").body)["cursor"]
    client.get(f"/api/v1/changes?since={since}")
    found, bare = by_turns(
        scale.pick(400, 150, 3),
        lambda: timed_ms(lambda: client.get(f"/api/v1/changes?since={since}")),
        lambda: timed_ms(lambda: client.get("/bare")),
    )
    more = [a - b for a, b in zip(found, bare, strict=True)]
    note = (
        f"{statistics.median(found):.2f} ms against {statistics.median(bare):.2f} ms of a bare "
        "Flask route on the same server"
    )
    return Row("update with nothing changed, more than a bare route", "ms", more,
               target=Target("value", 2.0, "ms"), note=note)  # fmt: skip


def _by_the_api(ours: Child, changed: int, rounds: int) -> Row:
    client = Client(ours.port)
    cursor = json.loads(client.get("/api/v1/changes").body)["cursor"]
    found = []
    for _ in range(rounds):
        ours.ask("change", changed)
        since, answers = cursor, list[Answer]()
        found.append(
            timed_ms(
                lambda since=since, answers=answers: answers.append(  # type: ignore[misc]
                    client.get(f"/api/v1/changes?since={since}")
                )
            )
        )
        cursor = json.loads(answers[0].body)["cursor"]
    return Row(f"the same update with {changed} changed by the JSON API, time", "ms", found)
