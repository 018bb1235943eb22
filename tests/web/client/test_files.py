"""The files that the client saves and reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from web.conftest import Scene
from web.hosted import serving as hosting

from flask_dispy import Client
from flask_dispy.client import (
    Refused,
    Unreachable,
)


def test_file_is_saved_under_a_name_or_into_a_folder(
    client: Client, scene: Scene, tmp_path: Path
) -> None:
    saved = client.jobs("compute").csv().save(tmp_path / "jobs.csv")
    assert saved == tmp_path / "jobs.csv"
    assert saved.read_text().splitlines()[0].startswith("serial,id,cluster,state")
    named = client.job_texts(2).save(tmp_path)
    assert named.parent == tmp_path
    assert named.name.startswith("dispy-job-2-")
    assert "ValueError: secret" in named.read_text()
    assert client.report().save(tmp_path / "run.html").read_text().startswith("<!doctype html>")
    assert json.loads(client.trace().read())["traceEvents"]
    assert {path.name for path in tmp_path.iterdir()} == {"jobs.csv", named.name, "run.html"}


def test_file_that_is_cut_off_replaces_nothing(tmp_path: Path) -> None:
    def app(environ: Any, start_response: Callable[..., Any]) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/csv")])
        yield b"serial\n1\n"
        raise RuntimeError("cut")

    (tmp_path / "jobs.csv").write_text("the last one")
    with hosting(app) as (host, port), Client(f"http://{host}:{port}") as client:
        with pytest.raises(Unreachable, match="broke"):
            client.jobs().csv().save(tmp_path / "jobs.csv")
        lines = client.jobs().csv().lines()
        assert next(lines) == "serial"
        with pytest.raises(Unreachable):
            list(lines)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["the last one"]


def test_list_without_files_says_so(client: Client, scene: Scene) -> None:
    with pytest.raises(Refused) as raised:
        client.comparison().csv().read()
    assert raised.value.field == "format"
