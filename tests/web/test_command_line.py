"""The commands for running dashboards, against a server on a real socket."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from processes import in_thread
from web.conftest import Scene
from web.fakes import make_node, watched_cluster
from web.hosted import serving as hosting
from web.served import serving

from flask_dispy import ClusterRegistry, DispyHTTPServer
from flask_dispy.cli import group
from flask_dispy.cli.commands import cli
from flask_dispy.cli.output import Output
from flask_dispy.cli.watching import _Progress, verdict

TOKEN = "s3cret" * 8


@dataclass
class Shell:
    """Runs the command for a dashboard."""

    url: str
    folder: Path

    def run(self, *arguments: str, answer: str = "", **environ: str) -> Result:
        env = {
            "FLASK_DISPY_URL": self.url,
            "FLASK_DISPY_TOKEN": "",
            "FLASK_DISPY_CONFIG": str(self.folder / "flask-dispy.ini"),
            **environ,
        }
        run = partial(CliRunner().invoke, cli, arguments, input=answer, env=env)
        return in_thread(partial(run, catch_exceptions=False))

    def lines(self, *arguments: str) -> list[Any]:
        """Return what is written with ``--json``."""
        done = self.run(*arguments, "--json")
        assert done.exit_code == 0, done.output
        return [json.loads(line) for line in done.stdout.splitlines()]

    def shown(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.exit_code == 0, done.output
        return done.stdout


@pytest.fixture
def server(registry: ClusterRegistry, scene: Scene) -> Iterator[DispyHTTPServer]:
    with serving(registry=registry) as server:
        yield server


@pytest.fixture
def shell(server: DispyHTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    return Shell(server.url, tmp_path)


@pytest.fixture
def alone(tmp_path: Path) -> Shell:
    """A shell where no dashboard is."""
    return Shell("http://127.0.0.1:1/", tmp_path)


# -- reading ---------------------------------------------------------------------------------


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


# -- commands --------------------------------------------------------------------------------


def cancelled(scene: Scene) -> int:
    return sum(name == "cancel" for name, _ in scene.cluster.calls)


def test_cancel_says_first_what_it_would_do(shell: Shell, scene: Scene) -> None:
    assert "Cancel 2 jobs? Nothing was done: add --yes." in shell.shown("cancel", "--all")
    assert shell.lines("cancel", "state:queued") == [
        {"matched": 1, "cancellable": 1, "dry_run": True}
    ]
    assert cancelled(scene) == 0
    assert shell.shown("cancel", "state:queued", "--yes") == "1 job cancelled.\n"
    assert cancelled(scene) == 1
    outcomes = shell.lines("cancel", "3", "--yes")
    assert [(one["serial"], one["code"]) for one in outcomes] == [(3, "terminating")]


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_cancel_fails_if_one_of_the_jobs_is_refused(
    shell: Shell, scene: Scene, form: list[str]
) -> None:
    scene.cluster.answers["cancel"] = lambda job: -1 if job is scene.running else 0
    done = shell.run("cancel", "--all", "--yes", *form)
    assert done.exit_code == 1
    assert done.stderr == "flask-dispy: 1 job could not be cancelled.\n"
    if form:
        codes = {row["serial"]: row["code"] for row in map(json.loads, done.stdout.splitlines())}
        assert codes == {3: "refused", 4: "cancelled"}


@pytest.mark.parametrize(
    "arguments", [[], ["--all", "state:failed"], ["3", "state:failed"], ["--yes"], ["--limt"]]
)
def test_cancel_needs_one_way_to_say_which(
    shell: Shell, scene: Scene, arguments: list[str]
) -> None:
    assert shell.run("cancel", *arguments).exit_code == 64
    assert cancelled(scene) == 0


def test_nodes_are_managed(shell: Shell, scene: Scene) -> None:
    assert "compute: 10.0.0.2 now uses 3 CPUs." in shell.shown("cpus", "alpha", "-1")
    assert "Nothing was done" in shell.shown("close", "alpha")
    shell.shown("deallocate", "beta", "--yes")
    shell.shown("close", "alpha", "--yes", "--cluster", "compute")
    shell.shown("allocate", "10.0.0.99", "--cluster", "compute")
    names = [name for name, _ in scene.cluster.calls]
    assert names == ["set_node_cpus", "deallocate_node", "close_node", "allocate_node"]


def test_command_that_dispy_refuses_fails(shell: Shell, scene: Scene) -> None:
    scene.cluster.answers["set_node_cpus"] = -1
    done = shell.run("cpus", "beta", "2")
    assert done.exit_code == 1
    assert "compute: " in done.stdout
    assert "failed in 1 cluster" in done.stderr


# -- how commands end ------------------------------------------------------------------------


def test_dashboard_that_is_not_there_ends_every_command_with_3(alone: Shell) -> None:
    for arguments in (["clusters"], ["wait"], ["top"], ["cancel", "1", "--yes"]):
        done = alone.run(*arguments)
        assert (done.exit_code, done.stdout) == (3, "")
        assert "Nobody answers at http://127.0.0.1:1/" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    ["--colour", "jobs --colour", "job x", "nap", "wait --timeout 1x", "wait --url nowhere"],
)
def test_wrong_usage_is_none_of_the_codes_of_wait(alone: Shell, arguments: str) -> None:
    assert alone.run(*arguments.split()).exit_code == 64


@pytest.mark.parametrize("command", ["nodes", "top", "wait"])
def test_empty_name_of_a_cluster_is_refused(alone: Shell, command: str) -> None:
    done = alone.run(command, "--cluster", "")
    assert (done.exit_code, done.stdout) == (64, "")
    assert "the name is empty; without the option, all are meant." in done.stderr


def test_redirect_to_a_login_page_is_explained_in_the_shells_words(tmp_path: Path) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("302 Found", [("Location", "https://sso.example/login")])
        return []

    with hosting(app) as (host, port):
        done = Shell(f"http://{host}:{port}/", tmp_path).run("clusters")
    assert done.exit_code == 3
    assert "answered 302 Found, to https://sso.example/login." in done.stderr
    assert "FLASK_DISPY_TOKEN" in done.stderr
    assert "token=" not in done.stderr


def test_unknown_cluster_fails_and_wait_calls_it_unreachable(shell: Shell) -> None:
    assert shell.run("jobs", "--cluster", "nap").exit_code == 1
    assert shell.run("wait", "--cluster", "nap").exit_code == 3


@pytest.mark.parametrize(
    ("written", "name"),
    [("%2A", "* Combined"), ("* Combined", "* Combined"), ("a%2Fb", "a/b"), ("50%", "50%")],
)
def test_name_of_a_cluster_may_be_encoded(
    shell: Shell, registry: ClusterRegistry, written: str, name: str
) -> None:
    for made in ("a/b", "50%"):
        watched_cluster(registry, made).close()
    of_it = ["--cluster", written]
    (seen,) = shell.lines("top", "--once", *of_it)
    assert seen["summary"]["name"] == name
    shown = shell.run("top", *of_it, COLUMNS="100").stdout.splitlines()[0]
    assert f"flask-dispy top  {'All clusters' if name == '* Combined' else name} (" in shown
    waited = shell.run("wait", "--timeout", "1", "--json", *of_it)
    assert json.loads(waited.stdout)["name"] == name


def test_token_is_sent_and_never_shown(
    registry: ClusterRegistry, scene: Scene, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(registry=registry, tokens={TOKEN: "viewer"}) as server:
        shell = Shell(server.url, tmp_path)
        refused = shell.run("clusters")
        assert refused.exit_code == 1
        assert "FLASK_DISPY_TOKEN" in refused.stderr
        assert shell.run("clusters", FLASK_DISPY_TOKEN=TOKEN).exit_code == 0
        config = tmp_path / "flask-dispy.ini"
        config.touch(0o600)
        config.write_text(f"[here]\nurl = {server.url}\ntoken = {TOKEN}\n")
        assert shell.run("clusters", FLASK_DISPY_URL="").exit_code == 0
        denied = shell.run("cancel", "3", "--yes")
        assert denied.exit_code == 1
        config.chmod(0o640)
        exposed = shell.run("clusters")
        assert exposed.exit_code == 64
        assert "chmod 600" in exposed.stderr
    assert TOKEN not in refused.output + denied.output + exposed.output + caplog.text


def test_hostile_texts_are_shown_as_escapes(shell: Shell, scene: Scene) -> None:
    scene.cluster.submit("\x1b[2J[bold]x[/]", job_id="\x1b]0;pwned\x07")
    for arguments in (["jobs"], ["job", "5"], ["jobs", "--json"], ["export", "--csv", "-o", "-"]):
        shown = shell.shown(*arguments)
        assert shown.replace("\n", "").replace("\r", "").isprintable()
        assert "[bold]x[/]" in shown


# -- help and completion ---------------------------------------------------------------------


def test_help_lists_all_commands_those_of_dispy_too(alone: Shell) -> None:
    shown = alone.shown("--help")
    for name in ("top", "jobs", "wait", "node", "scheduler", "history"):
        assert f"\n  {name} " in shown


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_explains_itself(alone: Shell, name: str) -> None:
    command = cli.commands[name]
    assert command.help
    if name not in ("node", "scheduler", "history"):
        shown = alone.shown(name, "--help")
        assert all(option.help for option in command.params if isinstance(option, click.Option))
        assert "…" not in shown


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_shells_complete_commands_and_options(alone: Shell, shell_name: str) -> None:
    assert "_FLASK_DISPY_COMPLETE" in alone.shown("completion", shell_name)


def completed(shell: Shell, words: str, **environ: str) -> list[str]:
    """Return what bash would offer after these words."""
    number = len(words.split(" ")) - 1
    environ |= {"_FLASK_DISPY_COMPLETE": "bash_complete", "COMP_WORDS": words}
    done = shell.run(COMP_CWORD=str(number), **environ)
    assert done.stderr == ""
    return [line.removeprefix("plain,") for line in done.stdout.split("\n") if line]


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell that waits for its suggestions, however slow the machine is."""
    monkeypatch.setattr(group, "_SUGGEST_SEC", 60.0)


