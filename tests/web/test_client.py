"""The client: what it reads of a live server, and what it makes of answers that are errors."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from processes import in_thread
from web.conftest import Scene
from web.fakes import FakeCluster, watched_cluster
from web.hosted import serving as hosting
from web.served import serving
from web.test_shapes import fits

import flask_dispy
from flask_dispy import AsyncClient, Client, ClusterRegistry, DispyHTTPServer
from flask_dispy.client import (
    Busy,
    ClientError,
    NeedsLogin,
    NotAllowed,
    NotFound,
    Refused,
    ServerFailed,
    Unreachable,
)
from flask_dispy.client.sending import BlockingIO, Request, Sender

TOKEN = "a-token-that-must-not-be-seen"


@pytest.fixture
def server(registry: ClusterRegistry) -> Iterator[DispyHTTPServer]:
    with serving(registry=registry) as server:
        yield server


@pytest.fixture
def client(server: DispyHTTPServer) -> Iterator[Client]:
    with Client(server.url) as client:
        yield client


# -- reading ---------------------------------------------------------------------------------


READS: dict[str, tuple[Any, ...]] = {
    "changes": (), "cluster": (), "durations": (), "healthz": (), "job": (1,), "job_facets": (),
    "node": ("alpha",), "node_loads": (), "node_series": ("alpha",), "series": (), "settings": (),
    "timeline": (), "clusters": (), "comparison": (), "errors": (), "events": (), "jobs": (),
    "nodes": (), "offers": (),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(READS))
def test_answers_have_the_shapes_that_they_are_said_to_have(
    client: Client, scene: Scene, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes: list[Any] = []
    send = Sender._send

    async def noting(self: Sender, request: Request[Any], *rest: Any) -> Any:
        shapes.append(request.shape)
        return await send(self, request, *rest)

    monkeypatch.setattr(Sender, "_send", noting)
    answer = getattr(client, name)(*READS[name])
    answer = answer.page() if hasattr(answer, "page") else answer
    if name == "healthz":
        assert answer["status"] == "ok"
    else:
        assert fits(answer, shapes[0])


def test_rows_come_from_all_pages_and_each_once(client: Client, cluster: FakeCluster) -> None:
    count = 1_203
    for number in range(count):
        cluster.submit(number)
    found = [row["serial"] for row in client.jobs("compute")]
    assert sorted(found, reverse=True) == found
    assert len(set(found)) == count
    assert [row["serial"] for row in client.jobs(sort="submitted", order="asc")] == found[::-1]
    assert [len(page["items"]) for page in client.jobs().pages()] == [1_000, 203]


def test_limit_is_for_all_rows(client: Client, cluster: FakeCluster) -> None:
    for number in range(1_010):
        cluster.submit(number)
    assert len(list(client.jobs(limit=1_002))) == 1_002
    assert [row["serial"] for row in client.jobs(limit=2)] == [1_010, 1_009]
    assert len(client.jobs(limit=1_002).page()["items"]) == 1_000
    assert len(list(client.jobs(limit=3).jsonl().lines())) == 3
    page = client.jobs(limit=2, q="state:queued").page()
    assert (page["total"], len(page["items"]), page["counts"]["queued"]) == (1_010, 2, 1_010)


def test_searches_and_words_reach_the_server(client: Client, scene: Scene) -> None:
    assert [row["id"] for row in client.jobs(state=["failed", "running"])] == ["c", "b"]
    assert [row["id"] for row in client.jobs("compute", state="failed", q="error:ValueError")] == [
        "b"
    ]
    assert [row["name"] for row in client.nodes("compute", q="bet")] == ["beta"]
    assert client.timeline(start=1.0, end=2.0)["to"] == 2.0


@pytest.mark.parametrize("name", ["..", ".", "a/jobs", "50% *?#&+", "ä ö"])
def test_cluster_may_have_any_name(client: Client, registry: ClusterRegistry, name: str) -> None:
    watched_cluster(registry, name).submit("x")
    assert client.cluster(name)["name"] == name
    assert [row["cluster"] for row in client.jobs(name)] == [name]
    assert client.changes(name)["nodes"] == []


def test_dashboard_may_lie_below_a_prefix(registry: ClusterRegistry, cluster: Any) -> None:
    from flask import Flask

    app = Flask("host")
    app.register_blueprint(flask_dispy.create_blueprint(registry), url_prefix="/team/dispy")
    with hosting(app) as (host, port), Client(f"http://{host}:{port}/team/dispy") as client:
        assert client.cluster("compute")["name"] == "compute"
        with Client(f"http://{host}:{port}") as wrong, pytest.raises(Unreachable) as raised:
            wrong.cluster()
    assert raised.value.code == "not_a_dashboard"
    assert "Give the dashboard's root" in str(raised.value)


def test_async_client_reads_the_same(server: DispyHTTPServer, scene: Scene) -> None:
    async def read() -> tuple[Any, ...]:
        async with AsyncClient(server.url) as client:
            ids = [row["id"] async for row in client.jobs(state="failed")]
            pages = [page["total"] async for page in client.jobs().pages()]
            csv = [line async for line in client.jobs(limit=1).csv().lines()]
            return ids, pages, len(csv), (await client.cluster("compute"))["name"], repr(client)

    found = in_thread(lambda: asyncio.run(read()))
    assert found == (["b"], [4], 2, "compute", f"<AsyncClient {server.url}>")


def test_client_works_inside_an_event_loop(client: Client, scene: Scene) -> None:
    async def read() -> list[str]:
        return [row["id"] for row in client.jobs(state="failed")]

    assert in_thread(lambda: asyncio.run(read())) == ["b"]


# -- files -----------------------------------------------------------------------------------


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


# -- logins ----------------------------------------------------------------------------------


def test_token_and_password_log_in(registry: ClusterRegistry, scene: Scene) -> None:
    from werkzeug.security import generate_password_hash

    users = {"ann": (generate_password_hash("pass word", "pbkdf2:sha256:1"), "viewer")}
    with serving(registry=registry, tokens={TOKEN: "operator"}, users=users) as server:
        at = server.url.removeprefix("http://")
        logins: list[tuple[str, dict[str, Any]]] = [
            (server.url, {"token": TOKEN}),
            (server.url, {"auth": ("ann", "pass word")}),
            (f"http://ann:pass%20word@{at}", {}),
        ]
        for url, login in logins:
            with Client(url, **login) as client:
                assert client.cluster("compute")["name"] == "compute"
                assert repr(client) == f"<Client {server.url}>"
        for url, login in [(server.url, {}), (server.url, {"token": "another"})]:
            with Client(url, **login) as client, pytest.raises(NeedsLogin) as raised:
                client.cluster()
            assert (raised.value.status, raised.value.code) == (401, "unauthorized")
            assert "Pass token=" in str(raised.value)
        with Client(f"http://ann:pass%20word@{at}") as client, pytest.raises(NotAllowed) as no:
            client.cancel(q="")
        assert (no.value.status, no.value.code) == (403, "forbidden")


def test_token_is_neither_logged_nor_shown(
    server: DispyHTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    at = server.url.removeprefix("http://")
    seen = []
    for url, login in [(server.url, {"token": TOKEN}), (f"http://ann:{TOKEN}@{at}", {})]:
        with Client(url, **login) as client:
            client.settings()
            seen += [repr(client), repr(vars(client)), client.url]
            with pytest.raises(NotFound) as raised:
                client.cluster("none")
            seen += [str(raised.value), repr(raised.value)]
    with pytest.raises(Unreachable) as unreachable, Client("http://127.0.0.1:9", token=TOKEN) as no:
        no.settings()
    text = "".join([*seen, str(unreachable.value), caplog.text])
    assert "HTTP Request: GET" in text
    assert TOKEN not in text


def test_hidden_arguments_are_hidden_from_the_client(
    registry: ClusterRegistry, scene: Scene
) -> None:
    def authorize(permission: str, request: Any) -> bool:
        return permission == "view"

    with serving(registry=registry, authorize=authorize) as server, Client(server.url) as client:
        (row,) = client.jobs(state="failed")
        assert (row["hidden"], row["args"], row["error"]) == (True, None, None)
        assert "secret" not in client.job_texts(row["serial"]).read().decode()
        with pytest.raises(NotAllowed):
            client.cancel([row["serial"]])


def test_certificate_must_be_trusted(
    registry: ClusterRegistry, cluster: Any, tmp_path: Path
) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    issued.private_key_pem.write_to_path(tmp_path / "key")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert")
    authority.cert_pem.write_to_path(tmp_path / "ca")
    files = {"keyfile": str(tmp_path / "key"), "certfile": str(tmp_path / "cert")}
    with serving(registry=registry, host="localhost", **files) as server:
        url = f"https://localhost:{server.port}"
        for verify in (tmp_path / "ca", str(tmp_path / "ca"), False):
            with Client(url, verify=verify) as client:
                assert client.cluster("compute")["name"] == "compute"
                assert next(client.follow())["snapshot"]
        with Client(url) as client, pytest.raises(Unreachable) as raised:
            client.cluster()
    assert raised.value.code == "tls"
    assert "verify=" in raised.value.remedy


@pytest.mark.parametrize(
    ("url", "login", "said"),
    [
        ("host:8181", {}, "http://host:8181"),
        ("ftp://host", {}, "no URL of a dashboard"),
        ("http://", {}, "no URL of a dashboard"),
        ("http://host:port", {}, "makes no sense"),
        ("http://host", {"token": "t", "auth": ("a", "b")}, "two logins"),
        ("http://a:b@host", {"token": "t"}, "two logins"),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(url: str, login: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Client(url, **login)


@pytest.mark.parametrize("url", ["http://ann:se/cret@host", "http://ann:se?cret@host:8181"])
def test_password_that_makes_no_url_is_not_shown(url: str) -> None:
    with pytest.raises(ValueError, match="makes no sense") as raised:
        Client(url)
    assert "'se'" not in str(raised.value)
    assert "cret" not in str(raised.value)
    assert "auth=" in str(raised.value)


# -- errors and retries ----------------------------------------------------------------------


class Script:
    """A server that gives the answers of a list, one a request."""

    def __init__(self, *answers: tuple[str, dict[str, str], str]) -> None:
        self.answers = list(answers)
        self.requests: list[str] = []

    def __call__(self, environ: Any, start_response: Callable[..., Any]) -> list[bytes]:
        self.requests.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        status, headers, body = self.answers.pop(0)
        start_response(status, [*headers.items(), ("Content-Type", "application/json")])
        return [body.encode()]


def refusal(code: str) -> str:
    return json.dumps({"error": {"code": code, "message": "No."}})


GOOD = ("200 OK", {}, '{"poll_sec": 1.0, "show_job_args": true}')
BUSY = ("503 Service Unavailable", {"Retry-After": "3"}, refusal("busy"))
GATEWAY = ("502 Bad Gateway", {}, "<html>nginx")


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was waited, without waiting."""
    waited: list[float] = []

    async def sleep(self: Any, sec: float) -> None:
        waited.append(sec)

    monkeypatch.setattr(BlockingIO, "sleep", sleep)
    return waited


