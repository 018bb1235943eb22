"""What comes of a cluster's jobs: each state, each reason, and the moment where one turns."""

from __future__ import annotations

from typing import Any

import pytest

from flask_dispy.core.combined import worst_outlook
from flask_dispy.core.outlook import REASONS, Memory, Outlook, Situation, outlook

NOW = 10_000.0


def situation(**facts: Any) -> Situation:
    """A cluster with two nodes of two CPUs whose jobs take a second each, with nothing to do."""
    usual: dict[str, Any] = {
        "now": NOW, "is_open": True, "counted": True, "trouble": None, "is_shared": False,
        "submitted": 0, "queued": 0, "running": 0, "unknown": 0, "bound": 0, "bound_to": (),
        "known_nodes": 2, "there": 2, "lost": 0, "up": 2, "cpus": 4,
        "ended_at": None, "last_end_at": None,
        "oldest_start_at": None, "newest_start_at": None, "p95_sec": 2.0, "usual_sec": 1.0,
        "usual_gap_sec": 0.5, "stall_sec": 60.0, "busy_grace_sec": 3.0,
        "nodes_at_work": lambda: ("n1", "n2"), "busy_with": lambda: None,
    }  # fmt: skip
    jobs = {"finished": facts.get("submitted", 0), "failed": 0, "terminated": 0, "cancelled": 0,
            "abandoned": 0}  # fmt: skip
    return Situation(**usual | {"jobs": lambda: jobs} | facts)


def found(memory: Memory | None = None, **facts: Any) -> Outlook:
    return outlook(situation(**facts), memory or Memory())


def after(seconds: float, **facts: Any) -> Outlook:
    """What is found once the same has held for so long."""
    memory = Memory()
    found(memory, **facts)
    return found(memory, **facts | {"now": NOW + seconds})


def kind(seen: Outlook) -> tuple[str, str]:
    assert seen.reason in REASONS[seen.state]
    return seen.state, seen.reason


QUEUED: dict[str, Any] = {"submitted": 5, "queued": 5}
RUNNING: dict[str, Any] = {
    "submitted": 9, "queued": 5, "running": 4, "oldest_start_at": NOW - 3,
    "newest_start_at": NOW - 1, "last_end_at": NOW - 1,
}  # fmt: skip


# -- done -------------------------------------------------------------------------------------


def test_all_done_since_the_last_end() -> None:
    seen = found(submitted=5, ended_at=NOW - 40)
    assert (kind(seen), seen.since) == (("done", "all_done"), NOW - 40)


ENDINGS = [
    ({"finished": 5}, "all_done", "All jobs are done."),
    ({"finished": 3, "terminated": 2, "failed": 2}, "all_done",
     "All 5 jobs are done: 3 finished, 2 failed."),
    ({"terminated": 5, "failed": 5}, "all_done", "All 5 jobs failed."),
    ({"abandoned": 5}, "all_ended", "All 5 jobs were abandoned."),
    ({"cancelled": 1}, "all_ended", "The only job was cancelled."),
    ({"finished": 3_000, "abandoned": 1, "cancelled": 2}, "all_ended",
     "All 3,003 jobs have ended: 3,000 finished, 2 were cancelled, 1 was abandoned."),
    ({"terminated": 5, "failed": 2}, "all_ended",
     "All 5 jobs have ended: 2 failed, 3 were terminated."),
]  # fmt: skip


@pytest.mark.parametrize(("jobs", "reason", "message"), ENDINGS)
def test_outlook_of_done_jobs_is_worded_for_one_cluster_and_for_all(
    jobs: dict[str, int], reason: str, message: str
) -> None:
    counts = dict.fromkeys(("finished", "failed", "terminated", "cancelled", "abandoned"), 0) | jobs
    submitted = sum(counts.values()) - counts["failed"]
    one = found(submitted=submitted, jobs=lambda: counts)
    assert (one.reason, one.message) == (reason, message)
    both = worst([told("a", DONE, 0.0), told("b", one, 0.0)], **counts)
    assert (both["reason"], both["message"]) == (reason, message)


