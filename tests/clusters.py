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
import contextlib
import gc
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import dispy
import dispy.config
import pycos
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

_TESTS = Path(__file__).parent
_FAMILY = 3
_START_SEC = 20.0
_STOP_SEC = 10.0
_CLOSE_SEC = 30.0  # dispy waits 10 s for each answer of a node


def wait_until(
    condition: Callable[[], Any], *, timeout_sec: float = 15.0, what: str = "the condition"
) -> Any:
    """Wait for ``condition()`` to be true and return its value.

    :raises AssertionError: when the time is over, naming ``what`` was waited for.
    """
    give_up_at = time.monotonic() + timeout_sec
    while not (value := condition()):
        assert time.monotonic() < give_up_at, f"{what} did not come true in {timeout_sec:g} s"
        time.sleep(0.02)
    return value


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


def free_port_family() -> int:
    """A port such that it and the next two are free on every address, TCP and UDP.

    Taken at random from below the ephemeral ports, so that test processes side by side rarely
    try the same.
    """
    for _ in range(200):
        base = random.randrange(20_000, 32_000, _FAMILY)
        if all(_is_free(base + offset) for offset in range(_FAMILY)):
            return base
    raise RuntimeError("no family of free ports between 20000 and 32000")


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("", port))
            except OSError:
                return False
    return True


def _accepts(address: tuple[str, int]) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection(address, timeout=1).close()
        return True
    return False


class Program:
    """A dispynode or dispyscheduler in a process of its own, with its output in a file.

    :param inside: what to put before its command, to run it in another network.
    :param clock: by how much its clock is off, see ``other_clock.py``.
    """

    def __init__(
        self,
        kind: str,
        arguments: list[str],
        *,
        folder: Path,
        address: tuple[str, int],
        inside: Sequence[str] = (),
        clock: str = "",
    ) -> None:
        folder.mkdir(parents=True)
        self.ip_addr, self.port = address
        # Not in the folder: dispyscheduler --clean removes all that is there.
        self.log_path = folder.with_name(f"{folder.name}.log")
        main = [str(_TESTS / "other_clock.py"), clock] if clock else ["-m", "flask_dispy"]
        command = [*inside, sys.executable, "-X", "faulthandler", *main, kind]
        command += ["--with-parent", "--daemon", "--clean", "--debug"]
        command += ["-i", self.ip_addr, "--dest_path_prefix", str(folder), *arguments]
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=folder,
                start_new_session=True,
                env=_clean_environment(),
            )
        self.pid = self._process.pid

    def wait_ready(self) -> None:
        """Wait until it accepts connections.

        :raises AssertionError: with its output, if it ends instead or takes too long.
        """
        try:
            wait_until(self._answers, timeout_sec=_START_SEC, what=f"an answer of {self.ip_addr}")
        except AssertionError as error:
            raise AssertionError(f"{error}; its output:\n{self.log()}") from None

    def _answers(self) -> bool:
        assert self._process.poll() is None, f"it ended with {self._process.returncode}"
        return _accepts((self.ip_addr, self.port))

    def log(self) -> str:
        """What it has written so far."""
        return self.log_path.read_text(errors="replace")

    def signal(self, number: int) -> None:
        """Send a signal to it alone: SIGSTOP and SIGCONT for a node that falls silent."""
        self._process.send_signal(number)

    def tell_stacks(self) -> None:
        """End it and its jobs; what their threads were at then stands in its log."""
        self.resume()
        self.signal(signal.SIGABRT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_SEC)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGABRT)

    def resume(self) -> None:
        """Let it and its jobs go on after SIGSTOP."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL it and its jobs, as a power cut would, and wait for its end."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._end()

    def close_input(self) -> None:
        """End it gently, as the end of its parent would."""
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def stop(self) -> None:
        """End it as its user would, its jobs included; kill what does not end."""
        if self._process.poll() is None:
            self.resume()
            self.close_input()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_SEC)
        self.kill()

    def _end(self) -> None:
        self._process.wait(_STOP_SEC)
        self.close_input()


def _clean_environment() -> dict[str, str]:
    """The environment without what would make a child treat dispy's warnings as errors."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PYTHONWARN", "PYTEST"))}


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
            wait_until(
                lambda: _accepts(client), timeout_sec=_START_SEC, what="a client that listens"
            )
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


def call_in_child(
    target: str,
    *arguments: Any,
    cwd: Path,
    timeout_sec: float = 60.0,
    python: str = sys.executable,
    inside: Sequence[str] = (),
) -> Any:
    """Call a function of a file in a Python of its own and return what it returned.

    :param target: ``"file.py:function"``, the file relative to the tests folder.
    :param arguments: what JSON can carry; so is the result.
    :param inside: what to put before its command, to run it in another network.
    :raises AssertionError: with the child's output, if it fails or takes too long.
    """
    file, function = target.split(":")
    code = (
        "import json, runpy, sys\n"
        "path, name, given, answer = sys.argv[1:]\n"
        "result = runpy.run_path(path)[name](*json.loads(given))\n"
        "open(answer, 'w').write(json.dumps(result))\n"
    )
    answer = cwd / "answer.json"
    command = [*inside, python, "-c", code, str(_TESTS / file), function]
    command += [json.dumps(arguments), str(answer)]
    environment = _clean_environment() | {
        "PYTHONPATH": os.pathsep.join([str(_TESTS.parent), str(_TESTS)])
    }
    with _process_tree(command, cwd=cwd, env=environment) as process:
        try:
            output, _ = process.communicate(timeout=timeout_sec)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{target} took longer than {timeout_sec:g} s") from None
    text = output.decode(errors="replace")
    assert process.returncode == 0, f"{target} ended with {process.returncode}:\n{text}"
    return json.loads(answer.read_text())


@contextlib.contextmanager
def _process_tree(command: list[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        **options,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(_STOP_SEC)
        process.stdout.close()
