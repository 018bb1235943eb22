"""An example: a Flask app that runs jobs on a dispy cluster and shows them at /dispy/.

    python example_app.py                        # three nodes on this machine, until Ctrl-C
    python example_app.py --nodes 10.0.0.7 n8    # nodes that run elsewhere
    python example_app.py --standalone           # a server of its own instead of the Flask app
    python example_app.py --once                 # a fixed batch of jobs, then a count, then the end

Two computations share the nodes. ``render`` prints tiles of the Mandelbrot set, and fails on blank
ones; ``estimate_pi`` sends each better estimate as an interim result. Copy ``create_app`` and
``watch``, which come first, into an app of your own.
"""

import argparse
import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dispy
from flask import Flask, render_template_string
from werkzeug.serving import make_server

from flask_dispy import (
    ClusterRegistry,
    DispyHTTPServer,
    create_blueprint,
    patch_dispy,
    save_report,
)

if TYPE_CHECKING:

    def dispy_provisional_result(result: object) -> int:
        """Send an interim result. Dispynode adds this function to a computation's globals."""


# macOS has only one loopback address.
LOCAL_NODES = ["127.0.0.1"] if sys.platform == "darwin" else ["127.0.0.2", "127.0.0.3", "127.0.0.4"]
NODE_NAMES = ["alpha", "beta", "gamma"]
WAVE = 24  # jobs that each cluster gets at a time: one frame of the picture
BATCH = 9  # jobs that each cluster gets with --once
START_SEC = 30.0
BATCH_SEC = 120.0

Work = tuple[str, tuple[Any, ...]]  # a job's id and arguments

HOME = """<!doctype html>
<html lang="en"><title>Mandelbrot and pi</title>
<h1>Mandelbrot and pi</h1>
<p>{{ done }} of {{ submitted }} jobs done.
<p><a href="{{ url_for('flask_dispy.index') }}">Watch and manage the cluster</a>
"""


# --- The app. ---


def create_app(registry: ClusterRegistry) -> Flask:
    """Make an ordinary app with a page of its own, and the dashboard under a prefix."""
    app = Flask(__name__)
    # Without a login, the app must not answer under a name that somebody else's site could use.
    app.config["TRUSTED_HOSTS"] = ["127.0.0.1", "localhost"]
    app.register_blueprint(create_blueprint(registry), url_prefix="/dispy")

    @app.get("/")
    def home() -> str:
        jobs = registry.view("*").summary()["jobs"]
        return render_template_string(HOME, done=jobs["done"], submitted=jobs["submitted"])

    return app


