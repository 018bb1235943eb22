"""Whatever is sent to dispy.httpd's routes, and whatever jobs hold: a clear answer, in JSON."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from web.fakes import FakeCluster, make_node, watched_cluster

from flask_dispy import ClusterRegistry
from flask_dispy.web.blueprint import create_blueprint

_FORM = "application/x-www-form-urlencoded"

# One registry and client serve all examples of a test: what one leaves behind must not hurt the
# next.
_shared = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

_ROUTES = (
    "node_info", "cancel_jobs", "add_node", "allocate_node", "deallocate_node", "close_node",
    "set_cpus", "update",
)  # fmt: skip

# What those routes look for, so that the draws come past the first check.
_names = st.sampled_from(
    ["host", "uid", "cluster", "port", "cpus", "id", "nodes", "timeout", "show_job_args",
     "10.0.0.2", "10.0.0.10"]
) | st.text(max_size=10)  # fmt: skip
_texts = st.one_of(
    st.sampled_from(
        ["", "1", "-1", "0", "2.5", "1e400", "nan", "undefined", "null", "true", "10.0.0.2",
         "alpha", "compute", "*", "127.0.0.9", '["10.0.0.2"]', "[]", "[[" * 2_000, '["\\ud800"]']
    ),
    st.integers().map(str),
    st.floats().map(repr),
    st.text(max_size=50),
    st.lists(st.text(max_size=20), max_size=3).map(json.dumps),
)  # fmt: skip
_forms = st.lists(st.tuples(_names, _texts), max_size=6)
_kinds = st.sampled_from(
    [None, "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain",
     "application/json", "application/x-www-form-urlencoded; charset=utf-16", "\x7f", ";;"]
)  # fmt: skip

_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def _numeric(host: Any, port: Any, *_arguments: Any, **_named: Any) -> Any:
    """Resolve no name: made-up ones must not be asked for in the world."""
    try:
        socket.inet_aton(host)
    except (OSError, TypeError, UnicodeError, ValueError):
        raise socket.gaierror(socket.EAI_NONAME, "no lookups in tests") from None
    return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (host, port or 0))]


@pytest.fixture
def watched(registry: ClusterRegistry) -> FakeCluster:
    cluster = watched_cluster(registry)
    alpha = cluster.join(make_node("10.0.0.2", "alpha"))
    cluster.join(make_node("10.0.0.10", load=False))
    cluster.start(cluster.submit(), alpha)
    cluster.submit()
    return cluster


@pytest.fixture
def client(
    registry: ClusterRegistry, watched: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> FlaskClient:
    monkeypatch.setattr(socket, "getaddrinfo", _numeric)
    app = Flask("host")
    app.register_blueprint(create_blueprint(registry))
    # Without the test client's own cookies and exceptions: as a browser would see it.
    return app.test_client(use_cookies=False)


def _must_be_clear(answer: Any) -> None:
    """An answer of dispy's, or an error in our one shape; never a fault."""
    assert answer.status_code < 500, answer.text
    body = json.loads(answer.text, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    if answer.status_code != 200:
        assert body["error"].keys() >= {"code", "message"}


@given(route=st.sampled_from(_ROUTES), form=_forms)
@example(route="set_cpus", form=[("10.0.0.2", "9" * 5_000)])
@example(route="cancel_jobs", form=[("uid", "1")] * 5_000)
@example(route="allocate_node", form=[("cluster", "*"), ("nodes", "[" * 60_000)])
@_shared
def test_any_form_gets_a_clear_answer(
    client: FlaskClient, route: str, form: list[tuple[str, str]]
) -> None:
    pairs = [(name, text.encode(errors="surrogatepass")) for name, text in form]
    _must_be_clear(client.post(f"/{route}", data=urlencode(pairs), content_type=_FORM))


@given(
    route=st.sampled_from(_ROUTES),
    body=st.binary(max_size=200) | _forms.map(lambda form: urlencode(form).encode()),
    kind=_kinds,
)
@_shared
def test_any_body_gets_a_clear_answer(
    client: FlaskClient, route: str, body: bytes, kind: str | None
) -> None:
    _must_be_clear(client.post(f"/{route}", data=body, content_type=kind))


@given(
    cookie=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=200)
    | st.lists(st.text("0123456789s.-p", max_size=20), min_size=4, max_size=4).map("/".join)
)
@_shared
def test_any_cookie_gets_all_nodes_or_those_that_changed(client: FlaskClient, cookie: str) -> None:
    own = client.get("/cluster_status").headers["Set-Cookie"].partition("=")[0]
    answer = client.get("/cluster_updates", headers={"Cookie": f'{own}="{cookie}"'})
    _must_be_clear(answer)
    assert [cluster["name"] for cluster in answer.json] == ["compute"]


_anything = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.binary(max_size=30),
        st.text(st.characters(exclude_categories=()), max_size=60),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)  # fmt: skip


@given(argument=_anything, job_id=_anything, result=_anything, trace=st.text())
@_shared
def test_any_job_is_shown_as_safe_json(
    client: FlaskClient,
    registry: ClusterRegistry,
    watched: FakeCluster,
    argument: Any,
    job_id: Any,
    result: Any,
    trace: str,
) -> None:
    node = make_node("10.0.0.2", "alpha")
    job = watched.submit(argument, key=argument, job_id=job_id)
    watched.start(job, node)
    watched.end(job, node, result=result, exception=trace or None)
    serial = registry.view("*").jobs(limit=1).items[0]["serial"]
    for path in (f"/api/v1/clusters/*/jobs/{serial}", "/api/v1/clusters/*/jobs", "/cluster_status"):
        answer = client.get(path)
        _must_be_clear(answer)
        assert not any(map(_UNSAFE.search, _strings(answer.json)))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
