"""DispyHTTPServer: what the chapter says of it, on real sockets, over fake clusters."""

from __future__ import annotations

import errno
import inspect
import json
import logging
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest
import trustme
from dispy import DispyJob
from rawhttp import Client, get
from web.fakes import FakeCluster, make_node
from web.served import client_of, names_shown, read, serving

from flask_dispy import ClusterRegistry
from flask_dispy.server import DispyHTTPServer, cluster_status
from flask_dispy.watching.dashboard import board_of

TOKENS = {"t" * 32: "viewer"}


# -- the signature ---------------------------------------------------------------------------


def test_signature_is_that_of_dispys_documentation() -> None:
    # None stands for dispy's own defaults, 10 and True, or for what a shared registry has.
    parameters = inspect.signature(DispyHTTPServer).parameters.values()
    positional = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert [(p.name, p.default) for p in positional] == [
        ("cluster", inspect.Parameter.empty),
        ("host", ""),
        ("port", 8181),
        ("poll_sec", None),
        ("DocumentRoot", None),
        ("keyfile", None),
        ("certfile", None),
        ("show_job_args", None),
    ]
    assert inspect.signature(DispyHTTPServer.shutdown).parameters["wait"].default is True


def test_positional_arguments_are_taken_in_dispys_order(tmp_path: Path) -> None:
    (tmp_path / "monitor.html").write_text("%(TIMEOUT)s %(SHOW_JOB_ARGS)s")
    server = DispyHTTPServer(None, "127.0.0.1", 0, 7, str(tmp_path), None, None, False)
    try:
        assert (server.registry.poll_sec, server.registry.show_job_args) == (7, False)
        assert read(server) == b"7 false"
    finally:
        server.shutdown(wait=False)


def test_callback_has_the_shape_that_dispy_checks() -> None:
    with serving() as server:
        assert inspect.ismethod(server.cluster_status)
        spec = inspect.getfullargspec(server.cluster_status)
        assert spec.args == ["self", "status", "node", "job"]
        assert (spec.varargs, spec.varkw, spec.defaults) == (None, None, None)
    assert inspect.isfunction(cluster_status)
    assert inspect.getfullargspec(cluster_status).args == ["status", "node", "job"]


# -- addresses -------------------------------------------------------------------------------


def test_port_0_is_a_free_port() -> None:
    with serving() as one, serving() as other:
        assert one.port != other.port
        assert one.url == f"http://127.0.0.1:{one.port}/"
        assert b"<html" in read(one)
        assert b"<html" in read(other)


def test_busy_port_is_an_oserror_and_nothing_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        before = threading.active_count(), psutil.Process().num_fds()
        cluster = FakeCluster()
        with pytest.raises(OSError, match=rf"can't listen on 127\.0\.0\.1:{port}: ") as caught:
            DispyHTTPServer(cluster, "127.0.0.1", port)
        assert caught.value.errno == errno.EADDRINUSE
        assert cluster.cluster_status is None
        assert (threading.active_count(), psutil.Process().num_fds()) == before


def test_busy_port_is_found_on_all_interfaces_too() -> None:
    with serving(host="", tokens=TOKENS) as server:
        with pytest.raises(OSError, match="can't listen on"):
            DispyHTTPServer(None, "", server.port)
        with pytest.raises(OSError, match="can't listen on"):
            DispyHTTPServer(None, "127.0.0.1", server.port)


def test_host_that_does_not_exist_is_an_oserror() -> None:
    with pytest.raises(OSError, match=r"can't listen on nowhere\.invalid:0: "):
        DispyHTTPServer(None, "nowhere.invalid", 0)


@pytest.mark.parametrize("port", [-1, 65536])
def test_port_that_does_not_exist_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match="port must be a whole number from 0 to 65535"):
        DispyHTTPServer(None, "127.0.0.1", port)


def test_empty_host_is_every_interface() -> None:
    with serving(host="", tokens=TOKENS) as server:
        assert server.url == f"http://localhost:{server.port}/"
        hosts = ["127.0.0.1", "127.0.0.9"] + (["::1"] if socket.has_dualstack_ipv6() else [])
        for host in hosts:
            with Client((host, server.port)) as client:
                assert client.ask(get()).status == 401


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_ipv6_address() -> None:
    with serving(host="::1") as server:
        assert server.url == f"http://[::1]:{server.port}/"
        assert b"<html" in read(server)