def watch(
    clusters: list[Any], options: argparse.Namespace, cleanup: contextlib.ExitStack
) -> tuple[ClusterRegistry, str]:
    """Show the clusters; return their registry and the dashboard's URL."""
    if options.standalone:
        standalone = DispyHTTPServer(None, host="127.0.0.1", port=options.port)
        cleanup.callback(standalone.shutdown, wait=False)
        registry, url = standalone.registry, standalone.url
    else:
        registry = ClusterRegistry()
        cleanup.callback(registry.close)
        server = make_server("127.0.0.1", options.port, create_app(registry), threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        cleanup.callback(thread.join)
        cleanup.callback(server.shutdown)
        url = f"http://127.0.0.1:{server.server_port}/dispy/"
    for cluster, work in zip(clusters, WORK, strict=True):
        registry.add(cluster, rerun=rerun_on(cluster, work))
    return registry, url


def rerun_on(cluster: Any, work: Callable[[int], Work]) -> Callable[[Any], Any]:
    """Return a function that runs a job of the cluster again: its id leads to its arguments."""

    def rerun(job: Any) -> Any:
        number = int(job["id"].rpartition("-")[2])
        job_id, arguments = work(number)
        return cluster.submit_job_id(job_id, *arguments)

    return rerun


# --- The computations. dispy sends their source to the nodes, so imports belong inside the
# --- functions, and annotations are quoted unless every Python knows them.


class Tile:
    """One of 24 parts of a picture, in four rows of six. The dashboard shows its ``__str__``."""

    def __init__(self, frame: int, column: int, row: int) -> None:
        self.frame = frame
        self.column = column
        self.row = row

    def __str__(self) -> str:
        return f"Tile({self.column}, {self.row} of frame {self.frame})"


def render(tile: "Tile", seconds: float) -> int:
    """Draw a tile in characters and return its greatest depth; fail if the tile is blank."""
    import time

    deepest = 0
    for y in range(10):
        line = ""
        for x in range(28):
            c = complex(-2.2 + (tile.column + x / 28) / 2, -1.2 + (tile.row + y / 10) * 0.6)
            z, depth = 0j, 0
            while abs(z) < 2 and depth < 60:
                z, depth = z * z + c, depth + 1
            deepest = max(deepest, depth)
            line += " .:-=+*%@#"[depth * 9 // 60]
        print(line)
        time.sleep(seconds / 10)
    if deepest < 4:
        raise ValueError(f"{tile} is blank")
    return deepest


def estimate_pi(seed: int, rounds: int, pause_sec: float = 0.5) -> float:
    """Estimate pi by throwing darts at a square; send the estimate after each round."""
    import random
    import time

    dice, hits = random.Random(seed), 0
    for number in range(1, rounds + 1):
        hits += sum(dice.random() ** 2 + dice.random() ** 2 < 1 for _ in range(10_000))
        estimate = 4 * hits / (number * 10_000)
        print(f"round {number}: {estimate:.4f}")
        dispy_provisional_result(estimate)
        time.sleep(pause_sec)
    return estimate


# --- The work: jobs by their numbers. ---


def tile_job(number: int) -> Work:
    """Return the job of one tile of one frame after another, quick ones and slow ones."""
    frame, place = divmod(number, 24)
    row, column = divmod(place, 6)
    return f"tile-{number}", (Tile(frame, column, row), (0.3, 1.0, 2.5, 6.0)[number % 4])


def dart_job(number: int) -> Work:
    """Return the job of a short estimate, and every tenth time of a long one."""
    return f"pi-{number}", (number, 40 if number % 10 == 9 else 3 + number % 7)


# What each cluster does, in the order of make_clusters().
WORK = (tile_job, dart_job)


def is_unfinished(job: Any) -> bool:
    """Whether the job still waits or runs.

    ``job.finish`` can't show this, because interim results set it too. dispy returns None for a job
    that it could not submit, or that ended before it could be returned.
    """
    return job is not None and job.status in (job.Created, job.Running, job.ProvisionalResult)


def feed(cluster: Any, work: Iterator[Any], stopping: threading.Event) -> None:
    """Submit a wave of jobs whenever the last wave has ended, until ``stopping`` is set.

    Jobs come in waves because dispy serves one cluster until its queue is empty: if both queues
    were always full, one cluster would wait for ever.
    """
    jobs: list[Any] = []
    while not stopping.wait(0.25):
        if not any(is_unfinished(job) for job in jobs):
            wave = itertools.islice(work, WAVE)
            jobs = [cluster.submit_job_id(job_id, *arguments) for job_id, arguments in wave]


# --- The cluster. ---


def start_nodes(port: int, folder: Path, cleanup: contextlib.ExitStack) -> None:
    """Start dispynodes on loopback and wait until they answer; ``cleanup`` ends them.

    A node ends when its standard input is closed. That input is a pipe from this process, so the
    nodes end with this process even if it is killed.
    """
    nodes: list[subprocess.Popen[bytes]] = []
    cleanup.callback(end_nodes, nodes)
    for host, name in zip(LOCAL_NODES, NODE_NAMES, strict=False):
        command = [sys.executable, "-m", "flask_dispy", "node", "--with-parent", "--daemon"]
        command += ["--host", host, "--name", name, "--dispy_port", str(port)]
        command += ["--cpus", str(min(2, os.cpu_count() or 1))]
        command += ["--clean", "--dest_path_prefix", str(folder / name)]
        log = cleanup.enter_context((folder / f"{name}.log").open("wb"))
        nodes.append(
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
            )
        )
    for host in LOCAL_NODES:
        wait_for_node(host, port + 1)


def end_nodes(nodes: list[subprocess.Popen[bytes]]) -> None:
    """Close all nodes' pipes, then wait for the nodes to end."""
    for node in nodes:
        if node.stdin:
            node.stdin.close()
    for node in nodes:
        node.wait()


def wait_for_node(host: str, port: int) -> None:
    """Wait until a node listens.

    :raises TimeoutError: no node listened within ``START_SEC``.
    """
    give_up_at = time.monotonic() + START_SEC
    while True:
        try:
            socket.create_connection((host, port), timeout=1).close()
            return
        except OSError as error:
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"no node came up at {host}:{port}") from error
            time.sleep(0.1)


