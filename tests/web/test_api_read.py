"""Reading through the JSON API."""

from __future__ import annotations

import gzip
import json
from typing import Any
from urllib.parse import quote

import pytest
from dispy import DispyJob, DispyNode
from web.fakes import make_node, watched_cluster

API = "/api/v1"


def test_clusters_lists_each_real_cluster(client: Any, scene: Any) -> None:
    body = client.get(f"{API}/clusters").json
    assert [item["name"] for item in body["items"]] == ["compute", "render"]
    assert (body["total"], body["next"]) == (2, None)


def test_star_is_all_clusters(client: Any, scene: Any) -> None:
    for name in ("*", "%2A", quote("* Combined")):
        body = client.get(f"{API}/clusters/{name}").json
        assert body["combined"] is True
        assert body["jobs"]["submitted"] == 4


def test_cluster_name_may_hold_anything(client: Any, registry: Any) -> None:
    name = "a/b ü%?#&jobs <x>"
    registry.add(watched_cluster(registry, "plain"), name="ignored")
    cluster = watched_cluster(registry, name)
    cluster.join(make_node("10.0.0.9"))
    encoded = quote(name, safe="")
    assert client.get(f"{API}/clusters/{encoded}").json["name"] == name
    assert client.get(f"{API}/clusters/{encoded}/nodes").json["total"] == 1
    assert client.get(f"{API}/clusters/{encoded}/nodes/10.0.0.9").json["ip_addr"] == "10.0.0.9"


def test_nodes_are_sorted_by_address_as_a_number(client: Any, scene: Any) -> None:
    body = client.get(f"{API}/clusters/compute/nodes").json
    assert [row["ip_addr"] for row in body["items"]] == ["10.0.0.2", "10.0.0.10"]
    body = client.get(f"{API}/clusters/compute/nodes?order=desc").json
    assert [row["ip_addr"] for row in body["items"]] == ["10.0.0.10", "10.0.0.2"]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_nodes_without_a_figure_come_last(client: Any, scene: Any, order: str) -> None:
    body = client.get(f"{API}/clusters/compute/nodes?sort=memory&order={order}").json
    assert [row["name"] for row in body["items"]] == ["alpha", "beta"]


def test_nodes_are_filtered_then_paged(client: Any, cluster: Any) -> None:
    for number in range(25):
        cluster.join(make_node(f"10.1.0.{number}", f"rack{number % 2}"))
    url = f"{API}/clusters/compute/nodes"
    first = client.get(f"{url}?q=RACK1&limit=5").json
    assert (first["total"], len(first["items"])) == (12, 5)
    second = client.get(f"{url}{first['next']}").json
    assert [row["ip_addr"] for row in second["items"]] == [
        f"10.1.0.{number}" for number in (11, 13, 15, 17, 19)
    ]
    last = client.get(f"{url}{second['next']}").json
    assert (len(last["items"]), last["next"]) == (2, None)


def test_node_is_found_by_address_and_by_name(client: Any, scene: Any) -> None:
    for host in ("10.0.0.2", "alpha", "ALPHA"):
        body = client.get(f"{API}/clusters/*/nodes/{host}").json
        assert body["ip_addr"] == "10.0.0.2"
        assert body["clusters"] == ["compute", "render"]
        assert [job["id"] for job in body["running_jobs"]] == ["c"]
        assert [job["id"] for job in body["recent_jobs"]] == ["b", "a"]
        assert (body["running_total"], body["recent_total"]) == (1, 2)
        assert [event["event"] for event in body["events"]] == ["joined", "joined"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("q=state:up", ["10.0.0.2"]),
        ("state=up", ["10.0.0.2"]),
        ("q=state:LOST", ["10.0.0.10"]),
        ("state=lost&state=up", ["10.0.0.2", "10.0.0.10"]),
        ("state=up&q=name:beta", []),
        ("q=name:bet", ["10.0.0.10"]),
        ("q=ip:10.0.0.1", ["10.0.0.10"]),
        ("q=cluster:comp", ["10.0.0.2", "10.0.0.10"]),
        ("q=cluster:render", []),
        ("q=clock:off", []),
        ("q=alpha up", ["10.0.0.2"]),
        ('q="beta"', ["10.0.0.10"]),
    ],
)
def test_nodes_are_filtered_by_state_and_words(
    client: Any, scene: Any, asked: str, found: list[str]
) -> None:
    scene.cluster.report(DispyNode.Closed, scene.beta, None)
    body = client.get(f"{API}/clusters/compute/nodes?{asked}").json
    assert [row["ip_addr"] for row in body["items"]] == found


