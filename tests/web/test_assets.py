"""The package's own static files."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from flask_dispy.web.files.assets import Assets, package_assets


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "a.js").write_text("export const a = 1;\n" * 200)
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "a.css").write_text("a{}")
    return tmp_path


def test_url_changes_with_the_content(folder: Path) -> None:
    before = Assets(folder).url("js/a.js")
    (folder / "css" / "a.css").write_text("b{}")
    assert Assets(folder).url("js/a.js") != before


def test_name_of_no_file_is_a_mistake(folder: Path) -> None:
    with pytest.raises(LookupError, match="none"):
        Assets(folder).url("js/none.js")


def test_right_version_is_kept_for_ever(client: Any) -> None:
    answer = client.get("/" + package_assets().url("js/data/api.js"))
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"


def test_other_version_is_asked_for_again(client: Any) -> None:
    answer = client.get("/dispy-assets/0123456789abcdef/js/data/api.js")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")
    etag = answer.headers["ETag"]
    again = client.get(
        "/dispy-assets/0123456789abcdef/js/data/api.js", headers={"If-None-Match": etag}
    )
    assert (again.status_code, again.data) == (304, b"")


def test_compressed_form_is_the_same_file(client: Any) -> None:
    url = "/" + package_assets().url("js/data/api.js")
    packed = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.data) == client.get(url).data


@pytest.mark.parametrize(
    "name", ["none.js", "../web/blueprint.py", "..%2f..%2fsetup.cfg", "js/", "js", "%00"]
)
def test_nothing_else_is_served(client: Any, name: str) -> None:
    answer = client.get(f"/dispy-assets/0/{name}")
    assert answer.status_code == 404
