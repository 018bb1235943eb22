"""How past runs show, of what a registry with a history has kept."""

from __future__ import annotations

import sqlite3
import time
import traceback
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from clusters import wait_until
from dispy_objects import FakeCluster
from unit.histories import rows, run_once, run_some
from unit.old_history import back_to

from flask_dispy import ClusterRegistry
from flask_dispy.core.errors import HistoryError, NoCommands
from flask_dispy.core.search.order import JobOrder
from flask_dispy.core.search.query import JobQuery
from flask_dispy.report import render_report
from flask_dispy.watching.dashboard import board_of
from flask_dispy.watching.past import PastRegistry


@pytest.fixture
def history(path: Path) -> Path:
    return path


def test_past_run_is_a_closed_cluster_with_its_name_and_time(path: Path, past: Any) -> None:
    run_once(path)
    (view,) = past(path).views()
    summary = view.summary()
    assert summary["name"].startswith("compute 20")
    assert (summary["kind"], summary["state"], summary["watching"]) == (
        "history", "closed", "history",
    )  # fmt: skip
    assert summary["jobs"]["failed"] == summary["attention"]["failed"] == 2
    assert summary["progress"] == 1.0


def test_history_without_a_run_is_closed_because_none_will_come(path: Path, past: Any) -> None:
    ClusterRegistry(history=path).close()
    summary = past(path).view("*").summary()
    assert (summary["state"], summary["outlook"]["reason"]) == ("closed", "no_jobs")


def test_timeline_of_a_past_run_says_when_its_last_job_ended(path: Path, past: Any) -> None:
    run_once(path)
    view = past(path).views()[0]
    ends = [job["ended_at"] for job in view.jobs(limit=100).items]
    assert view.timeline()["ended_at"] == max(ends)


def test_past_jobs_are_found_by_all_that_is_known_of_them(path: Path, past: Any) -> None:
    run_once(path)
    view = past(path).views()[0]
    page = view.jobs(JobQuery.parse("state:failed error:ValueError"))
    assert [job["id"] for job in page.items] == ["id 5", "id 0"]
    assert page.items[0]["error"] == "ValueError: bad 5"
    assert view.jobs(JobQuery.parse("node:alpha")).total == 10
    assert view.jobs(JobQuery.parse("arg:7")).items[0]["id"] == "id 7"
    detail = view.job(page.items[0]["serial"])
    assert detail["exception"] == "Traceback\nValueError: bad 5"


def test_past_jobs_are_sorted_and_exported(path: Path, past: Any) -> None:
    run_once(path, count=30)
    run_once(path, "render", count=5)
    opened = past(path)
    run = opened.views()[1]
    for view, count in ((run, 30), (opened.view("*"), 35)):
        ends = [job["ended_at"] for job in view.jobs(order=JobOrder("ended"), limit=100).items]
        assert ends == sorted(ends, reverse=True)
        chunks = list(view.job_chunks(order=JobOrder("id", descending=False)))
        ids = [int(job["id"].split()[1]) for chunk in chunks for job in chunk]
        assert (len(ids), ids) == (count, sorted(ids))


def test_times_of_a_search_count_back_from_the_end_of_a_past_run(path: Path, past: Any) -> None:
    run_once(path)
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(
            "UPDATE runs SET started_at = started_at - 9e5, closed_at = closed_at - 9e5,"
            " last_at = last_at - 9e5"
        )
        file.execute(
            "UPDATE jobs SET submitted_at = submitted_at - 9e5, started_at = started_at - 9e5,"
            " ended_at = ended_at - 9e5"
        )
    view = past(path).views()[0]
    assert view.jobs(JobQuery.parse("ended:1h since:1h")).total == 10
    assert view.jobs(JobQuery.parse("until:1h")).total == 0


def test_now_of_a_past_run_is_its_end(path: Path, past: Any) -> None:
    run_once(path)
    view = past(path).views()[0]
    summary, timeline = view.summary(), view.timeline()
    assert timeline["now"] == summary["now"] == summary["closed_at"] < time.time()
    assert (timeline["past"], timeline["total"]) == (True, 10)
    assert timeline["lanes"] == [{"node": "10.0.0.1", "name": "alpha", "slots": 2}]


def test_past_series_count_ended_jobs(path: Path, registry: ClusterRegistry, past: Any) -> None:
    cluster = FakeCluster()
    registry.add(cluster)
    run_some(cluster, cluster.join("10.0.0.1"))
    wait_until(lambda: rows(path, "SELECT sum(done) FROM series") == [(10.0,)])
    registry.close()
    opened = past(path)
    for view in (opened.views()[0], opened.view("*")):
        for resolution_sec in (1, 10, 60):
            rates = view.series(resolution_sec)["columns"]["jobs_per_sec"]
            assert max(rate for rate in rates if rate is not None) > 0
            assert rates[-1] is not None


