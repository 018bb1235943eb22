"""dispy.httpd's protocol, as its own pages and users' scripts speak it."""

from __future__ import annotations

import itertools
import json
import threading
from typing import Any

import pytest
from clusters import wait_until
from flask.testing import FlaskClient
from web.fakes import make_node

from flask_dispy import ClusterRegistry
from flask_dispy.watching.dashboard import board_of
from flask_dispy.web.legacy.cursor import LegacyCursor

FORM = "application/x-www-form-urlencoded"
NODE_FIELDS = {
    "ip_addr", "name", "cpus", "avail_cpus", "busy", "jobs_done", "cpu_time", "tx", "rx",
    "update_time", "avail_info",
}  # fmt: skip


@pytest.fixture
def scene(scene: Any, registry: ClusterRegistry) -> Any:
    """The scene once its nodes are compared: from then on, only what a test does changes them."""
    wait_until(lambda: registry.view("compute").node("10.0.0.2")["compared"], what="comparison")
    return scene


def _nodes(client: FlaskClient, url: str = "/cluster_updates") -> list[list[str]]:
    return [[n["ip_addr"] for n in c["nodes"]] for c in client.get(url).json]


def test_cluster_status_has_dispys_shape(client: Any, scene: Any) -> None:
    answer = client.get("/cluster_status")
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    compute, render = answer.json
    assert compute["name"] == "compute"
    assert compute["jobs"] == {"submitted": 4, "done": 2, "pending": 2}
    assert render["jobs"] == {"submitted": 0, "done": 0, "pending": 0}
    by_address = {node["ip_addr"]: node for node in compute["nodes"]}
    alpha = by_address["10.0.0.2"]
    assert alpha.keys() == NODE_FIELDS
    assert (alpha["busy"], alpha["jobs_done"], alpha["cpus"]) == (1, 2, 4)
    assert json.dumps(alpha["avail_info"]["memory"]) == "24328601600"
    assert isinstance(alpha["cpu_time"], float)
    assert by_address["10.0.0.10"]["avail_info"] is None


def test_updates_bring_what_changed_since_this_reader_asked(client: Any, scene: Any) -> None:
    client.get("/cluster_status")
    assert _nodes(client) == [[], []]
    scene.cluster.start(scene.queued, scene.beta)
    assert _nodes(client) == [["10.0.0.10"], []]
    assert _nodes(client) == [[], []]


def test_reader_without_the_cookie_gets_all_nodes(client: Any, scene: Any) -> None:
    assert sorted(_nodes(client)[0]) == ["10.0.0.10", "10.0.0.2"]


def test_each_of_many_readers_sees_every_change(client: Any, scene: Any) -> None:
    readers = [client.application.test_client() for _ in range(10)]
    for reader in readers:
        reader.get("/cluster_status")
    scene.cluster.start(scene.queued, scene.beta)
    assert [_nodes(reader) for reader in readers] == [[["10.0.0.10"], []]] * 10


def test_two_tabs_of_one_browser_both_see_every_change(client: Any, scene: Any) -> None:
    client.get("/cluster_status")  # the first tab
    client.get("/cluster_status")  # the second, with the first one's cookie
    scene.cluster.start(scene.queued, scene.beta)
    assert "10.0.0.10" in _nodes(client)[0]
    assert "10.0.0.10" in _nodes(client)[0]


def _let_time_pass(client: FlaskClient, sec: int) -> None:
    """Age the client's cookie, which says since when it holds."""
    cookie = client.get_cookie("dispy_updates")
    assert cookie is not None
    shared, moved_at, *cursors = cookie.value.split("/")
    client.set_cookie(cookie.key, "/".join([shared, str(int(moved_at) - sec), *cursors]))


def test_shared_cursor_moves_on(client: Any, scene: Any) -> None:
    for url in ("/cluster_status", "/cluster_status"):
        client.get(url)
    scene.cluster.start(scene.queued, scene.beta)
    for _ in range(3):
        _let_time_pass(client, 100)
        last = _nodes(client)
    assert last == [[], []]


