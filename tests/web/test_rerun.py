"""Running jobs again through the API, the client and the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from web.conftest import Scene
from web.served import serving
from web.shell import Shell
from werkzeug.security import generate_password_hash

from flask_dispy import Client, ClusterRegistry, DispyHTTPServer, PastRegistry, create_blueprint
from flask_dispy.client import NotAllowed, Refused
from flask_dispy.web.api import rerun as api_rerun

RERUN = "/api/v1/clusters/compute/jobs/rerun"
ANYWHERE = "/api/v1/clusters/*/jobs/rerun"
HASH = generate_password_hash("word", method="pbkdf2:sha256:1000")
FAILED = 2  # the serial number of the scene's job that failed


@pytest.fixture(autouse=True)
def able(registry: ClusterRegistry, scene: Scene) -> None:
    """Let the first of the scene's two clusters run its jobs again; the other can't."""
    registry.add(scene.cluster, rerun=lambda job: scene.cluster.submit(job_id=job["id"]))


def fail(cluster: Any, jobs: int = 1) -> None:
    for _ in range(jobs):
        cluster.end(cluster.submit(), None, exception="Traceback\nValueError: secret")


def test_answer_has_an_outcome_for_each_job(client: Any) -> None:
    body = client.post(RERUN, json={"serials": [FAILED, 1, 4, 99]}).json
    assert [(o["serial"], o["code"], o.get("rerun_as")) for o in body.pop("outcomes")] == [
        (FAILED, "submitted", 5), (1, "finished", None), (4, "not_ended", None),
        (99, "unknown", None),
    ]  # fmt: skip
    assert body == {"matched": 4, "dispatched": 1, "refused": 3, "failed": 0, "next_before": None}
    assert client.get(f"/api/v1/clusters/compute/jobs/{FAILED}").json["rerun_as"] == 5
    assert client.get("/api/v1/clusters/*/jobs/5").json["rerun_of"] == FAILED


def test_dry_run_of_a_list_and_of_a_filter_say_the_same(client: Any, scene: Scene) -> None:
    for command in ({"serials": [1, 2, 3, 4]}, {"filter": {}}):
        body = client.post(RERUN, json={**command, "dry_run": True}).json
        refused = {one["code"]: one["jobs"] for one in body.pop("refused")}
        assert refused == {"finished": 1, "not_ended": 2}
        assert body == {"matched": 4, "rerunnable": 1, "again": 0}
    client.post(RERUN, json={"serials": [FAILED]})
    for command in ({"serials": [FAILED]}, {"filter": {"q": "state:failed"}}):
        body = client.post(RERUN, json={**command, "dry_run": True}).json
        assert body == {"matched": 1, "rerunnable": 1, "again": 1, "refused": []}


def test_filter_runs_in_parts_what_did_not_finish(client: Any, scene: Scene) -> None:
    fail(scene.cluster, 3)
    seen, before = [], None
    while True:
        body = client.post(RERUN, json={"filter": {}, "limit": 3, "before": before}).json
        seen += [outcome["serial"] for outcome in body["outcomes"]]
        before = body["next_before"]
        if before is None:
            break
    assert seen == [7, 6, 5, FAILED]
    assert client.post(RERUN, json={"filter": {"state": ["finished"]}}).json["outcomes"] == []


def test_filter_that_finds_too_many_is_refused(
    client: Any, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_rerun, "MOST_RERUN", 1)
    fail(scene.cluster)
    answer = client.post(RERUN, json={"filter": {}})
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "filter")
    assert client.post(RERUN, json={"filter": {}, "limit": 1_001}).status_code == 422
    assert client.post(RERUN, json={"serials": list(range(1_001))}).status_code == 422


def test_cluster_of_each_job_decides(client: Any, scene: Scene) -> None:
    fail(scene.other)
    body = client.post(ANYWHERE, json={"filter": {"q": "state:failed"}, "dry_run": True}).json
    assert (body["rerunnable"], [one["code"] for one in body["refused"]]) == (1, ["unsupported"])
    body = client.post(ANYWHERE, json={"filter": {"q": "state:failed"}}).json
    assert (body["dispatched"], body["refused"]) == (1, 1)
    answer = client.post("/api/v1/clusters/render/jobs/rerun", json={"serials": [5]})
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "unsupported")
    clusters = {one["name"]: one["rerun"] for one in client.get("/api/v1/clusters").json["items"]}
    assert clusters == {"compute": True, "render": False}


def test_error_of_the_function_is_hidden_where_arguments_are(
    make_client: Any, registry: ClusterRegistry, scene: Scene
) -> None:
    def rerun(job: Any) -> None:
        raise ValueError(f"no {job['args']}")

    registry.add(scene.cluster, rerun=rerun)
    for sees, message in ((True, "ValueError: no second"), (False, "an error")):
        client = make_client(authorize=lambda one, _, sees=sees: sees or one != "see_arguments")
        body = client.post(RERUN, json={"serials": [FAILED]}).json
        assert (body["failed"], body["outcomes"][0]["code"]) == (1, "raised")
        assert body["outcomes"][0]["message"].strip(".") == f"rerun raised {message}"


def test_permission_is_its_own_and_strangers_are_refused(
    make_client: Any, client: Any, scene: Scene
) -> None:
    command = {"serials": [FAILED]}
    denied = make_client(authorize=lambda permission, _: permission != "rerun_jobs")
    assert denied.post(RERUN, json=command).status_code == 403
    assert make_client(read_only=True).post(RERUN, json=command).status_code == 403
    headers = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert client.post(RERUN, json=command, headers=headers).status_code == 403
    only = make_client(authorize=lambda permission, _: permission in ("view", "rerun_jobs"))
    assert only.post(RERUN, json=command).json["dispatched"] == 1
    assert client.get("/api/v1/clusters/compute").json["jobs"]["submitted"] == 5


def test_past_run_refuses(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    ClusterRegistry(history=path).close()
    past = PastRegistry(path)
    app = Flask("past")
    app.register_blueprint(create_blueprint(past))
    answer = app.test_client().post(ANYWHERE, json={"serials": [1]})
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "unsupported")
    past.close()


def test_function_without_its_cluster_is_refused(registry: ClusterRegistry) -> None:
    with pytest.raises(ValueError, match="rerun belongs to a cluster"):
        DispyHTTPServer(None, port=0, rerun=print)


@pytest.fixture
def server(registry: ClusterRegistry) -> Iterator[DispyHTTPServer]:
    with serving(registry=registry, users={"ann": (HASH, "operator")}) as server:
        yield server


@pytest.fixture
def shell(
    registry: ClusterRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shell]:
    monkeypatch.chdir(tmp_path)
    with serving(registry=registry) as server:
        yield Shell(server.url, tmp_path)


def test_client_runs_jobs_again_in_its_users_name(server: DispyHTTPServer, scene: Scene) -> None:
    with Client(server.url, auth=("ann", "word")) as client:
        assert client.rerun_dry_run(q="state:failed")["rerunnable"] == 1
        (outcome,) = client.rerun(q="state:failed")["outcomes"]
        assert client.job(outcome["rerun_as"])["rerun_of"] == FAILED
        (event,) = client.events(kind="jobs_rerun")
        assert (event["text"], event["by"]) == (f"Job #{FAILED} was run again", "ann")
        scene.cluster.close()
        with pytest.raises(Refused, match="none of its open clusters"):
            client.rerun([FAILED])
    with Client(server.url) as client, pytest.raises(NotAllowed):
        client.rerun([FAILED])


def test_command_says_first_what_it_would_do(shell: Shell, scene: Scene) -> None:
    shown = shell.shown("rerun", "--all")
    assert "1 job refused: They finished: only jobs that did not are run again." in shown
    assert "Run 1 job again? Nothing was done: add --yes." in shown
    assert shell.shown("rerun", "state:failed", "--yes") == "1 job run again.\n"
    assert "1 job of them ran again before." in shell.shown("rerun", "state:failed")
    assert "There is nothing to do." in shell.shown("rerun", "state:failed", "-is:rerun")
    (would,) = shell.lines("rerun", str(FAILED))
    assert (would["rerunnable"], would["dry_run"]) == (1, True)
    (outcome,) = shell.lines("rerun", str(FAILED), "--yes")
    assert (outcome["code"], outcome["rerun_as"]) == ("submitted", 6)


def test_job_says_what_it_was_run_again_as(shell: Shell) -> None:
    shell.shown("rerun", str(FAILED), "--yes")
    assert "1 time, last as #5" in shell.shown("job", str(FAILED))
    assert "Again of" in shell.shown("job", "5")


def test_command_fails_for_a_job_that_is_not_run_again(shell: Shell) -> None:
    done = shell.run("rerun", str(FAILED), "1", "--yes")
    assert done.exit_code == 1
    assert done.stderr == "flask-dispy: 1 job could not be run again.\n"
    assert "#1: It finished" in done.stdout
    assert shell.run("rerun").exit_code == 64


def test_command_is_refused_without_a_function(shell: Shell) -> None:
    done = shell.run("rerun", "1", "--cluster", "render", "--yes")
    assert (done.exit_code, "No job of render can be run again" in done.stderr) == (1, True)