def ask(script: Script, **options: Any) -> Any:
    with hosting(script) as (host, port), Client(f"http://{host}:{port}", **options) as client:
        return client.settings()


def test_read_is_tried_again_after_as_long_as_the_server_says(pauses: list[float]) -> None:
    script = Script(BUSY, BUSY, GOOD)
    assert ask(script)["poll_sec"] == 1.0
    assert pauses == [3.0, 3.0]


def test_read_is_tried_again_with_growing_pauses(pauses: list[float]) -> None:
    script = Script(GATEWAY, GATEWAY, GOOD)
    assert ask(script)["poll_sec"] == 1.0
    assert 0.125 <= pauses[0] <= 0.25 <= pauses[1] <= 0.5


def test_retries_are_few_and_fit_into_the_timeout(pauses: list[float]) -> None:
    script = Script(BUSY, BUSY, BUSY, GOOD)
    with pytest.raises(Busy) as raised:
        ask(script)
    assert (raised.value.status, raised.value.code, raised.value.retry_after_sec) == (
        503,
        "busy",
        3,
    )
    assert len(script.requests) == 3
    script = Script(BUSY, GOOD)
    with pytest.raises(Busy):
        ask(script, timeout_sec=2.0)
    assert (len(script.requests), len(pauses)) == (1, 2)