def test_completion_knows_the_values_of_options(alone: Shell) -> None:
    assert completed(alone, "flask-dispy jobs --state fa") == ["failed"]


@pytest.mark.usefixtures("patient")
def test_completion_knows_the_clusters_of_the_dashboard(
    shell: Shell, registry: ClusterRegistry
) -> None:
    for name in ("compare", "com; touch x", "com$(touch x)", "com x"):
        watched_cluster(registry, name)
    assert completed(shell, "flask-dispy nodes --cluster com") == ["compute", "compare"]
    elsewhere = Shell("http://127.0.0.1:1/", shell.folder)
    for words in (f"top {shell.url} --cluster re", f"nodes --url {shell.url} --cluster re"):
        assert completed(elsewhere, f"flask-dispy {words}") == ["render"]


def test_completion_is_silent_where_no_dashboard_answers(
    alone: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "_SUGGEST_SEC", 0.1)
    assert completed(alone, "flask-dispy nodes --cluster c") == []
    assert completed(alone, "flask-dispy nodes --url unknown --cluster c") == []
    with socket.create_server(("127.0.0.1", 0)) as mute:
        silent = Shell(f"http://127.0.0.1:{mute.getsockname()[1]}/", alone.folder)
        assert completed(silent, "flask-dispy nodes --cluster c") == []


