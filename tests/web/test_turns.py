"""Costly answers take turns: one at a time, in turn by client, on a share of a core."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from clusters import wait_until
from rawhttp import Client, get
from web.fakes import FakeCluster, make_node
from web.served import client_of, serving

from flask_dispy.core.search.query import JobQuery
from flask_dispy.core.yielding import chunks, on_yield, yield_now
from flask_dispy.server import DispyHTTPServer
from flask_dispy.web.blueprint import create_blueprint
from flask_dispy.web.http.errors import HttpError
from flask_dispy.web.http.turns import Turns

SEARCH = "/api/v1/clusters/*/jobs?q=word"


class Work:
    """Work that takes as long as a test says, on a clock of its own."""

    def __init__(self) -> None:
        self.sec = 0.0

    def __call__(self) -> float:
        return self.sec


def make_turns(**options: Any) -> Turns:
    options = {"share": 1, "most_waiting": 8, "wait_sec": 10.0, "closing": threading.Event()} | (
        options
    )
    return Turns(**options)


class Line:
    """Requests that wait for a turn, each in a thread; in which order they had it is noted."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.order: list[str] = []
        self.refused: list[str] = []
        self.threads: list[threading.Thread] = []

    def join(self, client: str, work: Callable[[], None] = lambda: None) -> None:
        def ask() -> None:
            try:
                with self.turns.turn(client):
                    self.order.append(client)
                    work()
            except HttpError as error:
                self.refused.append(client if error.code == "busy" else error.code)

        thread = threading.Thread(target=ask, daemon=True)
        before = self.waiting(client)
        thread.start()
        self.threads.append(thread)
        wait_until(lambda: self.waiting(client) > before or not thread.is_alive())

    def waiting(self, client: str) -> int:
        return len(self.turns._waiting.get(client, ()))

    def end(self) -> None:
        for thread in self.threads:
            thread.join(10)
            assert not thread.is_alive()


def test_clients_have_their_turn_one_after_the_other() -> None:
    turns = make_turns()
    line = Line(turns)
    with turns.turn("first"):
        for client in ("greedy", "greedy", "greedy", "modest", "third"):
            line.join(client)
    line.end()
    assert line.order == ["greedy", "modest", "third", "greedy", "greedy"]
    assert turns._count == 0


def test_only_one_is_at_work() -> None:
    turns = make_turns(most_waiting=50)
    line = Line(turns)
    at_work: list[int] = []
    most: list[int] = []

    def work() -> None:
        at_work.append(1)
        most.append(len(at_work))
        time.sleep(0.002)
        at_work.pop()

    with turns.turn("first"):
        for number in range(20):
            line.join(f"client {number % 3}", work)
    line.end()
    assert max(most) == 1
    assert len(line.order) == 20


def test_one_too_many_is_refused() -> None:
    turns = make_turns(most_waiting=2)
    line = Line(turns)
    with turns.turn("first"):
        for client in ("a", "b", "c"):
            line.join(client)
        wait_until(lambda: line.refused == ["c"])
    line.end()
    assert line.order == ["a", "b"]


def test_client_that_takes_all_places_gives_one_up() -> None:
    turns = make_turns(most_waiting=3)
    line = Line(turns)
    with turns.turn("first"):
        for client in ("greedy", "greedy", "greedy", "modest", "greedy"):
            line.join(client)
        wait_until(lambda: line.refused == ["greedy", "greedy"])
    line.end()
    assert line.order == ["greedy", "modest", "greedy"]


def test_nobody_waits_for_ever() -> None:
    turns = make_turns(wait_sec=0.05)
    line = Line(turns)
    with turns.turn("first"):
        line.join("late")
        line.end()
    assert line.refused == ["late"]
    with turns.turn("next"):
        assert turns._count == 0


def test_nobody_waits_for_a_server_that_ends() -> None:
    closing = threading.Event()
    turns = make_turns(closing=closing)
    line = Line(turns)
    with turns.turn("first"):
        line.join("late")
        closing.set()
        line.end()
    assert line.refused == ["late"]


def test_failure_gives_the_turn_back() -> None:
    turns = make_turns()
    with pytest.raises(KeyError), turns.turn("a"):
        raise KeyError
    with turns.turn("b"):
        pass