def test_nothing_submitted_is_done_since_never() -> None:
    seen = found()
    assert (kind(seen), seen.since) == (("done", "no_jobs"), None)


def test_cluster_whose_reports_do_not_arrive_may_have_had_jobs() -> None:
    unheard = found(counted=False)
    assert kind(unheard) == ("done", "none_pending")
    assert "do not arrive here" in unheard.message
    assert worst([told("a", found()), told("b", unheard)], submitted=0)["reason"] == "none_pending"


def test_closed_cluster_whose_jobs_ended_is_done() -> None:
    assert kind(found(submitted=5, is_open=False)) == ("done", "all_done")


# -- waiting ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "reason", "message"),
    [
        ({"known_nodes": 0, "there": 0, "up": 0, "cpus": 0}, "no_node",
         "5 jobs wait: no node has joined yet."),
        ({"there": 0, "up": 0, "cpus": 0}, "nodes_left", "5 jobs wait: all 2 nodes have left."),
        ({"known_nodes": 1, "there": 0, "up": 0, "cpus": 0, "queued": 1}, "nodes_left",
         "1 job waits: the only node has left."),
        ({"known_nodes": 1, "there": 0, "lost": 1}, "nodes_left",
         "5 jobs wait: the only node was lost."),
        ({"there": 0, "lost": 2}, "nodes_left", "5 jobs wait: all 2 nodes were lost."),
        ({"there": 0, "lost": 1}, "nodes_left",
         "5 jobs wait: all 2 nodes are gone, 1 of them lost."),
        ({"up": 0}, "nodes_silent", "5 jobs wait: all 2 nodes are silent."),
        ({"cpus": 0}, "cpus_zero", "5 jobs wait: the CPUs of all 2 nodes are set to 0."),
        ({"bound": 5, "bound_to": ["n9"]}, "bound_to_gone_node",
         "All 5 queued jobs are bound to n9, which is gone."),
        ({"queued": 1, "bound": 1, "bound_to": ["n9"]}, "bound_to_gone_node",
         "The queued job is bound to n9, which is gone."),
        ({"trouble": "Another process has dispy's port."}, "port_taken",
         "Another process has dispy's port."),
        ({"trouble": "The scheduler at x does not answer.", "is_shared": True}, "scheduler_silent",
         "The scheduler at x does not answer."),
        ({"is_open": False}, "closed", "The cluster was closed; 5 jobs have not ended."),
    ],
)  # fmt: skip
def test_plain_reason_to_wait_is_shown_at_once(facts: Any, reason: str, message: str) -> None:
    seen = found(**QUEUED | facts)
    assert (kind(seen), seen.message) == (("waiting", reason), message)
    assert not seen.has_eta


def test_trouble_of_the_scheduler_hides_that_jobs_run() -> None:
    assert kind(found(**RUNNING, trouble="It does not answer.", is_shared=True)) == (
        "waiting",
        "scheduler_silent",
    )


def test_cpus_are_called_busy_once_that_lasts() -> None:
    facts: dict[str, Any] = QUEUED | {"busy_with": lambda: ("fit_model",)}
    assert kind(after(2.9, **facts)) == ("going", "estimated")
    seen = after(3.0, **facts)
    assert kind(seen) == ("waiting", "cpus_busy")
    assert seen.message == "All 4 CPUs are busy with fit_model; 5 jobs wait."


def test_cpus_that_an_unknown_cluster_holds_are_busy_too() -> None:
    seen = after(3.0, **QUEUED, busy_with=lambda: (), cpus=1)
    assert seen.message == (
        "The only CPU is busy with another cluster of this program; 5 jobs wait."
    )


def test_unexplained_wait_is_reported_after_half_a_minute() -> None:
    assert kind(after(29, **QUEUED)) == ("going", "starting")
    assert kind(after(30, **QUEUED)) == ("waiting", "not_started")


def test_scheduler_that_gives_no_cpu_perhaps_serves_another_program() -> None:
    seen = after(30, **QUEUED, is_shared=True)
    assert kind(seen) == ("waiting", "cpus_busy_elsewhere")
    assert "Another program's jobs may hold these" in seen.message


