"""Commands through the JSON API."""

from __future__ import annotations

import io
import threading
import time
from typing import Any

import pytest
from web.fakes import make_node

from flask_dispy import ClusterRegistry
from flask_dispy.watching.dashboard import board_of
from flask_dispy.web.api import control as api_control
from flask_dispy.web.api.control import MOST_SERIALS

API = "/api/v1"
CANCEL = f"{API}/clusters/compute/jobs/cancel"
NODE = f"{API}/clusters/compute/nodes/10.0.0.2"


def test_cancel_answers_with_an_outcome_for_each(client: Any, scene: Any) -> None:
    body = client.post(CANCEL, json={"serials": [3, 4, 1, 99]}).json
    assert [(o["serial"], o["code"]) for o in body["outcomes"]] == [
        (3, "terminating"),
        (4, "cancelled"),
        (1, "already_ended"),
        (99, "unknown"),
    ]
    assert (body["matched"], body["cancelled"], body["failed"]) == (4, 2, 2)
    assert [call[0] for call in scene.cluster.calls] == ["cancel", "cancel"]


def test_dry_run_counts_and_cancels_nothing(client: Any, scene: Any) -> None:
    body = client.post(CANCEL, json={"serials": [3, 4, 1, 99], "dry_run": True}).json
    assert body == {"matched": 4, "cancellable": 2}
    body = client.post(CANCEL, json={"filter": {}, "dry_run": True}).json
    assert body == {"matched": 4, "cancellable": 2}
    assert scene.cluster.calls == []


def test_filter_cancels_what_it_matches(client: Any, scene: Any) -> None:
    body = client.post(CANCEL, json={"filter": {"q": "id:c"}}).json
    assert [o["serial"] for o in body["outcomes"]] == [3]
    body = client.post(CANCEL, json={"filter": {"state": ["finished"]}}).json
    assert (body["matched"], body["outcomes"]) == (1, [])


def test_cancel_stays_within_its_cluster(client: Any, scene: Any) -> None:
    url = f"{API}/clusters/render/jobs/cancel"
    assert client.post(url, json={"serials": [3]}).json["outcomes"][0]["code"] == "unknown"
    assert client.post(url, json={"filter": {}}).json["matched"] == 0
    assert scene.cluster.calls == []


def test_hidden_arguments_select_nothing_to_cancel(make_client: Any, scene: Any) -> None:
    client = make_client(authorize=lambda permission, _request: permission != "see_arguments")
    body = client.post(CANCEL, json={"filter": {"q": "arg:third"}, "dry_run": True}).json
    assert body == {"matched": 0, "cancellable": 0}


def test_node_is_offered_to_the_cluster(client: Any, scene: Any) -> None:
    body = client.post(
        f"{API}/clusters/compute/nodes", json={"host": "127.0.0.9", "port": None, "cpus": 2}
    ).json
    assert body["ok"] is True
    assert body["outcomes"][0]["cluster"] == "compute"
    assert [call[0] for call in scene.cluster.calls] == ["allocate_node"]
    assert scene.other.calls == []


def test_star_commands_every_cluster(client: Any, scene: Any) -> None:
    client.post(f"{API}/clusters/*/nodes", json={"host": "127.0.0.9"})
    client.post(f"{API}/clusters/*/nodes/10.0.0.2/deallocate")
    for cluster in (scene.cluster, scene.other):
        assert [call[0] for call in cluster.calls] == ["allocate_node", "deallocate_node"]


def test_host_that_does_not_resolve_is_the_clients_error(client: Any, scene: Any) -> None:
    answer = client.post(f"{API}/clusters/compute/nodes", json={"host": "no-such-host.invalid"})
    assert answer.status_code == 422
    assert answer.json["error"]["message"]


@pytest.mark.parametrize("action", ["allocate", "deallocate", "close"])
def test_node_action_reaches_dispy(client: Any, scene: Any, action: str) -> None:
    assert client.post(f"{NODE}/{action}").json["ok"] is True
    assert [call[0] for call in scene.cluster.calls] == [f"{action}_node"]


def test_refusal_is_an_error_with_its_outcomes(client: Any, scene: Any) -> None:
    scene.cluster.answers["deallocate_node"] = -1
    answer = client.post(f"{NODE}/deallocate")
    assert answer.status_code == 409
    assert answer.json["error"]["code"] == "refused"
    assert (answer.json["ok"], len(answer.json["outcomes"])) == (False, 1)


