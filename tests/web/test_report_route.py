"""The report over HTTP: a file to save, with what its reader may see."""

from __future__ import annotations

from typing import Any

URL = "/api/v1/clusters/compute/report"


def test_report_is_a_file_to_save(client: Any, scene: Any) -> None:
    answer = client.get(URL)
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=dispy-report.html"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ValueError: secret" in answer.text
    assert "first, n=1" in answer.text


def test_report_of_all_clusters(client: Any, scene: Any) -> None:
    assert "All clusters" in client.get("/api/v1/clusters/*/report").text


def test_report_of_an_unknown_cluster_is_a_404(client: Any) -> None:
    answer = client.get("/api/v1/clusters/nobody/report")
    assert answer.status_code == 404
    assert answer.json["error"]["code"] == "unknown_cluster"


def test_client_without_arguments_gets_a_report_without_them(make_client: Any, scene: Any) -> None:
    client = make_client(authorize=lambda permission, _request: permission != "see_arguments")
    answer = client.get(URL)
    assert answer.status_code == 200
    assert "secret" not in answer.text
    assert "first, n=1" not in answer.text


def test_client_without_view_gets_no_report(make_client: Any, scene: Any) -> None:
    client = make_client(authorize=lambda permission, _request: permission == "see_arguments")
    assert client.get(URL).status_code == 403
