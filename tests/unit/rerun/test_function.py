"""The function that runs jobs again may do anything: return, raise, hang."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import closing
from typing import Any

import pytest
from clusters import wait_until
from dispy import DispyJob
from impatience import SOON
from unit.rerun.conftest import codes, failed, row, watched

from flask_dispy import ClusterRegistry
from flask_dispy.engine.commands.calls import Calls


def test_function_gets_the_row_of_the_job(registry: ClusterRegistry) -> None:
    seen: list[Any] = []
    cluster = watched(registry, seen.append)
    failed(cluster, "x" * 3000, n=1, job_id="y" * 3000)
    registry.control.rerun([1])
    (job,) = seen
    detail = row(registry, 1)
    assert {name: value for name, value in job.items() if name != "reruns"} == {
        name: detail[name] for name in job if name != "reruns"
    }
    assert (job["state"], job["failed"], job["error"]) == ("terminated", True, "ValueError: no")
    assert (job["kwargs"], job["texts_cut"]["args"]) == ("n=1", "text_limit")
    # A node could not unpickle a class of ours.
    assert {type(value) for value in job.values()} <= {str, int, float, bool, dict, type(None)}


def test_function_that_returns_nothing_is_called_and_counted(registry: ClusterRegistry) -> None:
    cluster = watched(registry, lambda job: None)
    failed(cluster)
    assert codes(registry.control.rerun([1])) == [("called", True)]
    assert (row(registry, 1)["rerun_as"], row(registry, 1)["reruns"]) == (None, 1)


@pytest.mark.parametrize("error", [ValueError("no input"), SystemExit(3), KeyboardInterrupt()])
def test_error_of_the_function_is_the_outcome_of_that_job_alone(
    registry: ClusterRegistry, error: BaseException
) -> None:
    def rerun(job: Any) -> Any:
        if job["serial"] == 1:
            raise error
        return cluster.submit()

    cluster = watched(registry, rerun)
    failed(cluster)
    failed(cluster)
    first, second = registry.control.rerun([1, 2])
    assert (first.code, second.code) == ("raised", "submitted")
    text = f": {error}" if str(error) else "."
    assert first.message == f"rerun raised {type(error).__name__}{text}"
    assert row(registry, 1)["reruns"] == 0


def test_error_whose_text_fails_and_one_that_is_redacted() -> None:
    class Bad(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    errors = [Bad(), ValueError("a secret")]

    def rerun(job: Any) -> None:
        raise errors[job["serial"] - 1]

    registry = ClusterRegistry(redact=lambda text, kind: text.replace("secret", "***"))
    cluster = watched(registry, rerun)
    failed(cluster)
    failed(cluster)
    outcomes = registry.control.rerun([1, 2])
    assert [one.message for one in outcomes] == [
        "rerun raised Bad.", "rerun raised ValueError: a ***",
    ]  # fmt: skip
    registry.close()


class UntilItHangs(Calls):
    """Calls whose time is up as soon as something hangs."""

    def __init__(self) -> None:
        super().__init__(30)
        self.hangs = threading.Event()

    def start(self, what: str, owner: Any, call: Callable[[], Any], **options: Any) -> Any:
        future = super().start(what, owner, call, **options)
        return self if options.get("callee") == "rerun" else future

    def result(self, timeout_sec: float) -> None:
        assert self.hangs.wait(timeout_sec)
        raise FutureTimeout


@pytest.fixture
def calls(registry: ClusterRegistry) -> UntilItHangs:
    registry.control._calls = calls = UntilItHangs()
    return calls


@pytest.fixture
def release() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_hanging_function_ends_in_time_and_what_it_does_later_counts(
    registry: ClusterRegistry, calls: UntilItHangs, release: threading.Event
) -> None:
    def rerun(job: Any) -> Any:
        if job["serial"] == 2:
            calls.hangs.set()
            assert release.wait(60)
        return cluster.submit()

    cluster = watched(registry, rerun)
    for _ in range(3):
        failed(cluster)
    outcomes = registry.control.rerun([1, 2, 3], by="ann")
    assert codes(outcomes) == [("submitted", True), ("timeout", False), ("timeout", False)]
    assert ["has not returned" in one.message for one in outcomes] == [False, True, False]
    release.set()
    wait_until(lambda: row(registry, 2)["rerun_as"], what="the late job")
    wait_until(lambda: len(registry.view("*").events(["jobs_rerun"]).items) == 2, what="its entry")
    logged = registry.view("*").events(["jobs_rerun"])
    assert [event["text"] for event in logged.items] == [
        "Job #2 was run again", "Job #1 was run again",
    ]  # fmt: skip
    assert row(registry, 3)["reruns"] == 0


def test_function_that_always_hangs_takes_few_threads_and_none_of_its_clusters(
    registry: ClusterRegistry, calls: UntilItHangs, release: threading.Event
) -> None:
    def rerun(job: Any) -> None:
        calls.hangs.set()
        assert release.wait(60)

    cluster = watched(registry, rerun)
    for serial in range(1, 6):
        failed(cluster)
        calls.hangs.clear()
        assert codes(registry.control.rerun([serial])) == [("timeout", False)]
    assert calls.health()["in_flight"] == 3
    assert calls.run("cancel", id(cluster), lambda: "done") == "done"


def test_health_says_plainly_that_a_function_hangs(release: threading.Event) -> None:
    with closing(ClusterRegistry(engine_timeout_sec=0.1, _intervals=SOON)) as registry:
        failed(watched(registry, lambda job: release.wait(60)))
        assert codes(registry.control.rerun([1])) == [("timeout", False)]
        plain = "1 call of dispy or of a rerun function did not come back in time."
        wait_until(lambda: plain in registry.health()["problems"], what="the problem")


@pytest.mark.parametrize("made", [7, "job", object(), DispyJob, True])
def test_function_that_returns_something_else_has_failed(
    registry: ClusterRegistry, made: object
) -> None:
    cluster = watched(registry, lambda job: made)
    failed(cluster)
    (outcome,) = registry.control.rerun([1])
    assert (outcome.code, outcome.ok) == ("bad_result", False)
    assert row(registry, 1)["reruns"] == 0


def test_cluster_may_be_removed_while_its_function_runs(registry: ClusterRegistry) -> None:
    cluster = watched(registry, lambda job: registry.remove(cluster))
    failed(cluster)
    assert codes(registry.control.rerun([1])) == [("called", True)]


def test_function_may_read_and_command_the_registry(registry: ClusterRegistry) -> None:
    def rerun(job: Any) -> Any:
        assert registry.view("compute").job(job["serial"])["state"] == "terminated"
        registry.control.cancel([2])
        return cluster.submit()

    cluster = watched(registry, rerun)
    failed(cluster)
    cluster.submit()
    assert codes(registry.control.rerun([1])) == [("submitted", True)]


def test_command_is_an_event_of_its_user(registry: ClusterRegistry) -> None:
    cluster = watched(registry)
    for _ in range(3):
        failed(cluster)
    registry.control.rerun([1, 2, 3], by="ann")
    (event,) = registry.view("compute").events(["jobs_rerun"]).items
    assert (event["text"], event["by"], event["source"]) == (
        "3 jobs were run again", "ann", "command",
    )  # fmt: skip


def test_callback_of_dispy_is_free_while_the_function_runs(
    registry: ClusterRegistry, release: threading.Event
) -> None:
    called = threading.Event()

    def rerun(job: Any) -> None:
        called.set()
        release.wait(60)

    cluster = watched(registry, rerun)
    failed(cluster)
    asking: Callable[[], Any] = lambda: registry.control.rerun([1])  # noqa: E731
    thread = threading.Thread(target=asking)
    thread.start()
    assert called.wait(30)
    cluster.submit()
    assert row(registry, 2)["state"] == "queued"
    release.set()
    thread.join(30)
