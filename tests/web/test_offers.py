"""The API of nodes that were asked to join and have not."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from flask import Flask
from werkzeug.security import generate_password_hash

from flask_dispy import ClusterRegistry
from flask_dispy.web.blueprint import create_blueprint

OFFERS = "/api/v1/clusters/compute/offers"


def _ask(client: Any, host: str = "127.0.0.9", **how: Any) -> Any:
    answer = client.post("/api/v1/clusters/compute/nodes", json={"host": host, "cpus": 2}, **how)
    assert answer.status_code == 200
    return client.get(OFFERS, **how).json["items"][-1]


def test_offer_is_listed_asked_again_and_withdrawn(client: Any, scene: Any) -> None:
    assert client.get(OFFERS).json == {"total": 0, "items": [], "next": None}
    offer = _ask(client)
    assert {name: offer[name] for name in ("cluster", "host", "ip_addr", "port", "cpus")} == {
        "cluster": "compute", "host": "127.0.0.9", "ip_addr": "127.0.0.9", "port": None, "cpus": 2,
    }  # fmt: skip
    assert (offer["source"], offer["asked_by"], offer["overdue"]) == ("command", None, False)
    assert offer["reasons"][0]["command"]
    assert client.get("/api/v1/clusters/compute").json["offers"]["waiting"] == 1
    assert client.get("/api/v1/clusters/*/offers").json["total"] == 1
    assert client.get("/api/v1/clusters/render/offers").json["total"] == 0

    again = client.post(f"{OFFERS}/{offer['number']}/ask")
    assert (again.status_code, again.json["outcomes"][0]["code"]) == (200, "asked")
    (offer,) = client.get(OFFERS).json["items"]
    gone = client.delete(f"{OFFERS}/{offer['number']}")
    assert (gone.status_code, gone.json["ok"]) == (200, True)
    assert client.get(OFFERS).json["items"] == []
    for answer in (
        client.delete(f"{OFFERS}/{offer['number']}"),
        client.delete(f"{OFFERS}/-+5"),
        client.post(f"{OFFERS}/none/ask"),
        client.delete(f"/api/v1/clusters/render/offers/{offer['number']}"),
    ):
        assert (answer.status_code, answer.json["error"]["code"]) == (404, "unknown_offer")


def test_offers_come_in_pages(client: Any, scene: Any) -> None:
    for number in range(5):
        _ask(client, f"127.0.0.{20 + number}")
    page = client.get(f"{OFFERS}?limit=2").json
    assert (page["total"], len(page["items"])) == (5, 2)
    assert page["next"] == "?offset=2&limit=2"
    hosts = [item["host"] for item in client.get(f"{OFFERS}?limit=2&offset=4").json["items"]]
    assert hosts == ["127.0.0.24"]


def test_asking_user_is_kept_and_a_viewer_only_reads(
    registry: ClusterRegistry, cluster: Any
) -> None:
    users = {
        name: (generate_password_hash("pw", "pbkdf2:sha256:1000"), role)
        for name, role in (("ann", "operator"), ("bob", "viewer"))
    }
    app = Flask("host")
    app.register_blueprint(create_blueprint(registry, users=users))
    client = app.test_client()
    offer = _ask(client, auth=("ann", "pw"))
    assert offer["asked_by"] == "ann"
    assert client.get(OFFERS, auth=("bob", "pw")).json["total"] == 1
    for answer in (
        client.delete(f"{OFFERS}/{offer['number']}", auth=("bob", "pw")),
        client.post(f"{OFFERS}/{offer['number']}/ask", auth=("bob", "pw")),
    ):
        assert answer.status_code == 403
    assert client.get(OFFERS).status_code == 401


def test_client_without_arguments_does_not_see_the_asker(make_client: Any, scene: Any) -> None:
    def authorize(permission: str, request: Any) -> bool:
        return permission != "see_arguments"

    offer = _ask(make_client(authorize=authorize))
    assert (offer["source"], offer["asked_by"]) == ("command", None)


def test_offers_can_be_had_as_a_file(client: Any, scene: Any) -> None:
    for number in (8, 9):
        _ask(client, f"127.0.0.{number}")
    rows = client.get(f"{OFFERS}?format=jsonl").text.splitlines()
    assert [json.loads(row)["host"] for row in rows] == ["127.0.0.8", "127.0.0.9"]
    table = csv.DictReader(io.StringIO(client.get(f"{OFFERS}?format=csv&limit=1").text))
    assert [row["host"] for row in table] == ["127.0.0.8"]