def test_cookie_is_for_this_blueprint_only(make_client: Any, scene: Any) -> None:
    cookie = make_client(prefix="/dispy").get("/dispy/cluster_status").headers["Set-Cookie"]
    assert "Path=/dispy/" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


@pytest.mark.parametrize(
    "cookie", ["", "x", "o/1", "o/x/a/b", "o/1/a.b/c", "s/99999999999999/a/b", "/" * 5000, "o/1//"]
)
def test_foreign_cookie_reads_from_the_start(client: Any, scene: Any, cookie: str) -> None:
    answer = client.get("/cluster_updates", headers={"Cookie": f"dispy_updates={cookie}"})
    assert len(answer.json[0]["nodes"]) == 2


def test_cookie_stays_small_with_many_clusters(client: Any) -> None:
    with client.application.test_request_context("/cluster_updates"):
        from flask import Response

        answer = Response()
        LegacyCursor().store(answer, [f"0a01ccbf-{n:x}-ffff" for n in range(500)], 10)
        assert len(answer.headers["Set-Cookie"]) < 4000


def test_removed_cluster_leaves_the_answer(client: Any, registry: Any, scene: Any) -> None:
    client.get("/cluster_status")
    registry.remove(scene.cluster)
    assert [c["name"] for c in client.get("/cluster_updates").json] == ["render"]


def test_hostile_names_do_not_look_like_rows(client: Any, scene: Any) -> None:
    name = 'x","removed":true},{"a":1,"state":"up"},"nodes":[{"memory":5.0} \\'
    scene.cluster.join(make_node("10.0.0.3", name))
    client.get("/nodes")
    for url in ("/cluster_status", "/nodes"):
        rows = {node["ip_addr"]: node for node in client.get(url).json[0]["nodes"]}
        assert rows.keys() == {"10.0.0.2", "10.0.0.3", "10.0.0.10"}
        assert rows["10.0.0.3"]["name"] == name
        assert rows["10.0.0.3"].keys() == NODE_FIELDS


def test_nodes_lists_all(client: Any, scene: Any) -> None:
    body = client.get("/nodes").json
    assert [(c["name"], len(c["nodes"])) for c in body] == [("compute", 2), ("render", 1)]
    assert body[0].keys() == {"name", "nodes"}


@pytest.mark.parametrize("host", ["10.0.0.2", "alpha"])
def test_node_info_sums_the_clusters_and_lists_running_jobs(
    client: Any, scene: Any, host: str
) -> None:
    body = client.post("/node_info", data={"host": host}).json
    assert body["node"]["ip_addr"] == "10.0.0.2"
    assert body["node"].keys() == NODE_FIELDS
    assert body["cluster_jobs"]["render"] == []
    (job,) = body["cluster_jobs"]["compute"]
    assert job == {
        "uid": 3,
        "job_id": "c",
        "args": job["args"],
        "kwargs": "n=3",
        "start_time_ms": int(1000 * scene.running.start_time),
        "cluster": "compute",
    }
    assert "third" in job["args"]


def test_node_info_hides_arguments(client: Any, registry: Any, scene: Any) -> None:
    registry.show_job_args = False
    (job,) = client.post("/node_info", data={"host": "alpha"}).json["cluster_jobs"]["compute"]
    assert (job["args"], job["kwargs"]) == ("", "")


def test_node_info_takes_any_name_of_the_machine(client: Any, scene: Any) -> None:
    scene.cluster.join(make_node("127.0.0.1", "gamma"))
    body = client.post("/node_info", data={"host": "localhost"}).json
    assert body["node"]["ip_addr"] == "127.0.0.1"


@pytest.mark.parametrize("host", ["localhost", "no-such-host.invalid", "127.0.0.*", "\0", "a b"])
def test_name_that_stands_for_no_node_is_not_found(client: Any, scene: Any, host: str) -> None:
    answer = client.post("/node_info", data={"host": host})
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "unknown_node")


def test_unknown_node_is_not_found(client: Any, scene: Any) -> None:
    answer = client.post("/node_info", data={"host": "10.9.9.9"})
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "unknown_node")