def test_jobs_are_newest_first_in_pages_by_key(client: Any, scene: Any) -> None:
    url = f"{API}/clusters/*/jobs"
    first = client.get(f"{url}?limit=3").json
    assert [job["id"] for job in first["items"]] == ["d", "c", "b"]
    assert (first["total"], first["limit"]) == (4, 3)
    second = client.get(f"{url}{first['next']}").json
    assert [job["id"] for job in second["items"]] == ["a"]
    assert second["next"] is None


def test_jobs_are_counted_by_state_without_the_state_filter(client: Any, scene: Any) -> None:
    body = client.get(f"{API}/clusters/*/jobs?state=queued&state=running").json
    assert [job["id"] for job in body["items"]] == ["d", "c"]
    assert body["counts"] == {
        "queued": 1, "running": 1, "finished": 1, "failed": 1, "terminated": 0, "cancelled": 0,
        "abandoned": 0,
    }  # fmt: skip


def test_failed_is_one_word_in_rows_filters_and_counts(client: Any, scene: Any) -> None:
    ended = scene.cluster.submit("third", job_id="e")
    scene.cluster.start(ended, scene.alpha)
    scene.cluster.end(ended, scene.alpha, DispyJob.Terminated)
    url = f"{API}/clusters/*/jobs"
    for asked in ("state=failed", "q=state:failed", "q=is:failed", "q=IS:Failed"):
        body = client.get(f"{url}?{asked}").json
        assert [(job["id"], job["state"], job["failed"]) for job in body["items"]] == [
            ("b", "terminated", True)
        ], asked
        assert (body["counts"]["failed"], body["counts"]["terminated"]) == (1, 1), asked
    for asked in ("state=terminated", "q=state:terminated"):
        [job] = client.get(f"{url}?{asked}").json["items"]
        assert (job["id"], job["state"], job["failed"]) == ("e", "terminated", False)
    jobs = client.get(f"{API}/clusters/compute").json["jobs"]
    assert (jobs["terminated"], jobs["failed"]) == (2, 1)


def test_unknown_qualifier_is_refused_with_those_that_exist(client: Any, scene: Any) -> None:
    for q in ("nodee:10.0.0.2", "since:", "state:"):
        answer = client.get(f"{API}/clusters/*/jobs", query_string={"q": q})
        assert (answer.status_code, answer.json["error"]["field"]) == (422, "q"), q
    assert "there are state, is, node, id" in client.get(f"{API}/clusters/*/jobs?q=nodee:x").text
    assert client.get(f"{API}/clusters/*/jobs?q=http://first").json["total"] == 0


def test_job_detail_is_complete(client: Any, scene: Any) -> None:
    body = client.get(f"{API}/clusters/*/jobs/1").json
    assert body["args"].strip("'\"") == "first"
    assert "the result" in body["result"]
    assert [step["state"] for step in body["history"]] == ["queued", "running", "finished"]


def test_changes_start_with_a_snapshot_and_go_on_from_the_cursor(client: Any, scene: Any) -> None:
    first = client.get(f"{API}/changes?cluster=compute").json
    assert first["snapshot"] is True
    assert {row["ip_addr"] for row in first["nodes"]} == {"10.0.0.2", "10.0.0.10"}
    again = client.get(f"{API}/changes?cluster=compute&since={first['cursor']}").json
    assert (again["snapshot"], again["nodes"]) == (False, [])
    scene.cluster.start(scene.queued, scene.beta)
    delta = client.get(f"{API}/changes?cluster=compute&since={first['cursor']}").json
    assert [row["ip_addr"] for row in delta["nodes"]] == ["10.0.0.10"]
    assert delta["clusters"][1]["jobs"]["running"] == 2


def test_a_snapshot_by_column_is_equal_and_goes_on_in_rows(client: Any, scene: Any) -> None:
    rows = client.get(f"{API}/changes").json["nodes"]
    first = client.get(f"{API}/changes?form=columns").json
    assert (first["snapshot"], first["nodes"]) == (True, [])
    (block,) = first["blocks"]
    for field in ("ip_addr", "name", "clusters"):
        assert block[field] == [row[field] for row in rows]
    assert block["state"] == ["up"]
    assert block.keys() == rows[0].keys()
    scene.cluster.start(scene.queued, scene.beta)
    delta = client.get(f"{API}/changes?form=columns&since={first['cursor']}").json
    assert [row["ip_addr"] for row in delta["nodes"]] == ["10.0.0.10"]
    assert "blocks" not in delta


