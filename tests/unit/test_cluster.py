"""The fold: whatever dispy reports, in whatever order, the counts are what the jobs are."""

from __future__ import annotations

from typing import Any

import pytest
from unit.stories import (
    counts,
    ended,
    job,
    progressed,
    queued,
    seen,
    started,
    tell,
)

from flask_dispy.core import events
from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.summary import summary_of
from flask_dispy.core.text import Cut
from flask_dispy.wire.tables import JobTable

# -- the ordinary life of a job ---------------------------------------------------------------


def test_created_job_is_queued(state: ClusterState) -> None:
    tell(state, queued("a"))
    assert counts(state) == {"queued": 1}


def test_running_job_is_on_its_node(state: ClusterState) -> None:
    tell(state, queued("a"), started("a", "n1"))
    assert counts(state) == {"running": 1}
    assert list(state.nodes["n1"].running) == [1]


@pytest.mark.parametrize("end", ["finished", "terminated", "cancelled", "abandoned"])
def test_ended_job_is_counted_as_it_ended(state: ClusterState, end: Any) -> None:
    tell(state, queued("a"), started("a"), ended("a", end))
    assert counts(state) == {end: 1}
    assert state.nodes["n1"].running == {}


def test_interim_result_leaves_the_job_running(state: ClusterState) -> None:
    tell(state, queued("a"), started("a"), progressed("a", "half"))
    assert counts(state) == {"running": 1}
    assert job(state).output.provisional_result == "half"


def test_end_keeps_what_the_job_left_behind(state: ClusterState) -> None:
    end = events.JobEnded(
        "a", 1_005, 1_000, 1_001, "n1", "terminated", "x", "r", "o", "e", "T\nE: b"
    )
    tell(state, queued("a"), started("a"), end)
    detail = JobTable().detail(job(state), state, 2_000)
    assert [detail[f] for f in ("id", "result", "stdout", "stderr", "exception", "error")] == [
        "x", "r", "o", "e", "T\nE: b", "E: b"
    ]  # fmt: skip


def test_arguments_outlive_the_end(state: ClusterState) -> None:
    tell(state, queued("a"), started("a"), ended("a"))
    assert (job(state).args, job(state).kwargs) == ("a, b", "n=1")


@pytest.mark.parametrize("known", [True, False])
def test_cancelled_job_ran_nowhere_whatever_its_end_says(state: ClusterState, known: bool) -> None:
    tell(state, *[queued("a")] * known, ended("a", "cancelled", node="10.0.0.99"))
    assert (job(state).node, job(state).started_at, job(state).attempts) == (None, None, 0)


def test_id_that_was_set_after_submitting_is_taken(state: ClusterState) -> None:
    tell(state, queued("a", job_id="7"), started("a", job_id="mine"))
    assert job(state).id == "mine"


def test_times_of_queue_and_run(state: ClusterState) -> None:
    tell(state, queued("a", 0), started("a", at=2), ended("a", start=2, at=7))
    detail = JobTable().detail(job(state), state, 9_999)
    assert (detail["queue_sec"], detail["duration_sec"]) == (2.0, 5.0)


def test_time_in_the_queue_stays_when_the_clock_is_set_back(state: ClusterState) -> None:
    tell(state, queued("a", 0), started("a", at=2), ended("a", start=2, at=7))
    assert JobTable().detail(job(state), state, 900)["queue_sec"] == 2.0


def test_running_job_lasts_until_now(state: ClusterState) -> None:
    tell(state, queued("a"), started("a", at=1))
    assert job(state).duration_sec(1_011) == 10.0


def test_clock_that_was_set_back_gives_no_negative_duration(state: ClusterState) -> None:
    tell(state, queued("a"), started("a", at=100), ended("a", start=100, at=50))
    assert job(state).duration_sec(0) == 0.0


# -- out of order, twice, not at all ----------------------------------------------------------


@pytest.mark.parametrize(
    "story",
    [
        [queued("a"), ended("a")],
        [ended("a")],
        [started("a"), ended("a"), queued("a")],
        [ended("a"), queued("a"), started("a")],
        [queued("a"), queued("a"), started("a"), started("a"), ended("a"), ended("a")],
        [progressed("a"), ended("a")],
        [queued("a"), ended("a"), progressed("a")],
        [queued("a"), started("a"), ended("a"), ended("a", "terminated", exception="E")],
        [queued("a"), started("a"), ended("a"), ended("a", "abandoned")],
        [queued("a"), started("a"), ended("a"), queued("a", requeued=True)],
    ],
)
def test_one_job_finished_once_in_any_order(state: ClusterState, story: list[Any]) -> None:
    tell(state, *story)
    assert counts(state) == {"finished": 1}
    assert state.ledger.failed == 0


