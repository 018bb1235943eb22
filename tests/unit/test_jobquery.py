"""The language of the jobs search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_dispy.core.errors import BadRequest
from flask_dispy.core.jobs import Job, Output
from flask_dispy.core.nodes import Node
from flask_dispy.core.search.blocks import JobBlock
from flask_dispy.core.search.matching import Known, matching_rows
from flask_dispy.core.search.moments import duration_sec
from flask_dispy.core.search.query import JobQuery

NOW = 1_100.0


def make_job(serial: int, state: Any = "running", **fields: Any) -> Job:
    job = Job(serial, serial, 1_000.0, f"job-{serial}", "alpha, 1", "n=5")
    job.state = state
    for name, value in fields.items():
        setattr(job, name, value)
    return job


def failed_job(serial: int, exception: str, **fields: Any) -> Job:
    output = Output()
    output.exception = exception
    return make_job(serial, "terminated", output=output, **fields)


JOBS = [
    make_job(1, "queued"),
    make_job(2, node="10.0.0.2", started_at=1_040.0, args="Beta", id="run[3]"),
    make_job(3, "finished", node="10.0.0.10", started_at=1_000.0, ended_at=1_005.0, kwargs="k=Ω"),
    failed_job(4, "Traceback\nTimeoutError: late", node="10.0.0.2", started_at=1.0, ended_at=2.0),
    make_job(70, "terminated", node="10.0.0.3", args="", kwargs="", id="4"),
]


def select(query: JobQuery, jobs: Sequence[Job], **options: Any) -> list[Job]:
    """What a search finds in blocks of two, so that some are passed over."""
    blocks = [JobBlock(list(jobs[at : at + 2])) for at in range(0, len(jobs), 2)]
    return [
        block.jobs[row]
        for block, rows in matching_rows(query, blocks, Known(NOW, **options))
        for row in rows
    ]


def found(q: str, *, private: bool = False, **options: Any) -> list[int]:
    nodes = {"10.0.0.2": Node("10.0.0.2"), "10.0.0.10": Node("10.0.0.10")}
    nodes["10.0.0.2"].name, nodes["10.0.0.10"].name = "alpha", "beta"
    query = JobQuery.parse(q, **options)
    selected = select(query, JOBS, nodes=nodes, private=private)
    return [job.serial for job in selected if not query.states or job.word in query.states]


@pytest.mark.parametrize(
    ("q", "serials"),
    [
        ("", [1, 2, 3, 4, 70]),
        ("state:running", [2]),
        ("state:running state:QUEUED", [1, 2]),
        ("node:10.0.0.2", [2, 4]),
        ("node:10.0.0.*", [2, 3, 4, 70]),
        ("node:10.0.0.1", []),
        ("node:ALPHA", [2, 4]),
        ("node:alpha node:beta", []),
        ("id:job-1", [1]),
        ("id:JOB-*", [1, 3, 4]),
        ("id:run[3]", [2]),
        ("id:r*[3]", [2]),
        ("id:job-?", [1, 3, 4]),
        ("arg:beta", [2]),
        ("arg:k=ω", [3]),
        ("error:timeout", [4]),
        ("serial:3", [3]),
        ("id:4", [4, 70]),
        ("id:#4", [4]),
        ("#4", [4]),
        ("id:70", [70]),
        ("id:7?", []),
        ("#5", []),
        ('"#4"', []),
        ("is:failed", [4]),
        ("state:failed", [4]),
        ("state:terminated", [70]),
        ("state:terminated is:failed", [4, 70]),
        ("State:Failed", [4]),
        ("is:FAILED node:beta", []),
        ("serial:3 serial:4", [3, 4]),
        ("slower:30s", [2]),
        ("slower:1m", [2]),
        ("slower:1h", []),
        ("faster:5s", [3, 4]),
        ("slower:2s faster:10s", [3]),
        ("TimeoutError", [4]),
        ("traceback", []),
        ("beta", [2]),
        ("alpha 1", [1, 3, 4]),
        ('"alpha, 1"', [1, 3, 4]),
        ('arg:"alpha, 1" state:queued', [1]),
        ("http://x", []),
        ("C:\\x std::move 10:30", []),
        ("Timeouterror:", [4]),
        ('"alpha: 1"', []),
        ('"', []),
        ('""', [1, 2, 3, 4, 70]),
    ],
)
def test_search_finds(q: str, serials: list[int]) -> None:
    assert found(q) == serials


def test_url_joins_the_search() -> None:
    assert found("alpha", states=["queued", "finished"], node=None) == [1, 3]
    assert found("", states=[], node="beta") == [3]


@pytest.mark.parametrize(
    ("q", "serials"),
    [("alpha", []), ("arg:alpha", []), ("error:timeout", []), ("TimeoutError", []), ("job-1", [1]),
     ("10.0.0.10", [3]), ("state:queued", [1]), ("n=5", []), ("k", [])],
)  # fmt: skip
def test_private_search_reveals_neither_arguments_nor_errors(q: str, serials: list[int]) -> None:
    assert found(q, private=True) == serials


@pytest.mark.parametrize(
    ("q", "field"),
    [("nodee:x", "q"), ("since:", "q"), ("alpha since: 5", "q"), ('msg:"two words"', "q"),
     ("submitted_at:5", "q"), ("node:", "q"), ("node: alpha", "q"), ('id:""', "q"),
     ("state:sleeping", "q"), ("is:late", "q"), ("serial:x", "q"), ("serial:-1", "q"),
     ("serial:²", "q"),
     ("serial:" + "9" * 19, "q"), ("slower:fast", "q"), ("slower:-1s", "q"), ("faster:1y", "q"),
     ("slower:1e9", "q"), ("x" * 501, "q")],
)  # fmt: skip
def test_nonsense_is_a_bad_request(q: str, field: str) -> None:
    with pytest.raises(BadRequest) as caught:
        JobQuery.parse(q)
    assert caught.value.field == field


def test_states_are_known_by_what_pages_and_people_call_them() -> None:
    assert JobQuery.parse("state:failed state:Canceled").states == {"failed", "cancelled"}
    assert JobQuery.parse(states=["failed"]).states == {"failed"}


def test_bad_state_of_the_url_names_its_field() -> None:
    with pytest.raises(BadRequest) as caught:
        JobQuery.parse(states=["gone"])
    assert caught.value.field == "state"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30", 30), ("30s", 30), ("1.5h", 5_400), ("2m", 120), ("2MIN", 120), ("1d", 86_400),
     ("250ms", 0.25), ("3sec", 3)],
)  # fmt: skip
def test_durations(text: str, seconds: float) -> None:
    assert duration_sec(text) == seconds


@given(st.text(max_size=500))
def test_any_search_is_answered_or_refused(q: str) -> None:
    try:
        query = JobQuery.parse(q)
    except BadRequest:
        return
    selected = select(query, JOBS)
    assert [job.serial for job in selected] == sorted(job.serial for job in selected)


def test_pattern_full_of_stars_is_searched_quickly() -> None:
    job = make_job(1, id="a" * 200)
    query = JobQuery.parse("id:" + "*a" * 200 + "b")
    assert select(query, [job] * 100) == []


def test_wanted_clusters_match_by_name() -> None:
    query = JobQuery.parse("cluster:comp*")
    assert query.wants_cluster("Compute")
    assert not query.wants_cluster("render")


def test_job_that_changes_while_it_is_read_keeps_no_stale_text() -> None:
    class Changing(Job):
        def _searched(self) -> tuple[str | None, ...]:
            parts = super()._searched()
            if self.node is None:
                self.node = "10.0.0.9"  # what another thread does after the first look
            return parts

    job = Changing(1, 1, 0.0, "id", None, None)
    assert job.make_haystack() == "id"
    assert job.haystack is None
    assert "10.0.0.9" in job.make_haystack()


def test_search_of_too_many_terms_is_refused() -> None:
    with pytest.raises(BadRequest, match="21 terms"):
        JobQuery.parse(" ".join(["x"] * 21))
