"""How a DispyHTTPServer ends: after the last change was seen, and with nothing left behind."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import textwrap
import threading
import time
import urllib.request
from dataclasses import replace
from typing import Any

import psutil
import pytest
from clusters import wait_until
from rawhttp import Client, get
from web.fakes import FakeCluster, watched_cluster
from web.served import client_of, open_stream, read

from flask_dispy import ClusterRegistry
from flask_dispy import server as server_module
from flask_dispy.server import DispyHTTPServer
from flask_dispy.watching.intervals import Intervals

TOKENS = {"t" * 32: "viewer"}


# -- shutdown --------------------------------------------------------------------------------


def test_shutdown_leaves_nothing() -> None:
    before = threading.active_count(), psutil.Process().num_fds()
    server = DispyHTTPServer(FakeCluster(), "127.0.0.1", 0)
    with open_stream(server), client_of(server) as idle:
        idle.ask(get("/healthz"))
        server.shutdown(wait=False)
    wait_until(lambda: (threading.active_count(), psutil.Process().num_fds()) == before)
    with socket.create_server(("127.0.0.1", server.port)):
        pass


def test_shutdown_again_does_nothing() -> None:
    server = DispyHTTPServer(None, "127.0.0.1", 0)
    server.shutdown()
    server.shutdown()
    assert server_module._live == []


def test_request_may_end_the_server_and_is_answered() -> None:
    def authorize(_permission: str, request: Any) -> bool:
        if "end" in request.args:
            server.shutdown(wait=False)
        return True

    server = DispyHTTPServer(FakeCluster(), "127.0.0.1", 0, authorize=authorize)
    with client_of(server) as client, open_stream(server) as other:
        assert client.ask(get("/cluster_status?end=1")).status == 200
        assert client.ended()
        assert other.file.read().endswith(b"0\r\n\r\n")
    assert server_module._live == []
    with socket.create_server(("127.0.0.1", server.port)):
        pass


def test_shutdown_ends_every_stream() -> None:
    server = DispyHTTPServer(FakeCluster(), "127.0.0.1", 0)
    with contextlib.ExitStack() as streams:
        clients = [streams.enter_context(open_stream(server)) for _ in range(200)]
        began_at = time.monotonic()
        server.shutdown(wait=False)
        assert time.monotonic() - began_at < 10
        for client in clients:
            # An orderly end: the last, empty chunk has come.
            assert client.file.read().endswith(b"0\r\n\r\n")


def test_export_that_is_cut_off_does_not_look_whole() -> None:
    cluster = FakeCluster()
    # 12 MB: more than the buffers of both ends hold. A smaller window would take a minute.
    server = DispyHTTPServer(cluster, "127.0.0.1", 0, text_limit=4_000)
    for number in range(3_000):
        cluster.submit("x" * 4_000, job_id=number)
    path = "/api/v1/clusters/*/jobs?format=csv"
    with client_of(server) as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.send(get(path))
        while client.file.readline() != b"\r\n":
            pass
        assert client.chunk().startswith(b"serial,id,")
        server.shutdown(wait=False)
        try:
            rest = client.file.read()
        except ConnectionResetError:
            rest = b""
        assert not rest.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("intervals", [Intervals(tick_sec=0.02, look_up_sec=60)], ids=[""])
def test_shutdown_wakes_its_streams_and_no_others(registry: ClusterRegistry) -> None:
    ends, stays = (DispyHTTPServer(None, "127.0.0.1", 0, registry=registry) for _ in range(2))
    with contextlib.ExitStack() as streams:
        clients = [streams.enter_context(open_stream(ends)) for _ in range(200)]
        other = streams.enter_context(open_stream(stays))
        ends.shutdown(wait=False)
        for client in clients:
            # An orderly end; what does not end by itself is cut.
            assert client.file.read().endswith(b"0\r\n\r\n")
        watched_cluster(registry)
        while b'"compute"' not in other.file.readline():
            pass
        stays.shutdown(wait=False)
        assert other.file.read().endswith(b"0\r\n\r\n")


def test_shutdown_with_nobody_there_returns_at_once() -> None:
    server = DispyHTTPServer(None, "127.0.0.1", 0, 30)
    began_at = time.monotonic()
    server.shutdown()
    assert time.monotonic() - began_at < 5


def test_shutdown_waits_until_a_browser_has_the_last_change() -> None:
    cluster = FakeCluster()
    server = DispyHTTPServer(cluster, "127.0.0.1", 0, 30)
    cursor = json.loads(read(server, "api/v1/changes"))["cursor"]
    cluster.submit()
    ending = threading.Thread(target=server.shutdown)
    ending.start()
    ending.join(1)
    assert ending.is_alive()
    changes = json.loads(read(server, f"api/v1/changes?since={cursor}"))
    assert changes["clusters"][0]["jobs"]["submitted"] == 1
    ending.join(10)
    assert not ending.is_alive()


def test_report_that_comes_after_shutdown_was_called_is_waited_for() -> None:
    cluster = FakeCluster()
    server = DispyHTTPServer(cluster, "127.0.0.1", 0, 30)
    read(server, "api/v1/changes")
    ending = threading.Thread(target=server.shutdown)
    ending.start()
    time.sleep(0.05)
    cluster.submit()
    ending.join(1)
    assert ending.is_alive()
    read(server, "api/v1/changes")
    ending.join(10)
    assert not ending.is_alive()


@pytest.mark.parametrize("intervals", [Intervals(last_reports_sec=0)], ids=[""])
def test_report_that_is_not_folded_yet_is_waited_for(registry: ClusterRegistry) -> None:
    cluster = FakeCluster()
    server = DispyHTTPServer(cluster, "127.0.0.1", 0, 30, registry=registry)
    read(server, "api/v1/changes")
    ending = threading.Thread(target=server.shutdown)
    cluster.submit()
    ending.start()
    ending.join(0.5)
    assert ending.is_alive()
    read(server, "api/v1/changes")
    ending.join(10)
    assert not ending.is_alive()


def test_shutdown_waits_no_longer_than_an_update_interval() -> None:
    cluster = FakeCluster()
    server = DispyHTTPServer(cluster, "127.0.0.1", 0, 0.5)
    read(server, "api/v1/changes")
    cluster.submit()
    began_at = time.monotonic()
    server.shutdown()
    assert 0.4 < time.monotonic() - began_at < 10


def test_stream_gets_the_last_change_before_the_end() -> None:
    cluster = FakeCluster()
    server = DispyHTTPServer(cluster, "127.0.0.1", 0, 30)
    with open_stream(server) as client:
        cluster.submit()
        server.shutdown()
        assert b'"submitted":1' in client.file.read()


def test_page_that_listens_and_has_everything_is_not_waited_for() -> None:
    cluster = FakeCluster()
    with contextlib.ExitStack() as stack:
        server = DispyHTTPServer(cluster, "127.0.0.1", 0, 30)
        read(server, "api/v1/changes")  # as a page does first
        # The same program as of urllib, which read() asks with.
        client = stack.enter_context(client_of(server))
        agent = f"User-Agent: {urllib.request.build_opener().addheaders[0][1]}"
        client.send(get("/api/v1/stream", agent))
        cluster.submit()
        while b'"submitted":1' not in client.file.readline():
            pass
        ending = threading.Thread(target=server.shutdown)
        ending.start()
        ending.join(15)
        assert not ending.is_alive()


def test_page_with_an_interval_of_its_own_is_waited_for() -> None:
    cluster = FakeCluster()
    server = DispyHTTPServer(cluster, "127.0.0.1", 0, 0.1)
    cursor = json.loads(read(server, "api/v1/changes"))["cursor"]
    # As if it had asked every 40 s.
    (browser,) = server._audience._asking
    known = server._audience._asking[browser]
    server._audience._asking[browser] = replace(known, heard_at=known.heard_at - 40)
    cursor = json.loads(read(server, f"api/v1/changes?since={cursor}"))["cursor"]
    cluster.submit()
    ending = threading.Thread(target=server.shutdown)
    ending.start()
    ending.join(2)
    assert ending.is_alive()
    read(server, f"api/v1/changes?since={cursor}")
    ending.join(10)
    assert not ending.is_alive()


def test_dropping_the_reference_does_not_end_the_server() -> None:
    port = DispyHTTPServer(None, "127.0.0.1", 0).port
    with Client(("127.0.0.1", port)) as client:
        assert client.ask(get()).status == 200
    (server,) = server_module._live
    server.shutdown()


def test_fork_lets_go_of_port_and_connections() -> None:
    script = """
        import os, socket, threading, warnings
        from flask_dispy.server import DispyHTTPServer, cluster_status
        from flask_dispy.core.errors import WrongProcess

        warnings.simplefilter("ignore")
        server = DispyHTTPServer(None, "127.0.0.1", 0)
        client = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        client.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
        client.recv(100_000)
        go_on, tell = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(tell)
            cluster_status(5, None, None)
            server.cluster_status(5, None, None)
            server.shutdown()
            try:
                server.add_cluster(None)
            except WrongProcess:
                pass
            os.read(go_on, 1)
            os._exit(0)
        server.shutdown()
        ended = client.recv(100) == b""
        again = DispyHTTPServer(None, "127.0.0.1", server.port)
        again.shutdown()
        os.write(tell, b"x")
        print(ended, os.waitpid(child, 0)[1], threading.active_count())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.split() == ["True", "0", "1"], done.stderr
