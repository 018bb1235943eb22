"""Many viewers that poll at once while nodes change."""

from __future__ import annotations

import json
import statistics
import threading
import time
from dataclasses import dataclass

from .client import Client
from .scale import Scale
from .stage import Child, staged
from .table import Row, Target, percentile

__all__ = ["Polled", "measure", "poll"]

_GIVE_UP_SEC = 5.0


@dataclass(frozen=True, slots=True)
class Polled:
    """What viewers got."""

    per_sec: float
    p99_ms: float
    seen: float


def measure(scale: Scale) -> list[Row]:
    """Measure 50 viewers that ask again as soon as they have an answer."""
    nodes, rounds = scale.pick(1_000, 1_000, 20), scale.pick(5, 2, 1)
    viewers, seconds = scale.pick(50, 50, 3), scale.pick(6.0, 3.0, 0.5)
    found: tuple[list[Polled], list[Polled]] = ([], [])
    for _ in range(rounds):
        for kind, into in (("ours", found[0]), ("theirs", found[1])):
            with staged(kind, nodes=nodes) as (child,):  # type: ignore[arg-type]
                into.append(poll(child, viewers, seconds))
    ours, theirs = found
    of = f"{viewers} viewers polling while nodes change"
    seen = [p.seen * 100 for p in ours], [p.seen * 100 for p in theirs]
    return [
        Row(f"{of}, polls a second", "/s", [p.per_sec for p in ours], [p.per_sec for p in theirs],
            Target("ratio", 10, at_least=True)),
        Row(f"{of}, p99", "ms", [p.p99_ms for p in ours], [p.p99_ms for p in theirs],
            Target("ratio", 0.1)),
        Row(f"{of}, last figures that a viewer has at the end", "%", *seen,
            Target("value", 100, "%", at_least=True)),
    ]  # fmt: skip


def poll(child: Child, viewers: int, seconds: float) -> Polled:
    """Let so many viewers poll for so long, 25 nodes changing four times a second."""
    each = [_Viewer(child.port) for _ in range(viewers)]
    child.ask("start_changing", 25, 0.25)
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=viewer.poll, args=(until,)) for viewer in each]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last = dict(child.ask("stop_changing"))
    took = [ms for viewer in each for ms in viewer.took_ms]
    changed = {ip_addr for ip_addr, tx in last.items() if tx != each[0].first.get(ip_addr)}
    for viewer in each:
        viewer.ask()
    seen = statistics.mean(viewer.share_of(last, changed) for viewer in each)
    return Polled(len(took) / seconds, percentile(took, 0.99), seen)


class _Viewer:
    """One browser: all nodes at first, then what changed, each poll right after the other.

    It gives up after five seconds and asks again, as dispy's page does: dispy.httpd accepts more
    connections than it ever serves. A poll given up counts, for as long as it was waited for.
    """

    def __init__(self, port: int) -> None:
        self._client = Client(port, timeout_sec=_GIVE_UP_SEC)
        self.took_ms: list[float] = []
        self._answers: list[bytes] = []
        self.first = self._figures([self._client.get("/cluster_status").body])

    def poll(self, until: float) -> None:
        while time.monotonic() < until:
            began_at = time.perf_counter()
            self.ask()
            self.took_ms.append((time.perf_counter() - began_at) * 1000)

    def ask(self) -> None:
        try:
            self._answers.append(self._client.get("/cluster_updates").body)
        except OSError:
            self._client.close()

    @staticmethod
    def _figures(bodies: list[bytes]) -> dict[str, int]:
        nodes = (node for body in bodies for part in json.loads(body) for node in part["nodes"])
        return {node["ip_addr"]: node["tx"] for node in nodes}

    def share_of(self, last: dict[str, int], changed: set[str]) -> float:
        """Return of how many of the *changed* nodes this viewer has the *last* figure."""
        mine = self.first | self._figures(self._answers)
        return sum(mine.get(ip) == last[ip] for ip in changed) / max(1, len(changed))