def test_cancelled_uids_are_answered(client: Any, scene: Any) -> None:
    assert client.post("/cancel_jobs", data={"uid": ["3", "4", "1", "99"]}).json == [3, 4]
    assert client.post("/cancel_jobs").json == []


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"uid=3&uid=4", FORM),
        (b"uid=3&uid=4", f"{FORM}; charset=UTF-8"),
        (b"uid=3&uid=4", None),
        (
            b'--b\r\nContent-Disposition: form-data; name="uid"\r\n\r\n3\r\n'
            b'--b\r\nContent-Disposition: form-data; name="uid"\r\n\r\n4\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
        ),
    ],
)
def test_form_is_read_in_each_encoding(
    client: Any, scene: Any, body: bytes, content_type: str | None
) -> None:
    assert client.post("/cancel_jobs", data=body, content_type=content_type).json == [3, 4]


def test_add_node_echoes_the_request(client: Any, scene: Any) -> None:
    answer = client.post(
        "/add_node", data={"host": "127.0.0.4", "cpus": "1", "id": "1", "cluster": "compute"}
    )
    assert answer.json == {
        "host": "127.0.0.4",
        "port": None,
        "cpus": 1,
        "cluster": "compute",
        "id": "1",
    }
    assert [call[0] for call in scene.cluster.calls] == ["allocate_node"]
    assert scene.other.calls == []


def test_add_node_without_a_cluster_asks_all(client: Any, scene: Any) -> None:
    form = {"host": "127.0.0.4", "cpus": "", "port": "", "id": "2", "cluster": ""}
    assert client.post("/add_node", data=form).json["cpus"] == 0
    assert len(scene.cluster.calls) == len(scene.other.calls) == 1


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 400),
        ({"host": ""}, 400),
        ({"host": "127.0.0.4", "cluster": "none"}, 404),
        ({"host": "127.0.0.4", "port": "0"}, 422),
        ({"host": "127.0.0.4", "port": "x"}, 422),
        ({"host": "127.0.0.4", "cpus": "x"}, 422),
        ({"host": "no-such-host.invalid"}, 422),
    ],
)
def test_add_node_pretends_no_success(
    client: Any, scene: Any, form: dict[str, str], status: int
) -> None:
    answer = client.post("/add_node", data=form)
    assert answer.status_code == status
    assert answer.json["error"]["message"]
    assert scene.cluster.calls == []


@pytest.mark.parametrize("action", ["allocate_node", "deallocate_node", "close_node"])
@pytest.mark.parametrize("name", ["", "*", "* Combined"])
def test_node_action_for_all_clusters(client: Any, scene: Any, action: str, name: str) -> None:
    form = {"cluster": name, "nodes": '["10.0.0.2"]'}
    assert client.post(f"/{action}", data=form).json == 0
    for cluster in (scene.cluster, scene.other):
        assert [call[0] for call in cluster.calls] == [action]


def test_failed_node_action_is_not_zero(client: Any, scene: Any) -> None:
    scene.cluster.answers["deallocate_node"] = -1
    form = {"cluster": "compute", "nodes": '["10.0.0.2", "10.0.0.10"]'}
    assert client.post("/deallocate_node", data=form).json == -1


def test_cluster_that_hangs_is_asked_about_one_node_only(
    client: Any, scene: Any, registry: Any
) -> None:
    go_on = threading.Event()
    registry._calls.timeout_sec = 0.1
    for cluster, method in itertools.product(
        (scene.cluster, scene.other), ("close_node", "set_node_cpus")
    ):
        cluster.answers[method] = lambda *_: go_on.wait()
    try:
        form = {"cluster": "compute", "nodes": '["10.0.0.10", "10.0.0.2"]'}
        assert client.post("/close_node", data=form).status_code == 504
        form = {"10.0.0.10": "1", "10.0.0.2": "1"}
        assert client.post("/set_cpus", data=form).json == {"10.0.0.10": -1, "10.0.0.2": -1}
        assert scene.cluster.calls == [
            ("close_node", ("10.0.0.10",)), ("set_node_cpus", ("10.0.0.10", 1))
        ]  # fmt: skip
    finally:
        go_on.set()


