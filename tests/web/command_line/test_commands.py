"""The commands that change something, against a server on a real socket."""

from __future__ import annotations

import json

import pytest
from web.conftest import Scene
from web.shell import Shell

from flask_dispy import ClusterRegistry
from flask_dispy.client.commanding import BlockingCommands


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


def test_command_that_need_not_ask_counts_nothing_first(
    shell: Shell, registry: ClusterRegistry, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.add(scene.cluster, rerun=lambda job: scene.cluster.submit())
    for name in ("cancel_dry_run", "rerun_dry_run"):
        monkeypatch.delattr(BlockingCommands, name)
    assert shell.shown("cancel", "state:queued", "--yes") == "1 job cancelled.\n"
    assert shell.shown("rerun", "state:failed", "--yes") == "1 job run again.\n"


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
