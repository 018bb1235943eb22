"""The commands that read and fetch files, against a server on a real socket."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from web.conftest import Scene
from web.fakes import make_node
from web.shell import Shell

from flask_dispy import DispyHTTPServer


def test_clusters_are_listed_with_what_will_come_of_them(shell: Shell) -> None:
    heading, first, second = shell.shown("clusters").splitlines()
    assert heading.split()[:5] == ["Cluster", "Outlook", "Done", "Pending", "Failed"]
    assert first.split()[:5] == ["compute", "going", "2", "2", "1"]
    assert second.split()[:2] == ["render", "done"]
    assert [row["name"] for row in shell.lines("clusters")] == ["compute", "render"]


def test_nodes_are_searched_and_sorted(shell: Shell) -> None:
    assert [row["name"] for row in shell.lines("nodes")] == ["alpha", "beta"]
    assert [row["name"] for row in shell.lines("nodes", "-alpha")] == ["beta"]
    ordered = shell.lines("nodes", "--cluster", "compute", "--sort", "name", "--order", "desc")
    assert [row["name"] for row in ordered] == ["beta", "alpha"]
    assert "1/4" in shell.shown("nodes", "alpha")


def test_jobs_are_searched_with_words_that_may_begin_with_a_minus(shell: Shell) -> None:
    assert [row["id"] for row in shell.lines("jobs")] == ["d", "c", "b", "a"]
    assert [row["id"] for row in shell.lines("jobs", "state:failed")] == ["b"]
    assert [row["id"] for row in shell.lines("jobs", "node:alpha", "-state:failed")] == ["c", "a"]
    first = shell.lines("jobs", "--limit", "2", "--order", "asc")
    assert [row["id"] for row in first] == ["a", "b"]
    _, row = shell.shown("jobs", "state:failed").splitlines()
    assert "failed" in row
    assert "ValueError: secret" in row


def test_table_that_shows_less_than_all_says_so(shell: Shell) -> None:
    done = shell.run("jobs", "--limit", "1")
    assert done.stderr == "1 of 4 jobs; --limit shows more.\n"
    assert len(done.stdout.splitlines()) == 2
    assert shell.run("jobs", "state:cancelled").stderr == "No jobs.\n"


def test_job_is_shown_with_its_texts(shell: Shell) -> None:
    shown = shell.shown("job", "2")
    for text in ("Job b #2", "failed on 10.0.0.2", "second", "Traceback\nValueError: secret"):
        assert text in "\n".join(line.rstrip() for line in shown.splitlines())
    (detail,) = shell.lines("job", "2")
    assert detail["exception"].endswith("ValueError: secret")
    assert shell.run("job", "99").exit_code == 1


def test_errors_and_events_are_listed(shell: Shell) -> None:
    (kind,) = shell.lines("errors")
    assert (kind["type"], kind["count"]) == ("ValueError", 1)
    assert kind["id"] in shell.shown("errors")
    events = shell.lines("events", "--cluster", "compute")
    assert [row["kind"] for row in events] == ["node_joined", "node_joined", "error_kind"]
    assert [row["kind"] for row in shell.lines("events", "--kind", "error_kind")] == ["error_kind"]
    last = shell.shown("events", "--cluster", "compute").splitlines()[-1]
    assert last.rstrip().endswith("New kind of error: ValueError: secret")


def test_more_events_than_a_page_has_are_listed(shell: Shell, scene: Scene) -> None:
    most = 500  # events of a kind that are kept
    nodes = [
        scene.cluster.join(f"10.1.{number // 250}.{number % 250}", f"node{number}")
        for number in range(most)
    ]
    assert len(shell.lines("nodes", "node499")) == 1
    for node in nodes:
        scene.cluster.leave(node)
    rows = shell.lines("events", "--cluster", "compute", "--limit", "5000")
    assert len(rows) == 1_001
    assert [row["serial"] for row in rows] == sorted(row["serial"] for row in rows)


def test_events_are_followed_until_interrupted(
    server: DispyHTTPServer, scene: Scene, tmp_path: Path
) -> None:
    env = {**os.environ, "FLASK_DISPY_URL": server.url, "FLASK_DISPY_CONFIG": str(tmp_path / "no")}
    command = [sys.executable, "-m", "flask_dispy", "events", "--follow", "--limit", "1"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout is not None
        assert follower.stdout.readline().split() == ["Time", "Cluster", "Event"]
        follower.stdout.readline()
        scene.cluster.join(make_node("10.0.0.3", "gamma"))
        assert follower.stdout.readline().rstrip().endswith("gamma joined with 4 CPUs")
        follower.send_signal(signal.SIGINT)
        assert follower.wait(20) == 130


def test_runs_need_a_history(shell: Shell) -> None:
    done = shell.run("runs")
    assert (done.exit_code, "No history is kept" in done.stderr) == (1, True)


def test_top_is_shown_once_without_a_terminal(shell: Shell) -> None:
    shown = shell.run("top", shell.url, "--cluster", "compute", COLUMNS="100").stdout
    assert "flask-dispy top  compute" in shown
    assert "Needs attention: 1 job failed." in shown
    assert {"alpha", "beta"} <= set(shown.split())
    ((one,),) = [shell.lines("top", "--once")]
    assert one["summary"]["combined"]
    assert {row["name"] for row in one["nodes"]} == {"alpha", "beta"}


# -- files -----------------------------------------------------------------------------------


def test_report_and_lists_become_files(shell: Shell) -> None:
    shell.shown("report", "-o", "run.html")
    assert (shell.folder / "run.html").read_text().startswith("<!doctype html>")
    named = shell.shown("export", "state:failed", "--csv").strip()
    assert len((shell.folder / named).read_text().splitlines()) == 2
    rows = shell.shown("export", "--list", "nodes", "-o", "-").splitlines()
    assert [json.loads(row)["name"] for row in rows] == ["alpha", "beta"]
    trace = json.loads(shell.shown("export", "--trace", "--cluster", "compute", "-o", "-"))
    assert trace["traceEvents"]
    (told,) = shell.lines("export", "--list", "clusters", "--jsonl", "-o", "clusters.jsonl")
    assert told == {"path": "clusters.jsonl", "size_bytes": os.stat("clusters.jsonl").st_size}


def test_file_that_cannot_be_written_is_named(shell: Shell) -> None:
    done = shell.run("report", "-o", "absent/run.html")
    assert (done.exit_code, done.stderr) == (
        1, "flask-dispy: absent/run.html: No such file or directory\n",
    )  # fmt: skip