@pytest.mark.parametrize("since", ["nonsense", "0-0-0", "ffffffff-0-1", "-", "%00"])
def test_foreign_cursor_gets_a_snapshot(client: Any, scene: Any, since: str) -> None:
    assert client.get(f"{API}/changes?since={since}").json["snapshot"] is True


def test_large_answers_are_compressed_when_accepted(client: Any, cluster: Any) -> None:
    for number in range(50):
        cluster.join(make_node(f"10.1.0.{number}"))
    for url in (f"{API}/changes", f"{API}/clusters/*/nodes"):
        plain = client.get(url)
        packed = client.get(url, headers={"Accept-Encoding": "br, gzip;q=0.5"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert "Accept-Encoding" in plain.headers["Vary"]
        assert json.loads(gzip.decompress(packed.data)).keys() == plain.json.keys()
        refused = client.get(url, headers={"Accept-Encoding": "gzip;q=0"})
        assert "Content-Encoding" not in refused.headers


def test_hidden_arguments_are_hidden_everywhere(client: Any, registry: Any, scene: Any) -> None:
    registry.show_job_args = False
    for url in ("jobs", "nodes/alpha"):
        body = client.get(f"{API}/clusters/*/{url}").json
        rows = body.get("items") or body["running_jobs"] + body["recent_jobs"]
        assert all(row["args"] is row["kwargs"] is None and row["hidden"] for row in rows)
    body = client.get(f"{API}/clusters/*/jobs/1").json
    assert (body["args"], body["hidden"]) == (None, True)
    assert "the result" in body["result"]


def test_client_without_arguments_sees_no_output_either(make_client: Any, scene: Any) -> None:
    client = make_client(authorize=lambda permission, _request: permission != "see_arguments")
    for serial in (1, 2):
        answer = client.get(f"{API}/clusters/*/jobs/{serial}")
        for field in ("args", "kwargs", "result", "stdout", "stderr", "exception", "error"):
            assert answer.json[field] is None
        assert "secret" not in answer.text
        assert "the result" not in answer.text


@pytest.mark.parametrize("q", ["arg:first", "first", "error:secret", "secret", "second"])
def test_hidden_text_cannot_be_guessed_by_searching(make_client: Any, scene: Any, q: str) -> None:
    client = make_client(authorize=lambda permission, _request: permission != "see_arguments")
    assert client.get(f"{API}/clusters/*/jobs", query_string={"q": q}).json["total"] == 0


@pytest.mark.parametrize(
    ("url", "field"),
    [
        ("clusters?x=1", "x"),
        ("clusters/*/nodes?limit=0", "limit"),
        ("clusters/*/nodes?limit=1e3", "limit"),
        ("clusters/*/nodes?limit=" + "9" * 5000, "limit"),
        ("clusters/*/nodes?limit=1_000", "limit"),
        ("clusters/*/nodes?limit=-%2B5", "limit"),
        ("clusters/*/nodes?offset=%2B-5", "offset"),
        ("clusters/*/jobs?before=-%2B5", "before"),
        ("clusters/*/timeline?from=1_0", "from"),
        ("clusters/*/timeline?to=%D9%A5", "to"),
        ("clusters/*/nodes?limit=5&limit=6", "limit"),
        ("clusters/*/nodes?offset=-1", "offset"),
        ("clusters/*/nodes?sort=colour", "sort"),
        ("clusters/*/nodes?order=up", "order"),
        ("clusters/*/nodes?q=" + "x" * 501, "q"),
        ("clusters/*/nodes?q=node:alpha", "q"),
        ("clusters/*/nodes?q=state:", "q"),
        ("clusters/*/nodes?q=state:gone", "q"),
        ("clusters/*/nodes?q=clock:slow", "q"),
        ("clusters/*/nodes?state=gone", "state"),
        ("clusters/*/jobs?limit=1001", "limit"),
        ("clusters/*/jobs?before=0", "before"),
        ("clusters/*/jobs?state=lost", "state"),
        ("clusters/*/jobs?q=slower:soon", "q"),
        ("clusters/*/series?resolution_sec=7", "resolution_sec"),
        ("clusters/*/timeline?from=nan", "from"),
        ("clusters/*/timeline?from=5&to=4", "to"),
        ("clusters/*/timeline?to=1e999", "to"),
        ("clusters/*/timeline?limit=100000", "limit"),
        ("changes?since=" + "x" * 2000, "since"),
        ("changes?form=table", "form"),
    ],
)
def test_bad_parameter_is_refused_by_name(client: Any, scene: Any, url: str, field: str) -> None:
    answer = client.get(f"{API}/{url}")
    assert answer.status_code == 422
    assert answer.json["error"]["field"] == field


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("clusters/none", "unknown_cluster"),
        ("clusters/none/nodes", "unknown_cluster"),
        ("clusters/compute/nodes/10.9.9.9", "unknown_node"),
        ("clusters/compute/nodes/10.9.9.9/series", "unknown_node"),
        ("clusters/compute/jobs/999", "unknown_job"),
        ("clusters/compute/jobs/zero", "unknown_job"),
        ("clusters/render/jobs/1", "unknown_job"),
        ("changes?cluster=none", "unknown_cluster"),
        ("stream?cluster=none", "unknown_cluster"),
        ("clusters/compute/jobs/" + "9" * 5000, "unknown_job"),
    ],
)
def test_unknown_names_are_not_found(client: Any, scene: Any, url: str, code: str) -> None:
    answer = client.get(f"{API}/{url}")
    assert (answer.status_code, answer.json["error"]["code"]) == (404, code)


