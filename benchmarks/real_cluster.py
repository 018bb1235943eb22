"""A real cluster on this machine: whether it runs slower for being watched by five viewers."""

from __future__ import annotations

import contextlib
import json
import os
import random
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .scale import Scale
from .table import Row, Target

__all__ = [
    "LEAVE_SEC",
    "NODES",
    "await_jobs",
    "free_ports",
    "leave",
    "measure",
    "nodes_running",
    "on_nodes",
    "run_client",
    "short_job",
]

_ROOT = Path(__file__).parents[1]
NODES = tuple(f"127.0.0.{number}" for number in range(2, 8))
_START_SEC = 20.0
LEAVE_SEC = 10.0
_JOB_SEC = 20.0
_ATTEMPTS = 3
_VIEWERS = 5
_VIEWING = b"viewing\n"


def measure(scale: Scale) -> list[Row]:
    """Measure jobs a second with us and without, by turns."""
    jobs, rounds = scale.pick(500, 500, 10), scale.pick(41, 2, 1)
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for watched in (number % 2 == 0, number % 2 == 1):
            found[0 if watched else 1].append(_rate(jobs, watched))
    return [
        Row(f"real cluster, {jobs} short jobs, 5 viewers: jobs a second (compared: unwatched)",
            "/s", *found, Target("ratio", 0.98, at_least=True)),
    ]  # fmt: skip


def _rate(jobs: int, watched: bool) -> float:
    """Run jobs on nodes of their own; return how many ended a second."""
    return on_nodes(lambda port, folder: run_client(__name__, [port, jobs, watched], folder))


def on_nodes(run: Callable[[int, Path], float]) -> float:
    """Return what *run* returns, given the port of nodes of its own and a folder.

    dispy loses a job now and then, whoever watches; then it is all done anew.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        with tempfile.TemporaryDirectory(prefix="flask_dispy-bench-") as folder:
            port = free_ports()
            try:
                with nodes_running(port, Path(folder)):
                    return run(port, Path(folder))
            except (RuntimeError, subprocess.TimeoutExpired):
                if attempt == _ATTEMPTS:
                    raise
    raise AssertionError("unreachable")


def free_ports() -> int:
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
def nodes_running(port: int, folder: Path, cpus: int = 2) -> Iterator[None]:
    """Six nodes that take *cpus* jobs each at a time, ended at the end with all they started."""
    processes = []
    try:
        for address in NODES:
            (folder / address).mkdir()
            command = [sys.executable, "-m", "flask_dispy", "node", "--daemon", "--clean"]
            command += ["-i", address, "-p", str(port), "-c", str(cpus)]
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
        for address in NODES:
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


def run_client(module: str, arguments: list[Any], folder: Path) -> float:
    """Run a module's client in a process of its own; return how many jobs ended a second."""
    command = [sys.executable, "-m", module, json.dumps(arguments)]
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


def short_job(_number: int) -> None:
    """Be a short job. dispynode loses jobs that end before it has noted their start."""
    import time

    time.sleep(0.05)


def _client(port: int, jobs: int, watched: bool) -> float:
    import dispy

    from flask_dispy import DispyHTTPServer, patch_dispy

    patch_dispy()
    cluster = dispy.JobCluster(short_job, nodes=list(NODES), host="127.0.0.1", dispy_port=port)
    viewers = None
    if watched:
        server = DispyHTTPServer(cluster, host="127.0.0.1", port=0)
        viewers = _viewers(server.port)
    # Until all nodes have their part.
    await_jobs([cluster.submit(number) for number in range(2 * len(NODES))])
    began_at = time.perf_counter()
    await_jobs([cluster.submit(number) for number in range(jobs)])
    rate = jobs / (time.perf_counter() - began_at)
    if viewers is not None:
        viewers.kill()
        viewers.wait()
    # A node keeps to a client that did not say goodbye; dispy's own goodbye may take for ever.
    leaving = threading.Thread(target=leave, args=(cluster,), daemon=True)
    leaving.start()
    leaving.join(LEAVE_SEC)
    return rate


def _viewers(port: int) -> subprocess.Popen[bytes]:
    """Start a process of five viewers; return it once each of them has heard of the server."""
    assert __spec__ is not None  # __name__ is that of the program here
    viewers = subprocess.Popen(
        [sys.executable, "-m", __spec__.name, "view", str(port)], stdout=subprocess.PIPE
    )
    assert viewers.stdout is not None
    if viewers.stdout.readline() != _VIEWING:
        viewers.kill()
        raise RuntimeError("the viewers did not come")
    return viewers


def await_jobs(jobs: list[Any]) -> None:
    for job in filter(None, jobs):  # dispy gives None for one that ended before it could return it
        if not job.finish.wait(_JOB_SEC):
            print("dispy has lost a job", flush=True)
            os._exit(1)


def leave(cluster: Any) -> None:
    cluster.close(timeout=0, terminate=True)
    cluster.shutdown()


def _view(port: int) -> None:
    """Be five pages: read the stream, and nothing else."""
    selector = selectors.DefaultSelector()
    for _ in range(_VIEWERS):
        sock = socket.create_connection(("127.0.0.1", port))
        sock.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        if not sock.recv(65_536).startswith(b"HTTP/1.1 200 "):
            raise RuntimeError("the server refuses its stream")
        selector.register(sock, selectors.EVENT_READ)
    sys.stdout.buffer.write(_VIEWING)
    sys.stdout.flush()
    while selector.get_map():
        for key, _ in selector.select():
            if not key.fileobj.recv(65_536):  # type: ignore[union-attr]
                selector.unregister(key.fileobj)


def main() -> None:
    """Be the viewers; or the client, and leave whether or not dispy does."""
    if sys.argv[1] == "view":
        _view(int(sys.argv[2]))
        return
    port, jobs, watched = json.loads(sys.argv[1])
    try:
        print("jobs a second", _client(port, jobs, watched), flush=True)
    except Exception:
        traceback.print_exc()
    os._exit(0)


if __name__ == "__main__":
    main()
