"""All nodes at once: what a page asks for when it opens."""

from __future__ import annotations

from typing import Final

from .client import Client
from .pairs import by_turns, timed_ms
from .scale import Scale
from .stage import staged
from .table import Row, Target

__all__ = ["PAGE", "measure", "times_ms"]

# What our pages read, and the other doors: dispy's own route, and the JSON API by rows.
PAGE: Final = "/api/v1/changes?form=columns"
_ROWS: Final = {
    "/cluster_status": "every figure to its last digit, by dispy.httpd's route",
    "/api/v1/changes": "every figure to its last digit, by the JSON API",
}


def measure(scale: Scale) -> list[Row]:
    """Measure snapshots between which 100 nodes change, by all of our doors."""
    nodes, rounds = scale.pick(10_000, 10_000, 50), scale.pick(30, 12, 2)
    of = f"snapshot of {nodes:,} nodes"
    times, sizes = times_ms(nodes, PAGE, rounds)
    rows = [
        Row(f"{of}, time", "ms", *times, Target("ratio", 0.3)),
        Row(f"{of}, bytes on the wire", "KB", *sizes, Target("ratio", 0.08)),
    ]
    for path, door in _ROWS.items():
        times, sizes = times_ms(nodes, path, rounds)
        rows += [
            Row(f"{of}, {door}, time", "ms", *times, Target("ratio", 0.3)),
            Row(f"{of}, {door}, bytes on the wire", "KB", *sizes),
        ]
    _, sizes = times_ms(nodes, "/cluster_status", 2, fresh=True)
    rows.append(Row(f"{of} that have just joined, by dispy.httpd's route, bytes on the wire", "KB",
                    *sizes, Target("ratio", 0.08)))  # fmt: skip
    return rows


def times_ms(
    nodes: int, path: str, rounds: int, *, fresh: bool = False
) -> tuple[tuple[list[float], list[float]], tuple[list[float], list[float]]]:
    """Return the times and the sizes of snapshots, ours and theirs."""
    sizes: tuple[list[float], list[float]] = ([], [])
    with staged("ours", "theirs", nodes=nodes, fresh=fresh) as (ours, theirs):
        our_client, their_client = Client(ours.port), Client(theirs.port)

        def ask_ours() -> float:
            if not fresh:
                ours.ask("change", min(100, nodes))
            return timed_ms(lambda: sizes[0].append(our_client.get(path).wire_bytes / 1000))

        def ask_theirs() -> float:
            if not fresh:
                theirs.ask("change", min(100, nodes))
            return timed_ms(
                lambda: sizes[1].append(their_client.get("/cluster_status").wire_bytes / 1000)
            )

        return by_turns(rounds, ask_ours, ask_theirs), sizes