def test_fast_job_without_running_still_shows_where_it_ran(state: ClusterState) -> None:
    tell(state, queued("a"), ended("a", node="n3", start=1))
    assert (job(state).node, job(state).attempts) == ("n3", 1)


def test_interim_result_without_running_starts_the_job(state: ClusterState) -> None:
    tell(state, queued("a"), progressed("a", node="n2"))
    assert counts(state) == {"running": 1}
    assert list(state.nodes["n2"].running) == [1]


def test_interim_result_from_nowhere_leaves_the_job_queued(state: ClusterState) -> None:
    tell(state, queued("a"), progressed("a", node=None))
    assert counts(state) == {"queued": 1}


def test_second_end_changes_nothing_of_the_first(state: ClusterState) -> None:
    tell(state, ended("a", result="first", at=5), ended("a", "terminated", exception="E", at=9))
    assert (job(state).ended_at, job(state).output.result, job(state).exception) == (
        1_005, "first", None
    )  # fmt: skip


def test_address_used_again_by_dispy_is_another_job(state: ClusterState) -> None:
    tell(state, queued(("7", 1.0)), ended(("7", 1.0)), queued(("7", 2.0)))  # type: ignore[arg-type]
    assert counts(state) == {"queued": 1, "finished": 1}


def test_running_reported_twice_keeps_the_first_start(state: ClusterState) -> None:
    tell(state, started("a", at=1), started("a", at=3))
    assert (job(state).started_at, job(state).attempts) == (1_001, 1)


# -- abandoned, put back, cancelled -----------------------------------------------------------


def test_abandoned_job_that_finishes_late_is_finished(state: ClusterState) -> None:
    tell(state, queued("a"), started("a"), ended("a", "abandoned", at=3), ended("a", at=9))
    assert counts(state) == {"finished": 1}
    assert job(state).ended_at == 1_009


def test_abandoned_job_that_fails_late_has_failed(state: ClusterState) -> None:
    tell(state, started("a"), ended("a", "abandoned"), ended("a", "terminated", exception="E"))
    assert counts(state) == {"terminated": 1}
    assert state.ledger.failed == 1


def test_end_that_is_real_takes_the_place_of_all_that_the_first_left(
    state: ClusterState,
) -> None:
    tell(state, started("a"), ended("a", "abandoned", exception="E"), ended("a", "terminated"))
    assert job(state).exception is None
    assert state.ledger.failed == 0


def test_abandoned_twice_keeps_the_first_time(state: ClusterState) -> None:
    tell(state, started("a"), ended("a", "abandoned", at=3), ended("a", "abandoned", at=9))
    assert job(state).ended_at == 1_003


def test_reentrant_job_goes_back_to_the_queue(state: ClusterState) -> None:
    tell(state, queued("a"), started("a"), queued("a", 3, requeued=True))
    assert counts(state) == {"queued": 1}
    assert (job(state).node, job(state).started_at) == (None, None)
    assert state.nodes["n1"].running == {}


def test_reentrant_job_runs_again_and_shows_its_past(state: ClusterState) -> None:
    tell(state, queued("a"), started("a", "n1", 1), queued("a", 3, requeued=True),
         started("a", "n2", 4), ended("a", node="n2", start=4, at=6))  # fmt: skip
    assert (job(state).attempts, job(state).node) == (2, "n2")
    assert [(step["state"], step["at"], step["node"]) for step in job(state).history()] == [
        ("queued", 1_000, None), ("running", 1_001, "n1"), ("abandoned", 1_003, "n1"),
        ("queued", 1_003, None), ("running", 1_004, "n2"), ("finished", 1_006, "n2"),
    ]  # fmt: skip


def test_job_that_appears_elsewhere_has_left_its_first_node(state: ClusterState) -> None:
    tell(state, started("a", "n1"), started("a", "n2", 5))
    assert state.nodes["n1"].running == {}
    assert list(state.nodes["n2"].running) == [1]
    assert job(state).attempts == 2


