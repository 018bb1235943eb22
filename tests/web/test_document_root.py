"""DocumentRoot: the files of one folder, and nothing outside it."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from flask_dispy.web.files.document_root import DocumentRoot, script_hashes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "pages"
    (root / "sub").mkdir(parents=True)
    (root / "monitor.html").write_text("<p>%(TIMEOUT)s %(SHOW_JOB_ARGS)s 5%% 7% %(x)s</p>")
    (root / "manage.html").write_text("<p>100%% %(TIMEOUT)s</p>")
    (root / "dispy.js").write_text("let a = 1;")
    (root / "sub" / "own.css").write_text("a{}")
    (root / "notes.cfg").write_text("secret")
    (root / ".hidden.js").write_text("secret")
    (tmp_path / "outside.js").write_text("secret")
    (root / "link.js").symlink_to(tmp_path / "outside.js")
    (root / "inner.js").symlink_to(root / "dispy.js")
    (root / "dir.js").mkdir()
    (root / "out").symlink_to(tmp_path)
    os.mkfifo(root / "fifo.js")
    (root / "null.js").symlink_to("/dev/null")
    return root


@pytest.fixture
def client(make_client: Any, folder: Path) -> Any:
    return make_client(document_root=folder)


@pytest.mark.parametrize("url", ["/", "/index.html", "/monitor.html"])
def test_monitor_page_is_filled_in(client: Any, url: str) -> None:
    answer = client.get(url)
    assert answer.text == "<p>10 true 5% 7% %(x)s</p>"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_template_follows_the_settings(client: Any, registry: Any) -> None:
    registry.poll_sec, registry.show_job_args = 2.5, False
    assert client.get("/monitor.html").text.startswith("<p>2.5 false ")


def test_manage_page_goes_out_as_it_is(client: Any) -> None:
    assert client.get("/manage.html").text == "<p>100%% %(TIMEOUT)s</p>"


def test_file_that_can_not_be_read_is_logged_as_an_error(
    client: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = "/proc/self/mem"  # a regular file, of which the first bytes can't be read
    if not os.path.exists(broken):
        pytest.skip("only Linux has such a file")
    monkeypatch.setattr(DocumentRoot, "_open", lambda *_: os.open(broken, os.O_RDONLY))
    assert client.get("/dispy.js").status_code == 500
    assert "Input/output error" in caplog.text


def test_page_that_the_folder_lacks_is_ours(client: Any) -> None:
    assert "data-page" in client.get("/node.html").text


@pytest.mark.parametrize(
    ("url", "content_type"),
    [
        ("/dispy.js", "text/javascript; charset=utf-8"),
        ("/sub/own.css", "text/css; charset=utf-8"),
        ("/inner.js", "text/javascript; charset=utf-8"),
    ],
)
def test_ordinary_files_are_served(client: Any, url: str, content_type: str) -> None:
    answer = client.get(url)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, content_type)


def test_unchanged_file_is_not_sent_again(client: Any) -> None:
    etag = client.get("/dispy.js").headers["ETag"]
    assert client.get("/dispy.js", headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize(
    "url",
    [
        "/link.js",
        "/out/outside.js",
        "/../outside.js",
        "/%2e%2e/outside.js",
        "/sub/../../outside.js",
        "/..%2foutside.js",
        "/..%5coutside.js",
        "/sub/%2e%2e/%2e%2e/outside.js",
        "//etc/passwd",
        "/%00.js",
        "/dispy.js%00",
        "/notes.cfg",
        "/.hidden.js",
        "/dir.js",
        "/fifo.js",
        "/null.js",
        "/none.js",
        "/sub/",
        "/sub//own.css",
    ],
)
def test_nothing_else_is_served(client: Any, url: str) -> None:
    answer = client.get(url, follow_redirects=url != "//etc/passwd")
    assert "secret" not in answer.text
    assert answer.status_code in (404, 308) or url == "/sub//own.css"


def test_absolute_paths_do_not_leave_the_folder(folder: Path) -> None:
    root = DocumentRoot(folder)
    for name in (str(folder.parent / "outside.js"), "/outside.js", "a/../../outside.js", ""):
        assert root.read(name) is None


def test_folder_that_becomes_a_link_meanwhile_is_not_followed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "own.css").write_text("secret")
    resolve = DocumentRoot._resolve

    def resolve_too_early(root: DocumentRoot, name: str) -> str | None:
        path = resolve(root, name)
        (folder / "sub").rename(folder / "was")
        (folder / "sub").symlink_to(elsewhere)
        return path

    monkeypatch.setattr(DocumentRoot, "_resolve", resolve_too_early)
    assert DocumentRoot(folder).read("sub/own.css") is None


def test_link_that_changes_while_it_is_followed_is_not_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(path: str) -> str:
        raise FileNotFoundError(2, "No such file or directory", path)

    root = DocumentRoot(folder)
    monkeypatch.setattr(os.path, "realpath", gone)
    assert root.read("inner.js") is None


def test_large_file_is_not_read_into_memory(folder: Path) -> None:
    with (folder / "large.js").open("wb") as file:
        file.truncate(17 * 1024 * 1024)
    assert DocumentRoot(folder).read("large.js") is None


def test_api_and_commands_stay_ours(folder: Path, make_client: Any) -> None:
    for name in ("healthz", "nodes"):
        (folder / name).write_text("secret")
    client = make_client(document_root=folder)
    assert client.get("/healthz").json["status"] == "ok"
    assert client.get("/nodes").json == []
    assert client.get("/api/v1/none").json["error"]["code"] == "not_found"
    assert client.post("/dispy.js").status_code == 405


def test_missing_document_root_is_refused(tmp_path: Path, make_client: Any) -> None:
    with pytest.raises(ValueError, match="no directory"):
        make_client(document_root=tmp_path / "none")


def test_pages_need_the_permission(folder: Path, make_client: Any) -> None:
    client = make_client(document_root=folder, authorize=lambda *_arguments: False)
    for url in ("/", "/dispy.js", "/none.js"):
        assert client.get(url).status_code == 403


def test_own_inline_scripts_run_and_no_others(client: Any, folder: Path) -> None:
    (folder / "own.html").write_bytes(
        b"<script>\r\nlet a = '<b>';\r\n</script><script src='dispy.js'></script>"
        b"<p onclick='go(&quot;1&quot;)'>"
    )
    policy = client.get("/own.html").headers["Content-Security-Policy"]
    for text in ("\nlet a = '<b>';\n", 'go("1")'):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "script-src 'self' 'unsafe-hashes'" in policy
    assert "script-src 'self' 'unsafe-inline'" not in policy
    assert "frame-ancestors 'none'" in policy


def test_page_without_scripts_allows_none() -> None:
    assert script_hashes("<p>text</p>") == []
