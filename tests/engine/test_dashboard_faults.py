"""What breaks in the dashboard itself, while the jobs of a real cluster go on."""

from __future__ import annotations

import ctypes
import json
import threading
from types import FunctionType
from typing import Any

import psutil
import pytest
from clusters import LocalDispy, wait_until
from computations import act
from dispy import DispyJob
from engine.faults import (
    ACT,
    NEAR,
    ask,
    jobs_of,
    must_count_as,
    open_stream,
    serving,
    state_of,
)
from rawhttp import Client, get

from flask_dispy.watching.dashboard import board_of
from flask_dispy.watching.stateviews import StateView

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("no_lost_descriptors")]


# -- the dashboard ---------------------------------------------------------------------------


def test_flooded_inbox_is_counted_and_shown(local_dispy: LocalDispy) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    with serving(cluster, inbox_limit=25) as server:
        wait_until(lambda: state_of(server, NEAR) == "up", what="the node")
        registry = server.registry
        with board_of(registry).folding:  # as if a fold took very long
            flood = [cluster.submit("nap", 0.1) for _ in range(20)]
            wait_until(lambda: all(job.finish.is_set() for job in flood), what="the jobs")
            wait_until(lambda: registry.health()["inbox"]["dropped"] > 0, what="the flood")
        summary = ask(server, ACT)[1]
        status, health = ask(server, "/healthz")
        assert summary["dropped_events"] == health["inbox"]["dropped"] > 0
        assert (status, health["status"]) == (503, "degraded")
        assert any("inbox was full" in problem for problem in health["problems"])

        # Jobs whose end was dropped are found to have ended, and what comes now counts exactly.
        wait_until(lambda: jobs_of(server)["pending"] == 0, what="the ends that were dropped")
        known = jobs_of(server)
        assert 0 < known["submitted"] <= len(flood)
        # How those ended is known to nobody.
        assert known["finished"] + known["abandoned"] == known["submitted"]
        more = [cluster.submit("nap", 0.1) for _ in range(10)]
        wait_until(lambda: all(job.finish.is_set() for job in more), what="more jobs")
        wait_until(lambda: jobs_of(server)["pending"] == 0, what="their end as we see it")
        assert jobs_of(server)["finished"] == known["finished"] + len(more)


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
    with serving(cluster) as server, open_stream(server) as stream:
        killed = _pump()
        _kill_thread(killed)
        jobs = [cluster.submit("nap", 0.1) for _ in range(10)]
        stream.socket.settimeout(10)
        while b'"finished":10' not in stream.file.readline():
            pass  # nobody but the stream looks
        assert _pump() is not killed
        status, health = ask(server, "/healthz")
        assert (status, health["pump"]["died"]) == (503, 1)
        assert "The pump thread had died and was started again." in health["problems"]
        must_count_as(server, jobs)


def test_step_of_the_pump_that_raises_stops_nothing(
    local_dispy: LocalDispy, monkeypatch: pytest.MonkeyPatch
) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    with serving(cluster) as server:
        for step in ("_sample", "_update"):
            monkeypatch.setattr(server.registry._pump, step, _raise)
        jobs = [cluster.submit("nap", 0.1) for _ in range(10)]
        must_count_as(server, jobs)
        health = ask(server, "/healthz")[1]
        assert health["pump"]["alive"]
        assert health["pump"]["faults"] > 0


def _raise(*_arguments: Any, **_named: Any) -> Any:
    raise RuntimeError("broken on purpose")


def _break_every_view(monkeypatch: pytest.MonkeyPatch) -> None:
    for part in StateView.__mro__[:-1]:
        for name, member in vars(part).items():
            if isinstance(member, FunctionType) and not name.startswith("__"):
                monkeypatch.setattr(part, name, _raise)


def test_jobs_go_on_while_every_view_raises(
    local_dispy: LocalDispy, caplog: pytest.LogCaptureFixture
) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    with serving(cluster) as server:
        threads_before = psutil.Process().num_threads()
        with pytest.MonkeyPatch.context() as broken:
            _break_every_view(broken)
            jobs = [cluster.submit("nap", 0.1) for _ in range(20)]
            paths = [ACT, f"{ACT}/nodes", f"{ACT}/jobs", "/api/v1/changes", f"{ACT}/jobs/1"]
            for path in paths:
                status, answer = ask(server, path)
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
        must_count_as(server, jobs)


@pytest.mark.parametrize("limit", [1, 1_000])
def test_callback_returns_whatever_happens(local_dispy: LocalDispy, limit: int) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    with serving(cluster, inbox_limit=limit) as server:
        callback = cluster.cluster_status
        for report in ((None, None, None), (DispyJob.Finished, object(), object()), ("?", 1, 2)):
            callback(*report)
        jobs = [cluster.submit("nap", 0.1) for _ in range(5)]
        wait_until(lambda: all(job.finish.is_set() for job in jobs), what="the jobs")
        assert ask(server, ACT)[0] == 200
