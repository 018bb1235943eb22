"""Blocks of jobs that are kept tell what blocks made anew would."""

from __future__ import annotations

from itertools import count
from math import inf
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.events import JobEnded, JobQueued, JobStarted, JobText
from flask_dispy.core.jobs import Job
from flask_dispy.core.search import blocks as jobblocks
from flask_dispy.core.search.blocks import JobBlock, JobBlocks
from flask_dispy.core.search.order import rows_between

NOW = 10_000.0


def ended_job(serial: int) -> Job:
    job = Job(serial, serial, 0.0, f"job-{serial}", "1, 2", "")
    job.state, job.node, job.started_at, job.ended_at = "finished", "10.0.0.1", 1.0, 3.0
    return job


def answers_of(block: JobBlock) -> dict[str, Any]:
    """All that a search may ask of a block."""
    return {
        "serials": block.serials,
        "words": block.words,
        "counts": dict(block.counts),
        "texts": block.texts,
        "by_node": {node: list(rows) for node, rows in block.by_node.items()},
        "kinds": block.kinds,
        "failed": list(block.rows_in_states(range(len(block.jobs)), {"failed"})),
        "with_word": [list(block.rows_with_word(word)) for word in ("job-1", "boom", "late")],
        "with_error": [list(block.rows_with_error(text)) for text in ("boom", "line 3", "-")],
        "took": [
            list(rows_between(block, range(len(block.jobs)), "ran", least, most, NOW))
            for least, most in ((-inf, 4), (4, inf), (3, 5), (-inf, inf), (NOW - 6, NOW))
        ],
        "holds": [block.holds(text) for text in ("job-1", "10.0.0.2", "boom", "late")],
    }


def test_blocks_hold_all_jobs_in_their_order() -> None:
    jobs = {serial: ended_job(serial) for serial in (3, 1023, 1024, 5_000, 5_001, 10**9)}
    blocks = JobBlocks().of(jobs)
    assert [block.serials for block in blocks] == [[3, 1023], [1024], [5_000, 5_001], [10**9]]


def test_no_jobs_are_no_blocks() -> None:
    assert JobBlocks().of({}) == []


def test_only_what_has_ended_is_kept() -> None:
    jobs = {serial: ended_job(serial) for serial in (1, 2, 1024)}
    jobs[1024].state = "running"
    blocks = JobBlocks()
    first, second = zip(blocks.of(jobs), blocks.of(jobs), strict=True)
    assert first[0] is first[1]
    assert second[0] is not second[1]


def test_block_that_lost_a_job_is_made_anew() -> None:
    jobs = {serial: ended_job(serial) for serial in (1, 2)}
    blocks = JobBlocks()
    blocks.of(jobs)
    del jobs[1]
    blocks.forget([1])
    assert [block.serials for block in blocks.of(jobs)] == [[2]]
    del jobs[2]
    blocks.forget([2])
    assert blocks.of(jobs) == []


class KeptBlocks(RuleBasedStateMachine):
    """Whatever becomes of jobs, a search sees it."""

    def __init__(self) -> None:
        super().__init__()
        self._shift = jobblocks._SHIFT
        jobblocks._SHIFT = 2  # type: ignore[misc]
        self.state = ClusterState("compute", 0.0, serials=count(1), history_limit=9)

    def teardown(self) -> None:
        jobblocks._SHIFT = self._shift  # type: ignore[misc]

    def _apply(self, event: Any) -> None:
        self.state.apply(event)
        self.state.ledger.invalidate_blocks(self.state.dirty_ends)
        self.state.dirty_ends.clear()

    @rule(key=st.integers(0, 30))
    def queue(self, key: int) -> None:
        self._apply(JobQueued(key, 0.0, f"job-{key}", "1", ""))

    @rule(key=st.integers(0, 30), node=st.sampled_from(("10.0.0.1", "10.0.0.2")))
    def start(self, key: int, node: str) -> None:
        self._apply(JobStarted(key, 5.0, 0.0, node, f"job-{key}", None, None))

    @rule(
        key=st.integers(0, 30),
        state=st.sampled_from(("finished", "terminated", "cancelled", "abandoned")),
        error=st.sampled_from((None, "boom")),
    )
    def end(self, key: int, state: Any, error: str | None) -> None:
        self._apply(
            JobEnded(
                key,
                9.0,
                0.0,
                5.0,
                "10.0.0.1",
                state,
                f"job-{key}",
                "r",
                None,
                None,
                error,
            )
        )

    @rule(serial=st.integers(1, 40))
    def text_comes_late(self, serial: int) -> None:
        self._apply(JobText(serial, "args", "late"))

    @rule(serial=st.integers(1, 40))
    def give_up_and_take_in(self, serial: int) -> None:
        job = self.state.ledger.jobs.get(serial)
        if job is not None:
            self.state.release([job])
            self.state.adopt([job])

    @invariant()
    def kept_blocks_answer_as_new_ones(self) -> None:
        ledger = self.state.ledger
        kept, anew = ledger.blocks(), JobBlocks().of(ledger.jobs)
        assert list(map(answers_of, kept)) == list(map(answers_of, anew))


TestKeptBlocks = KeptBlocks.TestCase