def test_past_series_end_with_what_was_measured(path: Path, past: Any) -> None:
    run_once(path)
    with closing(sqlite3.connect(path)) as db, db:
        # The program was held up before it came to its end.
        db.execute("UPDATE runs SET closed_at = NULL, last_at = last_at + 25")
    opened = past(path)
    for view in (opened.views()[0], opened.view("*")):
        for resolution_sec in (1, 10, 60, 600):
            assert view.series(resolution_sec)["columns"]["jobs_per_sec"][-1] is not None


def test_jobs_that_ended_last_of_all_are_in_the_series(path: Path) -> None:
    run_once(path)  # in less than it takes to sample once
    assert rows(path, "SELECT sum(done) FROM series") == [(10.0,)]


def test_past_nodes_have_their_figures(path: Path, past: Any) -> None:
    run_once(path)
    row = past(path).views()[0].node("alpha")
    assert (row["jobs_done"], row["cpus"], row["avail_info"]["cpu"]) == (10, 2, 50.0)


def test_past_nodes_have_their_events(path: Path, registry: ClusterRegistry, past: Any) -> None:
    cluster = FakeCluster()
    registry.add(cluster)
    for _ in range(20):
        node = cluster.join("10.0.0.1", "alpha")
        board_of(registry).fold()
        cluster.leave(node)
        board_of(registry).fold()
    registry.close()
    view = past(path).view("*")
    found = view.node_events("alpha")
    assert [entry["event"] for entry in found] == ["closed", "joined"] * 15
    assert [entry["at"] for entry in found] == sorted((e["at"] for e in found), reverse=True)
    assert {entry["cluster"] for entry in found} == {view.members()[0].name}


def test_past_durations_are_those_of_the_whole_run(
    path: Path, registry: ClusterRegistry, past: Any
) -> None:
    cluster = FakeCluster("compute")
    registry.add(cluster)
    run_some(cluster, cluster.join("10.0.0.1", "alpha"), 20)
    board_of(registry).fold()
    live = [registry.view("compute").durations(node=node) for node in (None, "alpha")]
    registry.close()
    (view,) = past(path, most_jobs=3).views()
    found = [view.durations(node=node) for node in (None, "alpha")]
    for one in (*live, *found):
        one["functions"] = []
    assert found == live
    assert found[1]["ran"]["jobs"] == 20
    assert sum(found[1]["ran"]["counts"]["failed"]) == 4


def test_past_runs_cost_what_they_did(path: Path, past: Any) -> None:
    registry = ClusterRegistry(history=path, cpu_hour_price={"alpha": 36_000, "*": 0})
    cluster = FakeCluster("compute")
    registry.add(cluster)
    run_some(cluster, cluster.join("10.0.0.1", "alpha"), 20)
    wait_until(lambda: registry.view("*").summary()["cost"]["offered_sec"] > 0.5, what="time")
    registry.close()
    live = registry.view("compute").summary()["cost"]
    opened = past(path, most_jobs=3)
    (view,) = opened.views()
    found = view.summary()["cost"]
    assert found == {**live, "money_per_hour": 0.0}
    assert (
        found["money"] == found["end_money"] == pytest.approx(10 * found["offered_sec"], abs=0.01)
    )
    assert opened.view("*").summary()["cost"] == found
    cost = view.node("alpha")["cost"]
    assert cost["money"] == pytest.approx(found["money"], abs=0.01)
    assert cost["idle_sec"] == round(found["idle_sec"])


