"""What a client may cost the hosting server, and how it ends, on real sockets."""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import subprocess
import sys
import textwrap
import threading
import time

import psutil
import pytest
from clusters import wait_until
from rawhttp import Client, get
from web.hosted import POST, Site, site

from flask_dispy.hosting import Limits

# -- time ------------------------------------------------------------------------------------


def test_request_that_drips_in_is_cut_off() -> None:
    with site(request_timeout_sec=0.6) as served, served.client() as client:
        began_at = time.monotonic()
        client.send(b"GET / HTTP/1.1\r\n")
        drip_until_closed(client)
        assert client.read().status == 408
        assert time.monotonic() - began_at < 5


def test_body_that_drips_in_is_cut_off() -> None:
    with site(request_timeout_sec=0.6) as served, served.client() as client:
        client.send(POST % (b"/small", 99, b""))
        drip_until_closed(client)
        assert client.read().closes


def drip_until_closed(client: Client) -> None:
    """Send a byte now and then, each sooner than any limit on a single read."""
    give_up_at = time.monotonic() + 8
    client.socket.settimeout(0.1)
    while time.monotonic() < give_up_at:
        client.send(b"x")
        with contextlib.suppress(TimeoutError):
            client.socket.recv(1, socket.MSG_PEEK)
            client.socket.settimeout(10)
            return
    pytest.fail("the server goes on waiting")


def test_client_that_says_nothing_is_let_go() -> None:
    with site(request_timeout_sec=0.3) as served, served.client() as client:
        assert client.ended()


def test_idle_connection_is_closed_after_a_while() -> None:
    with site(request_timeout_sec=0.1, keep_alive_sec=2.0) as served, served.client() as client:
        assert client.ask(get()).status == 200
        time.sleep(0.2)
        assert client.ask(get()).status == 200
        assert client.ended()


def test_client_that_does_not_read_is_let_go() -> None:
    with site(send_timeout_sec=0.5) as served, served.client() as client:
        client.send(get("/large/50000000"))
        wait_until(lambda: served.threads() == 1)
        wait_until(lambda: served.threads() == 0)


# -- how many --------------------------------------------------------------------------------


def test_one_connection_too_many_is_refused_and_served_later() -> None:
    with site(max_connections=2) as served, contextlib.ExitStack() as clients:
        busy = [clients.enter_context(served.client()) for _ in range(2)]
        for client in busy:
            client.send(get("/slow"))
        for _ in busy:
            assert served.at_work.acquire(timeout=5)
        for _ in range(5):
            with served.client() as extra:
                answer = extra.ask(get())
                assert (answer.status, answer.headers["retry-after"]) == (503, "5")
                assert answer.closes
            assert served.threads() == 2
        served.go_on.set()
        assert [client.read().body for client in busy] == [b"slept", b"slept"]
        for client in busy:
            client.close()
        wait_until(lambda: served.threads() == 0)
        with served.client() as client:
            assert client.ask(get()).status == 200


def test_connection_without_a_thread_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with site() as served:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", start)
            with served.client() as client:
                assert client.read().status == 503
        with served.client() as client:
            assert client.ask(get()).status == 200


def test_idle_connection_makes_room_for_a_new_one() -> None:
    with site(max_connections=2) as served, contextlib.ExitStack() as clients:
        first, second = (clients.enter_context(served.client()) for _ in range(2))
        assert first.ask(get()).status == 200
        assert second.ask(get()).status == 200
        # The last byte of an answer is here a moment before its connection waits for more.
        seats = served.server._connections.seats
        wait_until(lambda: [seat.phase for seat in seats()] == ["idle"] * 2)
        with served.client() as third:
            assert third.ask(get()).status == 200
            ended, _, _ = select.select([first.socket, second.socket], [], [], 5)
            assert len(ended) == 1
            rest = second if ended == [first.socket] else first
            assert rest.ask(get()).status == 200


def test_silent_clients_keep_nobody_out() -> None:
    with site(max_connections=5) as served, contextlib.ExitStack() as clients:
        for _ in range(20):
            clients.enter_context(served.client())
        with served.client() as client:
            assert client.ask(get()).body == b"hello"
        assert served.threads() <= 5