def test_partial_success_is_reported_outcome_by_outcome(client: Any, scene: Any) -> None:
    scene.other.answers["close_node"] = -1
    answer = client.post(f"{API}/clusters/*/nodes/alpha/close")
    assert answer.status_code == 200
    assert answer.json["ok"] is False
    assert [outcome["ok"] for outcome in answer.json["outcomes"]] == [True, False]


def test_cpus_in_use_are_reported(client: Any, scene: Any) -> None:
    scene.cluster.answers["set_node_cpus"] = lambda _node, cpus: min(cpus, 4)
    body = client.patch(NODE, json={"cpus": 100}).json
    assert body["outcomes"][0]["cpus"] == 4


def test_call_that_hangs_ends_as_504(make_client: Any, registry: Any, scene: Any) -> None:
    registry._calls.timeout_sec = 0.2
    scene.cluster.answers["close_node"] = lambda _node: time.sleep(1)
    answer = make_client().post(f"{NODE}/close")
    assert answer.status_code == 504
    assert answer.json["error"]["code"] == "timeout"


def test_cluster_that_hangs_keeps_no_other_waiting(client: Any, scene: Any) -> None:
    asked = threading.Event()
    scene.cluster.answers["deallocate_node"] = lambda _node: 0 if asked.wait(5) else -1
    scene.other.answers["deallocate_node"] = lambda _node: asked.set()
    answer = client.post(f"{API}/clusters/*/nodes/10.0.0.2/deallocate")
    assert [outcome["ok"] for outcome in answer.json["outcomes"]] == [True, True]


def test_settings_change_one_by_one(client: Any, registry: ClusterRegistry) -> None:
    assert client.patch(f"{API}/settings", json={"poll_sec": 0}).json == {
        "poll_sec": 0,
        "show_job_args": True,
    }
    assert client.patch(f"{API}/settings", json={"poll_sec": -1}).json["poll_sec"] == 0
    client.patch(f"{API}/settings", json={"show_job_args": False})
    assert (registry.poll_sec, registry.show_job_args) == (0, False)


def test_settings_change_together_or_not_at_all(client: Any, registry: ClusterRegistry) -> None:
    answer = client.patch(f"{API}/settings", json={"poll_sec": 3, "show_job_args": "no"})
    assert answer.status_code == 422
    assert registry.poll_sec == 10