def test_costs_of_a_file_from_before_they_were_kept_are_those_of_its_series(
    path: Path, past: Any
) -> None:
    run_once(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE series SET span_sec = 60, cpus_busy = 1, cpus_total = 2")
        db.execute("UPDATE nodes SET row = json_remove(row, '$.cost')")
    back_to(path, 6)
    ((buckets,),) = rows(path, "SELECT count(*) FROM series")
    view = past(path).view("*")
    cost = view.summary()["cost"]
    assert (cost["offered_sec"], cost["used_sec"]) == (120 * buckets, 60 * buckets)
    assert (cost["money"], view.node("alpha")["cost"]) == (None, None)


def test_past_durations_of_an_old_file_are_those_of_the_jobs_that_were_loaded(
    path: Path, past: Any
) -> None:
    run_once(path)
    back_to(path, 1)
    (view,) = past(path, most_jobs=6).views()
    assert view.durations()["ran"]["jobs"] == view.durations(node="alpha")["ran"]["jobs"] == 6


def test_tallies_that_can_not_be_read_are_left_out(path: Path, past: Any) -> None:
    run_once(path)
    with closing(sqlite3.connect(path)) as db, db:
        broken = '{"lost_sec": 1, "failed": {}}'
        db.execute("UPDATE tallies SET tally = ? WHERE ip_addr = ''", (broken,))
        db.execute("""UPDATE tallies SET tally = replace(tally, '"ran":[', '"ran":[-1e99,')""")
    opened = past(path)
    assert opened.unreadable["tallies"] == 2
    assert opened.views()[0].durations()["ran"]["jobs"] == 10


def test_report_of_a_past_run_can_be_made(path: Path, past: Any) -> None:
    run_once(path)
    text = render_report(past(path).view("*"))
    assert "ValueError: bad 0" in text
    assert "compute 20" in text


def test_runs_are_listed_newest_first_with_serials_of_their_own(path: Path, past: Any) -> None:
    run_once(path, "first")
    run_once(path, "second")
    opened = past(path)
    assert [name.split()[0] for name in opened.names()] == ["second", "first"]
    serials = [job["serial"] for job in opened.view("*").jobs(limit=100).items]
    assert serials == list(range(20, 0, -1))


def test_runs_that_programs_wrote_at_the_same_time_get_serials_of_their_own(
    path: Path, past: Any
) -> None:
    registries = [ClusterRegistry(history=path) for _ in range(2)]
    for registry, name in zip(registries, ("one", "two"), strict=True):
        cluster = FakeCluster(name)
        registry.add(cluster)
        run_some(cluster, cluster.join("10.0.0.1"))
    for registry in registries:
        registry.close()
    opened = past(path)
    jobs = opened.view("*").jobs(limit=100).items
    assert len({job["serial"] for job in jobs}) == len(jobs) == 20
    assert all(opened.view("*").job(job["serial"])["id"] == job["id"] for job in jobs)


def test_limits_keep_the_newest_and_all_counts(path: Path, past: Any) -> None:
    for name in ("first", "second", "third"):
        run_once(path, name)
    opened = past(path, most_runs=2, most_jobs=15)
    summaries = [view.summary() for view in opened.views()]
    assert [s["history"] for s in summaries] == [
        {"retained": 10, "limit": 10, "evicted": 0},
        {"retained": 5, "limit": 5, "evicted": 5},
    ]
    assert [s["jobs"]["done"] for s in summaries] == [10, 10]
    assert opened.views()[1].jobs().items[0]["id"] == "id 9"
    assert (opened.total_runs, opened.total_jobs) == (3, 30)


def test_run_that_was_cut_off_shows_what_was_pending_and_no_eta(path: Path, past: Any) -> None:
    registry = ClusterRegistry(history=path)
    cluster = FakeCluster()
    registry.add(cluster)
    node = cluster.join("10.0.0.1")
    run_some(cluster, node)
    cluster.start(cluster.submit("runs"), node)
    cluster.submit("waits")
    board_of(registry).fold()
    registry.close()
    for view in past(path).view("*"), past(path).views()[0]:
        summary = view.summary()
        jobs = summary["jobs"]
        assert (jobs["queued"], jobs["running"], jobs["pending"]) == (1, 1, 2)
        assert (summary["eta_sec"], summary["eta_confidence"]) == (None, "none")


def test_past_runs_take_no_commands(path: Path, past: Any) -> None:
    run_once(path)
    opened = past(path)
    with pytest.raises(NoCommands, match="runs that are over"):
        opened.control.cancel([1])


def test_empty_history_shows_no_cluster(path: Path, past: Any) -> None:
    ClusterRegistry(history=path).close()
    opened = past(path)
    assert opened.names() == []
    assert opened.view("*").summary()["jobs"]["submitted"] == 0
    assert opened.view("*").timeline()["total"] == 0


def test_error_of_a_history_that_is_not_loaded_keeps_nothing_of_its_readers(path: Path) -> None:
    run_once(path, count=1)
    past = PastRegistry(path, lazy=True)
    past.close()
    lengths = []
    for _ in range(3):
        with pytest.raises(HistoryError, match="was closed while it was loaded") as caught:
            past.view("*")
        lengths.append(len(traceback.format_exception(caught.value)))
    assert len(set(lengths)) == 1


def test_damaged_history_is_refused(path: Path) -> None:
    run_once(path, count=500)
    data = bytearray(path.read_bytes())
    data[8_192:] = b"\xff" * (len(data) - 8_192)
    path.write_bytes(data)
    with pytest.raises(HistoryError, match=r"damaged|can't be read"):
        PastRegistry(path)
