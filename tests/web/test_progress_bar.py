"""The progress bar of the program itself, in a terminal that the test reads."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from clusters import wait_until
from web.fakes import FakeCluster, make_node, watched_cluster
from web.served import serving

import flask_dispy
from flask_dispy import ClusterRegistry, Progress, UnknownCluster
from flask_dispy.terminal import progress as bars

PROGRAM = """
import sys
sys.path.insert(0, {tests!r})
{before}
import flask_dispy
from dispy_objects import FakeCluster, make_node
cluster = FakeCluster("compute")
with flask_dispy.progress(cluster):
    alpha = cluster.join(make_node("10.0.0.1", "alpha"))
    jobs = [cluster.submit(number) for number in range(7)]
    for job in jobs:
        cluster.start(job, alpha)
        cluster.end(job, alpha)
        print("printed", flush=True)
    {last}
assert cluster.cluster_status is None
print("to the end")
"""


def run(tmp_path: Path, *, before: str = "", last: str = "") -> tuple[int, str, str]:
    """Run a program whose errors go to a terminal; return its code, output and terminal."""
    tests = str(Path(__file__).parents[1])
    (tmp_path / "program.py").write_text(PROGRAM.format(tests=tests, before=before, last=last))
    ours, theirs = pty.openpty()
    seen: list[bytes] = []

    def read() -> None:
        while True:
            try:
                seen.append(os.read(ours, 65_536))
            except OSError:  # it has ended
                return

    env = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "PYTHONUTF8": "1"}
    env["PYTHON_COLORS"] = "0"  # from 3.13 on, Python colours its own tracebacks
    reader = threading.Thread(target=read)
    with subprocess.Popen(
        [sys.executable, "program.py"], cwd=tmp_path, env=env, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs,
    ) as program:  # fmt: skip
        os.close(theirs)
        reader.start()
        output, _ = program.communicate(timeout=60)
        reader.join()
    os.close(ours)
    return program.returncode, output, b"".join(seen).decode()


def test_bar_shows_how_far_the_run_is_and_leaves_the_output_alone(tmp_path: Path) -> None:
    code, output, terminal = run(tmp_path)
    assert (code, output) == (0, "printed\n" * 7 + "to the end\n")
    assert "100 %  7 of 7 done" in terminal
    assert terminal.rstrip().endswith("\x1b[?25h")  # the cursor is back


def test_lines_come_where_rich_is_not_installed(tmp_path: Path) -> None:
    code, _, terminal = run(tmp_path, before="sys.modules['rich'] = None")
    *_, last = terminal.splitlines()
    assert code == 0
    assert "  7 of 7 done. " in last
    assert "\x1b" not in terminal


def test_exception_is_shown_whole_below_the_bar(tmp_path: Path) -> None:
    code, output, terminal = run(tmp_path, last="raise SystemError('mine')")
    assert (code, "to the end" in output) == (1, False)
    _, _, after = terminal.rpartition("\x1b[?25h")
    assert after.startswith("Traceback (most recent call last)")
    assert after.rstrip().endswith("SystemError: mine")


def test_nothing_is_shown_and_done_where_there_is_no_terminal(
    cluster: FakeCluster, capsys: Any
) -> None:
    stranger = FakeCluster("stranger")
    threads = threading.active_count()
    with flask_dispy.progress(stranger):
        assert stranger.cluster_status is None
        assert threading.active_count() == threads
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is shown where standard error counts as a terminal."""
    summaries: list[Any] = []
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(bars._Lines, "show", lambda _, summary, is_last: summaries.append(summary))
    monkeypatch.setitem(sys.modules, "rich.console", None)
    return summaries


def test_progress_without_a_block_ends_when_the_run_is_done(
    registry: ClusterRegistry, cluster: FakeCluster, shown: list[Any], monkeypatch: Any
) -> None:
    monkeypatch.setattr(bars, "SETTLED_SEC", 0.0)
    monkeypatch.setattr(bars, "_LOOK_SEC", 0.01)
    bar = flask_dispy.progress(cluster)
    wait_until(lambda: shown)
    assert shown[-1]["outlook"]["reason"] == "no_jobs"
    alpha = cluster.join(make_node("10.0.0.1", "alpha"))
    job = cluster.submit("x")
    cluster.start(job, alpha)
    cluster.end(job, alpha)
    wait_until(lambda: bar._thread is not None and not bar._thread.is_alive())
    assert shown[-1]["outlook"]["state"] == "done"
    bar.close()


def test_progress_ends_when_a_cluster_is_closed_with_jobs_left(
    registry: ClusterRegistry, cluster: FakeCluster, shown: list[Any], monkeypatch: Any
) -> None:
    monkeypatch.setattr(bars, "SETTLED_SEC", 0.0)
    monkeypatch.setattr(bars, "_LOOK_SEC", 0.01)
    cluster.submit("x")
    bar = flask_dispy.progress(cluster)
    wait_until(lambda: shown)
    cluster.close()
    wait_until(lambda: bar._thread is not None and not bar._thread.is_alive())
    assert shown[-1]["outlook"]["reason"] == "closed"
    bar.close()


def test_progress_of_a_watched_cluster_shows_its_registered_name(
    registry: ClusterRegistry, shown: list[Any]
) -> None:
    first, second = (watched_cluster(registry, "compute") for _ in range(2))
    assert first is not second
    with flask_dispy.progress(second):
        wait_until(lambda: shown)
    assert shown[-1]["name"] == "compute (2)"


def test_server_shows_one_cluster_or_all(
    registry: ClusterRegistry, cluster: FakeCluster, shown: list[Any]
) -> None:
    with serving(registry=registry) as server:
        for name in ("compute", "* Combined"):
            with server.progress(name):
                wait_until(lambda: shown)
            assert shown[-1]["name"] == name
            shown.clear()
        with pytest.raises(UnknownCluster):
            server.progress("none")


def test_failing_progress_bar_does_not_disturb_the_run(shown: list[Any], caplog: Any) -> None:
    ended = threading.Event()

    def look() -> Any:
        raise RuntimeError("no summary")

    with Progress(look, ended.set):
        assert ended.wait(10)
    closed = FakeCluster("compute")
    closed.close()
    with flask_dispy.progress(closed):
        pass
    assert shown == []
    assert "no progress is shown" in caplog.text