@pytest.mark.usefixtures("patient")
def test_completion_sends_the_token_of_the_environment(
    registry: ClusterRegistry, scene: Scene, tmp_path: Path
) -> None:
    with serving(registry=registry, tokens={TOKEN: "viewer"}) as server:
        shell = Shell(server.url, tmp_path)
        assert completed(shell, "flask-dispy nodes --cluster c") == []
        known = completed(shell, "flask-dispy nodes --cluster c", FLASK_DISPY_TOKEN=TOKEN)
        assert known == ["compute"]


DOCUMENT = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text()


def test_every_command_and_exit_code_is_documented() -> None:
    table = DOCUMENT.partition("| command | what |")[2].partition("`--help`")[0]
    assert set(re.findall(r"`([a-z]+)[ `]", table)) >= cli.commands.keys()
    codes = re.findall(r"^\| (\d+) \|", DOCUMENT, re.MULTILINE)
    assert codes == ["0", "1", "2", "3", "4", "64", "130"]


def test_nights_script_reports_a_run_that_has_stalled(tmp_path: Path) -> None:
    (script,) = re.findall(r"^```sh\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    for name, text in (
        ("mail", 'cat > mailed; echo "$2" >> mailed'),
        ("flask-dispy", f'exec {sys.executable} -m flask_dispy "$@"'),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    env = {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "FLASK_DISPY_CONFIG": str(tmp_path / "none.ini"),
    }
    with serving(stall_sec=0.5) as server:
        cluster = watched_cluster(server.registry)
        node = cluster.join(make_node("10.0.0.2", "alpha"))
        jobs = cluster.submit(), cluster.submit()
        for job in jobs:
            cluster.start(job, node)
        cluster.end(jobs[0], node)
        (tmp_path / "night").write_text(script.replace("http://127.0.0.1:8181/", server.url))
        subprocess.run(["sh", "night"], cwd=tmp_path, env=env, timeout=60, check=True)
    mailed = (tmp_path / "mailed").read_text()
    assert "stalled" in mailed
    assert mailed.endswith("The run has stalled\n")
    (report,) = tmp_path.glob("run-*.html")
    assert "Stalled: " in report.read_text()
    assert len((tmp_path / "failed.csv").read_text().splitlines()) == 1


def test_wait_waits_for_the_first_cluster(tmp_path: Path) -> None:
    with serving() as server:
        done = Shell(server.url, tmp_path).run("wait", "--timeout", "4")
    assert (done.exit_code, done.stdout) == (4, "Time is up: 0 jobs pending.\n")


def test_wait_counts_the_jobs_from_before_the_watching_where_there_is_no_terminal(
    registry: ClusterRegistry, scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    told: Any = registry.view("compute").summary()
    told["jobs"]["before_watching"] = 5
    with _Progress(Output()) as progress:
        progress.show(told)
    assert "  2 of 9 done. " in capsys.readouterr().err


# -- the verdict of wait ---------------------------------------------------------------------


def summary(state: str, reason: str, *, is_open: bool = True, **jobs: int) -> Any:
    counts = {"submitted": sum(jobs.values()), "finished": 0, "failed": 0, **jobs}
    return {
        "state": "open" if is_open else "closed",
        "outlook": {"state": state, "reason": reason},
        "jobs": counts,
    }


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (summary("done", "no_jobs", is_open=False), 0),
        (summary("waiting", "closed", queued=1, is_open=False), 1),
        (summary("done", "all_done", finished=2), 0),
        (summary("done", "all_done", finished=2, failed=1), 1),
        (summary("done", "all_ended", finished=2, cancelled=1), 1),
        (summary("stalled", "none_ended", finished=2, running=1), 2),
        (summary("done", "none_pending"), 0),
    ],
)
def test_verdict_of_wait(given: Any, code: int) -> None:
    assert verdict(given) == code
