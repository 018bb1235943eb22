"""A crowd that searches while a real cluster runs: what its answers cost the run.

What answers is a part of the client's process and shares its interpreter with dispy. So the same
crowd asks, by turns, the server in the run's own process and one in another process, over as many
jobs. Beyond what the crowd costs there, it may cost the run little here.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import subprocess
import sys
import threading
import time
import traceback
from itertools import count
from pathlib import Path
from typing import Final, Literal

from .real_cluster import LEAVE_SEC, NODES, await_jobs, leave, on_nodes, run_client, short_job
from .scale import Scale
from .stage import Stage, staged
from .table import Row, Target

__all__ = ["measure"]

_CONNECTIONS: Final = 16
_RETAINED: Final = 20_000
_ASKING: Final = b"asking\n"

_Where = Literal["nobody", "here", "elsewhere"]

# What a crowd asks for, by the name that its row has.
_ASKED: Final = {
    "search": "/api/v1/clusters/compute/jobs?limit=50&q=arg:alpha-{number}",
    "fetch reports": "/api/v1/clusters/compute/report",
    "fetch snapshots": "/api/v1/changes",
}


def measure(scale: Scale) -> list[Row]:
    """Measure jobs a second with the crowd here and elsewhere, and without it."""
    jobs, rounds = scale.pick(500, 400, 10), scale.pick(9, 3, 1)
    kinds = dict(list(_ASKED.items())[: scale.pick(3, 1, 1)])
    rows = []
    for kind, path in kinds.items():
        found: dict[_Where, list[float]] = {"here": [], "elsewhere": [], "nobody": []}
        places = list(found)
        for number in range(rounds):
            for where in places[number % 3 :] + places[: number % 3]:
                found[where].append(_rate(jobs, where, path))
        what = f"real cluster, {jobs} short jobs, while {_CONNECTIONS} connections {kind}"
        rows += [
            Row(f"{what}: jobs a second (compared: they ask another process)", "/s",
                found["here"], found["elsewhere"], Target("ratio", 0.9, at_least=True)),
            Row(f"{what}: jobs a second (compared: nobody asks)", "/s",
                found["here"], found["nobody"]),
        ]  # fmt: skip
    return rows


def _rate(jobs: int, where: _Where, path: str) -> float:
    """Run jobs on nodes of their own while the crowd asks; return how many ended a second."""

    def run(port: int, folder: Path) -> float:
        if where != "elsewhere":
            return _run(port, jobs, path if where == "here" else "", 0, folder)
        with staged("ours", nodes=100, history_limit=_RETAINED) as (other,):
            other.call("search", "retain", _RETAINED)
            other.ask("run_jobs", 1, 1)  # pauses are made where jobs run
            return _run(port, jobs, path, other.port, folder)

    return on_nodes(run)


def _run(port: int, jobs: int, path: str, asked: int, folder: Path) -> float:
    return run_client(__name__, [port, jobs, path, asked], folder)


# -- in the client process -------------------------------------------------------------------


def _client(port: int, jobs: int, path: str, asked: int) -> float:
    """Run jobs while a crowd asks for *path*, here or, if that is given, at the port *asked*."""
    import dispy

    from flask_dispy import patch_dispy

    from .search import retain

    patch_dispy()
    # The jobs that are searched in; the other process has as many.
    stage = Stage("ours", nodes=100, history_limit=_RETAINED)
    retain(stage, _RETAINED)
    cluster = dispy.JobCluster(short_job, nodes=list(NODES), host="127.0.0.1", dispy_port=port)
    stage.server.add_cluster(cluster)
    crowd = _crowd(asked or stage.port, path) if path else None
    await_jobs([cluster.submit(number) for number in range(2 * len(NODES))])
    began_at = time.perf_counter()
    await_jobs([cluster.submit(number) for number in range(jobs)])
    rate = jobs / (time.perf_counter() - began_at)
    if crowd is not None:
        crowd.kill()
        crowd.wait()
    leaving = threading.Thread(target=leave, args=(cluster,), daemon=True)
    leaving.start()
    leaving.join(LEAVE_SEC)
    return rate


def _crowd(port: int, path: str) -> subprocess.Popen[bytes]:
    """Start a process that asks; return it once it does."""
    assert __spec__ is not None  # __name__ is that of the program here
    crowd = subprocess.Popen(
        [sys.executable, "-m", __spec__.name, "ask", str(port), path], stdout=subprocess.PIPE
    )
    assert crowd.stdout is not None
    if crowd.stdout.readline() != _ASKING:
        crowd.kill()
        raise RuntimeError("the crowd did not come")
    return crowd


# -- in the crowd's process ------------------------------------------------------------------


class _Asker:
    """One connection, on which the next question follows each answer."""

    _numbers = count()

    def __init__(self, port: int, path: str) -> None:
        self._path = path
        self._answer = bytearray()
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.ask()

    def ask(self) -> None:
        """Send a question unlike those before it."""
        target = self._path.replace("{number}", str(next(self._numbers) % _RETAINED))
        head = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n"
        self._answer.clear()
        self.socket.sendall(head.encode())

    def receive(self) -> None:
        """Take what has come; ask anew once the answer is whole."""
        data = self.socket.recv(262_144)
        if not data:
            raise RuntimeError("the server has closed a connection")
        self._answer += data
        head, gap, body = self._answer.partition(b"\r\n\r\n")
        if gap and len(body) >= int(head.lower().partition(b"content-length:")[2].split()[0]):
            self.ask()


def _ask(port: int, path: str) -> None:
    """Ask on so many connections until this process is ended."""
    selector = selectors.DefaultSelector()
    for _ in range(_CONNECTIONS):
        asker = _Asker(port, path)
        selector.register(asker.socket, selectors.EVENT_READ, asker)
    sys.stdout.buffer.write(_ASKING)
    sys.stdout.flush()
    while True:
        for key, _ in selector.select():
            key.data.receive()


def main() -> None:
    """Be the crowd; or the client, and leave whether or not dispy does."""
    if sys.argv[1] == "ask":
        _ask(int(sys.argv[2]), sys.argv[3])
        return
    try:
        print("jobs a second", _client(*json.loads(sys.argv[1])), flush=True)
    except Exception:
        traceback.print_exc()
    os._exit(0)


if __name__ == "__main__":
    main()
