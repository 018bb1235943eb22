"""What breaks in a real cluster, and in the dashboard itself, while jobs run.

After each fault the counts equal the client's own tally, every command and every request has come
to an end in time, and no thread or descriptor is left behind.
"""

from __future__ import annotations

import ctypes
import http.client
import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from clusters import LocalDispy, Program, call_in_child, shut_down, wait_until
from computations import act
from dispy import DispyJob
from engine.networks import Network, missing
from rawhttp import Client, get

from flask_dispy import DispyHTTPServer
from flask_dispy.views import View

pytestmark = pytest.mark.cluster

NEAR, FAR = "127.0.0.2", "127.0.0.3"
ACT = "/api/v1/clusters/act"

_STATES = {
    DispyJob.Created: "queued",
    DispyJob.Running: "running",
    DispyJob.ProvisionalResult: "running",
    DispyJob.Finished: "finished",
    DispyJob.Terminated: "terminated",
    DispyJob.Cancelled: "cancelled",
    DispyJob.Abandoned: "abandoned",
}


def _descriptors() -> set[str]:
    """Return what this process has open, but for the pipes that dispy is known to leave."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            continue  # the one that listed them
        if target.startswith(("/", "socket:")):
            found.add(f"{number} {target}")
    return found


@pytest.fixture(autouse=True)
def no_lost_descriptors() -> Iterator[None]:
    """Fail the test after which a socket or file is still open; set up before dispy is."""
    before = _descriptors()
    yield
    give_up_at = time.monotonic() + 15
    while left := _descriptors() - before:
        known = psutil.Process().net_connections("all")
        assert time.monotonic() < give_up_at, f"still open: {sorted(left)} of {known}"
        time.sleep(0.05)


@contextmanager
def _serving(cluster: Any, **settings: Any) -> Iterator[DispyHTTPServer]:
    server = DispyHTTPServer(cluster, "127.0.0.1", 0, **settings)
    try:
        yield server
    finally:
        began_at = time.monotonic()
        server.shutdown(wait=False)
        assert time.monotonic() - began_at < 10


def _ask(
    server: DispyHTTPServer, path: str, method: str = "GET", body: Any = None
) -> tuple[int, Any]:
    """Return the status and the JSON of an answer, which must come within 10 s."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    with closing(connection):
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def _jobs(server: DispyHTTPServer) -> dict[str, int]:
    counts: dict[str, int] = _ask(server, ACT)[1]["jobs"]
    return counts


def _state_of(server: DispyHTTPServer, ip_addr: str) -> str | None:
    rows = _ask(server, f"{ACT}/nodes")[1]["items"]
    return next((row["state"] for row in rows if row["ip_addr"] == ip_addr), None)


def _tally(jobs: list[Any]) -> dict[str, int]:
    tally = Counter(_STATES[job.status] for job in jobs)
    return {state: tally[state] for state in dict.fromkeys(_STATES.values())}


def _must_count_as(server: DispyHTTPServer, jobs: list[Any]) -> None:
    """Wait for all jobs to end and be seen to have ended, then compare every count."""
    wait_until(lambda: all(job.finish.is_set() for job in jobs), what="the end of all jobs",
               timeout_sec=40)  # fmt: skip
    wait_until(lambda: _jobs(server)["pending"] == 0, what="the end as we see it")
    counted = _jobs(server)
    assert {state: counted[state] for state in _tally(jobs)} == _tally(jobs)
    assert counted["submitted"] == len(jobs)


def _open_stream(server: DispyHTTPServer) -> Client:
    """Return a client of the stream that has got its first event."""
    client = Client(("127.0.0.1", server.port))
    client.send(get("/api/v1/stream"))
    while not client.file.readline().startswith(b"data:"):
        pass
    return client


# -- nodes -----------------------------------------------------------------------------------


def test_idle_node_that_is_killed_is_silent_and_comes_back(local_dispy: LocalDispy) -> None:
    local_dispy.start_node(2)
    doomed = local_dispy.start_node(3)
    cluster = local_dispy.job_cluster(act, pulse_interval=0.5)
    with _serving(cluster) as server:
        for ip_addr in (NEAR, FAR):
            wait_until(
                lambda ip_addr=ip_addr: _ask(server, f"{ACT}/nodes/{ip_addr}")[1].get("avail_info"),
                what=f"the pulses of {ip_addr}",
            )
        # A node that is killed while dispy sets it up is none of the cluster's yet.
        jobs = [cluster.submit_node(ip_addr, "nap", 0.1) for ip_addr in (NEAR, FAR)]
        _must_count_as(server, jobs)
        doomed.kill()
        wait_until(lambda: _state_of(server, FAR) == "silent", what="its silence")
        assert _ask(server, ACT)[1]["attention"]["silent"] == 1
        jobs += [cluster.submit_node(NEAR, "nap", 0.1) for _ in range(10)]
        _must_count_as(server, jobs)
        local_dispy.start_node(3)
        wait_until(lambda: _state_of(server, FAR) == "up", what="its return")
        jobs += [cluster.submit_node(FAR, "nap", 0.1) for _ in range(4)]
        _must_count_as(server, jobs)