def test_since_when_it_waits_is_since_it_has_that_reason() -> None:
    memory = Memory()
    facts: dict[str, Any] = QUEUED | {"known_nodes": 0, "there": 0, "up": 0, "cpus": 0}
    assert found(memory, **facts).since == NOW
    assert found(memory, **facts, now=NOW + 90).since == NOW
    assert found(memory, **QUEUED, there=0, now=NOW + 100).since == NOW + 100


def test_clock_that_is_set_back_makes_no_state_of_the_future() -> None:
    memory = Memory()
    facts: dict[str, Any] = QUEUED | {"there": 0}
    found(memory, **facts)
    assert found(memory, **facts, now=NOW - 3_600).since == NOW - 3_600


def test_jobs_from_before_watching_may_run_unseen() -> None:
    facts: dict[str, Any] = {"unknown": 6, "busy_with": lambda: ("other",)}
    assert after(100, **facts, submitted=0).state == "going"
    seen = found(**facts, p95_sec=None)
    assert kind(seen) == ("going", "no_estimate")
    assert seen.message.startswith("6 jobs were submitted before watching began")
    assert kind(found(**facts, known_nodes=0)) == ("waiting", "no_node")


# -- stalled ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "limit"),
    [
        ({}, 60.0),
        ({"p95_sec": 30.0}, 90.0),
        ({"usual_gap_sec": 12.0}, 120.0),
        ({"stall_sec": 5.0}, 6.0),  # three times two
    ],
)
def test_stalled_once_nothing_ended_for_longer_than_is_usual(facts: Any, limit: float) -> None:
    quiet = {"last_end_at": NOW - limit, "newest_start_at": NOW - limit - 1,
             "oldest_start_at": NOW - 1_000.0}  # fmt: skip
    assert found(**RUNNING | quiet | facts).state == "going"
    seen = found(**RUNNING | quiet | facts | {"now": NOW + 0.1})
    assert kind(seen) == ("stalled", "none_ended")
    assert seen.since == NOW - limit
    assert seen.stuck is not None
    assert seen.stuck.over_sec == limit


STALLED: dict[str, Any] = {
    "submitted": 100, "running": 9, "last_end_at": NOW - 900, "newest_start_at": NOW - 901,
    "oldest_start_at": NOW - 1_140, "usual_sec": 1.7,
}  # fmt: skip


def test_stalled_says_how_many_where_and_what_is_usual() -> None:
    seen = found(**STALLED, nodes_at_work=lambda: [f"n{n}" for n in range(5)])
    assert seen.message == (
        "No job has ended for 15 min: 9 jobs run on 5 nodes, the oldest for 19 min (usually 1.7 s)."
    )
    told = seen.as_dict("compute")
    assert told["stuck"] == {
        "jobs": 9, "nodes": 5, "oldest_sec": 1_140, "usual_sec": 1.7, "over_sec": 60,
    }  # fmt: skip
    assert (told["eta_sec"], told["eta_early_sec"], told["eta_late_sec"]) == (None, None, None)


def test_one_stalled_job_is_named_by_its_node() -> None:
    seen = found(**STALLED | {"running": 1, "nodes_at_work": lambda: ["n1"]})
    assert "the job that runs, on n1, has run for 19 min" in seen.message


def test_job_that_began_lately_is_not_stuck() -> None:
    assert found(**STALLED | {"newest_start_at": NOW - 5}).state == "going"


def test_idle_hour_before_the_jobs_is_no_stall() -> None:
    seen = found(submitted=9, running=1, last_end_at=NOW - 3_600, newest_start_at=NOW - 2,
                 oldest_start_at=NOW - 2)  # fmt: skip
    assert seen.state == "going"


def test_nobody_knows_what_is_usual_before_a_job_has_finished() -> None:
    seen = found(**STALLED | {"last_end_at": None, "p95_sec": None, "usual_sec": None})
    assert kind(seen) == ("going", "no_estimate")
    assert seen.message == "No job has finished yet; the oldest of 9 has run for 19 min."


# -- going ------------------------------------------------------------------------------------


