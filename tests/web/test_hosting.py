"""Requests and answers of the hosting server, on real sockets."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from rawhttp import Client, get
from web.hosted import POST, post, serving, site

from flask_dispy.hosting import Limits, ThreadServer, listen

EXPECTING = b"POST %b HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"

# -- one connection, many requests -----------------------------------------------------------


def test_connection_stays_for_the_next_request() -> None:
    with site() as served, served.client() as client:
        for _ in range(3):
            answer = client.ask(get())
            assert (answer.status, answer.body) == (200, b"hello")
            assert not answer.closes
        assert served.threads() == 1


def test_pipelined_requests_are_answered_in_order() -> None:
    with site() as served, served.client() as client:
        client.send(get(), post(b"/echo", b"first"), post(b"/ignore", b"GET / HTTP"), get())
        assert [client.read().body for _ in range(4)] == [b"hello", b"first", b"ignored", b"hello"]


def test_connection_ends_when_the_client_says_so() -> None:
    with site() as served, served.client() as client:
        answer = client.ask(get("/", "Connection: close"))
        assert (answer.closes, answer.body) == (True, b"hello")
        assert client.ended()


def test_http_1_0_is_answered_once_and_without_chunks() -> None:
    with site() as served, served.client() as client:
        served.go_on.set()
        answer = client.ask(get("/stream", version="HTTP/1.0"))
        assert "transfer-encoding" not in answer.headers
        assert (answer.closes, answer.body) == (True, b"onetwo")


def test_head_gets_the_headers_and_no_body() -> None:
    with site() as served, served.client() as client:
        answer = client.ask(get().replace(b"GET", b"HEAD"), head=True)
        assert (answer.status, answer.headers["content-length"]) == (200, "5")
        assert client.ask(get()).body == b"hello"


@pytest.mark.parametrize("code", [204, 304])
def test_answers_that_have_no_body_get_none(code: int) -> None:
    with site() as served, served.client() as client:
        answer = client.ask(get(f"/status/{code}"))
        assert (answer.status, answer.closes) == (code, False)
        assert "transfer-encoding" not in answer.headers
        assert client.ask(get()).body == b"hello"


def test_head_of_a_stream_ends_it() -> None:
    closed = threading.Event()

    def app(environ: Any, start_response: Any) -> Any:
        def parts() -> Iterator[bytes]:
            try:
                while True:
                    yield b"more"
            finally:
                closed.set()

        start_response("200 OK", [])
        return parts()

    with serving(app) as address, Client(address) as client:
        assert client.ask(get().replace(b"GET", b"HEAD"), head=True).status == 200
        assert closed.wait(5)


def test_stream_arrives_as_it_is_made() -> None:
    with site() as served, served.client() as client:
        client.send(get("/stream"))
        assert b"HTTP/1.1 200 OK" in client.file.readline()
        while client.file.readline() != b"\r\n":
            pass
        assert client.chunk() == b"one"
        served.go_on.set()
        assert [client.chunk(), client.chunk()] == [b"two", b""]
        assert client.ask(get()).body == b"hello"


def test_large_answer_arrives_whole() -> None:
    with site() as served, served.client() as client:
        assert client.ask(get("/large/8000000")).body == b"x" * 8_000_000
        assert client.ask(get()).body == b"hello"


def test_many_clients_at_once_get_their_own_answers() -> None:
    wrong: list[bytes] = []

    def visit(number: int) -> None:
        with served.client() as client:
            for turn in range(20):
                body = b"%d.%d" % (number, turn)
                answer = client.ask(post(b"/echo", body))
                if answer.body != body:
                    wrong.append(answer.body)

    with site() as served:
        visitors = [threading.Thread(target=visit, args=(number,)) for number in range(30)]
        for visitor in visitors:
            visitor.start()
        for visitor in visitors:
            visitor.join()
    assert wrong == []


# -- bodies ----------------------------------------------------------------------------------


def test_body_in_chunks_is_decoded() -> None:
    chunks = b"4\r\nWiki\r\n5;note=1\r\npedia\r\n0\r\nTrailer: x\r\n\r\n"
    head = b"POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
    with site() as served, served.client() as client:
        client.send(head, chunks, get())
        assert client.read().body == b"Wikipedia"
        assert client.read().body == b"hello"


@pytest.mark.parametrize(
    "chunks",
    [
        b"zz\r\nWiki\r\n0\r\n\r\n",
        b"-4\r\nWiki\r\n0\r\n\r\n",
        b"3\r\nWiki\r\n0\r\n\r\n",
        b"4\r\nWiki\r\n0\r\n\n",
        b"4\r\nWiki\r\n0\r\nTrailer: x\n\r\n",
        b"4\nWiki\r\n0\r\n\r\n",
    ],
)
def test_broken_chunks_end_the_connection(chunks: bytes) -> None:
    head = b"POST /small HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
    with site() as served, served.client() as client:
        client.send(head, chunks, get())
        answer = client.read()
        assert (answer.status, answer.closes) == (400, True)
        assert client.ended()


def test_body_that_nobody_reads_is_skipped() -> None:
    with site() as served, served.client() as client:
        client.send(post(b"/ignore", get("/status/500") * 100), get())
        assert client.read().body == b"ignored"
        assert client.read().body == b"hello"


def test_client_that_goes_on_sending_can_read_why_it_was_refused() -> None:
    with site() as served, served.client() as client:
        client.send(POST % (b"/small", 3_000_000, b"x" * 400_000))
        time.sleep(0.3)  # The refusal is out. Had the server closed, the rest would be reset.
        client.send(b"x" * 400_000)
        answer = client.read()
        assert (answer.status, answer.closes) == (413, True)


def test_client_that_waits_to_be_asked_for_its_body_is_asked() -> None:
    head = EXPECTING % (b"/echo", 5)
    with site() as served, served.client() as client:
        assert client.ask(head).status == 100
        assert client.ask(b"12345").body == b"12345"
        assert client.ask(get()).body == b"hello"


def test_client_that_waits_to_be_asked_is_refused_without_sending_its_body() -> None:
    head = (
        b"POST /small HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 500\r\n\r\n"
    )
    with site() as served, served.client() as client:
        answer = client.ask(head)
        assert (answer.status, answer.closes) == (413, True)


# -- requests that are none ------------------------------------------------------------------

SMUGGLED = b"GET /environ HTTP/1.1\r\nHost: test\r\n\r\n"


@pytest.mark.parametrize(
    ("status", "head"),
    [
        (400, b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\nHost: a\r\n"),
        (400, b"Content-Length: 5\r\nContent-Length: 6\r\nHost: a\r\n"),
        (400, b"Content-Length: 5, 5\r\nHost: a\r\n"),
        (400, b"Content-Length: +5\r\nHost: a\r\n"),
        (400, b"Content-Length: 5_0\r\nHost: a\r\n"),
        (400, b"Content-Length: \xb2\r\nHost: a\r\n"),
        (400, b"Content-Length: -1\r\nHost: a\r\n"),
        (400, b"Content-Length : 5\r\nHost: a\r\n"),
        (400, b"Host: a\r\n Content-Length: 5\r\n"),
        (400, b"Host: a\rContent-Length: 5\r\n"),
        (400, b"Host: a\nContent-Length: 5\r\n"),
        (400, b"Host: a\r\n\n"),
        (400, b"Host: a\x00\r\n"),
        (400, b"Host: a\r\nno colon here\r\n"),
        (400, b": no name\r\nHost: a\r\n"),
        (501, b"Transfer-Encoding: gzip, chunked\r\nHost: a\r\n"),
        (501, b"Transfer-Encoding: xchunked\r\nHost: a\r\n"),
        (400, b""),
        (400, b"Host: a\r\nHost: b\r\n"),
    ],
)
def test_headers_that_two_programs_could_read_differently_are_refused(
    status: int, head: bytes
) -> None:
    with site() as served, served.client() as client:
        client.send(b"POST / HTTP/1.1\r\n", head, b"\r\n", SMUGGLED)
        answer = client.read()
        assert (answer.status, answer.closes) == (status, True)
        assert client.ended()
    assert served.environs == []


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (400, b"GET /"),
        (400, b"GET / HTTP/1.1\nX: y"),
        (400, b"\nGET / HTTP/1.1"),
        (400, b"GET  / HTTP/1.1"),
        (400, b"GET / HTTP/1.1 "),
        (400, b"GET /\x00 HTTP/1.1"),
        (400, b"GET\x0b/ HTTP/1.1"),
        (400, b"G(T / HTTP/1.1"),
        (400, b"GET / HTTQ/1.1"),
        (400, b"GET / HTTP/1.10"),
        (400, b"GET environ HTTP/1.1"),
        (400, b"GET http://[ HTTP/1.1"),
        (400, b"CONNECT host:443 HTTP/1.1"),
        (400, b"\x16\x03\x01\x02\x00\x01"),
        (505, b"PRI * HTTP/2.0"),
    ],
)
def test_request_lines_that_make_no_sense_are_refused(status: int, line: bytes) -> None:
    with site() as served, served.client() as client:
        answer = client.ask(line + b"\r\nHost: test\r\n\r\n")
        assert (answer.status, answer.closes) == (status, True)
        assert client.ended()


def test_heads_that_are_too_long_are_refused() -> None:
    with site(max_line_bytes=200, max_head_bytes=1000, max_headers=10) as served:
        for status, head in [
            (414, get("/" + "x" * 200)),
            (414, b"x" * 300),
            (431, get("/", "Long: " + "x" * 1000)),
            (431, get("/", *["Many: x"] * 11)),
        ]:
            with served.client() as client:
                answer = client.ask(head)
                assert (answer.status, answer.closes) == (status, True)
        with served.client() as client:
            assert client.ask(get("/", *["Many: x"] * 8)).status == 200


def test_empty_line_before_a_request_is_ignored() -> None:
    with site() as served, served.client() as client:
        client.send(get(), b"\r\n", get())
        assert [client.read().body, client.read().body] == [b"hello", b"hello"]


def test_path_of_another_host_stays_a_path() -> None:
    with site() as served, served.client() as client:
        client.ask(get("//evil.example/environ"))
        assert client.ask(get("//environ")).status == 200
    assert served.environs[0]["PATH_INFO"] == "/environ"


def test_environment_is_that_of_the_request() -> None:
    with site() as served, served.client() as client:
        client.ask(get("/environ?q=%C3%A9", "X-One: a", "X-One: b", "X_One: c"))
    (environ,) = served.environs
    assert environ["QUERY_STRING"] == "q=%C3%A9"
    assert environ["HTTP_X_ONE"] == "a,b"
    assert environ["HTTP_HOST"] == "localhost"
    assert environ["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert (environ["wsgi.url_scheme"], environ["wsgi.multithread"]) == ("http", True)
    assert environ["REMOTE_ADDR"] == "127.0.0.1"


def test_ipv4_client_of_a_socket_for_both_kinds_has_its_ipv4_address() -> None:
    seen: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ["REMOTE_ADDR"])
        start_response("200 OK", [("Content-Length", "0")])
        return []

    sock = listen("", 0)
    port = sock.getsockname()[1]
    server = ThreadServer(app, sock, limits=Limits())
    server.start()
    try:
        with Client(("127.0.0.1", port)) as client:
            assert client.ask(get()).status == 200
    finally:
        server.stop(grace_sec=5)
    assert seen == ["127.0.0.1"]


# -- apps that fail --------------------------------------------------------------------------


def test_app_that_fails_is_answered_for_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        raise RuntimeError("secret detail")

    with serving(app) as address, Client(address) as client:
        answer = client.ask(get())
        assert (answer.status, answer.closes) == (500, True)
        assert b"secret" not in answer.body
    assert "secret detail" in caplog.text


def test_answer_that_breaks_off_does_not_look_complete(caplog: pytest.LogCaptureFixture) -> None:
    with site() as served, served.client() as client:
        client.send(get("/fails"))
        while client.file.readline() != b"\r\n":
            pass
        assert client.chunk() == b"some"
        assert client.ended()
    assert "the app is broken" in caplog.text


def test_answer_shorter_than_promised_ends_the_connection() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "10")])
        return [b"short"]

    with serving(app) as address, Client(address) as client:
        assert client.ask(get()).body == b"short"
        assert client.ended()


def test_answer_longer_than_promised_is_cut_there() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "4")])
        return [b"long", b"er than promised"]

    with serving(app) as address, Client(address) as client:
        assert client.ask(get()).body == b"long"
        assert client.ask(get()).body == b"long"


def test_header_with_a_line_break_is_not_sent(caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("X", "a\r\nSet-Cookie: b")])
        return [b""]

    with serving(app) as address, Client(address) as client:
        answer = client.ask(get())
        assert answer.status == 500
        assert "set-cookie" not in answer.headers
