"""Real runs, written down: ``python -m benchmarks.recording [NAME...]`` makes ``recorded/*.json``.

Real dispynodes on loopback run jobs of several kinds, some of which take both of a small
machine's processors. A file holds when each job was submitted, started and ended, by the client's
clock, and where; times are milliseconds after the first was submitted.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from .real_cluster import free_ports, nodes_running

__all__ = ["RECORDED"]

RECORDED: Final = Path(__file__).parent / "recorded"
_ROOT: Final = Path(__file__).parents[1]
_MOST_SEC: Final = 400
_LEAVE_SEC: Final = 5.0

Waves = Iterator[tuple[float, list[tuple[Any, ...]]]]


# -- jobs: dispy sends their source, so each holds all it needs ------------------------------


def count_primes(below: int) -> int:
    """Count primes by trial division."""
    return sum(all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(2, below))


def compress(kilobytes: int) -> int:
    """Compress a text that repeats itself now and then."""
    import random
    import zlib

    rng = random.Random(kilobytes)
    words = [bytes(rng.choices(range(97, 123), k=rng.randrange(2, 12))) for _ in range(3_000)]
    text = b" ".join(rng.choices(words, k=kilobytes * 130))
    return len(zlib.compress(text, 9))


def collatz(start: int, numbers: int) -> int:
    """Return the longest way down to 1 from *numbers* numbers."""
    longest = 0
    for begin in range(start, start + numbers):
        number, steps = begin, 0
        while number != 1:
            number = 3 * number + 1 if number % 2 else number // 2
            steps += 1
        longest = max(longest, steps)
    return longest


def queens(size: int) -> int:
    """Count the ways to put queens on a board, which takes far longer on the next larger one."""

    def place(row: int, columns: int, left: int, right: int) -> int:
        if row == size:
            return 1
        ways = 0
        for column in range(size):
            bit = 1 << column
            if not (columns & bit or left & bit or right & bit):
                ways += place(row + 1, columns | bit, (left | bit) << 1, (right | bit) >> 1)
        return ways

    return place(0, 0, 0, 0)


def ask(seconds: float) -> None:
    """Wait, as for an answer from elsewhere."""
    import time

    time.sleep(seconds)


def look_up(number: int) -> int:
    """Find most answers at once; work for the others."""
    import time

    time.sleep(0.2)
    if number % 7:
        return number
    return sum(n * n % 97 for n in range(9_000_000))


def ask_by_node(seconds: float) -> None:
    """Wait five times as long on one of the nodes."""
    import time

    time.sleep(seconds * (5 if dispy_node_ip_addr.endswith(".5") else 1))  # type: ignore[name-defined]  # noqa: F821


# -- runs: a job's function, CPUs of each node, waves of arguments ---------------------------


def _at_once(arguments: list[tuple[Any, ...]]) -> Callable[[random.Random], Waves]:
    return lambda _rng: iter([(0.0, arguments)])


def _drawn(draw: Callable[[random.Random], tuple[Any, ...]], jobs: int) -> Any:
    return lambda rng: iter([(0.0, [draw(rng) for _ in range(jobs)])])


def _waves(rng: random.Random) -> Waves:
    for number in range(4):
        jobs = [(rng.randrange(60_000, 250_000),) for _ in range(30)]
        yield (18.0 if number else 0.0, jobs)


_RUNS: Final[dict[str, tuple[Callable[..., Any], int, Callable[[random.Random], Waves]]]] = {
    "primes": (count_primes, 1, _drawn(lambda rng: (rng.randrange(60_000, 450_000),), 100)),
    "compress": (compress, 1, _drawn(lambda rng: (int(rng.lognormvariate(8.2, 0.9)),), 130)),
    "collatz": (collatz, 2, _at_once([(n * 10_000, 3_000 + 250 * n) for n in range(1, 220)])),
    "queens": (queens, 1, _drawn(lambda rng: (rng.choice((10, 10, 10, 11, 11, 12)),), 130)),
    "answers": (ask, 2, _drawn(lambda rng: (rng.expovariate(1 / 1.5),), 280)),
    "slow_answers": (ask, 2, _drawn(lambda rng: (0.2 * rng.paretovariate(1.3),), 500)),
    "look_up": (look_up, 1, _at_once([(n,) for n in range(240)])),
    "uneven_nodes": (ask_by_node, 2, _drawn(lambda rng: (rng.uniform(0.8, 1.2),), 260)),
    "primes_in_waves": (count_primes, 1, _waves),
}


def _record(name: str) -> dict[str, Any]:
    """Run it in a client process of its own; return what is to be kept."""
    with tempfile.TemporaryDirectory(prefix="flask_dispy-bench-") as folder:
        port = free_ports()
        with nodes_running(port, Path(folder), cpus=_RUNS[name][1]):
            answer = subprocess.run(
                [sys.executable, "-m", "benchmarks.recording", "client", name, str(port)],
                cwd=folder,
                capture_output=True,
                env=os.environ | {"PYTHONPATH": str(_ROOT)},
                timeout=_MOST_SEC,
                text=True,
                check=False,
            )
    last = answer.stdout.strip().splitlines()[-1:] or [""]
    if not last[0].startswith("{"):
        raise RuntimeError(f"{answer.stdout[-1500:]}\n{answer.stderr[-1500:]}")
    found: dict[str, Any] = json.loads(last[0])
    return found


class _Recorder:
    """Notes when dispy reports what."""

    def __init__(self) -> None:
        self.began_at = time.time()
        self.nodes: dict[str, list[int]] = {}
        self.jobs: dict[int, list[Any]] = {}

    def callback(self, status: int, node: Any, job: Any) -> None:
        """Be a cluster's ``cluster_status``."""
        import dispy

        at_ms = round((time.time() - self.began_at) * 1000)
        if job is None:
            if status == dispy.DispyNode.Initialized:
                self.nodes[node.ip_addr] = [node.cpus, at_ms]
            return
        times = self.jobs.get(job.id)
        if times is None:
            return
        if status == dispy.DispyJob.Running:
            times[1], times[3] = at_ms, node.ip_addr
        elif status == dispy.DispyJob.Finished:
            times[2], times[3] = at_ms, node.ip_addr