def test_job_that_ends_elsewhere_had_left_its_first_node(state: ClusterState) -> None:
    tell(state, started("a", "n1"), ended("a", node="n2", start=4, at=6))
    assert state.nodes["n1"].running == {}
    assert job(state).attempts == 2
    assert [(step["state"], step["at"], step["node"]) for step in job(state).history()] == [
        ("queued", 1_000, None), ("running", 1_001, "n1"), ("abandoned", 1_004, "n1"),
        ("queued", 1_004, None), ("running", 1_004, "n2"), ("finished", 1_006, "n2"),
    ]  # fmt: skip


def test_job_cancelled_on_its_node_was_on_no_other(state: ClusterState) -> None:
    # dispy names the scheduler's own address as the node of what is cancelled.
    tell(state, started("a", "n1"), ended("a", "cancelled", node="scheduler"))
    assert (job(state).node, job(state).attempts) == ("n1", 1)


def test_end_without_a_start_leaves_the_run_as_it_was(state: ClusterState) -> None:
    # So dispyscheduler ends what still runs when it quits, with its own address as the node.
    tell(state, started("a", "n1"), ended("a", "terminated", node="scheduler", start=None))
    told = job(state)
    assert (told.node, told.started_at, told.ended_at, told.attempts) == ("n1", 1_001, 1_005, 1)
    assert [step["state"] for step in told.history()] == ["queued", "running", "terminated"]


def test_abandoned_job_can_run_again(state: ClusterState) -> None:
    tell(state, started("a"), ended("a", "abandoned"), started("a", "n2", 9))
    assert counts(state) == {"running": 1}
    assert job(state).ended_at is None


def test_past_of_a_job_is_bounded(state: ClusterState) -> None:
    for turn in range(50):
        tell(state, started("a", at=turn), queued("a", turn, requeued=True))
    assert len(job(state).past) == 30


def test_cancelled_in_the_queue_ran_nowhere(state: ClusterState) -> None:
    phantom = seen("scheduler", cpus=0, avail_cpus=0)
    tell(state, queued("a"), phantom, ended("a", "cancelled", node="scheduler", start=None))
    assert counts(state) == {"cancelled": 1}
    assert job(state).node is None
    assert state.nodes == {}


def test_cancelled_running_job_is_terminated_without_having_failed(state: ClusterState) -> None:
    tell(state, started("a"), ended("a", "terminated"))
    assert counts(state) == {"terminated": 1}
    assert summary_of(state, 1_010)["attention"]["failed"] == 0


def test_job_that_raised_has_failed(state: ClusterState) -> None:
    tell(state, started("a"), ended("a", "terminated", exception="ValueError: x"))
    assert summary_of(state, 1_010)["attention"]["failed"] == 1


# -- texts made later -------------------------------------------------------------------------


def test_text_made_later_takes_its_place(state: ClusterState) -> None:
    tell(state, started("a"), ended("a", result=""), events.JobText(1, "result", "made"))
    assert job(state).output.result == "made"


def test_text_of_a_report_that_was_not_taken_in_is_dropped(state: ClusterState) -> None:
    tell(state, started("a"), ended("a", "terminated"), ended("a", "terminated", exception=""),
         events.JobText(1, "exception", "E"))  # fmt: skip
    assert job(state).exception is None
    assert state.ledger.failed == 0


def test_text_of_a_forgotten_job_is_dropped(state: ClusterState) -> None:
    assert state.apply(events.JobText(99, "args", "x")) is None


def test_text_made_later_is_found_by_a_search(state: ClusterState) -> None:
    tell(state, queued("a"))
    job(state).make_haystack()
    tell(state, events.JobText(1, "args", "Needle"))
    assert "needle" in (job(state).haystack or job(state).make_haystack())


def test_text_that_a_search_makes_while_a_job_ends_is_dropped(
    state: ClusterState, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(state, queued("a"))
    move = state.ledger.move

    def searched(job: Any, to: Any) -> None:
        job.make_haystack()
        move(job, to)

    monkeypatch.setattr(state.ledger, "move", searched)
    tell(state, ended("a"))
    assert job(state).haystack is None


def test_cut_texts_say_so_in_the_detail(state: ClusterState) -> None:
    tell(state, ended("a", result=Cut("x…")))
    assert JobTable().detail(job(state), state, 1_010)["result_truncated"] is True
    assert JobTable().detail(job(state), state, 1_010)["id_truncated"] is False