@pytest.mark.parametrize("nodes", ["", "[", "{}", "[1]", "[]", '"10.0.0.2"', "[" * 5000])
def test_bad_list_of_nodes_is_refused(client: Any, scene: Any, nodes: str) -> None:
    answer = client.post("/close_node", data={"cluster": "", "nodes": nodes})
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "nodes")
    assert scene.cluster.calls == []


def test_nodes_are_all_known_before_any_is_touched(client: Any, scene: Any) -> None:
    form = {"cluster": "compute", "nodes": '["10.0.0.2", "10.9.9.9"]'}
    assert client.post("/close_node", data=form).status_code == 404
    assert scene.cluster.calls == []


def test_set_cpus_answers_the_cpus_in_use(client: Any, scene: Any) -> None:
    scene.cluster.answers["set_node_cpus"] = lambda _node, cpus: min(cpus, 4)
    form = {"10.0.0.2": "2", "10.0.0.10": "9", "10.9.9.9": "1"}
    assert client.post("/set_cpus", data=form).json == {"10.0.0.2": 2, "10.0.0.10": 4}


def test_unknown_nodes_are_looked_for_once(
    client: Any, scene: Any, registry: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folds: list[None] = []
    fold = board_of(registry).fold

    def counted() -> None:
        folds.append(None)
        fold()

    monkeypatch.setattr(board_of(registry), "fold", counted)
    form = {str(number): "1" for number in range(5_000)} | {"beta": "3"}
    scene.cluster.answers["set_node_cpus"] = 3
    assert client.post("/set_cpus", data=form).json == {"beta": 3}
    assert scene.cluster.calls == [("set_node_cpus", ("10.0.0.10", 3))]
    assert len(folds) < 10


def test_no_host_is_no_node_without_a_name(client: Any, scene: Any) -> None:
    scene.cluster.join(make_node("10.0.0.3", ""))
    assert client.post("/set_cpus", data={"": "1"}).json == {}
    assert client.post("/close_node", data={"nodes": '[""]'}).status_code == 404
    assert client.post("/api/v1/clusters/*/nodes/%20/close").status_code == 404
    assert scene.cluster.calls == []


def test_refused_cpus_are_minus_one(client: Any, scene: Any) -> None:
    for cluster in (scene.cluster, scene.other):
        cluster.answers["set_node_cpus"] = -1
    assert client.post("/set_cpus", data={"10.0.0.2": "2"}).json == {"10.0.0.2": -1}
    assert client.post("/set_cpus", data={"10.0.0.2": "many"}).status_code == 422


def test_node_that_is_given_twice_gets_no_cpus(client: Any, scene: Any) -> None:
    answer = client.post("/set_cpus", data={"10.0.0.2": ["2", "3"]})
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "10.0.0.2")
    assert scene.cluster.calls == []


def test_update_changes_and_answers_the_settings(client: Any, registry: Any) -> None:
    answer = client.post("/update", data={"timeout": "5", "show_job_args": "false"})
    assert answer.json == {"poll_sec": 5, "show_job_args": False}
    assert client.post("/update", data={"show_job_args": "true"}).json["show_job_args"] is True
    assert client.post("/update", data={"timeout": "-3"}).json["poll_sec"] == 0
    assert registry.poll_sec == 0


@pytest.mark.parametrize(
    "form", [{"timeout": "soon"}, {"timeout": "nan"}, {"timeout": "1e9"}, {"show_job_args": "5"}]
)
def test_update_refuses_nonsense(client: Any, registry: Any, form: dict[str, str]) -> None:
    answer = client.post("/update", data=form)
    assert (answer.status_code, answer.json["error"]["field"]) == (422, next(iter(form)))
    assert registry.poll_sec == 10


def test_ten_thousand_nodes_are_served(client: Any, cluster: Any) -> None:
    for number in range(10_000):
        cluster.join(make_node(f"10.{number // 65536}.{number // 256 % 256}.{number % 256}"))
    assert len(_nodes(client)[0]) == 10_000


@pytest.mark.parametrize("uid", ["-+5", "+-5", "1_0", "\u0665", ""])
def test_uid_that_is_no_number_is_refused(client: Any, scene: Any, uid: str) -> None:
    answer = client.post("/cancel_jobs", data={"uid": ["3", uid]})
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "uid")
    assert scene.cluster.calls == []