@pytest.fixture
def network() -> Iterator[Network]:
    """Four hosts on a switch; the first is the client's."""
    if reason := missing():
        if os.environ.get("CI") and os.geteuid() == 0:
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    with Network(4) as network:
        yield network


def test_network_that_is_cut_and_healed(network: Network, tmp_path: Path) -> None:
    port = 9700  # on hosts of their own, nobody else has it
    (tmp_path / "client").mkdir()
    with ExitStack() as undo:
        for number in (2, 3, 4):
            node = Program(
                "node",
                ["-p", str(port), "-c", "2"],
                folder=tmp_path / f"node{number}",
                address=(network.ip_addr(number), port + 1),
                inside=network.inside(number),
            )
            undo.callback(node.stop)
        told = call_in_child(
            "engine/cut_child.py:cut_and_heal",
            network.prefix,
            port,
            cwd=tmp_path / "client",
            inside=network.inside(1),
            timeout_sec=80,
        )
    cut, counted = told["while cut"], told["counted"]
    assert (cut["finished"], cut["abandoned"], cut["submitted"]) == (20, 2, 22)
    assert told["command_sec"] < 4
    assert told["statuses"] == {str(DispyJob.Finished): told["submitted"]}
    assert (counted["finished"], counted["submitted"]) == (told["submitted"], told["submitted"])
    assert (counted["abandoned"], counted["pending"]) == (0, 0)
    assert told["health"] == "ok"


# -- the scheduler ---------------------------------------------------------------------------


def _commands(server: DispyHTTPServer) -> list[tuple[int, Any]]:
    """Give commands that change nothing; each must be answered within 10 s.

    What a scheduler that hangs did not answer it still does when it goes on.
    """
    return [
        _ask(server, f"{ACT}/nodes/{NEAR}", "PATCH", {"cpus": 2}),
        _ask(server, f"{ACT}/nodes", "POST", {"host": NEAR}),
        _ask(server, f"{ACT}/nodes/{NEAR}/allocate", "POST"),
    ]


def test_job_that_takes_its_time_makes_no_node_silent(local_dispy: LocalDispy) -> None:
    local_dispy.start_node(2)
    local_dispy.start_scheduler()
    cluster = local_dispy.shared_cluster(act)
    with _serving(cluster) as server:
        jobs = [cluster.submit("nap", 0.1 if number < 8 else 6) for number in range(10)]
        while not all(job.finish.is_set() for job in jobs):
            assert _state_of(server, NEAR) in (None, "up")
            time.sleep(0.25)
        _must_count_as(server, jobs)


def test_scheduler_that_is_killed_and_started_again(local_dispy: LocalDispy) -> None:
    node = local_dispy.start_node(2)
    scheduler = local_dispy.start_scheduler()
    cluster = local_dispy.shared_cluster(act)
    with _serving(cluster, engine_timeout_sec=3) as server:
        done = [cluster.submit("nap", 0.1) for _ in range(6)]
        _must_count_as(server, done)
        lost = [cluster.submit("nap", 60) for _ in range(3)]
        wait_until(lambda: _jobs(server)["running"] == 2, what="the running jobs")
        scheduler.kill()

        for status, answer in _commands(server):
            assert (status, answer["outcomes"][0]["code"]) == (409, "refused")
            assert "does not answer" in answer["outcomes"][0]["message"]
        running = _ask(server, f"{ACT}/jobs?state=running")[1]["items"][0]["serial"]
        _, cancelled = _ask(server, f"{ACT}/jobs/cancel", "POST", {"serials": [running]})
        assert cancelled["outcomes"][0]["code"] == "refused"
        wait_until(lambda: _ask(server, ACT)[1]["trouble"], what="the page's word of it")
        assert "does not answer" in _ask(server, ACT)[1]["trouble"]
        counts = _jobs(server)
        assert (counts["finished"], counts["running"], counts["queued"]) == (6, 2, 1)

        # A node keeps to its client until it is started again, too.
        node.kill()
        local_dispy.start_node(2)
        local_dispy.start_scheduler(nodes=[NEAR])
        wait_until(
            lambda: "started anew" in (_ask(server, ACT)[1]["trouble"] or ""), what="its return"
        )
        again = local_dispy.shared_cluster(act)
        name = server.add_cluster(again)
        assert name == "act (2)"
        jobs = [again.submit("nap", 0.1) for _ in range(6)]
        wait_until(lambda: all(job.finish.is_set() for job in jobs), what="the jobs of the new one")
        view = server.registry.view(name)
        wait_until(lambda: view.summary()["jobs"]["finished"] == 6, what="the end as we see it")
        assert view.summary()["trouble"] is None
        assert not any(job.finish.is_set() for job in lost)
        assert _ask(server, "/healthz")[0] == 200


