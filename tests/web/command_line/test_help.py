"""Help, and what shells complete."""

from __future__ import annotations

import socket
from pathlib import Path

import click
import pytest
from web.conftest import Scene
from web.fakes import watched_cluster
from web.served import serving
from web.shell import TOKEN, Shell

from flask_dispy import ClusterRegistry
from flask_dispy.cli import group
from flask_dispy.cli.commands import cli


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
