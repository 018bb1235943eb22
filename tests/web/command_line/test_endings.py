"""How commands end, and what of a dashboard they let through."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from web.conftest import Scene
from web.fakes import watched_cluster
from web.hosted import serving as hosting
from web.served import serving
from web.shell import TOKEN, Shell

from flask_dispy import ClusterRegistry


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
