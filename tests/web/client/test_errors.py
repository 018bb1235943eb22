"""What the client makes of answers that are errors, and when it asks again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from web.hosted import serving as hosting

from flask_dispy import Client
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
from flask_dispy.client.sending import BlockingIO

TOKEN = "a-token-that-must-not-be-seen"


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
        with Client(f"http://{host}:{port}", timeout_sec=1.5) as client:
            with pytest.raises(Unreachable) as read:
                client.settings()
            with pytest.raises(Unreachable) as command:
                client.cancel([1])
        go_on.set()
    assert (read.value.code, command.value.code) == ("timeout", "timeout")
    assert "did not answer within 1.5 s" in str(read.value)
    assert "may have taken effect" in str(command.value)
    assert requests == ["GET", "POST"]
    assert pauses == []


def test_command_is_waited_for_as_long_as_the_server_may_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: dict[str, Any] = {}

    async def send(_io: Any, request: httpx.Request) -> httpx.Response:
        waits[request.method] = request.extensions["timeout"]
        raise httpx.ReadTimeout("late")

    monkeypatch.setattr(BlockingIO, "send", send)
    with Client("http://127.0.0.1:9") as client:
        with pytest.raises(Unreachable, match="within 10 s"):
            client.settings()
        with pytest.raises(Unreachable, match="within 40 s"):
            client.rerun([1])
    assert (waits["GET"]["read"], waits["POST"]["read"]) == (10.0, 40.0)
    assert waits["POST"]["connect"] == 10.0


def test_degraded_dashboard_is_no_error() -> None:
    script = Script(("503 Service Unavailable", {}, '{"status": "degraded"}'))
    with hosting(script) as (host, port), Client(f"http://{host}:{port}") as client:
        assert client.healthz() == {"status": "degraded"}