@pytest.mark.parametrize("answer", [BUSY, GATEWAY, ("429 Too Many Requests", {}, refusal("slow"))])
def test_command_is_sent_once(pauses: list[float], answer: Any) -> None:
    script = Script(answer, GOOD)
    with (
        hosting(script) as (host, port),
        Client(f"http://{host}:{port}") as client,
        pytest.raises((Busy, Unreachable)),
    ):
        client.close_node("10.0.0.1")
    assert script.requests == ["POST /api/v1/clusters/*/nodes/10.0.0.1/close"]
    assert pauses == []


OUTCOMES = '{"error": {"code": "timeout", "message": "Late."}, "outcomes": [{"code": "timeout"}]}'


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        ("400 Bad Request", refusal("bad_json"), Refused, "bad_json"),
        ("404 Not Found", refusal("unknown_job"), NotFound, "unknown_job"),
        ("404 Not Found", "<html>", Unreachable, "not_a_dashboard"),
        ("409 Conflict", refusal("closed"), Refused, "closed"),
        ("422 Unprocessable", refusal("invalid_value"), Refused, "invalid_value"),
        ("401 Unauthorized", "<html>", NeedsLogin, "unauthorized"),
        ("403 Forbidden", "<html>", NotAllowed, "forbidden"),
        ("500 Internal Server Error", refusal("internal_error"), ServerFailed, "internal_error"),
        ("500 Internal Server Error", "<html>", ServerFailed, "error"),
        ("501 Not Implemented", refusal("not_implemented"), ServerFailed, "not_implemented"),
        ("504 Gateway Timeout", OUTCOMES, ServerFailed, "timeout"),
        ("200 OK", "<html>log in", Unreachable, "not_a_dashboard"),
        ("200 OK", "[]", Unreachable, "not_a_dashboard"),
    ],
)
def test_answer_becomes_an_error(status: str, body: str, kind: type, code: str) -> None:
    script = Script((status, {}, body))
    with pytest.raises(ClientError) as raised:
        ask(script)
    assert (type(raised.value), raised.value.code) == (kind, code)
    assert raised.value.status == int(status[:3])
    assert len(script.requests) == 1
    assert raised.value.outcomes == ([{"code": "timeout"}] if body == OUTCOMES else [])
    assert f"({code})" in str(raised.value)


