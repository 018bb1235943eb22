"""Real dispy on loopback: nodes, schedulers and clusters for tests, and their certain end.

What was found out about dispy 4.15.2, and is relied upon here:

* All settings of a process are global: ``dispy.config.DispyPort`` and ``ClientPort`` are module
  variables, ``dispy._Cluster`` and pycos's scheduler are singletons. All JobClusters of a process
  therefore share one port family and one pool of nodes, and a JobCluster and a SharedJobCluster
  don't mix at the same time.
* They can follow each other in one process, on other ports, if every cluster is closed and the
  last one shut down: ``close(timeout=0, terminate=True)`` for each (without a timeout ``close``
  waits for the jobs for ever, even with ``terminate``), then ``shutdown()``. ``shutdown`` does
  nothing while any cluster has jobs. So each test gets a fresh dispy without a fresh process.
* Left over after that: a daemon thread ``worker`` and a pipe for each SharedJobCluster.
* Client, node and scheduler take the ports +0, +1, +2 of a family, both TCP and UDP. With a port
  of its own given, a SharedJobCluster doesn't wait until it listens there, and then may miss the
  scheduler's word that it is ready, for ever; with 0 it does wait.
* dispy's own dispynode loses jobs that end before it has noted their start; the nodes here are
  ours, which do not (see ``flask_dispy.programs.jobprocess``).
* A node that is told to end while a client is closing hangs in two of three cases: it sends
  itself a SIGINT which its sleeping main thread doesn't see. ``--with-parent`` (see
  ``flask_dispy.programs.running``) repeats it, and ends the node too when the tests are killed.
* ``submit`` returns None for a job that ended before the thread that submitted it went on: dispy
  parts with the job as it ends, and only then looks for what it is to return.
* A cluster writes its recovery files ``_dispy_*`` into the working directory.
"""

from __future__ import annotations

import atexit
import gc
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dispy
import dispy.config
import pycos
from processes import (
    START_SEC,
    Program,
    accepts,
    call_in_child,
    free_port_family,
    wait_until,
)
from pycos import Singleton

from flask_dispy.programs.patches import patch_dispy

__all__ = [
    "LocalDispy",
    "Program",
    "call_in_child",
    "cancel_all",
    "free_port_family",
    "result_of",
    "shut_down",
    "submit",
    "submit_node",
    "wait_until",
]

_CLOSE_SEC = 30.0  # dispy waits 10 s for each answer of a node


_made = threading.local()
_init = dispy._DispyJob_.__init__


def _remember(self: Any, *arguments: Any) -> None:
    _init(self, *arguments)
    _made.job = self.job


dispy._DispyJob_.__init__ = _remember


def submit(cluster: Any, *arguments: Any) -> Any:
    """``cluster.submit(*arguments)``, and the job even if it ended before dispy returned it."""
    return _held(cluster.submit(*arguments))


def submit_node(cluster: Any, node: str, *arguments: Any) -> Any:
    """``cluster.submit_node(node, *arguments)``, and the job even if it ended already."""
    return _held(cluster.submit_node(node, *arguments))


def _held(job: Any) -> Any:
    made, _made.job = _made.job, None
    assert job is made or (job is None and made.finish.is_set())
    return made


def result_of(job: Any, *, timeout_sec: float = 15.0) -> Any:
    """Wait for a job to end and return its result.

    ``job()`` does the same without a limit, and would hang the tests where dispy loses a job.

    :raises AssertionError: if it doesn't end in time, or ends with an exception.
    """
    assert job.finish.wait(timeout_sec), f"job {job.id} did not end in {timeout_sec:g} s"
    assert job.exception is None, job.exception
    return job.result


def cancel_all(cluster: Any, jobs: Sequence[Any], *, timeout_sec: float = 30.0) -> None:
    """Cancel the jobs and wait until all have ended.

    Each is cancelled until it has ended: dispy forgets the call for a job that is on its way to a
    node, which is no longer in the queue and does not run yet.
    """

    def all_ended() -> bool:
        running = [job for job in jobs if not job.finish.is_set()]
        for job in running:
            cluster.cancel(job)
        return not running

    wait_until(all_ended, timeout_sec=timeout_sec, what="the end of the cancelled jobs")


