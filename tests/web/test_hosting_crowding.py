"""Who has to go when all connections of the hosting server are taken, on real sockets."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from clusters import wait_until
from rawhttp import Client, get
from web.hosted import POST, Site, site
from web.served import client_of, open_stream, serving

from flask_dispy import ClusterRegistry
from flask_dispy.watching.intervals import Intervals

HALF = b"GET / HTTP/1.1\r\nHost: test\r\nX-Half: "


def come_from(served: Site, address: str) -> Client:
    """A client at another address of the loopback network."""
    sock = socket.create_connection(served.address, timeout=10, source_address=(address, 0))
    return Client(served.address, sock=sock)


@contextlib.contextmanager
def half_sent(served: Site, count: int, *, address: str = "127.0.0.1") -> Iterator[list[Client]]:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(come_from(served, address)) for _ in range(count)]
        for client in clients:
            with contextlib.suppress(OSError):  # it may have been cut off already
                client.send(HALF)
        yield clients


def phases(served: Site) -> list[str]:
    return sorted(seat.phase for seat in served.server._connections.seats())


def proven_idle(served: Site) -> int:
    seats = served.server._connections.seats()
    return sum(seat.proven and seat.phase == "idle" for seat in seats)


def test_half_sent_requests_go_before_connections_that_were_of_use() -> None:
    with site(max_connections=40) as served, come_from(served, "127.0.0.9") as kept:
        assert kept.ask(get()).status == 200
        with half_sent(served, 60, address="127.0.0.9"):
            for _ in range(10):
                with come_from(served, "127.0.0.9") as newcomer:
                    assert newcomer.ask(get()).status == 200
            assert kept.ask(get()).status == 200


def test_connections_of_a_proxy_stay_while_somebody_holds_half_sent_ones() -> None:
    with site(max_connections=32) as served, contextlib.ExitStack() as stack:
        proxied = [stack.enter_context(come_from(served, "127.0.0.1")) for _ in range(20)]
        for client in proxied:
            assert client.ask(get()).status == 200
        with half_sent(served, 12, address="127.0.0.9"):
            wait_until(lambda: len(phases(served)) == 32)
            for _ in range(4):
                newcomer = stack.enter_context(come_from(served, "127.0.0.8"))
                assert newcomer.ask(get()).status == 200
            for client in proxied:
                assert client.ask(get()).status == 200


def test_client_that_renews_half_sent_requests_keeps_nobody_out() -> None:
    with site(max_connections=64) as served:
        ended = threading.Event()
        renewed = []

        def renew() -> None:
            clients: list[Client] = []
            while not ended.is_set():
                with contextlib.suppress(OSError):
                    client = come_from(served, "127.0.0.1")
                    clients.append(client)
                    client.send(HALF)
                    renewed.append(1)
                if len(clients) > 80:
                    clients.pop(0).close()
            for client in clients:
                client.close()

        threads = [threading.Thread(target=renew) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: len(renewed) > 200)
            for address in ("127.0.0.1", "127.0.0.9") * 10:
                with come_from(served, address) as client:
                    assert client.ask(get()).body == b"hello"
        finally:
            ended.set()
            for thread in threads:
                thread.join(10)


def test_body_that_does_not_come_is_half_sent() -> None:
    with site(max_connections=10) as served, contextlib.ExitStack() as stack:
        kept = stack.enter_context(come_from(served, "127.0.0.1"))
        assert kept.ask(get()).status == 200
        for _ in range(9):
            client = stack.enter_context(come_from(served, "127.0.0.1"))
            client.send(POST % (b"/echo", 10, b"half"))
        wait_until(lambda: "receiving" in phases(served))
        with come_from(served, "127.0.0.9") as newcomer:
            assert newcomer.ask(get()).status == 200
        assert kept.ask(get()).status == 200


def test_crowd_does_not_end_requests_at_work() -> None:
    with site(max_connections=2) as served, contextlib.ExitStack() as stack:
        busy = [stack.enter_context(served.client()) for _ in range(2)]
        for client in busy:
            client.send(POST % (b"/echo", 2, b"ok"))
            assert client.read().body == b"ok"
            client.send(get("/slow"))
            assert served.at_work.acquire(timeout=5)
        assert phases(served) == ["working", "working"]
        with come_from(served, "127.0.0.9") as newcomer:
            assert newcomer.read().status == 503
        served.go_on.set()
        assert [client.read().body for client in busy] == [b"slept", b"slept"]


def test_address_with_most_connections_gives_one_up() -> None:
    with site(max_connections=4) as served, contextlib.ExitStack() as stack:
        modest = stack.enter_context(come_from(served, "127.0.0.9"))
        assert modest.ask(get()).status == 200
        many = [stack.enter_context(come_from(served, "127.0.0.1")) for _ in range(3)]
        for number, client in enumerate(many):
            assert client.ask(get()).status == 200
            # The last byte of an answer is here a moment before its connection waits for more.
            wait_until(lambda number=number: proven_idle(served) == number + 2)
        with come_from(served, "127.0.0.8") as newcomer:
            assert newcomer.ask(get()).status == 200
            ended, _, _ = select.select([modest.socket, *(c.socket for c in many)], [], [], 5)
            assert ended == [many[0].socket]


def test_one_address_leaves_an_eighth_to_others() -> None:
    with site(max_connections=16) as served, contextlib.ExitStack() as stack:
        for _ in range(14):
            client = stack.enter_context(come_from(served, "127.0.0.1"))
            client.send(get("/slow"))
            assert served.at_work.acquire(timeout=5)
        with come_from(served, "127.0.0.1") as extra:
            assert extra.read().status == 503
        for address in ("127.0.0.8", "127.0.0.9"):
            other = stack.enter_context(come_from(served, address))
            assert other.ask(get()).status == 200
        served.go_on.set()


def test_address_that_takes_all_answers_at_once_gives_one_up() -> None:
    """Streams, and clients that read slowly, never become idle."""
    with site(max_connections=16) as served, contextlib.ExitStack() as stack:
        streams = []
        for address in ("127.0.0.1",) * 12 + ("127.0.0.7",) * 4:
            client = stack.enter_context(come_from(served, address))
            client.send(get("/stream"))
            assert served.at_work.acquire(timeout=5)
            streams.append(client)
        wait_until(lambda: phases(served) == ["answering"] * 16)
        with come_from(served, "127.0.0.9") as newcomer:
            assert newcomer.ask(get()).status == 200
        with come_from(served, "127.0.0.9") as newcomer:
            assert newcomer.ask(get()).status == 200
        wait_until(lambda: len(phases(served)) <= 16)
        ended, _, _ = select.select([c.socket for c in streams], [], [], 0)
        assert streams[15].socket.getsockname()[0] == "127.0.0.7"
        assert all(c.socket in ended for c in streams[:1])
        served.go_on.set()


@pytest.mark.parametrize("intervals", [Intervals(look_up_sec=0.05, keep_alive_sec=3600)], ids=[""])
def test_stream_that_gave_its_place_up_ends_while_nothing_happens(
    registry: ClusterRegistry,
) -> None:
    with serving(registry=registry, max_connections=8) as server, contextlib.ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(open_stream(server))
        (seat, *_) = server._hosting._connections.seats()
        seat.is_cut = True
        seat.connection.cut()
        wait_until(lambda: not seat.thread.is_alive())
        assert len(server._hosting._connections.seats()) == 5
        with client_of(server) as client:
            assert client.ask(get("/healthz")).status == 200


def test_end_cuts_connections_that_wait_and_lets_others_finish() -> None:
    served = Site(max_connections=8)
    with served.client() as idle, served.client() as busy:
        assert idle.ask(get()).status == 200
        busy.send(get("/slow"))
        assert served.at_work.acquire(timeout=5)
        timer = threading.Timer(0.2, served.go_on.set)
        timer.start()
        began_at = time.monotonic()
        assert served.server.stop(grace_sec=30)
        assert time.monotonic() - began_at < 15
        assert busy.read().body == b"slept"
        assert idle.ended()
