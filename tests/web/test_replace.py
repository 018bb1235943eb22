"""A server that takes the place of an earlier one of its process."""

from __future__ import annotations

import json
import socket
import threading
import urllib.request
from pathlib import Path

import pytest
from clusters import wait_until
from web.fakes import FakeCluster
from web.served import names_shown, open_stream, read, serving

from flask_dispy import ClusterRegistry
from flask_dispy import server as server_module
from flask_dispy.server import DispyHTTPServer


def test_replaced_server_lets_everything_go(tmp_path: Path) -> None:
    cluster, history = FakeCluster(), tmp_path / "runs.sqlite"
    before = set(threading.enumerate())
    with serving(cluster, history=history) as first, open_stream(first):
        theirs = set(threading.enumerate()) - before
        with serving(cluster, port=first.port, history=history, replace=True) as second:
            assert repr(first).endswith("(ended)>")
            assert names_shown(second) == [cluster.name]
            assert json.loads(read(second, "healthz"))["status"] == "ok"
            wait_until(lambda: not theirs & set(threading.enumerate()))
            first.shutdown()  # which the second does not notice
            assert names_shown(second) == [cluster.name]
    assert cluster.cluster_status is None


def test_a_registry_that_both_show_goes_on(registry: ClusterRegistry) -> None:
    registry.add(cluster := FakeCluster())
    with (
        serving(registry=registry) as first,
        serving(registry=registry, port=first.port, replace=True) as second,
    ):
        assert names_shown(second) == [cluster.name]
        html = registry._repr_mimebundle_()["text/html"]
        assert html.count(f'href="{second.url}"') == 1
        assert first._repr_mimebundle_()["text/html"].count("href=") == 0
    assert "href=" not in registry._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize(("earlier", "later"), [("", "127.0.0.1"), ("127.0.0.1", "")])
def test_server_on_all_interfaces_is_in_the_way_of_one_address(earlier: str, later: str) -> None:
    with (
        serving(host=earlier, tokens={"t" * 32: "viewer"}) as first,
        serving(host=later, port=first.port, tokens={"t" * 32: "viewer"}, replace=True) as second,
    ):
        assert server_module._live == [second]


def test_other_servers_stay() -> None:
    with (
        serving() as other,
        serving(host="127.0.0.2", port=other.port, replace=True) as second,
        serving(replace=True) as third,
    ):
        assert server_module._live == [other, second, third]


def test_port_of_another_program_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=r"Another server has this port.*port=0 for any"):
            DispyHTTPServer(None, "127.0.0.1", port, replace=True)


def test_impossible_address_leaves_no_server() -> None:
    with pytest.raises(ValueError, match="public_url="):
        DispyHTTPServer(None, "127.0.0.1", 0, public_url="javascript:alert(1)")
    assert server_module._live == []


def test_card_has_a_frame_where_pages_may_be_framed() -> None:
    with serving(frame_ancestors=["'self'"], public_url="/proxy/{port}/") as server:
        assert f'<iframe src="/proxy/{server.port}/"' in server._repr_mimebundle_()["text/html"]
        policy = read_policy(server)
        assert policy.endswith("frame-ancestors 'self'")
    with serving() as server:
        assert "iframe" not in server._repr_mimebundle_()["text/html"]


def read_policy(server: DispyHTTPServer) -> str:
    with urllib.request.urlopen(server.url, timeout=10) as answer:
        return str(answer.headers["Content-Security-Policy"])
