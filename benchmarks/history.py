"""The command that shows a history of a million jobs: how soon its table of runs is there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

from flask_dispy.history.schema import open_for_writing, transaction

from .scale import Scale
from .table import Row, Target

__all__ = ["measure"]

_RUNS = 20

# What a job that ended well has; the other columns are for errors and the like.
_COLUMNS = (
    "session", "run", "serial", "state", "node", "submitted_at", "started_at", "ended_at",
    "attempts", "id", "args", "result", "cut",
)  # fmt: skip


def measure(scale: Scale) -> list[Row]:
    """Measure from the start of the command to the answer with the runs."""
    jobs = scale.pick(1_000_000, 1_000_000, 2_000)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "runs.sqlite"
        _write(path, jobs)
        took = [_opened_sec(path) for _ in range(scale.pick(9, 3, 1))]
    what = f"table of the runs of a history of {jobs:,} jobs, from the command's start"
    return [Row(what, "s", took, target=Target("value", 2, "s"))]


def _opened_sec(path: Path) -> float:
    command = [sys.executable, "-m", "flask_dispy", "history", str(path), "--port", "0"]
    began_at = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            found = re.search(r"at (\S+)", program.stdout.readline() if program.stdout else "")
            if found is None:
                raise RuntimeError("the command did not start")
            with urlopen(f"{found[1]}api/v1/runs") as answer:
                total = json.load(answer)["total"]
            took_sec = time.perf_counter() - began_at
        finally:
            program.terminate()
    if total != _RUNS:
        raise RuntimeError(f"it shows {total} runs of {_RUNS}")
    return took_sec


def _write(path: Path, jobs: int) -> None:
    """Make a history of so many jobs, of a run an hour, as of runs that ended well."""
    first = time.time() - _RUNS * 3_600
    put = f"INSERT INTO jobs ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
    each = jobs // _RUNS
    with closing(open_for_writing(path)) as db, transaction(db):
        for run in range(1, _RUNS + 1):
            began = first + (run - 1) * 3_600
            db.execute("INSERT INTO sessions VALUES (?, ?, ?, 'host', 1)", (run, str(run), began))
            db.execute(
                "INSERT INTO runs (id, session, name, kind, started_at, closed_at, last_at, "
                "complete, queued, running, finished, terminated, cancelled, abandoned, failed, "
                "before_watching, function, median_sec, p95_sec, cpu_time_sec, course) "
                "VALUES (?, ?, 'compute', 'JobCluster', ?, ?, ?, 1, 0, 0, ?, 0, 0, 0, 0, 0, "
                "'compute', 2.0, 4.0, ?, ?)",
                (run, run, began, began + 3_500, began + 3_500, each, 2.0 * each,
                 json.dumps([began, 128.0, *[each // 28] * 28])),
            )  # fmt: skip
            db.executemany(put, (_job(run, n, began + n * 3_000 / each) for n in range(each)))


def _job(run: int, number: int, at: float) -> tuple[object, ...]:
    """Return the row of a job, in the order of ``_COLUMNS``."""
    serial, node = run * 10_000_000 + number, f"10.0.0.{number % 20}"
    texts = (str(number), f"({number},)", str(number))
    return (run, run, serial, "finished", node, at, at + 1, at + 3, 1, *texts, 0)