def test_redirect_is_not_followed_with_the_login() -> None:
    script = Script(("302 Found", {"Location": "https://other.example/login"}, ""))
    with pytest.raises(Unreachable) as raised:
        ask(script, token=TOKEN)
    assert "https://other.example/login" in str(raised.value)
    assert TOKEN not in str(raised.value)


def test_slow_server_is_given_up_and_not_asked_again(pauses: list[float]) -> None:
    import threading

    go_on = threading.Event()
    requests = []

    def app(environ: Any, start_response: Callable[..., Any]) -> list[bytes]:
        requests.append(environ["REQUEST_METHOD"])
        go_on.wait(10)
        start_response("200 OK", [])
        return [b"{}"]

    with hosting(app) as (host, port):
        with Client(f"http://{host}:{port}", timeout_sec=0.2) as client:
            with pytest.raises(Unreachable) as read:
                client.settings()
            with pytest.raises(Unreachable) as command:
                client.cancel([1])
        go_on.set()
    assert (read.value.code, command.value.code) == ("timeout", "timeout")
    assert "did not answer within 0.2 s" in str(read.value)
    assert "may have taken effect" in str(command.value)
    assert requests == ["GET", "POST"]
    assert pauses == []


def test_degraded_dashboard_is_no_error() -> None:
    script = Script(("503 Service Unavailable", {}, '{"status": "degraded"}'))
    with hosting(script) as (host, port), Client(f"http://{host}:{port}") as client:
        assert client.healthz() == {"status": "degraded"}


# -- the package -----------------------------------------------------------------------------


def test_nothing_stays_open(server: DispyHTTPServer, scene: Scene) -> None:
    with Client(server.url) as client:
        assert next(iter(client.jobs()))["id"] == "d"  # in the middle of a page
        next(client.jobs().csv().lines())
        next(client.follow())
    gc.collect()  # what is left open warns, which fails the test


def test_package_without_httpx_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['httpx'] = None\n"
        "import flask_dispy\n"
        "try: flask_dispy.Client\n"
        "except ImportError as error: print(error)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert "pip install 'flask_dispy[client]'" in found.stdout


def test_package_without_httpx_lists_only_what_there_is() -> None:
    code = (
        "import sys; sys.modules['httpx'] = None\n"
        "import inspect, flask_dispy\n"
        "from flask_dispy import *\n"
        "names = {name for name, _ in inspect.getmembers(flask_dispy)}\n"
        "print(sorted({'Client', 'AsyncClient', 'ClusterRegistry'} & names))\n"
        "print('Client' in flask_dispy.__all__, ClusterRegistry.__name__)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert found.stdout == "['ClusterRegistry']\nFalse ClusterRegistry\n"


def test_client_loads_neither_flask_nor_dispy() -> None:
    code = "import sys, flask_dispy; flask_dispy.Client; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert {"flask", "werkzeug", "dispy", "sqlite3", "jinja2"}.isdisjoint(found.stdout.split())
