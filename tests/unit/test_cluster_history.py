"""Jobs that ended long ago, and jobs that were there before anybody watched."""

from __future__ import annotations

from unit.stories import (
    counts,
    ended,
    job,
    new_state,
    queued,
    started,
    tell,
)

from flask_dispy.core import events
from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.summary import summary_of

# -- history ----------------------------------------------------------------------------------


def test_history_forgets_what_ended_first() -> None:
    state = new_state(history_limit=2)
    tell(state, ended("a"), ended("b"), ended("c"))
    assert list(state.ledger.jobs) == [2, 3]
    assert counts(state) == {"finished": 3}
    assert summary_of(state, 1_010)["history"] == {"retained": 2, "limit": 2, "evicted": 1}


def test_queued_and_running_jobs_are_never_forgotten() -> None:
    state = new_state(history_limit=0)
    tell(state, queued("q"), started("r"), *(ended(str(n)) for n in range(50)))
    assert [job.key for job in state.ledger.jobs.values()] == ["q", "r"]


def test_end_of_a_forgotten_job_reported_again_counts_once() -> None:
    state = new_state(history_limit=1)
    tell(state, ended("a"), ended("b"), ended("a"))
    assert counts(state) == {"finished": 2}


def test_texts_of_a_forgotten_job_are_not_kept() -> None:
    state = new_state(history_limit=1)
    tell(state, queued("a"), ended("a"))
    state.dirty_ends.clear()
    tell(state, ended("b"))
    assert (job(state).args, job(state).output) == (None, None)
    tell(state, ended("a"))
    assert [job.key for job in state.dirty_ends.values()] == ["b"]


def test_forgotten_abandoned_job_that_finishes_late_is_finished() -> None:
    state = new_state(history_limit=1)
    tell(state, started("a"), ended("a", "abandoned"), ended("b"), ended("a"))
    assert counts(state) == {"finished": 2}
    assert list(state.ledger.jobs) == [2]


def test_forgotten_abandoned_job_that_runs_again_is_back() -> None:
    state = new_state(history_limit=1)
    tell(state, started("a"), ended("a", "abandoned"), ended("b"), started("a", "n2", 9))
    assert list(state.ledger.jobs) == [1, 2]
    assert counts(state) == {"running": 1, "finished": 1}


def test_forgotten_job_that_came_back_is_known_when_it_ends_again() -> None:
    state = new_state(history_limit=1)
    tell(state, started("a"), ended("a", "abandoned"), ended("b"), started("a", "n2", 9))
    # Until of the 10,000 that are remembered it is the first to be forgotten.
    others = [ended(f"c{number}") for number in range(9_999)]
    tell(state, *others, ended("a", node="n2"), ended("a", node="n2"))
    assert counts(state) == {"finished": 10_001}
    tell(state, ended("d"), others[-1], ended("a"))
    assert counts(state) == {"finished": 10_002}


# -- jobs that were there before --------------------------------------------------------------


def test_jobs_pending_before_watching_are_counted_apart(state: ClusterState) -> None:
    tell(state, events.PendingCounted(1_000, 5))
    assert summary_of(state, 1_001)["jobs"]["before_watching"] == 5
    assert state.ledger.submitted == 0


def test_known_jobs_are_not_counted_as_before_watching(state: ClusterState) -> None:
    tell(state, queued("a"), events.PendingCounted(1_001, 5))
    assert state.ledger.before_watching == 4


def test_job_that_shows_itself_is_no_longer_before_watching(state: ClusterState) -> None:
    tell(state, events.PendingCounted(1_001, 2), ended("a"))
    assert state.ledger.before_watching == 1
    assert counts(state) == {"finished": 1}


def test_job_submitted_afterwards_leaves_before_watching_alone(state: ClusterState) -> None:
    tell(state, events.PendingCounted(1_001, 2), queued("a", 5))
    assert state.ledger.before_watching == 2