def test_running_out_of_descriptors_is_survived() -> None:
    script = """
        import resource, socket, threading, time
        from flask_dispy.hosting import Limits, ThreadServer, listen

        def app(environ, start_response):
            start_response("200 OK", [("Content-Length", "2")])
            return [b"ok"]

        sock = listen("127.0.0.1", 0)
        address = sock.getsockname()
        server = ThreadServer(app, sock, limits=Limits())
        server.start()
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
        taken = []
        try:
            while True:
                taken.append(socket.create_connection(address))
        except OSError:
            pass
        tries = 0
        accept = server.get_request
        def counted():
            global tries
            tries += 1
            return accept()
        server.get_request = counted
        time.sleep(1)
        spins = tries > 10
        for client in taken:
            client.close()
        with socket.create_connection(address, timeout=10) as client:
            client.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
            print(client.makefile("rb").read()[-2:], spins, server.stop(5))
    """
    done = run_python(script)
    assert done.stdout.strip() == "b'ok' False True", done.stderr
    assert "can't accept connections" in done.stderr


def run_python(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# -- the end ---------------------------------------------------------------------------------


def test_end_leaves_no_thread_and_no_descriptor() -> None:
    before = threading.active_count(), psutil.Process().num_fds()
    served = Site()
    clients = [served.client() for _ in range(5)]
    for client in clients[:2]:
        assert client.ask(get()).status == 200
    clients[2].send(get("/stream"))
    clients[3].send(b"GET / HT")
    assert served.at_work.acquire(timeout=5)
    served.go_on.set()
    assert served.server.stop(grace_sec=0.5)
    for client in clients:
        client.close()
    assert (threading.active_count(), psutil.Process().num_fds()) == before
    with pytest.raises(ConnectionRefusedError):
        served.client()


def test_request_under_way_is_answered_before_the_end() -> None:
    served = Site()
    with served.client() as client:
        client.send(get("/slow"))
        assert served.at_work.acquire(timeout=5)
        threading.Timer(0.3, served.go_on.set).start()
        assert served.server.stop(grace_sec=5)
        answer = client.read()
        assert (answer.body, answer.closes) == (b"slept", True)


def test_idle_connections_do_not_delay_the_end() -> None:
    served = Site()
    with served.client() as idle, served.client() as silent:
        assert idle.ask(get()).status == 200
        wait_until(lambda: served.threads() == 2)
        began_at = time.monotonic()
        assert served.server.stop(grace_sec=30)
        assert time.monotonic() - began_at < 10
        assert idle.ended()
        assert silent.ended()


def test_client_that_does_not_read_does_not_delay_the_end_for_ever() -> None:
    served = Site()
    with served.client() as client:
        client.send(get("/large/50000000"))
        wait_until(lambda: served.threads() == 1)
        assert served.server.stop(grace_sec=0.2)


def test_thread_that_does_not_come_back_is_left_behind(caplog: pytest.LogCaptureFixture) -> None:
    served = Site()
    with served.client() as client:
        client.send(get("/slow"))
        assert served.at_work.acquire(timeout=5)
        assert not served.server.stop(grace_sec=0.1)
        assert "1 requests are still being worked on" in caplog.text
        served.go_on.set()


def test_stopping_twice_is_fine() -> None:
    served = Site()
    assert served.server.stop(grace_sec=1)
    assert served.server.stop(grace_sec=1)


# -- what is said ----------------------------------------------------------------------------


def test_requests_are_logged_at_debug_and_nothing_is_printed(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG, "flask_dispy.access")
    with site() as served, served.client() as client:
        client.ask(get("/?\x85"))
        client.ask(b"nonsense\r\n\r\n")
    messages = [r.getMessage() for r in caplog.records if r.name == "flask_dispy.access"]
    assert messages[0].startswith('127.0.0.1 "GET /?\\x85 HTTP/1.1" 200 5 bytes')
    assert "refused: 400" in messages[1]
    assert capfd.readouterr() == ("", "")


def test_answers_do_not_name_the_server() -> None:
    with site() as served, served.client() as client:
        answer = client.ask(get())
        assert "server" not in answer.headers
        assert "date" in answer.headers


def test_limits_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="max_connections must be a number greater than 0"):
        Limits(max_connections=0)
    with pytest.raises(ValueError, match="keep_alive_sec"):
        Limits(keep_alive_sec=float("nan"))