@pytest.mark.parametrize(
    ("url", "body", "field"),
    [
        (CANCEL, {}, "serials"),
        (CANCEL, {"serials": [1], "filter": {}}, "serials"),
        (CANCEL, {"serials": []}, "serials"),
        (CANCEL, {"serials": "3"}, "serials"),
        (CANCEL, {"serials": [True]}, "serials"),
        (CANCEL, {"serials": [0]}, "serials"),
        (CANCEL, {"serials": [2**70]}, "serials"),
        (CANCEL, {"serials": [1.5]}, "serials"),
        (CANCEL, {"serials": [None]}, "serials"),
        (CANCEL, {"serials": list(range(1, MOST_SERIALS + 2))}, "serials"),
        (CANCEL, {"serials": [3], "dry_run": 1}, "dry_run"),
        (CANCEL, {"serials": [3], "limit": 1}, "limit"),
        (CANCEL, {"serials": [3], "before": 1}, "before"),
        (CANCEL, {"filter": {}, "limit": 0}, "limit"),
        (CANCEL, {"filter": {}, "limit": 10_001}, "limit"),
        (CANCEL, {"filter": {}, "before": 0}, "before"),
        (CANCEL, {"serials": [3], "dryrun": True}, "dryrun"),
        (CANCEL, {"filter": []}, "filter"),
        (CANCEL, {"filter": {"status": []}}, "status"),
        (CANCEL, {"filter": {"state": "queued"}}, "state"),
        (CANCEL, {"filter": {"state": ["lost"]}}, "state"),
        (CANCEL, {"filter": {"q": 5}}, "q"),
        (CANCEL, {"filter": {"q": "x" * 501}}, "q"),
        (CANCEL, {"filter": {"q": "\ud800"}}, "q"),
        (f"{API}/clusters/compute/nodes", {}, "host"),
        (f"{API}/clusters/compute/nodes", {"host": "  "}, "host"),
        (f"{API}/clusters/compute/nodes", {"host": 7}, "host"),
        (f"{API}/clusters/compute/nodes", {"host": "h" * 256}, "host"),
        (f"{API}/clusters/compute/nodes", {"host": "h", "port": 0}, "port"),
        (f"{API}/clusters/compute/nodes", {"host": "h", "port": 65536}, "port"),
        (f"{API}/clusters/compute/nodes", {"host": "h", "port": "9700"}, "port"),
        (f"{API}/clusters/compute/nodes", {"host": "h", "cpus": 1.5}, "cpus"),
        (f"{API}/clusters/compute/nodes", {"host": "h", "cpus": 10**30}, "cpus"),
    ],
)
def test_bad_value_is_refused_by_name(
    client: Any, scene: Any, url: str, body: Any, field: str
) -> None:
    answer = client.post(url, json=body)
    assert answer.status_code == 422
    assert answer.json["error"]["field"] == field
    assert scene.cluster.calls == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"poll_sec": -86_401}, "poll_sec"),
        ({"poll_sec": 86_401}, "poll_sec"),
        ({"poll_sec": True}, "poll_sec"),
        ({"poll_sec": "5"}, "poll_sec"),
        ({"poll_sec": 10**400}, "poll_sec"),
        ({"poll_sec": None}, "poll_sec"),
        ({"show_job_args": 0}, "show_job_args"),
        ({"colour": 0}, "colour"),
    ],
)
def test_bad_setting_is_refused_by_name(client: Any, body: Any, field: str) -> None:
    answer = client.patch(f"{API}/settings", json=body)
    assert answer.status_code == 422
    assert answer.json["error"]["field"] == field


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"5",
        b'{"poll_sec": NaN}',
        b'{"poll_sec": Infinity}',
        b'{"poll_sec": ' + b"9" * 5000 + b"}",
        b"\xff\xfe",
        b"[" * 30_000,
        b'{"a":' * 10_000,
    ],
)
def test_body_that_cannot_be_read_is_a_400(client: Any, body: bytes) -> None:
    answer = client.patch(f"{API}/settings", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json["error"]["code"] == "bad_json"


def test_infinity_written_as_a_number_is_refused(client: Any) -> None:
    answer = client.patch(
        f"{API}/settings", data=b'{"poll_sec": 1e999}', content_type="application/json"
    )
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "poll_sec")


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_body_must_be_json(client: Any, content_type: str | None) -> None:
    answer = client.patch(f"{API}/settings", data=b"{}", content_type=content_type)
    assert (answer.status_code, answer.json["error"]["code"]) == (415, "unsupported_media_type")


def test_large_body_is_refused(client: Any, registry: ClusterRegistry) -> None:
    answer = client.patch(
        f"{API}/settings", data=b'{"x":"' + b"y" * 70_000 + b'"}', content_type="application/json"
    )
    assert (answer.status_code, answer.json["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("url", "content_type", "body"),
    [
        ("api/v1/settings", "application/json", b'{"poll_sec": 7}' + b" " * 70_000),
        ("update", None, b"timeout=7&x=" + b"y" * 70_000),
        ("update", "application/x-www-form-urlencoded", b"timeout=7&x=" + b"y" * 70_000),
        ("cancel_jobs", "application/x-www-form-urlencoded", b"uid=1&" * 12_000),
        (f"{NODE}/close", "application/json", b" " * 70_000),
    ],
)
def test_large_body_in_chunks_is_refused_and_not_cut(
    client: Any, scene: Any, registry: ClusterRegistry, url: str, content_type: str, body: bytes
) -> None:
    answer = client.open(
        f"/{url.lstrip('/')}",
        method="PATCH" if url.endswith("settings") else "POST",
        content_type=content_type,
        environ_overrides={
            "wsgi.input": io.BytesIO(body),
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": "",
            "HTTP_TRANSFER_ENCODING": "chunked",
        },
    )
    assert (answer.status_code, answer.json["error"]["code"]) == (413, "too_large")
    assert registry.poll_sec == 10
    assert scene.cluster.calls == []


def test_host_apps_narrower_limit_stands(registry: ClusterRegistry) -> None:
    from flask import Flask

    from flask_dispy.web.blueprint import create_blueprint

    app = Flask("host")
    app.config["MAX_CONTENT_LENGTH"] = 20
    app.register_blueprint(create_blueprint(registry))
    answer = app.test_client().patch(f"{API}/settings", json={"poll_sec": 1.234567890123})
    assert answer.status_code == 413


def test_node_that_no_cluster_can_take_is_refused(client: Any) -> None:
    for answer in (
        client.post(f"{API}/clusters/*/nodes", json={"host": "127.0.0.4"}),
        client.post("/add_node", data={"host": "127.0.0.4"}),
    ):
        assert (answer.status_code, answer.json["error"]["code"]) == (409, "unsupported")
        assert "none was added" in answer.json["error"]["message"]


def test_field_for_a_command_that_takes_none_is_refused(client: Any, scene: Any) -> None:
    answer = client.post(f"{NODE}/close", json={"force": True})
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "force")
    assert answer.json["error"]["message"] == "There is no such field; there are: none."
    assert scene.cluster.calls == []


