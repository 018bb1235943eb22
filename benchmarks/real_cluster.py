"""A real cluster on this machine: whether it runs slower for being watched by five viewers."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .client import Client
from .scale import Scale
from .table import Row, Target

__all__ = ["measure"]

_ROOT = Path(__file__).parents[1]
_NODES = tuple(f"127.0.0.{number}" for number in range(2, 8))
_START_SEC = 20.0
_LEAVE_SEC = 10.0
_JOB_SEC = 30.0


def measure(scale: Scale) -> list[Row]:
    """Measure jobs a second with us and without, by turns on the same nodes."""
    jobs, rounds = scale.pick(500, 500, 10), scale.pick(9, 3, 1)
    found: tuple[list[float], list[float]] = ([], [])
    with tempfile.TemporaryDirectory(prefix="flask_dispy-bench-") as folder:
        port = _free_ports()
        with _nodes(port, Path(folder)):
            for number in range(rounds):
                for watched in (number % 2 == 0, number % 2 == 1):
                    found[0 if watched else 1].append(_run(port, jobs, watched, Path(folder)))
    return [
        Row(f"real cluster, {jobs} short jobs, 5 viewers: jobs a second (compared: unwatched)",
            "/s", *found, Target("ratio", 0.98, at_least=True)),
    ]  # fmt: skip


def _free_ports() -> int:
    """Return a port that is free, as are the next three: dispy takes a family of them."""
    for _ in range(200):
        base = random.randrange(20_000, 32_000, 4)
        with contextlib.suppress(OSError), contextlib.ExitStack() as open_ones:
            for port in range(base, base + 4):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    sock = open_ones.enter_context(socket.socket(socket.AF_INET, kind))
                    sock.bind(("", port))
            return base
    raise RuntimeError("no four free ports in a row")


@contextlib.contextmanager
def _nodes(port: int, folder: Path) -> Iterator[None]:
    """Six nodes that take two jobs each at a time, ended at the end with all that they started."""
    processes = []
    try:
        for address in _NODES:
            (folder / address).mkdir()
            command = [sys.executable, "-m", "flask_dispy", "node", "--daemon", "--clean"]
            command += ["-i", address, "-p", str(port), "-c", "2"]
            command += ["--dest_path_prefix", str(folder / address)]
            processes.append(
                subprocess.Popen(
                    command,
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=os.environ | {"PYTHONPATH": str(_ROOT)},
                    start_new_session=True,
                )
            )
            _wait_for(address, port + 1)
        yield
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(address: str, port: int) -> None:
    give_up_at = time.monotonic() + _START_SEC
    while True:
        with contextlib.suppress(OSError):
            socket.create_connection((address, port), timeout=1).close()
            return
        if time.monotonic() > give_up_at:
            raise RuntimeError(f"the node {address} did not start")
        time.sleep(0.1)


def _run(port: int, jobs: int, watched: bool, folder: Path) -> float:
    """Run jobs in a client process of its own; return how many ended a second."""
    command = [sys.executable, "-m", __name__, json.dumps([port, jobs, watched])]
    answer = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        env=os.environ | {"PYTHONPATH": str(_ROOT)},
        timeout=120,
        text=True,
        check=False,
    )
    last = answer.stdout.strip().splitlines()[-1:] or [""]
    if not last[0].startswith("jobs a second "):
        raise RuntimeError(f"{answer.stdout[-1500:]}\n{answer.stderr[-1500:]}")
    return float(last[0].rpartition(" ")[2])


# -- in the client process -------------------------------------------------------------------


def nothing(_number: int) -> None:
    """Be a short job. dispynode loses jobs that end before it has noted their start."""
    import time

    time.sleep(0.05)


def _client(port: int, jobs: int, watched: bool) -> float:
    import dispy

    from flask_dispy import DispyHTTPServer, patch_dispy

    patch_dispy()
    cluster = dispy.JobCluster(nothing, nodes=list(_NODES), host="127.0.0.1", dispy_port=port)
    ended = threading.Event()
    viewers = []
    if watched:
        server = DispyHTTPServer(cluster, host="127.0.0.1", port=0)
        viewers = [threading.Thread(target=_view, args=(server.port, ended)) for _ in range(5)]
    for viewer in viewers:
        viewer.start()
    for number in range(8):  # until all nodes have their part
        cluster.submit(number)()
    began_at = time.perf_counter()
    held = [cluster.submit(number) for number in range(jobs)]
    for job in held:
        if not job.finish.wait(_JOB_SEC):
            raise RuntimeError("dispy has lost a job")
    rate = jobs / (time.perf_counter() - began_at)
    ended.set()
    for viewer in viewers:
        viewer.join()
    # A node keeps to a client that did not say goodbye; dispy's own goodbye may take for ever.
    leaving = threading.Thread(target=_leave, args=(cluster,), daemon=True)
    leaving.start()
    leaving.join(_LEAVE_SEC)
    return rate


def _leave(cluster: Any) -> None:
    cluster.close(timeout=0, terminate=True)
    cluster.shutdown()


def _view(port: int, ended: threading.Event) -> None:
    """Poll four times a second, as often as a page on the stream hears of changes."""
    client: Any = Client(port)
    since = ""
    while not ended.wait(0.25):
        since = json.loads(client.get(f"/api/v1/changes?since={since}").body)["cursor"]


def main() -> None:
    """Be the client, and leave whether or not dispy does."""
    port, jobs, watched = json.loads(sys.argv[1])
    print("jobs a second", _client(port, jobs, watched), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
