"""How the client logs in, whom it trusts, and what it keeps to itself."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import trustme
from web.conftest import Scene
from web.served import serving

from flask_dispy import Client, ClusterRegistry, DispyHTTPServer
from flask_dispy.client import (
    NeedsLogin,
    NotAllowed,
    NotFound,
    Unreachable,
)

TOKEN = "a-token-that-must-not-be-seen"


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
def test_bad_url_or_two_logins_are_refused_at_once(url: str, login: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Client(url, **login)


@pytest.mark.parametrize("url", ["http://ann:se/cret@host", "http://ann:se?cret@host:8181"])
def test_password_that_makes_no_url_is_not_shown(url: str) -> None:
    with pytest.raises(ValueError, match="makes no sense") as raised:
        Client(url)
    assert "'se'" not in str(raised.value)
    assert "cret" not in str(raised.value)
    assert "auth=" in str(raised.value)