def test_empty_host_is_ipv4_where_there_is_no_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    create = socket.create_server

    def no_ipv6(address: Any, **options: Any) -> socket.socket:
        if options.get("family") == socket.AF_INET6:
            raise OSError(errno.EADDRNOTAVAIL, "no IPv6 here")
        return create(address, **options)

    monkeypatch.setattr(socket, "create_server", no_ipv6)
    with serving(host="", read_only=True) as server:
        assert b"<html" in read(server)


def test_name_as_host() -> None:
    with serving(host="localhost") as server:
        assert server.url == f"http://localhost:{server.port}/"
        with Client(("127.0.0.1", server.port)) as client:
            assert client.ask(get()).status == 200


def test_open_server_that_others_can_reach_is_warned_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def warnings(**options: Any) -> int:
        caplog.clear()
        with serving(**options):
            return sum("over the network" in r.getMessage() for r in caplog.records)

    assert warnings(host="") == 1
    assert warnings(host="127.0.0.1") == 0
    assert warnings(host="", tokens=TOKENS) == 0
    assert warnings(host="", authorize=lambda permission, request: True) == 0


# -- TLS -------------------------------------------------------------------------------------


def test_certificate_makes_it_https(tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    certfile, keyfile = str(tmp_path / "crt"), str(tmp_path / "key")
    issued.cert_chain_pems[0].write_to_path(certfile)
    issued.private_key_pem.write_to_path(keyfile)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    own.load_cert_chain(certfile, keyfile)
    for options in ({"certfile": certfile, "keyfile": keyfile}, {"ssl_context": own}):
        with serving(host="localhost", **options) as server:
            assert server.url.startswith("https://localhost:")
            assert b"<html" in read(server, context=trusting)


def test_tls_options_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="keyfile needs certfile"):
        DispyHTTPServer(None, port=0, keyfile="key")
    with pytest.raises(ValueError, match="either ssl_context"):
        DispyHTTPServer(None, port=0, certfile="crt", ssl_context=ssl.create_default_context())
    with pytest.raises(FileNotFoundError, match=r"absent\.crt"):
        DispyHTTPServer(None, port=0, certfile=tmp_path / "absent.crt")


# -- clusters --------------------------------------------------------------------------------


def test_clusters_come_and_go() -> None:
    first, second = FakeCluster("one"), FakeCluster("two")
    with serving(first) as server:
        assert server.add_cluster(second) == "two"
        assert names_shown(server) == ["one", "two"]
        server.del_cluster(first)
        assert names_shown(server) == ["two"]
        assert first.cluster_status is None


def test_removing_an_unknown_or_closed_cluster_does_not_raise() -> None:
    cluster = FakeCluster()
    with serving(cluster) as server:
        cluster.close()
        server.del_cluster(cluster)
        server.del_cluster(cluster)
        server.del_cluster(FakeCluster())
        assert names_shown(server) == []


def test_chain_keeps_the_clusters_own_callback() -> None:
    heard: list[int] = []
    cluster = FakeCluster()
    cluster.cluster_status = lambda status, node, job: heard.append(status)
    with serving() as server:
        server.add_cluster(cluster, chain=True)
        cluster.submit()
        summary = json.loads(read(server, "api/v1/clusters/compute"))
        assert summary["jobs"]["submitted"] == 1
    assert heard == [DispyJob.Created]


def test_cluster_made_with_the_servers_callback_is_recognised() -> None:
    with serving() as server:
        for name, callback in (("one", server.cluster_status), ("two", cluster_status)):
            cluster = FakeCluster(name)
            cluster.cluster_status = callback
            server.add_cluster(cluster)
            cluster.join(make_node("10.0.0.2"))
            summary = json.loads(read(server, f"api/v1/clusters/{name}"))
            assert summary["watching"] == "callback"


def test_other_object_than_a_cluster_is_refused_and_nothing_is_left() -> None:
    before = threading.active_count(), psutil.Process().num_fds()
    with pytest.raises(TypeError, match="no dispy cluster"):
        DispyHTTPServer(object(), "127.0.0.1", 0)
    assert (threading.active_count(), psutil.Process().num_fds()) == before


def test_shared_registry_outlives_the_server() -> None:
    registry = ClusterRegistry(poll_sec=3)
    try:
        with serving(registry=registry) as one, serving(registry=registry) as other:
            one.add_cluster(FakeCluster())
            assert names_shown(other) == ["compute"]
            assert registry.poll_sec == 3
        cluster = FakeCluster("later")
        registry.add(cluster)
        assert cluster.cluster_status is not None
        with serving(registry=registry, poll_sec=5, show_job_args=False):
            assert (registry.poll_sec, registry.show_job_args) == (5, False)
        with serving(registry=registry, poll_sec=10, show_job_args=True):
            assert (registry.poll_sec, registry.show_job_args) == (10, True)
        with pytest.raises(TypeError, match="history_limit: give the settings"):
            DispyHTTPServer(None, port=0, registry=registry, history_limit=5)
    finally:
        registry.close()