class LocalDispy:
    """One dispy of its own: a port family, a folder, nodes, clusters; a context manager.

    Addresses are loopback: node number n (2 to 250) lives at 127.0.0.n, the client at 127.0.0.1,
    the scheduler at 127.0.0.251. The working directory must be one where dispy may leave files.
    """

    client_ip_addr = "127.0.0.1"
    scheduler_ip_addr = "127.0.0.251"

    def __init__(self, folder: Path) -> None:
        patch_dispy()
        self.port = free_port_family()
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.programs: list[Program] = []
        self._clusters: list[Any] = []
        self._config = (dispy.config.DispyPort, dispy.config.ClientPort)

    def __enter__(self) -> LocalDispy:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def start_node(
        self, number: int = 2, *options: str, cpus: int = 2, name: str = "", clock: str = ""
    ) -> Program:
        """Start a node and wait until it answers. ``options`` go to dispynode as they are."""
        arguments = ["-p", str(self.port), "-c", str(cpus), *options]
        arguments += ["--name", name or f"node{number}"]
        return self._start("node", arguments, (f"127.0.0.{number}", self.port + 1), clock)

    def start_scheduler(
        self, *options: str, nodes: list[str] | None = None, clock: str = ""
    ) -> Program:
        """Start a scheduler for ``nodes`` (by default those started here) and wait for it."""
        addresses = [program.ip_addr for program in self.programs] if nodes is None else nodes
        arguments = ["-p", str(self.port), *options]
        for address in addresses:
            arguments += ["-n", address]
        address = (self.scheduler_ip_addr, self.port + 2)
        return self._start("scheduler", arguments, address, clock)

    def _start(
        self, kind: str, arguments: list[str], address: tuple[str, int], clock: str = ""
    ) -> Program:
        folder = self.folder / f"{len(self.programs)}-{address[0]}"
        program = Program(kind, arguments, folder=folder, address=address, clock=clock)
        self.programs.append(program)
        program.wait_ready()
        return program

    def job_cluster(self, computation: Any, *, listens: bool = True, **options: Any) -> Any:
        """A JobCluster on the nodes started here, with short intervals unless told otherwise.

        :param listens: whether to wait until it listens, as it does where nobody has its port.
        """
        options.setdefault("nodes", [program.ip_addr for program in self.programs])
        options.setdefault("pulse_interval", 1)
        options.setdefault("ping_interval", 1)
        cluster = dispy.JobCluster(
            computation,
            host=self.client_ip_addr,
            dispy_port=self.port,
            recover_file=str(self.folder / "recover"),
            **options,
        )
        self._clusters.append(cluster)
        # dispy begins to listen only after its constructor has returned.
        client = (self.client_ip_addr, self.port)
        if listens:
            wait_until(lambda: accepts(client), timeout_sec=START_SEC, what="a client that listens")
        return cluster

    def shared_cluster(self, computation: Any, **options: Any) -> Any:
        """A SharedJobCluster of the scheduler started here."""
        cluster = dispy.SharedJobCluster(
            computation,
            ip_addr=self.client_ip_addr,
            scheduler_host=self.scheduler_ip_addr,
            dispy_port=self.port,
            client_port=0,  # any; and only then does dispy wait until it listens there
            recover_file=str(self.folder / "recover"),
            **options,
        )
        self._clusters.append(cluster)
        return cluster

    def close(self) -> None:
        """Close the clusters, shut dispy down, end the programs. Never waits without a limit."""
        try:
            self._shut_dispy_down()
        finally:
            for program in reversed(self.programs):
                program.stop()
            dispy.config.DispyPort, dispy.config.ClientPort = self._config

    def _shut_dispy_down(self) -> None:
        """Leave the process as if dispy had not been used, even if a call of dispy hangs."""
        # What a test has shut down itself has no _cluster any more.
        clusters = [cluster for cluster in self._clusters if cluster._cluster is not None]
        self._clusters = []
        for program in self.programs:
            program.resume()
        # dispy ends an interpreter by a shutdown of its own, which would come too late for us.
        for cluster in clusters:
            atexit.unregister(cluster._cluster.shutdown)
        closing = threading.Thread(target=_close_all, args=(clusters,), name="close", daemon=True)
        closing.start()
        closing.join(_CLOSE_SEC)
        if closing.is_alive():
            Singleton.discard(dispy._Cluster)
            raise AssertionError("dispy's clusters did not close; the next test gets a new dispy")


def _close_all(clusters: list[Any]) -> None:
    for cluster in clusters:
        cluster.close(timeout=0, terminate=True)
    for cluster in clusters:
        shut_down(cluster)
    _close_sockets()


def shut_down(cluster: Any) -> None:
    """Shut dispy down as ``cluster.shutdown()`` does, even where pycos ends a moment too early.

    pycos's thread may see that it is to end before it is woken for that. Then its pipe is gone
    when somebody wants to wake it, that raises, and the next cluster in the process would wait
    for a thread that has ended, for ever.
    """
    scheduler = cluster._cluster
    task_scheduler = scheduler.pycos if scheduler is not None else None
    try:
        cluster.shutdown()
    except (OSError, AttributeError):
        if task_scheduler is None or not task_scheduler._quit:
            raise
        assert task_scheduler._complete.wait(_CLOSE_SEC)
        pycos.Task._pycos = pycos.Channel._pycos = None
        Singleton.discard(type(task_scheduler))
        Singleton.discard(type(scheduler))


def _close_sockets() -> None:
    """Close the connections that dispy has just accepted when it was shut down, and forgets."""
    for thing in gc.get_objects():
        if isinstance(thing, pycos._AsyncSocket):
            sock = thing._rsock
            if sock is not None and sock.fileno() >= 0:
                sock.close()
