"""Many viewers that poll at once while nodes change."""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import time
import zlib
from dataclasses import dataclass

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
    """Measure 50 viewers that ask together, and 50 that ask each at their own pace."""
    viewers = scale.pick(50, 50, 3)
    of = f"{viewers} viewers polling while nodes change"
    together, apart = _by_turns(scale, viewers, together=True), _by_turns(scale, viewers)
    return [
        Row(f"{of}, polls a second", "/s", *_each(together, "per_sec"),
            Target("ratio", 10, at_least=True)),
        Row(f"{of}, p99", "ms", *_each(together, "p99_ms"), Target("ratio", 0.1)),
        Row(f"{of}, changes that a viewer has seen at the end", "%", *_each(together, "seen"),
            Target("value", 100, "%", at_least=True)),
        Row(f"{of}, each at its own pace, polls a second", "/s", *_each(apart, "per_sec")),
        Row(f"{of}, each at its own pace, changes that a viewer has seen at the end", "%",
            *_each(apart, "seen"), Target("value", 100, "%", at_least=True)),
    ]  # fmt: skip


def _by_turns(
    scale: Scale, viewers: int, *, together: bool = False
) -> tuple[list[Polled], list[Polled]]:
    nodes, rounds = scale.pick(1_000, 1_000, 20), scale.pick(5, 1, 1)
    seconds = scale.pick(6.0, 2.0, 0.5)
    found: tuple[list[Polled], list[Polled]] = ([], [])
    for _ in range(rounds):
        for kind, into in (("ours", found[0]), ("theirs", found[1])):
            with staged(kind, nodes=nodes) as (child,):  # type: ignore[arg-type]
                into.append(poll(child, viewers, seconds, together=together))
    return found


def _each(found: tuple[list[Polled], list[Polled]], what: str) -> list[list[float]]:
    return [[getattr(polled, what) for polled in of_one] for of_one in found]


def poll(child: Child, viewers: int, seconds: float, *, together: bool = True) -> Polled:
    """Let so many viewers poll for so long, 25 nodes changing four times a second.

    :param together: all ask at the same moment, and again when all have their answers, as pages
        do that the same change wakes; else each asks again as soon as it has its own.
    """
    return asyncio.run(_poll(child, viewers, seconds, together=together))


async def _poll(child: Child, viewers: int, seconds: float, *, together: bool) -> Polled:
    each = [_Viewer(child.port) for _ in range(viewers)]
    for viewer in each:
        await viewer.open()
    child.ask("start_changing", 25, 0.25)
    began_at = time.monotonic()
    if together:
        while time.monotonic() < began_at + seconds:
            await asyncio.gather(*(viewer.ask() for viewer in each))
    else:
        await asyncio.gather(*(viewer.go_on(began_at + seconds) for viewer in each))
    took_sec = time.monotonic() - began_at
    last = dict(child.ask("stop_changing"))
    took_ms = [ms for viewer in each for ms in viewer.took_ms]
    changed = {ip_addr for ip_addr, tx in last.items() if tx != each[0].first.get(ip_addr)}
    await asyncio.gather(*(viewer.ask() for viewer in each))
    seen = statistics.mean(viewer.share_of(last, changed) for viewer in each)
    for viewer in each:
        viewer.close()
    return Polled(len(took_ms) / took_sec, percentile(took_ms, 0.99), 100 * seen)


class _Viewer:
    """One browser: all nodes at first, then what changed.

    It gives up after five seconds and asks again, as dispy's page does: dispy.httpd accepts more
    connections than it ever serves. A poll given up counts, for as long as it was waited for.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._cookie = ""
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._answers: list[bytes] = []
        self.took_ms: list[float] = []
        self.first: dict[str, int] = {}

    async def open(self) -> None:
        """Fetch all nodes."""
        self.first = _figures([await self._get("/cluster_status")])

    async def go_on(self, until: float) -> None:
        """Ask again and again."""
        while time.monotonic() < until:
            await self.ask()

    async def ask(self) -> None:
        """Ask for what changed."""
        began_at = time.perf_counter()
        try:
            body = await asyncio.wait_for(self._get("/cluster_updates"), _GIVE_UP_SEC)
            self._answers.append(body)
        except (OSError, EOFError, TimeoutError, asyncio.TimeoutError):
            self.close()
        self.took_ms.append((time.perf_counter() - began_at) * 1000)

    async def _get(self, path: str) -> bytes:
        """Return a body as it came, on the connection of before as long as that one lasts."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        host = f"Host: 127.0.0.1:{self._port}\r\nAccept-Encoding: gzip\r\n"
        writer.write(f"GET {path} HTTP/1.1\r\n{host}{self._cookie}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        fields = [line.partition(":") for line in head.split("\r\n")[1:]]
        headers = {name.lower(): value.strip() for name, _, value in fields}
        if "set-cookie" in headers:
            self._cookie = f"Cookie: {headers['set-cookie'].partition(';')[0]}\r\n"
        if "content-length" in headers:
            body = await reader.readexactly(int(headers["content-length"]))
        else:
            body = await reader.read()
        if not head.startswith("HTTP/1.1") or headers.get("connection") == "close":
            self.close()
        return body

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            with contextlib.suppress(OSError):
                self._streams[1].close()
            self._streams = None

    def share_of(self, last: dict[str, int], changed: set[str]) -> float:
        """Return of how many of the *changed* nodes this viewer has the *last* figure."""
        mine = self.first | _figures(self._answers)
        return sum(mine.get(ip) == last[ip] for ip in changed) / max(1, len(changed))


def _figures(bodies: list[bytes]) -> dict[str, int]:
    """Return the ``tx`` of the nodes in the answers, which tells how often each changed."""
    plain = (zlib.decompress(body, 31) if body[:2] == b"\x1f\x8b" else body for body in bodies)
    nodes = (node for body in plain for part in json.loads(body) for node in part["nodes"])
    return {node["ip_addr"]: node["tx"] for node in nodes}