@pytest.mark.parametrize("serial", ["-+5", "+-5", "abc", "1.0", "\u0665", "9" * 40])
def test_invalid_serial_is_unknown(client: Any, scene: Any, serial: str) -> None:
    answer = client.get(f"{API}/clusters/*/jobs/{serial}")
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "unknown_job")


def test_jobs_are_not_sent_again_while_none_changed(client: Any, scene: Any, registry: Any) -> None:
    url = f"{API}/clusters/compute/jobs?limit=3"
    tag = client.get(url).headers["ETag"]

    def ask(address: str = url) -> Any:
        return client.get(address, headers={"If-None-Match": tag})

    scene.cluster.report(DispyNode.AvailInfo, scene.alpha, None)
    unchanged = ask()
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    assert unchanged.headers["ETag"] == tag
    assert unchanged.headers["X-Content-Type-Options"] == "nosniff"
    assert ask(f"{API}/clusters/compute/jobs?limit=2").status_code == 200
    assert ask(f"{API}/clusters/*/jobs?limit=3").status_code == 200
    registry.show_job_args = False
    hidden = ask()
    assert (hidden.status_code, hidden.json["items"][0]["args"]) == (200, None)
    registry.show_job_args = True
    tag = client.get(url).headers["ETag"]
    scene.cluster.end(scene.running, scene.alpha)
    assert ask().status_code == 200


def test_tag_of_jobs_is_of_what_the_client_may_see(make_client: Any, scene: Any) -> None:
    url = f"{API}/clusters/compute/jobs"
    tags = {
        make_client(authorize=lambda asked, _request, may=may: may or asked == "view")
        .get(url)
        .headers["ETag"]
        for may in (True, False)
    }
    assert len(tags) == 2


@pytest.mark.parametrize("q", ["slower:1s", "faster:1s", "is:straggler"])
def test_search_that_time_decides_bears_no_tag(client: Any, scene: Any, q: str) -> None:
    assert "ETag" not in client.get(f"{API}/clusters/compute/jobs?q={q}").headers


def test_job_changes_grow_with_jobs_alone(client: Any, scene: Any) -> None:
    def changes() -> int:
        found: int = client.get(f"{API}/clusters/compute").json["job_changes"]
        return found

    before = changes()
    scene.cluster.join(make_node("10.0.0.77"))
    assert changes() == before
    scene.cluster.start(scene.queued, scene.beta)
    assert changes() > before


@pytest.mark.parametrize(
    ("name", "path"), [("..", "%252e%252e"), (".", "%252E"), ("..", ".."), ("%2e", "%252e")]
)
def test_cluster_of_dots_is_found_as_browsers_can_ask_for_it(
    client: Any, registry: Any, name: str, path: str
) -> None:
    watched_cluster(registry, name)
    assert client.get(f"{API}/clusters/{path}").json["name"] == name
    assert client.get(f"{API}/clusters/{path}/jobs").json["total"] == 0


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("-alpha", ["beta"]),
        ("-name:beta", ["alpha"]),
        ("alpha OR name:beta", ["alpha", "beta"]),
        ("state:up -ip:10.0.0.10", ["alpha"]),
        ("render", ["alpha"]),
        ("up", ["alpha", "beta"]),
    ],
)
def test_nodes_are_found_by_words_with_minus_and_or(
    client: Any, scene: Any, q: str, names: list[str]
) -> None:
    items = client.get(f"{API}/clusters/*/nodes?q={quote(q)}").json["items"]
    assert [row["name"] for row in items] == names