def test_scheduler_that_hangs_lets_commands_time_out(local_dispy: LocalDispy) -> None:
    local_dispy.start_node(2)
    scheduler = local_dispy.start_scheduler()
    cluster = local_dispy.shared_cluster(act)
    with _serving(cluster, engine_timeout_sec=0.5) as server:
        done = [cluster.submit("nap", 0.1) for _ in range(4)]
        _must_count_as(server, done)
        scheduler.signal(signal.SIGSTOP)
        wait_until(lambda: psutil.Process(scheduler.pid).status() == psutil.STATUS_STOPPED)
        for status, answer in _commands(server):
            assert (status, answer["outcomes"][0]["code"]) == (504, "timeout")
        status, health = _ask(server, "/healthz")
        assert (status, health["status"]) == (503, "degraded")
        assert health["engine"]["stuck"] > 0
        assert any("have not come back" in problem for problem in health["problems"])
        # The bound holds: no more threads wait for it, whatever is asked.
        for _ in range(3):
            _commands(server)
        assert _ask(server, "/healthz")[1]["engine"]["in_flight"] <= 3
        scheduler.signal(signal.SIGCONT)
        wait_until(lambda: _ask(server, "/healthz")[0] == 200, timeout_sec=40, what="its return")
        jobs = [cluster.submit("nap", 0.1) for _ in range(4)]
        _must_count_as(server, done + jobs)


# -- the client ------------------------------------------------------------------------------


def test_cluster_that_is_shut_down_amid_requests(local_dispy: LocalDispy) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    statuses: Counter[int] = Counter()
    slowest: list[float] = []
    ended = threading.Event()

    def pester(path: str, method: str, body: Any) -> None:
        while not ended.is_set():
            asked_at = time.monotonic()
            statuses[_ask(server, path, method, body)[0]] += 1
            slowest.append(time.monotonic() - asked_at)

    with _serving(cluster, engine_timeout_sec=2) as server:
        jobs = [cluster.submit("nap", 0.1) for _ in range(20)]
        wait_until(lambda: _jobs(server)["finished"] >= 4, what="the first jobs")
        errands = [
            (f"{ACT}/nodes/{NEAR}", "PATCH", {"cpus": 2}),
            (f"{ACT}/nodes/{NEAR}/allocate", "POST", None),
            (f"{ACT}/jobs/cancel", "POST", {"serials": [1, 2, 3]}),
            (f"{ACT}/jobs", "GET", None),
            ("/api/v1/changes", "GET", None),
        ]
        threads = [threading.Thread(target=pester, args=errand) for errand in errands]
        for thread in threads:
            thread.start()
        cluster.close(timeout=20)
        shut_down(cluster)
        wait_until(lambda: _ask(server, ACT)[1]["state"] == "closed", what="the cluster's end")
        time.sleep(0.5)  # requests to a cluster that is gone
        ended.set()
        for thread in threads:
            thread.join(15)
            assert not thread.is_alive()
        assert set(statuses) <= {200, 404, 409, 504}
        assert statuses[409] > 0
        assert max(slowest) < 8
        _must_count_as(server, jobs)
        assert _state_of(server, NEAR) == "closed"


def test_server_that_ends_with_many_streams_open(local_dispy: LocalDispy) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    server = DispyHTTPServer(cluster, "127.0.0.1", 0)
    jobs = [cluster.submit("nap", 0.1) for _ in range(30)]
    with ExitStack() as streams:
        clients = [streams.enter_context(_open_stream(server)) for _ in range(200)]
        began_at = time.monotonic()
        server.shutdown(wait=False)
        assert time.monotonic() - began_at < 10
        for client in clients:
            assert client.file.read().endswith(b"0\r\n\r\n")
    assert cluster.cluster_status is None
    wait_until(lambda: all(job.status == DispyJob.Finished for job in jobs), what="all jobs")


# -- the dashboard ---------------------------------------------------------------------------