def test_unknown_cluster_and_node_take_no_commands(client: Any, scene: Any) -> None:
    for url in (f"{API}/clusters/none/nodes/10.0.0.2/close", f"{NODE[:-1]}9/close"):
        assert client.post(url).status_code == 404


def test_closed_cluster_refuses(client: Any, scene: Any) -> None:
    scene.cluster.close()
    answer = client.post(f"{NODE}/close")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "closed")


@pytest.fixture
def twins(scene: Any) -> Any:
    """Two more nodes, of one name."""
    for ip_addr in ("10.0.0.20", "10.0.0.3"):
        scene.cluster.join(make_node(ip_addr, "twin"))
    return scene


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "compute/nodes/Twin", None),
        ("GET", "compute/nodes/twin/series", None),
        ("GET", "*/nodes/twin", None),
        ("GET", "compute/timeline?node=twin", None),
        ("PATCH", "compute/nodes/twin", {"cpus": 1}),
        ("POST", "compute/nodes/twin/allocate", None),
        ("POST", "compute/nodes/twin/deallocate", None),
        ("POST", "compute/nodes/TWIN/close", None),
        ("POST", "*/nodes/twin/close", None),
    ],
)
def test_name_of_two_nodes_is_refused_with_both(
    client: Any, twins: Any, method: str, path: str, body: Any
) -> None:
    answer = client.open(f"{API}/clusters/{path}", method=method, json=body)
    assert answer.status_code == 409
    assert answer.json["error"]["code"] == "ambiguous_node"
    assert "10.0.0.3, 10.0.0.20" in answer.json["error"]["message"]
    assert twins.cluster.calls == []


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("node_info", {"host": "twin"}),
        ("close_node", {"cluster": "compute", "nodes": '["10.0.0.2", "twin"]'}),
        ("set_cpus", {"twin": "1"}),
    ],
)
def test_dispys_own_routes_refuse_it_too(client: Any, twins: Any, path: str, form: Any) -> None:
    answer = client.post(f"/{path}", data=form)
    assert answer.status_code == 409
    assert "10.0.0.3, 10.0.0.20" in answer.json["error"]["message"]
    assert twins.cluster.calls == []


def test_one_node_of_several_clusters_is_no_two(client: Any, scene: Any) -> None:
    assert client.post(f"{API}/clusters/*/nodes/alpha/deallocate").json["ok"] is True


def test_brackets_around_a_nodes_address_are_no_part_of_it(client: Any, scene: Any) -> None:
    scene.cluster.join(make_node("fe80::1", "six"))
    assert client.get(f"{API}/clusters/compute/nodes/[fe80::1]").json["ip_addr"] == "fe80::1"
    assert client.post(f"{API}/clusters/compute/nodes/[fe80::1]/close").json["ok"] is True


def test_registry_is_folded_once_for_a_thousand_serials(
    client: Any, registry: ClusterRegistry, scene: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folds = []
    fold = board_of(registry).fold
    monkeypatch.setattr(board_of(registry), "fold", lambda: (folds.append(1), fold()))
    serials = list(range(1, MOST_SERIALS + 1))
    assert len(client.post(CANCEL, json={"serials": serials}).json["outcomes"]) == MOST_SERIALS
    assert len(folds) < 10


def test_filter_goes_on_in_parts(client: Any, scene: Any) -> None:
    for _ in range(3):
        scene.cluster.submit()
    order = []
    before = None
    while True:
        body = {"filter": {"state": ["queued"]}, "limit": 2, "before": before}
        answer = client.post(CANCEL, json=body).json
        order += [outcome["serial"] for outcome in answer["outcomes"]]
        before = answer["next_before"]
        if before is None:
            break
    assert order == [7, 6, 5, 4]


def test_filter_that_matches_too_many_is_refused_whole(
    client: Any, scene: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_control, "MOST_FILTERED", 1)
    answer = client.post(CANCEL, json={"filter": {}})
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "filter")
    assert scene.cluster.calls == []
    assert client.post(CANCEL, json={"filter": {}, "dry_run": True}).json["cancellable"] == 2