def test_going_has_a_figure() -> None:
    seen = found(**RUNNING)
    assert kind(seen) == ("going", "estimated")
    assert seen.has_eta


def test_going_says_what_cannot() -> None:
    seen = found(**RUNNING, bound=3, bound_to=["10.0.0.2"])
    assert kind(seen) == ("going", "part_blocked")
    assert seen.message == "3 of the queued jobs are bound to 10.0.0.2, which is gone."
    assert seen.as_dict("c")["bound"] == 3


def test_drained_nodes_let_what_runs_go_on() -> None:
    seen = found(**RUNNING, cpus=0)
    assert kind(seen) == ("going", "part_blocked")
    assert "5 more can't start" in seen.message


def test_moment_between_two_jobs_is_no_news() -> None:
    memory = Memory()
    before = found(memory, **RUNNING)
    between = found(memory, **QUEUED, now=NOW + 1)
    assert (kind(between), between.since) == (kind(before), before.since)


def test_cluster_whose_reports_do_not_arrive_promises_nothing() -> None:
    seen = found(unknown=10, counted=False)
    assert kind(seen) == ("going", "not_counted")
    assert not seen.has_eta


# -- several clusters -------------------------------------------------------------------------


def told(name: str, state: Outlook, eta_sec: float | None = None) -> dict[str, Any]:
    return state.as_dict(name) | {"eta_sec": eta_sec}


def worst(found: list[dict[str, Any]], **jobs: int) -> dict[str, Any]:
    done = {"submitted": 5 * len(found), "finished": 5 * len(found), "failed": 0, "terminated": 0,
            "cancelled": 0, "abandoned": 0}  # fmt: skip
    return worst_outlook(found, done | jobs)


GOING, DONE = found(**RUNNING), found(submitted=5, ended_at=NOW - 40)


def test_worst_of_several_is_theirs_and_named() -> None:
    stalled, waiting = found(**STALLED), found(**QUEUED, there=0)
    all_of_them = [told("a", DONE, 0.0), told("b", GOING, 9.0), told("c", waiting),
                   told("d", stalled)]  # fmt: skip
    seen = worst(all_of_them)
    assert (seen["state"], seen["cluster"], seen["eta_sec"]) == ("stalled", "d", None)
    assert seen["message"].startswith("d: No job has ended")
    seen = worst(all_of_them[:3])
    assert (seen["state"], seen["cluster"], seen["eta_sec"]) == ("waiting", "c", None)


def test_all_are_done_when_the_last_is() -> None:
    seen = worst([told("a", DONE, 0.0), told("b", GOING, 9.0), told("c", GOING, 90.0)])
    assert (seen["state"], seen["cluster"], seen["eta_sec"]) == ("going", "c", 90.0)
    assert seen["message"].startswith("c and 1 more cluster: ")


def test_no_figure_for_all_where_one_has_none() -> None:
    seen = worst([told("b", GOING, 9.0), told("c", GOING, None)])
    assert (seen["cluster"], seen["eta_sec"]) == ("c", None)


def test_all_done_since_the_last_of_them() -> None:
    later = found(submitted=5, ended_at=NOW - 10)
    seen = worst([told("a", DONE, 0.0), told("b", later, 0.0), told("c", found(), 0.0)])
    assert (seen["reason"], seen["since"]) == ("all_done", NOW - 10)


def test_closed_cluster_with_jobs_left_hides_no_other() -> None:
    closed = found(**QUEUED, is_open=False)
    assert worst([told("a", closed), told("b", GOING, 9.0)])["cluster"] == "b"
    assert worst([told("a", closed), told("b", DONE, 0.0)])["reason"] == "closed"


def test_closed_cluster_with_jobs_left_takes_no_figure_from_the_others() -> None:
    closed = found(**QUEUED, is_open=False)
    seen = worst([told("a", closed), told("b", GOING, 9.0)])
    assert (seen["cluster"], seen["eta_sec"]) == ("b", 9.0)
    assert worst([told("a", closed), told("b", DONE, 0.0)])["eta_sec"] is None


def test_no_cluster_has_nothing_to_do() -> None:
    assert worst([], submitted=0)["reason"] == "no_jobs"
