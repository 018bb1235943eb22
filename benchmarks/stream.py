"""Many viewers on the stream: how soon each hears of a change, and what that costs the server."""

from __future__ import annotations

import json
import selectors
import socket
import time
from dataclasses import dataclass, field

from .scale import Scale
from .stage import Child, staged
from .table import Row, Target, percentile

__all__ = ["Streamed", "listen", "measure"]


@dataclass(slots=True)
class Streamed:
    """What the viewers of a stream saw: seconds from each report to each of them."""

    delays_sec: list[float] = field(default_factory=list)
    cores: float = 0.0


def measure(scale: Scale) -> list[Row]:
    """Measure 200 streams over 1,000 nodes with 100 changes a second."""
    nodes, viewers = scale.pick(1_000, 1_000, 20), scale.pick(200, 200, 3)
    rounds, seconds = scale.pick(3, 1, 1), scale.pick(15.0, 5.0, 1.0)
    found = []
    for _ in range(rounds):
        with staged("ours", nodes=nodes) as (child,):
            found.append(listen(child, viewers, seconds))
    of = f"{viewers} viewers on the stream, 100 changes a second, {nodes:,} nodes"
    p50 = [percentile(f.delays_sec, 0.5) for f in found]
    p99 = [percentile(f.delays_sec, 0.99) for f in found]
    return [
        Row(f"{of}: event to client, p50", "s", p50, target=Target("value", 0.4, "s")),
        Row("the same, p99", "s", p99, target=Target("value", 1.0, "s")),
        Row("the same, server CPU", "cores", [f.cores for f in found],
            target=Target("value", 0.5, "cores")),
    ]  # fmt: skip


def listen(child: Child, viewers: int, seconds: float) -> Streamed:
    """Open so many streams and listen for so long."""
    found = Streamed()
    selector = selectors.DefaultSelector()
    for _ in range(viewers):
        sock = socket.create_connection(("127.0.0.1", child.port))
        sock.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        selector.register(sock, selectors.EVENT_READ, _Listener())
    _hear(selector, min(seconds, 2.0))  # the snapshots
    child.ask("start_changing", 5, 0.05)
    _hear(selector, min(seconds, 1.0))
    cpu_sec, began_at = child.ask("cpu_sec"), time.monotonic()
    heard = _hear(selector, seconds)
    found.cores = (child.ask("cpu_sec") - cpu_sec) / (time.monotonic() - began_at)
    child.ask("stop_changing")
    for key in list(selector.get_map().values()):
        key.fileobj.close()  # type: ignore[union-attr]
    selector.close()
    frames: dict[bytes, list[float]] = {}
    for at, frame in heard:
        times = frames.get(frame)
        if times is None:
            times = frames[frame] = [node["update_time"] for node in json.loads(frame)["nodes"]]
        found.delays_sec += [at - reported_at for reported_at in times]
    return found


class _Listener:
    """Cuts one stream into events."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, piece: bytes) -> list[bytes]:
        """Take in what came; return the data of the events that are complete."""
        self._data += piece
        found = []
        while (end := self._data.find(b"\n\n")) >= 0:
            event = bytes(self._data[:end])
            del self._data[: end + 2]
            start = event.find(b"data: ")
            if start >= 0 and b"event: changes" in event:
                found.append(event[start + 6 :])
        return found


def _hear(selector: selectors.BaseSelector, seconds: float) -> list[tuple[float, bytes]]:
    """Listen to all streams; return when which event was complete."""
    heard = []
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        for key, _ in selector.select(left):
            piece = key.fileobj.recv(262_144)  # type: ignore[union-attr]
            if not piece:
                raise EOFError("The server has ended a stream.")
            at = time.time()
            heard += [(at, event) for event in key.data.feed(piece)]
    return heard
