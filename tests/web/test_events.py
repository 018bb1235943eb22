"""What happened, through the JSON API: commands with their users, pages, past runs."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from unit.old_history import back_to
from web.fakes import FakeCluster, make_node, watched_cluster
from werkzeug.security import generate_password_hash

from flask_dispy import ClusterRegistry
from flask_dispy.watching.dashboard import board_of
from flask_dispy.watching.past import PastRegistry
from flask_dispy.web.blueprint import create_blueprint

URL = "/api/v1/clusters/compute/events"
ANN = ("ann", "pw")


def events(client: Any, query: str = "", url: str = URL) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"{url}{query}").json["items"]
    return items


def texts(client: Any, query: str = "", url: str = URL) -> list[str]:
    return [item["text"] for item in events(client, query, url)]


@pytest.fixture
def operator(registry: ClusterRegistry) -> FlaskClient:
    """A client that is logged in as the user ann."""
    users = {"ann": (generate_password_hash("pw", "pbkdf2:sha256:1000"), "operator")}
    app = Flask("host")
    app.register_blueprint(create_blueprint(registry, users=users))
    client = app.test_client()
    open_ = client.open
    client.open = lambda *args, **kwargs: open_(*args, auth=ANN, **kwargs)  # type: ignore[method-assign]
    return client


# -- commands ---------------------------------------------------------------------------------


def test_commands_bear_their_users_names(operator: Any, scene: Any) -> None:
    node = "/api/v1/clusters/compute/nodes/10.0.0.10"
    assert operator.patch(node, json={"cpus": 1}).status_code == 200
    scene.beta.cpus = 1  # as dispy does
    scene.cluster.pulse(scene.beta)
    assert operator.post(f"{node}/close").status_code == 200
    serial = operator.get("/api/v1/clusters/compute/jobs?state=queued").json["items"][0]["serial"]
    cancelled = operator.post("/api/v1/clusters/compute/jobs/cancel", json={"serials": [serial]})
    assert cancelled.json["cancelled"] == 1
    assert operator.patch("/api/v1/settings", json={"poll_sec": 5}).status_code == 200
    found = [(item["kind"], item["text"], item["by"]) for item in reversed(events(operator))][3:]
    assert found == [
        ("cpus_set", "beta uses 1 CPU, 4 before", "ann"),
        ("node_closed", "beta was closed", "ann"),
        ("jobs_cancelled", f"Job #{serial} was cancelled", "ann"),
        ("settings_changed", "Pages update every 5 s", "ann"),
    ]
    assert {item["source"] for item in events(operator)[:4]} == {"command"}


def test_command_that_fails_happened_not(operator: Any, scene: Any) -> None:
    scene.cluster.answers["close_node"] = -1
    before = texts(operator)
    assert operator.post("/api/v1/clusters/compute/nodes/10.0.0.10/close").status_code == 409
    assert texts(operator) == before


def test_node_that_is_asked_to_join_and_not_any_more(operator: Any, scene: Any) -> None:
    offers = "/api/v1/clusters/compute/offers"
    operator.post("/api/v1/clusters/compute/nodes", json={"host": "127.0.0.9"})
    number = operator.get(offers).json["items"][0]["number"]
    operator.delete(f"{offers}/{number}")
    assert texts(operator)[:2] == [
        "127.0.0.9 is no longer asked to join",
        "127.0.0.9 was asked to join",
    ]


def test_settings_concern_all_and_are_one_event(registry: Any, client: Any, scene: Any) -> None:
    board_of(registry).fold()
    registry.show_job_args = False
    registry.show_job_args = False
    found = events(client, url="/api/v1/clusters/*/events")
    shown = [(item["text"], item["cluster"], item["source"]) for item in found]
    assert shown[0] == ("Job arguments are hidden", None, "program")
    assert [text for text, *_ in shown].count("Job arguments are hidden") == 1
    assert texts(client)[0] == texts(client, url="/api/v1/clusters/render/events")[0] == shown[0][0]


def test_client_without_arguments_sees_no_user_and_no_message(
    operator: Any, make_client: Any, scene: Any
) -> None:
    operator.post("/api/v1/clusters/compute/nodes/10.0.0.10/close")
    other = make_client(authorize=lambda permission, _request: permission != "see_arguments")
    page = other.get(URL)
    assert "ann" not in page.text
    assert "secret" not in page.text
    (closed,) = (item for item in page.json["items"] if item["kind"] == "node_closed")
    assert (closed["source"], closed["by"]) == ("command", None)
    (error,) = (item for item in page.json["items"] if item["kind"] == "error_kind")
    assert (error["text"], error["message"]) == ("New kind of error: ValueError", None)
    assert texts(operator, "?kind=error_kind") == ["New kind of error: ValueError: secret"]


# -- pages ------------------------------------------------------------------------------------


def test_pages_go_on_where_the_one_before_ended(client: Any, cluster: FakeCluster) -> None:
    for number in range(7):
        cluster.join(make_node(f"10.0.0.{number + 1}"))
    first = client.get(f"{URL}?limit=3").json
    assert (first["total"], first["counts"]) == (7, {"node_joined": {"happened": 7, "kept": 7}})
    cluster.join(make_node("10.0.0.9"))  # what is new shifts no page
    seen = first["items"]
    following = first["next"]
    while following:
        page = client.get(f"{URL}{following}").json
        seen += page["items"]
        following = page["next"]
    assert [item["node"] for item in seen] == [f"10.0.0.{number}" for number in range(7, 0, -1)]
    assert client.get(f"{URL}?after={first['latest']}").json["items"][0]["node"] == "10.0.0.9"


def test_kinds_and_times_are_filtered(client: Any, scene: Any) -> None:
    assert [item["kind"] for item in events(client, "?kind=error_kind&kind=DONE")] == ["error_kind"]
    now = events(client)[0]["at"]
    assert client.get(f"{URL}?since={now}").json["total"] >= 1
    assert client.get(f"{URL}?since={now + 60}").json["total"] == 0
    refused = client.get(f"{URL}?kind=party")
    assert (refused.status_code, refused.json["error"]["field"]) == (422, "kind")


def test_events_of_all_clusters_are_in_one_order(client: Any, scene: Any) -> None:
    found = events(client, url="/api/v1/clusters/*/events")
    assert [item["serial"] for item in found] == [4, 3, 2, 1]
    assert sorted(item["cluster"] for item in found) == ["compute"] * 3 + ["render"]


def test_events_can_be_had_as_a_file(client: Any, scene: Any) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get(f"{URL}?format=csv").text)))
    assert [row["text"] for row in rows] == texts(client)
    lines = client.get(f"{URL}?format=jsonl&limit=1").text.splitlines()
    assert [json.loads(line)["text"] for line in lines] == texts(client)[:1]


def test_changes_say_that_something_happened(client: Any, scene: Any) -> None:
    changes = client.get("/api/v1/changes?cluster=compute").json
    latest = {one["name"]: one["events"]["latest"] for one in changes["clusters"]}
    assert latest["* Combined"] == max(latest["compute"], latest["render"]) == 4
    client.post("/api/v1/clusters/compute/nodes", json={"host": "127.0.0.9"})
    since = changes["cursor"]
    later = client.get(f"/api/v1/changes?cluster=compute&since={since}").json
    assert [one["events"]["latest"] for one in later["clusters"]][:2] == [5, 5]


# -- history ----------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "runs.sqlite"
    registry = ClusterRegistry(history=path)
    for name in ("compute", "render"):
        cluster = watched_cluster(registry, name)
        node = cluster.join(make_node("10.0.0.1", "alpha"))
        for number in range(2):
            job = cluster.submit(number)
            cluster.start(job, node)
            cluster.end(job, node, exception=f"KeyError: 'secret {number}'" if number else None)
    board_of(registry).fold()
    registry.poll_sec = 3
    registry.control.cancel([1])
    cluster.close()
    registry.close()
    return path


def test_past_run_shows_what_happened(path: Path) -> None:
    past = PastRegistry(path)
    try:
        page = past.view("*").events()
        serials = [item["serial"] for item in page.items]
        assert serials == list(range(len(serials), 0, -1))
        assert page.latest == past.view("*").summary()["events"]["latest"] == len(serials)
        for name in past.names():
            kinds = [item["kind"] for item in past.view(name).events().items]
            assert sorted(kinds) == ["done", "error_kind", "node_joined", "settings_changed"]
        assert [item["kind"] for item in page.items].count("settings_changed") == 1
        (item,) = past.view(name).events(["error_kind"]).items
        assert item["text"] == "New kind of error: KeyError: '…'"
        assert [e["text"] for e in past.view(name).events(["done"]).items] == [
            "All 2 jobs are done: 1 finished, 1 failed"
        ]
    finally:
        past.close()


def test_older_file_keeps_what_it_says_of_nodes(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE runs SET closed_at = last_at + 1 WHERE name = 'render'")
    back_to(path, 1)
    past = PastRegistry(path)
    try:
        found = {
            name.split()[0]: [item["text"] for item in past.view(name).events().items]
            for name in past.names()
        }
        assert found == {
            "compute": ["10.0.0.1 joined"],
            "render": ["The cluster was closed", "10.0.0.1 joined"],
        }
    finally:
        past.close()
