"""The texts of ended jobs take no more bytes than they may; the oldest make room, and say so."""

from __future__ import annotations

import itertools
from sys import getsizeof
from typing import Any

import pytest
from clusters import wait_until
from dispy_objects import FakeCluster
from unit.stories import ended, job, tell

from flask_dispy import ClusterRegistry
from flask_dispy.core import events
from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.errors import BadRequest
from flask_dispy.core.jobs import Output
from flask_dispy.core.settings import Settings
from flask_dispy.core.textbudget import TextBudget, most_kept

LONG = "x" * 10_000
TRACEBACK = f"Traceback (most recent call last):\n{LONG}\nValueError: bad"


def new_state(limit: int = 10**9, history_limit: int = 100) -> ClusterState:
    return ClusterState(
        "compute",
        1_000.0,
        serials=itertools.count(1),
        history_limit=history_limit,
        text_budget=TextBudget(limit),
    )


def queued(key: str) -> events.JobQueued:
    return events.JobQueued(key, 1_000.0, "1", LONG, "n=1", False)


def bytes_of(state: ClusterState) -> int:
    """Count the bytes of all long texts of ended jobs."""
    total = 0
    for one in state.ledger.ended():
        outputs = [getattr(one.output, field, None) for field in Output.__slots__]
        texts = [text for text in (one.args, one.kwargs, *outputs) if text]
        if sum(map(len, texts)) > 2_000:
            total += sum(map(getsizeof, texts))
    return total


def dropped(state: ClusterState) -> list[str]:
    return [str(one.key) for one in state.ledger.ended() if one.texts_dropped]


def test_texts_of_the_jobs_that_ended_first_make_room() -> None:
    state = new_state(100_000)
    for number in range(30):
        tell(state, ended(str(number), result=LONG)._replace(stdout="é" * 100))
        assert state.text_budget.used == bytes_of(state) <= 100_000
    assert dropped(state) == [str(job(state, str(n)).key) for n in range(21)]
    assert state.text_budget.dropped == 21
    assert job(state, "20").output is None
    kept = job(state, "29").output
    assert kept is not None
    assert kept.result == LONG


def test_job_whose_texts_were_dropped_keeps_what_names_it() -> None:
    state = new_state(0)
    tell(state, queued("a"))
    tell(state, ended("a", "terminated", exception=TRACEBACK)._replace(stdout=LONG))
    found = job(state, "a")
    assert found.texts_dropped == ("args", "exception", "stdout")
    assert found.exception == "ValueError: bad"
    assert found.word == "failed"
    assert found.args == LONG[:199] + "…"
    assert found.kwargs == "n=1"
    (kind,) = state.error_kinds.kinds.values()
    assert kind.failure == ("ValueError", "bad")
    # A text that is made later does not come back.
    tell(state, events.JobText(found.serial, "args", LONG))
    assert len(found.args or "") == 200
    assert state.text_budget.used == 0
    assert found.texts_cut == dict.fromkeys(("args", "exception", "stdout"), "history_bytes")


def test_jobs_that_go_on_or_are_gone_take_no_room() -> None:
    state = new_state(history_limit=2)
    tell(state, queued("a"))
    assert state.text_budget.used == 0
    for number in range(9):
        tell(state, ended(str(number), result=LONG))
    assert state.text_budget.used == bytes_of(state) == 2 * getsizeof(LONG)
    tell(state, ended("small", result="x" * 100))
    assert state.text_budget.used == bytes_of(state) == getsizeof(LONG)
    state.ledger.forget_texts()
    assert state.text_budget.used == 0


def test_search_finds_no_text_that_was_dropped_for_a_job_of_another_cluster() -> None:
    one = new_state(25_000)
    other = ClusterState(
        "other",
        1_000.0,
        serials=itertools.count(2),
        history_limit=100,
        text_budget=one.text_budget,
    )
    tell(one, queued("a"))
    tell(one, ended("a", "terminated", exception=TRACEBACK))

    def found() -> list[list[int]]:
        (block,) = one.ledger.blocks()
        rows = block.rows_with_error("xxx"), block.rows_with_word("x" * 300)
        return list(map(list, rows))

    assert found() == [[0], [0]]
    tell(other, ended("b", result=LONG))
    assert dropped(one)
    assert found() == [[], []]


def test_text_that_is_made_later_counts() -> None:
    state = new_state()
    tell(state, ended("a", result=""))
    tell(state, events.JobText(job(state, "a").serial, "result", LONG))
    assert state.text_budget.used == bytes_of(state) >= len(LONG)


@pytest.mark.parametrize(
    ("field", "value"), [("text_limit", 1_000_001), ("history_bytes", 1000), ("history_bytes", "1")]
)
def test_setting_that_makes_no_sense_is_named(field: str, value: Any) -> None:
    with pytest.raises(BadRequest) as caught:
        Settings(**{field: value})
    assert caught.value.field == field


def test_arguments_and_tracebacks_are_kept_less_long_than_output() -> None:
    assert [most_kept(field, 1_000_000) for field in ("args", "kwargs", "exception", "stdout")] == [
        4_096, 4_096, 16_384, 1_000_000,
    ]  # fmt: skip
    assert most_kept("args", 100) == 100


@pytest.mark.parametrize("redact", [None, lambda text, _kind: text])
def test_megabyte_of_output_is_kept_whole_and_its_room_is_bounded(redact: Any) -> None:
    registry = ClusterRegistry(text_limit=1_000_000, history_bytes=3_500_000, redact=redact)
    cluster = FakeCluster("compute")
    registry.add(cluster)
    node = cluster.join("10.0.0.1")
    for number in range(5):
        one = cluster.submit("a" * 20_000, job_id=f"j{number}")
        cluster.start(one, node)
        cluster.end(one, node, result="r" * 1_000_000)
    view = registry.view("compute")
    serials = sorted(row["serial"] for row in view.jobs().items)
    wait_until(lambda: view.job(serials[-1])["result"] and view.job(serials[-1])["args"])
    details = [view.job(serial) for serial in serials]
    assert [detail["texts_dropped"] for detail in details] == [True, True, False, False, False]
    assert [len(detail["result"] or "") for detail in details] == [0, 0] + [1_000_000] * 3
    assert [len(detail["args"] or "") for detail in details] == [200, 200] + [4_096] * 3
    texts = registry.health()["texts"]
    assert texts["dropped"] == 2
    assert 3_000_000 < texts["bytes"] <= texts["limit"] == 3_500_000
    registry.remove(cluster)
    assert registry.health()["texts"]["bytes"] == 0
    registry.close()
