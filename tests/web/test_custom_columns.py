"""Custom columns in the JSON API: rows, blocks, sorting, searching, and who may see them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from clusters import wait_until
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from web.fakes import FakeCluster, make_node, watched_cluster

from flask_dispy import ClusterRegistry, Column, DispyHTTPServer, create_blueprint
from flask_dispy.watching.dashboard import board_of

TEMPERATURES = {"10.0.0.1": 41.5, "10.0.0.2": None, "10.0.0.3": 80, "10.0.0.4": 7}
NODES = "/api/v1/clusters/*/nodes"
JOBS = "/api/v1/clusters/*/jobs"


@pytest.fixture
def registry() -> Iterator[ClusterRegistry]:
    registry = ClusterRegistry(
        node_columns=[
            Column("temp", label="Temp", unit="°C", type="number",
                   value=lambda node: TEMPERATURES[node.ip_addr]),
            Column("rack", value=lambda node: f"North {node.name}", sortable=False),
        ],
        job_columns=[Column("batch", label="Batch", value=lambda job: job._args[0])],
    )  # fmt: skip
    yield registry
    registry.close()


@pytest.fixture
def cluster(registry: ClusterRegistry) -> FakeCluster:
    cluster = watched_cluster(registry, "compute")
    for number, ip_addr in enumerate(TEMPERATURES, 1):
        cluster.join(make_node(ip_addr, f"n{number}"))
    for batch in ("night 1", 7, "day"):
        cluster.submit(batch)
    view = registry.view("*")
    wait_until(lambda: all(row["rack"] for row in view.nodes()))
    wait_until(lambda: all(row["batch"] for row in view.jobs().items))
    return cluster


def client_of(registry: ClusterRegistry, **options: Any) -> FlaskClient:
    app = Flask("host")
    app.register_blueprint(create_blueprint(registry, **options))
    return app.test_client()


@pytest.fixture
def client(registry: ClusterRegistry, cluster: FakeCluster) -> FlaskClient:
    return client_of(registry)


def ask(client: FlaskClient, url: str) -> Any:
    answer = client.get(url)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_nodes_are_sorted_by_a_column_and_unknown_ones_come_last(client: FlaskClient) -> None:
    for cluster in ("compute", "*"):
        rows = ask(client, f"/api/v1/clusters/{cluster}/nodes?sort=temp&order=desc")["items"]
        assert [row["temp"] for row in rows] == [80, 41.5, 7, None]
    assert ask(client, f"{NODES}/10.0.0.3")["temp"] == 80


def test_column_that_is_not_sortable_is_refused(client: FlaskClient) -> None:
    answer = client.get(f"{NODES}?sort=rack")
    assert (answer.status_code, answer.get_json()["error"]["field"]) == (422, "sort")


@pytest.mark.parametrize(
    ("q", "found"),
    [("temp:>40", {"10.0.0.1", "10.0.0.3"}), ("temp:80", {"10.0.0.3"}),
     ("80", {"10.0.0.3"}), ('"NORTH n2"', {"10.0.0.2"}), ("-north", set()),
     ('rack:"NORTH n2"', {"10.0.0.2"}), ("temp:>40 rack:n1", {"10.0.0.1"}), ("temp:cold", set())],
)  # fmt: skip
def test_nodes_are_found_by_a_column(client: FlaskClient, q: str, found: set[str]) -> None:
    rows = ask(client, f"{NODES}?q={q}")["items"]
    assert {row["ip_addr"] for row in rows} == found


@pytest.mark.parametrize(
    ("q", "found"),
    [("batch:NIGHT", ["night 1"]), ("batch:7", [7]), ("batch:>6", [7]), ("day", ["day"]),
     ("batch:night state:queued", ["night 1"]), ("batch:night state:running", [])],
)  # fmt: skip
def test_jobs_are_found_by_a_column(client: FlaskClient, q: str, found: list[Any]) -> None:
    assert [row["batch"] for row in ask(client, f"{JOBS}?q={q}")["items"]] == found


def test_jobs_are_sorted_by_a_column_page_after_page(client: FlaskClient) -> None:
    for order, found in (("asc", [7, "day", "night 1"]), ("desc", ["night 1", "day", 7])):
        url, values = f"{JOBS}?sort=batch&order={order}&limit=1", []
        while url:
            page = ask(client, url)
            values += [row["batch"] for row in page["items"]]
            url = page["next"] and f"{JOBS}{page['next']}"
        assert values == found


def test_jobs_found_by_a_column_can_be_cancelled(client: FlaskClient) -> None:
    answer = client.post(f"{JOBS}/cancel", json={"filter": {"q": "batch:>1"}, "dry_run": True})
    assert answer.get_json()["matched"] == 1


def test_blocks_and_changes_have_the_columns(
    client: FlaskClient, registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    snapshot = ask(client, "/api/v1/changes?form=columns")
    (block,) = snapshot["blocks"]
    found = dict(zip(block["ip_addr"], block["temp"], strict=True))
    assert found == TEMPERATURES
    assert sorted(block["rack"]) == ["North n1", "North n2", "North n3", "North n4"]
    cluster.join(make_node("10.0.0.1", "n9"))
    rows: list[dict[str, Any]] = []

    def changed() -> bool:
        rows.extend(ask(client, f"/api/v1/changes?since={snapshot['cursor']}")["nodes"])
        return rows[-1]["rack"] == "North n9"

    wait_until(changed)
    assert rows[-1]["temp"] == 41.5


def test_description_is_that_of_the_registry(client: FlaskClient) -> None:
    description = ask(client, "/api/v1/openapi.json")
    validate(description)
    schemas = description["components"]["schemas"]
    assert schemas["Node"]["properties"]["temp"] == {"type": ["number", "null"]}
    anything = {"type": ["number", "string", "boolean", "null"]}
    assert schemas["Node"]["properties"]["rack"] == anything
    assert schemas["Job"]["properties"]["batch"] == anything
    assert "temp" in schemas["NodeBlock"]["properties"]
    (sort,) = (p["schema"]["enum"]
               for p in description["paths"]["/api/v1/clusters/{name}/nodes"]["get"]["parameters"]
               if p["name"] == "sort")  # fmt: skip
    assert "temp" in sort
    assert "rack" not in sort
    assert '"batch"' in json.dumps(description["paths"]["/api/v1/clusters/{name}/jobs"])
    for name, url in (("Node", NODES), ("Job", JOBS)):
        validator = Draft202012Validator(schemas[name])
        for row in ask(client, url)["items"]:
            validator.validate(row)


def test_registry_without_columns_is_described_without(client: FlaskClient) -> None:
    plain = ClusterRegistry()
    description = ask(client_of(plain), "/api/v1/openapi.json")
    assert "temp" not in description["components"]["schemas"]["Node"]["properties"]
    plain.close()


def config_of(client: FlaskClient) -> dict[str, Any]:
    found = re.search(r"data-config='(.*?)'", client.get("/monitor.html").text)
    assert found is not None
    config: dict[str, Any] = json.loads(unescape(found[1]))
    return config


def test_columns_are_served_with_the_page(client: FlaskClient) -> None:
    config = config_of(client)
    fields = {field["name"]: field for field in config["node_fields"]}
    assert fields["temp"] == {"name": "temp", "label": "Temp", "hint": "", "unit": "°C",
                              "type": "number", "sortable": True, "custom": True}  # fmt: skip
    assert (fields["rack"]["type"], fields["rack"]["sortable"]) == ("any", False)
    (batch,) = (field for field in config["job_fields"] if field["custom"])
    assert (batch["name"], batch["label"], batch["sortable"]) == ("batch", "Batch", True)


@pytest.mark.usefixtures("cluster")
def test_client_without_arguments_sees_no_column_of_jobs(registry: ClusterRegistry) -> None:
    client = client_of(registry, authorize=lambda permission, _: permission == "view")
    row = ask(client, JOBS)["items"][0]
    assert (row["batch"], row["hidden"]) == (None, True)
    answer = client.get(f"{JOBS}?q=batch:7")
    assert answer.status_code == 422
    assert "There is no qualifier batch" in answer.get_json()["error"]["message"]
    assert ask(client, f"{JOBS}?q=night")["total"] == 0
    answer = client.get(f"{JOBS}?sort=batch")
    assert (answer.status_code, answer.get_json()["error"]["field"]) == (422, "sort")
    assert not [field for field in config_of(client)["job_fields"] if field["custom"]]


def test_columns_stay_where_arguments_are_not_shown(
    client: FlaskClient, registry: ClusterRegistry
) -> None:
    registry.show_job_args = False
    row = ask(client, f"{JOBS}?q=batch:7")["items"][0]
    assert (row["args"], row["batch"]) == (None, 7)


def test_server_takes_columns_too() -> None:
    columns = [Column("temp", value=lambda _node: 5)]
    with DispyHTTPServer(None, "127.0.0.1", 0, node_columns=columns) as server:
        assert board_of(server.registry).tables.nodes.names == ("temp",)
        with pytest.raises(TypeError, match="node_columns: give the settings of a shared registry"):
            DispyHTTPServer(None, "127.0.0.1", 0, registry=server.registry, node_columns=columns)