def free_dispy_port() -> int:
    """Return the first of three free ports, for dispy's client, node and scheduler."""
    for port in range(9700, 10_700, 10):
        with contextlib.ExitStack() as probes, contextlib.suppress(OSError):
            for number, kind in itertools.product(
                range(port, port + 3), (socket.SOCK_STREAM, socket.SOCK_DGRAM)
            ):
                probes.enter_context(socket.socket(type=kind)).bind(("", number))
            return port
    raise OSError("no free ports for dispy between 9700 and 10700")


def make_clusters(
    options: argparse.Namespace, folder: Path, cleanup: contextlib.ExitStack
) -> list[Any]:
    """Make a cluster for each computation, on nodes of our own or those of the command line."""
    settings: dict[str, Any] = {
        "nodes": options.nodes,
        "pulse_interval": 4,  # makes nodes report their load
        "ping_interval": 5,  # finds nodes that are started later
        "loglevel": dispy.logger.WARNING,
        "recover_file": str(folder / "recover"),  # else dispy leaves it in the working directory
    }
    if not options.nodes:
        port = free_dispy_port()
        start_nodes(port, folder, cleanup)
        settings |= {"nodes": LOCAL_NODES, "host": "127.0.0.1", "dispy_port": port}
    clusters = [
        dispy.JobCluster(render, depends=[Tile], **settings),
        dispy.JobCluster(estimate_pi, **settings),
    ]
    cleanup.callback(clusters[0].shutdown)
    for cluster in clusters:
        # Without a timeout, close() waits for all jobs in spite of terminate=True.
        cleanup.callback(cluster.close, timeout=0, terminate=True)
    return clusters


# --- The program. ---


def run_batch(clusters: list[Any], registry: ClusterRegistry) -> bool:
    """Run a fixed batch of jobs and print the counts; return whether all ended in time."""
    for cluster, work in zip(clusters, WORK, strict=True):
        for job_id, arguments in map(work, range(BATCH)):
            cluster.submit_job_id(job_id, *arguments)

    def done() -> int:
        return sum(view.summary()["jobs"]["done"] for view in registry.views())

    give_up_at = time.monotonic() + BATCH_SEC
    while done() < BATCH * len(clusters) and time.monotonic() < give_up_at:
        time.sleep(0.1)
    for view in registry.views():
        jobs = view.summary()["jobs"]
        counts = "{finished} finished, {failed} failed, {pending} pending".format(**jobs)
        print(f"{view.name}: {counts}", flush=True)
    return done() == BATCH * len(clusters)


def run_until_stopped(clusters: list[Any]) -> None:
    """Keep the clusters busy until Ctrl-C, or SIGTERM."""
    stopping = threading.Event()
    feeders = [
        threading.Thread(
            target=feed, args=(cluster, map(work, itertools.count()), stopping), daemon=True
        )
        for cluster, work in zip(clusters, WORK, strict=True)
    ]
    try:
        for feeder in feeders:
            feeder.start()
        threading.Event().wait()
    finally:
        stopping.set()
        for feeder in filter(threading.Thread.is_alive, feeders):
            feeder.join()


def run(options: argparse.Namespace, cleanup: contextlib.ExitStack) -> int:
    """Do what the command line says and return the exit code."""
    folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
    print("Starting dispy ...", flush=True)
    clusters = make_clusters(options, folder, cleanup)
    registry, url = watch(clusters, options, cleanup)
    print(f"The dashboard is at {url}", flush=True)
    if options.report:
        cleanup.callback(save_report, registry, options.report)
    if options.once:
        return 0 if run_batch(clusters, registry) else 1
    print("Ctrl-C ends it, with its nodes.", flush=True)
    run_until_stopped(clusters)
    return 0


def main() -> int:
    """Run the example; return its exit code."""
    parser = argparse.ArgumentParser(description="Jobs on a dispy cluster, watched in the browser.")
    parser.add_argument("--port", type=int, default=8181, help="port of the web server; 0: any")
    parser.add_argument("--nodes", nargs="+", metavar="HOST", help="use nodes that already run")
    parser.add_argument("--standalone", action="store_true", help="serve without a Flask app")
    parser.add_argument("--once", action="store_true", help="run a fixed batch of jobs, then end")
    parser.add_argument("--report", metavar="FILE", help="write a report when the run ends")
    options = parser.parse_args()
    patch_dispy()
    # SIGTERM ends the program as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.ExitStack() as cleanup, contextlib.suppress(KeyboardInterrupt):
        try:
            return run(options, cleanup)
        finally:
            # A second Ctrl-C must not keep the nodes from being ended.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
    return 0


if __name__ == "__main__":
    sys.exit(main())