def test_settings_reach_the_registry() -> None:
    with serving(history_limit=7, poll_sec=-1) as server:
        assert board_of(server.registry).settings.history_limit == 7
        assert server.registry.poll_sec == 0


# -- the function of the module --------------------------------------------------------------


def test_modules_callback_goes_to_the_only_server() -> None:
    cluster = FakeCluster()
    cluster.cluster_status = cluster_status
    cluster.submit()  # Before there is any server: nothing happens.
    with serving() as server:
        cluster.submit()
        assert names_shown(server) == ["other clusters"]
    cluster.submit()


def test_modules_callback_goes_to_the_server_that_shows_the_cluster() -> None:
    with serving() as first, serving() as second:
        for server, name in ((first, "one"), (second, "two")):
            cluster = FakeCluster(name)
            cluster.cluster_status = cluster_status
            server.add_cluster(cluster)
            node = make_node("10.0.0.2")
            cluster._dispy_nodes = {"10.0.0.2": node}  # type: ignore[attr-defined]
            cluster.join(node)
            assert names_shown(server) == [name]
            nodes = json.loads(read(server, f"api/v1/clusters/{name}/nodes"))
            assert nodes["total"] == 1


# -- what else is said -----------------------------------------------------------------------


def test_nothing_is_printed(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with serving() as server:
        read(server)
    assert capfd.readouterr() == ("", "")
    assert "development server" not in caplog.text


# -- the name that it is asked under ---------------------------------------------------------

REBOUND = ("/", "/cluster_status", "/cluster_updates", "/nodes", "/metrics", "/api/v1/changes",
           "/api/v1/stream", "/api/v1/clusters/*/report", "/api/v1/clusters/*/jobs")  # fmt: skip


@pytest.mark.parametrize("path", REBOUND)
def test_open_server_gives_nothing_away_under_a_foreign_name(path: str) -> None:
    cluster = FakeCluster()
    with serving(cluster) as server:
        cluster.submit("secret")
        for target, host in ((path, "evil.example"), (f"http://evil.example{path}", "localhost")):
            with client_of(server) as client:
                answer = client.ask(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert answer.status == 403
            assert b"secret" not in answer.body


def test_name_that_a_server_listens_at_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **more: resolve(
            "127.0.0.1" if host == "dash.example" else host, *rest, **more
        ),
    )
    with serving(host="dash.example") as server, client_of(server) as client:
        assert client.ask(b"GET / HTTP/1.1\r\nHost: dash.example\r\n\r\n").status == 200
        assert client.ask(b"GET / HTTP/1.1\r\nHost: other.example\r\n\r\n").status == 403


@pytest.mark.parametrize("login", [{"tokens": {"t": "viewer"}}, {"authorize": lambda *_: True}])
def test_server_with_a_login_answers_under_any_name(login: dict[str, Any]) -> None:
    with serving(**login) as server, client_of(server) as client:
        request = b"GET / HTTP/1.1\r\nHost: any.example\r\nAuthorization: Bearer t\r\n\r\n"
        assert client.ask(request).status == 200


def test_busy_port_names_the_remedy() -> None:
    with DispyHTTPServer(None, "127.0.0.1", 0) as server:
        with pytest.raises(OSError, match=r"end it, give another port=, or port=0") as caught:
            DispyHTTPServer(None, "127.0.0.1", server.port)
        assert caught.value.errno == errno.EADDRINUSE
    with pytest.raises(OSError, match=r"This machine has no such address"):
        DispyHTTPServer(None, "192.0.2.1", 0)


def test_server_ends_with_its_block_and_shows_its_url() -> None:
    with DispyHTTPServer(None, "127.0.0.1", 0) as server:
        assert repr(server) == f"<DispyHTTPServer at {server.url}>"
        port = server.port
    assert repr(server) == f"<DispyHTTPServer at http://127.0.0.1:{port}/ (ended)>"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    with pytest.raises(KeyError, match="own"), DispyHTTPServer(None, "127.0.0.1", 0) as server:
        raise KeyError("own")
    assert "(ended)" in repr(server)
