"""Lists as files: whole, streamed, and of no more than their reader may see."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import threading
from typing import Any
from urllib.parse import quote

import pytest
from web.fakes import make_node, watched_cluster

from flask_dispy.watching.dashboard import board_of

JOBS = "/api/v1/clusters/compute/jobs"
NODES = "/api/v1/clusters/compute/nodes"


def table(answer: Any) -> list[dict[str, str]]:
    """The rows of a CSV answer, by column."""
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def lines(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/jsonl; charset=utf-8"
    return [json.loads(line) for line in answer.text.splitlines()]


def listed(client: Any, url: str) -> list[dict[str, Any]]:
    """All rows of a list, page by page."""
    rows: list[dict[str, Any]] = []
    following = "&limit=7" if "?" in url else "?limit=7"
    base = url
    while following:
        body = client.get(base + following).json
        rows += body["items"]
        base, following = url.partition("?")[0], body["next"]
    return rows


def at_rest(row: dict[str, Any]) -> dict[str, Any]:
    """A row without the wait that goes on."""
    return {**row, "waited_sec": None}


@pytest.fixture
def many(cluster: Any) -> Any:
    """More jobs than a chunk holds, every third of them failed."""
    node = cluster.join(make_node("10.0.0.2", "alpha"))
    for number in range(600):
        job = cluster.submit(f"=alpha-{number}", job_id=number)
        if number % 3 == 0:
            cluster.start(job, node)
            cluster.end(job, node, exception="Traceback\nValueError: -1")
    return cluster


@pytest.mark.parametrize("search", ["", "?state=failed", "?q=alpha-1%20state:queued"])
def test_exports_hold_all_jobs_of_the_search(client: Any, many: Any, search: str) -> None:
    rows = listed(client, JOBS + search)
    assert len(rows) >= 60
    join = "&" if search else "?"
    exported = lines(client.get(f"{JOBS}{search}{join}format=jsonl"))
    assert list(map(at_rest, exported)) == list(map(at_rest, rows))
    found = table(client.get(f"{JOBS}{search}{join}format=csv"))
    assert [row["serial"] for row in found] == [str(row["serial"]) for row in rows]
    assert list(found[0]) == list(rows[0])
    assert {row["args"][:7] for row in found} == {"'=alpha"}


def test_exports_hold_as_many_as_are_asked_for(client: Any, many: Any) -> None:
    found = lines(client.get(f"{JOBS}?format=jsonl&limit=3&before=100"))
    assert [row["serial"] for row in found] == [99, 98, 97]


def test_file_is_named_after_its_cluster_and_the_time(client: Any, registry: Any) -> None:
    watched_cluster(registry, 'a/../b;"c\n"')
    (name,) = registry.names()
    answer = client.get(f"/api/v1/clusters/{quote(name, safe='')}/jobs?format=csv")
    pattern = r"attachment; filename=dispy-jobs-a-..-b-c-\d{8}T\d{6}Z\.csv"
    assert re.fullmatch(pattern, answer.headers["Content-Disposition"])
    answer = client.get("/api/v1/clusters/*/nodes?format=jsonl")
    pattern = r"attachment; filename=dispy-nodes-Combined-\d{8}T\d{6}Z\.jsonl"
    assert re.fullmatch(pattern, answer.headers["Content-Disposition"])


def test_nodes_are_exported_as_the_list_sorts_them(client: Any, scene: Any) -> None:
    found = table(client.get(f"{NODES}?format=csv&sort=name&order=desc"))
    assert [row["name"] for row in found] == ["beta", "alpha"]
    assert [row["avail_info.cpu"] for row in found] == ["", "97.5"]
    assert "clusters" not in found[0]
    combined = table(client.get("/api/v1/clusters/*/nodes?format=csv&q=alpha"))
    assert [row["clusters"] for row in combined] == ["compute, render"]
    rows = client.get("/api/v1/clusters/*/nodes").json["items"]
    assert lines(client.get("/api/v1/clusters/*/nodes?format=jsonl")) == rows


def test_clusters_are_exported(client: Any, scene: Any) -> None:
    found = table(client.get("/api/v1/clusters?format=csv"))
    assert [row["name"] for row in found] == ["compute", "render"]
    assert [row["jobs.failed"] for row in found] == ["1", "0"]
    assert [row["outlook.state"] for row in found][1] == "done"
    assert lines(client.get("/api/v1/clusters?format=jsonl"))[0]["jobs"]["failed"] == 1


def test_empty_csv_has_its_header(client: Any, scene: Any) -> None:
    answer = client.get("/api/v1/clusters/render/jobs?format=csv")
    assert answer.text.startswith("serial,id,cluster,state,")
    assert answer.text.count("\r\n") == 1
    assert client.get("/api/v1/clusters/render/jobs?format=jsonl").text == ""


def test_unknown_format_is_refused(client: Any, scene: Any) -> None:
    refused = client.get(f"{JOBS}?format=xml")
    assert (refused.status_code, refused.json["error"]["field"]) == (422, "format")
    assert refused.json["error"]["message"] == "format must be one of json, csv, jsonl."


def test_arguments_and_output_are_left_out_of_exports_too(make_client: Any, scene: Any) -> None:
    client = make_client(authorize=lambda permission, _request: permission == "view")
    for row in table(client.get(f"{JOBS}?format=csv")):
        assert (row["args"], row["kwargs"], row["error"]) == ("", "", "")
    for row in lines(client.get(f"{JOBS}?format=jsonl")):
        assert (row["args"], row["error"], row["hidden"]) == (None, None, True)
    assert table(client.get(f"{JOBS}?format=csv&q=error:secret")) == []
    nobody = make_client(prefix="/n", name="n", authorize=lambda _p, _r: False)
    assert nobody.get(f"/n{JOBS}?format=csv").status_code == 403


def test_no_lock_is_held_while_a_client_reads(client: Any, registry: Any, many: Any) -> None:
    answer = client.get(f"{JOBS}?format=jsonl", buffered=False)
    pieces = iter(answer.response)
    next(pieces)
    done = threading.Event()

    def take_lock() -> None:
        with board_of(registry).lock, board_of(registry).folding:
            done.set()

    threading.Thread(target=take_lock).start()
    assert done.wait(10)
    assert sum(piece.count(b"\n") for piece in pieces) == 350
    answer.close()


def test_jobs_that_are_dropped_meanwhile_are_exported(
    client: Any, registry: Any, many: Any
) -> None:
    registry.view("compute").summary()
    answer = client.get(f"{JOBS}?format=jsonl&state=failed", buffered=False)
    pieces = iter(answer.response)
    first = next(pieces)
    (state,) = board_of(registry).states()
    with board_of(registry).lock:
        for job in state.ledger.ended():
            state.ledger._forget(job)
    rest = b"".join(pieces)
    assert (first + rest).count(b"\n") == 200
    answer.close()


def test_exports_are_compressed_for_clients_that_accept_it(client: Any, many: Any) -> None:
    plain = client.get(f"{JOBS}?format=csv&state=failed").data
    answer = client.get(f"{JOBS}?format=csv&state=failed", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data) == plain
    assert len(answer.data) < len(plain) / 3


def test_ninth_export_at_once_is_refused(client: Any, many: Any) -> None:
    url = f"{JOBS}?format=csv"
    under_way = [client.get(url, buffered=False) for _ in range(8)]
    refused = client.get(url)
    assert (refused.status_code, refused.json["error"]["code"]) == (503, "too_many_exports")
    assert client.head(url).status_code == 200
    under_way.pop().close()
    assert client.get(url).status_code == 200
    for answer in under_way:
        answer.close()