def test_work_is_paid_for_with_a_pause_once_the_spare_time_is_used() -> None:
    work, now, pauses = Work(), [100.0], []

    class Closing(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            pauses.append(round(timeout or 0, 3))
            now[0] += timeout or 0
            return False

    turns = make_turns(share=0.1, closing=Closing(), clock=lambda: now[0], work_clock=work)
    for _ in range(3):
        with turns.turn("a"):
            work.sec += 0.175
    # A quarter of a second is to spare; 0.1 s more, at a tenth of a core, cost the third a second.
    assert pauses == [pytest.approx(1.0, abs=0.05)]
    now[0] += 100
    with turns.turn("a"):
        pass
    assert len(pauses) == 1


def test_crowd_gets_nothing_of_the_spare_time() -> None:
    work, now, pauses = Work(), [100.0], []

    class Closing(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            pauses.append(round(timeout or 0, 3))
            now[0] += timeout or 0
            return False

    turns = make_turns(share=0.1, closing=Closing(), clock=lambda: now[0], work_clock=work)
    line = Line(turns)
    with turns.turn("first"):
        for _ in range(7):
            line.join("crowd")
        work.sec += 0.01
    line.end()
    # Ten times what each took, with what it costs besides; the last five are no crowd any more.
    assert pauses == [pytest.approx(0.11), pytest.approx(0.01)]


def test_without_a_run_there_are_no_pauses() -> None:
    work = Work()
    turns = make_turns(share=0.001, at_work=lambda: False, wait_sec=1.0, work_clock=work)
    for _ in range(5):
        with turns.turn("a"):
            work.sec += 10


def test_others_pass_an_answer_that_takes_long() -> None:
    work = Work()
    turns = make_turns(work_clock=work)
    line = Line(turns)
    with turns.turn("report"):
        line.join("search")
        assert line.order == []
        work.sec += 0.03
        yield_now()
        assert line.order == ["search"]
    line.end()


def test_long_answer_is_given_up_at_last() -> None:
    work, go_on = Work(), threading.Event()
    turns = make_turns(work_clock=work, longest_sec=0.05)
    line = Line(turns)

    def report() -> None:
        with turns.turn("report"):
            line.join("search", lambda: wait_for(go_on))
            work.sec += 0.03
            yield_now()

    with pytest.raises(HttpError, match="took too long"):
        report()
    go_on.set()
    line.end()
    with turns.turn("next"):
        pass


def wait_for(event: threading.Event) -> None:
    assert event.wait(10)


def test_pieces_breathe_between_them() -> None:
    breaths: list[int] = []
    with on_yield(lambda: breaths.append(1)):
        assert list(chunks([1, 2, 3, 4, 5], 2)) == [[1, 2], [3, 4], [5]]
    assert len(breaths) == 2
    assert list(chunks([], 2)) == []
    yield_now()
    assert len(breaths) == 2


# -- on real sockets -------------------------------------------------------------------------


class Held:
    """A search that goes on until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at_work = threading.Semaphore(0)
        self.go_on = threading.Event()
        parse = JobQuery.parse

        def held(q: str, *others: Any, **columns: Any) -> Any:
            if q == "hold":
                self.at_work.release()
                assert self.go_on.wait(10)
            return parse(q, *others, **columns)

        monkeypatch.setattr(JobQuery, "parse", held)

    @contextlib.contextmanager
    def by(self, server: DispyHTTPServer) -> Iterator[Client]:
        with client_of(server) as client:
            client.send(get("/api/v1/clusters/*/jobs?q=hold"))
            assert self.at_work.acquire(timeout=10)
            yield client


def test_quick_answers_do_not_wait_for_costly_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(monkeypatch)
    cluster = FakeCluster()
    with serving(cluster) as server:
        with client_of(server) as client:
            cursor = json.loads(client.ask(get("/api/v1/changes")).body)["cursor"]
        cluster.join(make_node("10.0.0.2", "alpha"))
        cluster.submit("first")
        with held.by(server) as searcher, client_of(server) as client:
            quick = (
                "/", "/healthz", "/api/v1/clusters", f"/api/v1/changes?since={cursor}",
                "/api/v1/settings", "/api/v1/clusters/*/jobs/1",
            )  # fmt: skip
            for path in quick:
                assert client.ask(get(path)).status == 200, path
            held.go_on.set()
            assert searcher.read().status == 200


@pytest.mark.parametrize(
    "path",
    [
        SEARCH,
        "/api/v1/changes",
        "/api/v1/changes?since=nonsense",
        "/api/v1/openapi.json",
        "/api/v1/clusters/*/nodes",
        "/api/v1/clusters/*/report",
        "/api/v1/clusters/*/series",
        "/api/v1/clusters/*/timeline",
        "/cluster_status",
        "/cluster_updates",
        "/nodes",
        "/metrics",
    ],
)
def test_costly_answer_waits_for_its_turn(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    held = Held(monkeypatch)
    with serving(FakeCluster(), costly_wait_sec=0.1) as server:
        with held.by(server) as searcher, client_of(server) as client:
            answer = client.ask(get(path))
            assert (answer.status, answer.headers["retry-after"]) == (503, "3")
            assert json.loads(answer.body)["error"]["code"] == "busy"
            held.go_on.set()
            assert searcher.read().status == 200
        with client_of(server) as client:
            assert client.ask(get(path)).status in (200, 501)


def test_stream_waits_for_its_turn_with_all_rows_only(monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(monkeypatch)
    with serving(FakeCluster()) as server:
        with client_of(server) as client:
            cursor = json.loads(client.ask(get("/api/v1/changes")).body)["cursor"]
        with held.by(server), client_of(server) as behind, client_of(server) as new:
            new.send(get("/api/v1/stream"))
            behind.send(get(f"/api/v1/stream?since={cursor}"))
            while not behind.file.readline().startswith(b"data:"):
                pass
            assert new.file.readline().startswith(b"HTTP/1.1 200")
            held.go_on.set()
            while not new.file.readline().startswith(b"data:"):
                pass


def test_crowd_on_many_connections_is_answered_in_turn() -> None:
    cluster = FakeCluster()
    with serving(cluster) as server, contextlib.ExitStack() as clients:
        cluster.submit("word")
        crowd = [clients.enter_context(client_of(server)) for _ in range(30)]
        for client in crowd:
            client.send(get(SEARCH))
        assert [client.read().status for client in crowd] == [200] * 30


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("costly_share", 0),
        ("costly_share", float("nan")),
        ("costly_waiting", -1),
        ("costly_waiting", 1.5),
        ("costly_wait_sec", 0),
        ("costly_wait_sec", float("inf")),
    ],
)
def test_option_that_makes_no_sense_is_refused(registry: Any, option: str, value: Any) -> None:
    with pytest.raises(ValueError, match=option):
        create_blueprint(registry, **{option: value})