def test_flooded_inbox_is_counted_and_shown(local_dispy: LocalDispy) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    with _serving(cluster, inbox_limit=25) as server:
        wait_until(lambda: _state_of(server, NEAR) == "up", what="the node")
        registry = server.registry
        with registry.folding:  # as if a fold took very long
            flood = [cluster.submit("nap", 0.1) for _ in range(20)]
            wait_until(lambda: all(job.finish.is_set() for job in flood), what="the jobs")
            wait_until(lambda: registry.health()["inbox"]["dropped"] > 0, what="the flood")
        summary = _ask(server, ACT)[1]
        status, health = _ask(server, "/healthz")
        assert summary["dropped_events"] == health["inbox"]["dropped"] > 0
        assert (status, health["status"]) == (503, "degraded")
        assert any("inbox was full" in problem for problem in health["problems"])

        # Jobs whose end was dropped are found to have ended, and what comes now counts exactly.
        wait_until(lambda: _jobs(server)["pending"] == 0, what="the ends that were dropped")
        known = _jobs(server)
        assert 0 < known["submitted"] <= len(flood)
        # How those ended is known to nobody.
        assert known["finished"] + known["abandoned"] == known["submitted"]
        more = [cluster.submit("nap", 0.1) for _ in range(10)]
        wait_until(lambda: all(job.finish.is_set() for job in more), what="more jobs")
        wait_until(lambda: _jobs(server)["pending"] == 0, what="their end as we see it")
        assert _jobs(server)["finished"] == known["finished"] + len(more)


def _kill_thread(thread: threading.Thread) -> None:
    """Raise SystemExit in a thread, which nothing in its loop catches."""
    number = ctypes.c_ulong(thread.ident or 0)
    assert ctypes.pythonapi.PyThreadState_SetAsyncExc(number, ctypes.py_object(SystemExit)) == 1
    thread.join(5)
    assert not thread.is_alive()


def _pump() -> threading.Thread:
    (pump,) = (t for t in threading.enumerate() if t.name == "flask_dispy-pump")
    return pump


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_pump_that_is_killed_is_replaced_and_said_so(local_dispy: LocalDispy) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    with _serving(cluster) as server, _open_stream(server) as stream:
        killed = _pump()
        _kill_thread(killed)
        jobs = [cluster.submit("nap", 0.1) for _ in range(10)]
        stream.socket.settimeout(10)
        while b'"finished":10' not in stream.file.readline():
            pass  # nobody but the stream looks
        assert _pump() is not killed
        status, health = _ask(server, "/healthz")
        assert (status, health["pump"]["died"]) == (503, 1)
        assert "The pump thread had died and was started again." in health["problems"]
        _must_count_as(server, jobs)


def test_step_of_the_pump_that_raises_stops_nothing(
    local_dispy: LocalDispy, monkeypatch: pytest.MonkeyPatch
) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    with _serving(cluster) as server:
        for step in ("_sample", "_keep_up"):
            monkeypatch.setattr(server.registry._pump, step, _raise)
        jobs = [cluster.submit("nap", 0.1) for _ in range(10)]
        _must_count_as(server, jobs)
        health = _ask(server, "/healthz")[1]
        assert health["pump"]["alive"]
        assert health["pump"]["faults"] > 0


def _raise(*_arguments: Any, **_named: Any) -> Any:
    raise RuntimeError("broken on purpose")


def _break_every_view(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, member in vars(View).items():
        if callable(member) and not name.startswith("__"):
            monkeypatch.setattr(View, name, _raise)


def test_jobs_go_on_while_every_view_raises(
    local_dispy: LocalDispy, caplog: pytest.LogCaptureFixture
) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    with _serving(cluster) as server:
        threads_before = psutil.Process().num_threads()
        with pytest.MonkeyPatch.context() as broken:
            _break_every_view(broken)
            jobs = [cluster.submit("nap", 0.1) for _ in range(20)]
            paths = [ACT, f"{ACT}/nodes", f"{ACT}/jobs", "/api/v1/changes", f"{ACT}/jobs/1"]
            for path in paths:
                status, answer = _ask(server, path)
                assert (status, answer["error"]["code"]) == (500, "internal_error")
                assert "broken on purpose" not in json.dumps(answer)
            with Client(("127.0.0.1", server.port)) as client:
                client.send(get("/api/v1/stream"))
                client.file.read()  # it ends; it does not hang
            wait_until(lambda: all(job.finish.is_set() for job in jobs), what="the jobs")
        assert "broken on purpose" in caplog.text
        wait_until(
            lambda: psutil.Process().num_threads() <= threads_before, what="the end of its threads"
        )
        _must_count_as(server, jobs)


@pytest.mark.parametrize("limit", [1, 1_000])
def test_callback_returns_whatever_happens(local_dispy: LocalDispy, limit: int) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    with _serving(cluster, inbox_limit=limit) as server:
        callback = cluster.cluster_status
        for report in ((None, None, None), (DispyJob.Finished, object(), object()), ("?", 1, 2)):
            callback(*report)
        jobs = [cluster.submit("nap", 0.1) for _ in range(5)]
        wait_until(lambda: all(job.finish.is_set() for job in jobs), what="the jobs")
        assert _ask(server, ACT)[0] == 200
