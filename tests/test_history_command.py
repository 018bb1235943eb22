"""A history outlives the program that is killed, and ``flask-dispy history`` shows it."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from clusters import wait_until

TESTS = Path(__file__).parent
CHILD = TESTS / "history_child.py"

# What the promise "at most the last second is lost" is given on a machine that is busy with
# other tests.
SLACK_SEC = 1.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.sqlite"


def killed_run(path: Path, run_sec: float) -> tuple[int, int, float]:
    """Run the program and kill it.

    Returns how many jobs had ended, how many of them more than a second before the end, and when
    that was.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS), str(TESTS.parent)))}
    with subprocess.Popen(
        [sys.executable, str(CHILD), str(path)],
        stdout=subprocess.PIPE, text=True, env=environment, cwd=path.parent,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        told = [child.stdout.readline()]  # it has begun
        time.sleep(run_sec)
        child.send_signal(signal.SIGKILL)
        killed_at = time.time()
        told += child.stdout.readlines()
    lines = [line.split() for line in told if line.endswith("\n")]
    ended = [(int(count), float(at)) for count, at in lines]
    safe = max((count for count, at in ended if at < killed_at - 1.0 - SLACK_SEC), default=0)
    return ended[-1][0], safe, killed_at


@contextmanager
def served(*arguments: str) -> Iterator[str]:
    """Run the command; yields the URL that it prints."""
    with subprocess.Popen(
        [sys.executable, "-m", "flask_dispy", "history", *arguments, "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as program:  # fmt: skip
        try:
            assert program.stdout is not None
            text = program.stdout.readline() + program.stdout.readline()
            found = re.search(r"The history is at (\S+)", text)
            assert found, text
            yield found[1]
        finally:
            program.terminate()
        assert program.wait(10) == 0


def ask(url: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flask_dispy", "history", *arguments],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
@pytest.mark.parametrize("run_sec", [0.3, 3.6])
def test_killed_program_leaves_a_history_that_lacks_no_more_than_its_last_moment(
    path: Path, run_sec: float
) -> None:
    ended, safe, _ = killed_run(path, run_sec)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        serials = [serial for (serial,) in db.execute("SELECT serial FROM jobs ORDER BY serial")]
        ((counted, complete),) = db.execute(
            "SELECT finished + terminated, complete FROM runs"
        ).fetchall() or [(0, 0)]
    assert serials == list(range(1, len(serials) + 1))  # none is missing in between
    assert safe <= len(serials) <= ended + 5
    assert counted >= len(serials)
    assert complete == 0


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
def test_killed_run_is_shown_with_its_search_timeline_series_and_report(path: Path) -> None:
    _, safe, killed_at = killed_run(path, 3.6)
    assert safe > 0
    with served(str(path)) as url:
        (summary,) = ask(url + "api/v1/clusters")["items"]
        name = urllib.parse.quote(summary["name"])
        cluster = f"{url}api/v1/clusters/{name}"
        assert summary["jobs"]["done"] >= safe
        assert summary["state"] == "closed"
        assert killed_at - 1.0 - SLACK_SEC < summary["closed_at"] <= killed_at

        found = ask(f"{cluster}/jobs?state=failed&q=" + urllib.parse.quote("error:cheese"))
        assert found["total"] == summary["jobs"]["failed"] > 0
        serial = found["items"][0]["serial"]
        detail = ask(f"{cluster}/jobs/{serial}")
        assert detail["exception"].endswith("ValueError: out of cheese")
        assert detail["kwargs"] == "label=alpha beta"
        assert ask(f"{cluster}/jobs?q=node:alpha&limit=1")["total"] >= safe

        assert ask(f"{cluster}/timeline")["total"] >= safe
        assert ask(f"{cluster}/nodes")["items"][0]["name"] == "alpha"
        assert ask(f"{cluster}/nodes/alpha/series")["running"]
        rates = ask(f"{cluster}/series?resolution_sec=10")["columns"]["jobs_per_sec"]
        assert max(filter(None, rates)) > 0
        with urllib.request.urlopen(f"{cluster}/report", timeout=10) as answer:
            assert b"out of cheese" in answer.read()
        for page in ("monitor", "node", "jobs", "timeline", "manage", "runs"):
            with urllib.request.urlopen(f"{url}{page}.html?cluster={name}", timeout=10) as answer:
                assert answer.status == 200
        changes = ask(f"{url}api/v1/changes?cluster={name}")
        assert abs(changes["now"] - time.time()) < 5  # "3 days ago" is said by the real time
        assert changes["clusters"][-1]["now"] == summary["closed_at"]


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
def test_file_of_a_killed_program_is_written_on_by_the_next(path: Path) -> None:
    killed_run(path, 1.5)
    killed_run(path, 1.5)
    with served(str(path)) as url:
        summaries = ask(url + "api/v1/clusters")["items"]
        jobs = ask(url + "api/v1/clusters/*/jobs?limit=1000")
    assert len(summaries) == 2
    assert jobs["total"] == sum(summary["history"]["retained"] for summary in summaries)
    serials = [job["serial"] for job in jobs["items"]]
    assert serials == sorted(set(serials), reverse=True)


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
def test_nothing_can_be_changed(path: Path) -> None:
    killed_run(path, 1.0)
    with served(str(path)) as url:
        for route, body in (("clusters/*/jobs/cancel", {"serials": [1]}),
                            ("clusters/*/nodes", {"host": "10.0.0.9"})):  # fmt: skip
            with pytest.raises(urllib.error.HTTPError) as caught:
                ask(f"{url}api/v1/{route}", body)
            assert caught.value.code == 403
            assert json.load(caught.value)["error"]["code"] == "read_only"
            caught.value.close()


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
def test_run_that_goes_on_can_be_looked_at(path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS), str(TESTS.parent)))}
    child = subprocess.Popen(
        [sys.executable, str(CHILD), str(path)],
        stdout=subprocess.DEVNULL, env=environment, cwd=path.parent,
    )  # fmt: skip
    try:
        wait_until(lambda: path.exists() and jobs_in(path) > 10, timeout_sec=30)
        with served(str(path)) as url:
            assert ask(url + "api/v1/clusters/*/jobs")["total"] > 10
        before = jobs_in(path)
        wait_until(lambda: jobs_in(path) > before)  # it was not held up
    finally:
        child.kill()
        child.wait()


def jobs_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        try:
            return int(db.execute("SELECT count(*) FROM jobs").fetchone()[0])
        except sqlite3.OperationalError:
            return 0  # it is being made


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "There is no history"), (b"import this\n" * 50, "another program's file")],
)
def test_file_that_is_no_history_is_refused_in_a_line(
    path: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        path.write_bytes(content)
    done = command(str(path))
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_command_explains_itself() -> None:
    done = command("--help")
    assert (done.returncode, "--jobs" in done.stdout) == (0, True)
