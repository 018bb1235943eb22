"""Orders of jobs: every page is what a plain sort gives, and a job that goes on is found once."""

from __future__ import annotations

import random
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_dispy.core.errors import BadRequest
from flask_dispy.core.events import JobState
from flask_dispy.core.jobs import JOB_WORDS, Job, Output
from flask_dispy.core.search.blocks import JobBlock
from flask_dispy.core.search.order import JOB_SORTS, JobOrder, Place, in_order

NOW = 2_000.0


def job_of(serial: int, rng: random.Random) -> Job:
    job_id = rng.choice(["", "a9", "A10", "7", "12"])
    job = Job(serial, serial, 1_000.0 + rng.randrange(9), job_id, None, None)
    states: list[JobState] = ["queued", "running", "finished", "terminated", "cancelled"]
    job.state = rng.choice(states)
    if job.state != "queued":
        job.node = rng.choice(["10.0.0.9", "10.0.0.10", "fe80::1"])
        job.started_at = job.submitted_at + rng.randrange(5)
        job.attempts = rng.randrange(3)
    if job.state not in ("queued", "running"):
        job.ended_at = (job.started_at or job.submitted_at) + rng.randrange(5)
    if job.state == "terminated":
        job.output = Output(exception=rng.choice([None, "Traceback\nValueError"]))
    value = rng.choice([None, -2, 0, -0.0, 1e-9, 7, 80.5, 1_080, True, "", "Day", "night", "~"])
    job.columns = rng.choice([(), (value,)])
    return job


def batch_key(value: Any = None) -> tuple[bool, Any] | None:
    is_text = isinstance(value, str)
    return None if value is None else (is_text, value.casefold() if is_text else value)


# What each order comes to, said another way.
PLAIN: dict[str, Any] = {
    "newest": lambda job: job.serial,
    "submitted": lambda job: job.submitted_at,
    "started": lambda job: job.started_at,
    "ended": lambda job: job.ended_at,
    "waited": lambda job: (job.started_at or job.ended_at or NOW) - job.submitted_at,
    "ran": lambda job: job.started_at and (job.ended_at or NOW) - job.started_at,
    "attempts": lambda job: job.attempts,
    "node": lambda job: job.node and ["10.0.0.9", "10.0.0.10", "fe80::1"].index(job.node),
    "state": lambda job: JOB_WORDS.index(job.word),
    "batch": lambda job: batch_key(*job.columns),
    "id": lambda job: ["7", "12", "a9", "A10"].index(job.id) if job.id else None,
}


def plainly(jobs: list[Job], order: JobOrder) -> list[int]:
    key = PLAIN[order.column]
    known = [job for job in jobs if key(job) is not None]
    without = [job for job in jobs if key(job) is None]
    known.sort(key=lambda job: (key(job), job.serial), reverse=order.descending)
    without.sort(key=lambda job: job.serial, reverse=order.descending)
    return [job.serial for job in known + without]


def paged(blocks: Any, order: JobOrder, limit: int, as_of: float = NOW) -> list[int]:
    """All pages, each asked for by the cursor of the one before, as a text."""
    found: list[int] = []
    after: Place | None = None
    while True:
        page = []
        for entry in in_order(blocks, order, after.as_of if after else as_of, after):
            page.append(entry)
            if len(page) == limit:
                break
        if not page:
            return found
        found += [job.serial for _, _, job in page]
        after = Place.parse(str(page[-1][0]), order.column)


@pytest.mark.parametrize("column", [*JOB_SORTS, "batch"])
@pytest.mark.parametrize("descending", [True, False])
@given(seed=st.integers(0, 10_000))
def test_pages_equal_a_plain_sort(column: Any, descending: bool, seed: int) -> None:
    rng = random.Random(seed)
    jobs = [job_of(serial, rng) for serial in range(1, 60)]
    picked = [job for job in jobs if rng.random() < rng.choice([0.05, 0.6, 1.0])]
    blocks = [JobBlock(jobs[at : at + 12]) for at in range(0, len(jobs), 12)]
    found = [
        (block, [row for row, job in enumerate(block.jobs) if job in picked]) for block in blocks
    ]
    by_cluster = [("odd", found[::2]), ("even", found[1::2])]
    order = JobOrder(column, descending, place=0 if column == "batch" else None)
    assert paged(by_cluster, order, rng.randrange(1, 9)) == plainly(picked, order)
    # Once more: what blocks keep of an order is right as well.
    assert paged(by_cluster, order, 50) == plainly(picked, order)


@pytest.mark.parametrize("column", ["submitted", "started", "ended", "waited", "ran"])
@pytest.mark.parametrize("descending", [True, False])
def test_jobs_that_go_on_between_pages_are_found_once(column: Any, descending: bool) -> None:
    rng = random.Random(5)
    jobs = [job_of(serial, rng) for serial in range(1, 200)]
    order = JobOrder(column, descending)
    found: list[int] = []
    after: Place | None = None
    for now in range(int(NOW), int(NOW) + 1_000, 7):
        blocks = [JobBlock(jobs[at : at + 32]) for at in range(0, len(jobs), 32)]
        as_of = after.as_of if after else float(now)
        walk = in_order([("all", [(b, range(len(b.jobs))) for b in blocks])], order, as_of, after)
        page = [entry for entry, _ in zip(walk, range(20), strict=False)]
        if not page:
            break
        found += [job.serial for _, _, job in page]
        after = page[-1][0]
        for job in rng.sample([job for job in jobs if job.state in ("queued", "running")], 5):
            if job.state == "queued":
                job.state, job.started_at, job.node = "running", now + 1.0, "10.0.0.9"
            else:
                job.state, job.ended_at = "finished", now + 1.0
    assert sorted(found) == list(range(1, 200))


def test_order_of_a_block_that_has_ended_is_kept_for_what_was_then() -> None:
    rng = random.Random(1)
    jobs = [job_of(serial, rng) for serial in range(1, 30)]
    ended = [job for job in jobs if job.ended_at is not None]
    block = JobBlock(ended)
    assert block.all_ended_at == max(job.ended_at or 0.0 for job in ended)
    assert JobBlock(jobs).all_ended_at == inf
    everything = [("all", [(block, range(len(ended)))])]
    list(in_order(everything, JobOrder("ended"), block.all_ended_at - 1))
    assert block.orders == {}
    list(in_order(everything, JobOrder("ended"), block.all_ended_at))
    assert list(block.orders) == ["ended"]


@pytest.mark.parametrize(
    "text",
    ["", "5", "ran~1.0~5", "ran~1.0~x~n1", "ran~nan~5~n1", "ran~1.0~5~tx", "ran~1.0~5~nx",
     "node~1.0~5~tx", "ran~1.0~5~q1", "ran~1.0~5~n1~n2"],
)  # fmt: skip
def test_invalid_cursor_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="no cursor") as refused:
        Place.parse(text, "ran")
    assert refused.value.field == "after"


def test_cursor_reads_back() -> None:
    for place in (
        Place("ran", 0.1, 5, NOW),
        Place("node", "04~x", 5, NOW),
        Place("id", None, 7, 1.5),
    ):
        assert Place.parse(str(place), place.column) == place