def _client(name: str, port: int) -> None:
    import dispy

    function, cpus, waves = _RUNS[name]
    recorder = _Recorder()
    cluster = dispy.JobCluster(
        function, nodes=[f"127.0.0.{n}" for n in range(2, 8)], host="127.0.0.1", dispy_port=port
    )
    cluster.cluster_status = recorder.callback
    while len(cluster.status().nodes) < 6:
        time.sleep(0.1)
    recorder.nodes = {f"127.0.0.{n}": [cpus, 0] for n in range(2, 8)}
    recorder.began_at = time.time()
    jobs = []
    for wait_sec, arguments in waves(random.Random(name)):
        time.sleep(wait_sec)
        for each in arguments:
            number = len(recorder.jobs)
            recorder.jobs[number] = [round((time.time() - recorder.began_at) * 1000), *[None] * 3]
            jobs.append(cluster.submit_job_id(number, *each))
    for job in filter(None, jobs):
        job.finish.wait()
    time.sleep(1.0)
    kept = [times for times in recorder.jobs.values() if None not in times]
    lost = len(recorder.jobs) - len(kept)
    print(json.dumps({"run": name, "nodes": recorder.nodes, "lost": lost, "jobs": kept}))
    sys.stdout.flush()


def main() -> None:
    """Be the client, and leave whether or not dispy does; or record."""
    if sys.argv[1:2] == ["client"]:
        try:
            _client(sys.argv[2], int(sys.argv[3]))
        except Exception:
            traceback.print_exc()
        os._exit(0)
    for name in sys.argv[1:] or _RUNS:
        began_at = time.monotonic()
        found = _record(name)
        text = json.dumps(found, separators=(",", ":")).replace("],[", "],\n[")
        (RECORDED / f"{name}.json").write_text(f"{text}\n")
        print(f"{name}: {len(found['jobs'])} jobs, {found['lost']} lost, "
              f"{time.monotonic() - began_at:.0f} s", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
