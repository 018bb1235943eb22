"""The report of a run: whole, self-contained, bounded, and safe to open."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from datetime import timezone
from pathlib import Path
from typing import Any

import pytest
from unit.reports import HOSTILE, check
from web.fakes import FakeCluster

from flask_dispy import ClusterRegistry
from flask_dispy.core import events
from flask_dispy.core.errors import UnknownCluster
from flask_dispy.core.series import Sample
from flask_dispy.report import render_report, save_report
from flask_dispy.watching.dashboard import board_of
from flask_dispy.wire.wording import (
    Clock,
    expectation,
)


class Run:
    """A registry with clusters whose history is written as a story tells it."""

    def __init__(self, **settings: Any) -> None:
        self.registry = ClusterRegistry(poll_sec=0, **settings)
        self.now = time.time()
        self._jobs = 0

    def cluster(self, name: str = "compute") -> str:
        return self.registry.add(FakeCluster(name))

    def apply(self, cluster: str, *story: events.Event) -> None:
        [watched] = [w for w in board_of(self.registry).members() if w.name == cluster]
        with board_of(self.registry).lock:
            for event in story:
                watched.state.apply(event)
            board_of(self.registry).publish(watched)

    def sample(self, cluster: str, at: float, *, done: int, queued: int) -> None:
        [watched] = [w for w in board_of(self.registry).members() if w.name == cluster]
        with board_of(self.registry).lock:
            watched.state.series.add(at, Sample(done, 0, queued, 2, 2, 4))

    def node(self, cluster: str, ip_addr: str = "10.0.0.2", name: str = "alpha") -> None:
        figures = (4, 4, 0, 7, 92.0, 1000, 2000, self.now, None, True, False)
        self.apply(cluster, events.NodeSeen(ip_addr, name, *figures))

    def job(
        self,
        cluster: str,
        start: float,
        end: float | None = None,
        *,
        job_id: str = "",
        args: str | None = None,
        state: events.EndState = "finished",
        exception: str | None = None,
        node: str = "10.0.0.2",
    ) -> None:
        """Let a job run from *start* to *end*, in seconds from now."""
        self._jobs += 1
        key, job_id = self._jobs, job_id or f"id-{self._jobs}"
        at, began = self.now + start - 1, self.now + start
        self.apply(cluster, events.JobQueued(key, at, job_id, args, None))
        self.apply(cluster, events.JobStarted(key, began, at, node, job_id, args, None))
        if end is not None:
            texts = (None, None, None, exception)
            ended = events.JobEnded(key, self.now + end, at, began, node, state, job_id, *texts)
            self.apply(cluster, ended)

    def text(self, cluster: str = "*", **options: Any) -> str:
        return render_report(self.registry.view(cluster), **options)


@pytest.fixture
def run() -> Iterator[Run]:
    made = Run()
    yield made
    made.registry.close()


# -- what it tells ---------------------------------------------------------------------------


def test_report_of_a_run_is_complete(run: Run) -> None:
    name = run.cluster()
    run.node(name)
    run.job(name, -60, -50, args="'first'")
    run.job(name, -50, -49, state="terminated", exception="Traceback\n  deep\nValueError: no x")
    run.job(name, -48, -45, state="terminated")
    run.job(name, -40, -30, state="abandoned")
    run.job(name, -5)
    text = check(run.text()).text
    assert "4 of 5 jobs done (80 %), 1 running and 0 queued when this was made." in text
    assert "5 submitted 1 finished 1 failed 1 terminated 0 cancelled 1 abandoned 1 not done" in text
    assert "5 jobs; a lane for each node, a bar for each job" in text
    assert "Nodes showing 1 of 1" in text
    assert "10.0.0.2 alpha up 4 1 7 1 min 32 s 13.1 s 50 % 9.52 s \N{EN DASH} 11.0 s 1000 B" in text
    assert "Errors 1 job failed, with 1 kind of error Kind" in text
    assert "ValueError: no x Traceback deep ValueError: no x 1" in text
    assert "Slowest jobs showing 5 of 5 that ran" in text
    assert "id-3 #3 terminated 10.0.0.2 3.00 s" in text
    assert "id-1 #1 finished 10.0.0.2 10.0 s 1.00 s" in text
    assert "'first'" in text


def test_report_of_a_finished_run_says_so(run: Run) -> None:
    name = run.cluster()
    run.job(name, -60, -50)
    assert "All jobs are done." in check(run.text()).text


def test_report_has_the_outlook_of_each_cluster(run: Run) -> None:
    stalled, going = run.cluster("stalls"), run.cluster("goes")
    for name in (stalled, going):
        run.node(name)
        for second in range(30):
            run.job(name, -500 + second, -499 + second)
    run.job(stalled, -460)
    run.job(going, -0.5)
    text = check(run.text()).text
    assert "Stalled: No job has ended for 8 min: the job that runs, on 10.0.0.2," in text
    assert re.search(r"Expected to be done about \d\d:\d\d", text)
    assert "Stalled: stalls: No job has ended" in text  # of all clusters: the worst


def test_report_counts_what_was_there_before_watching(run: Run) -> None:
    name = run.cluster()
    run.apply(name, events.PendingCounted(time.time() - 100, 6))
    run.job(name, -60, -50)
    run.job(name, -5)
    text = check(run.text()).text
    assert "1 of 8 jobs done (12 %), 1 running and 0 queued, 6 from before watching" in text
    assert "7 not done" in text


@pytest.mark.parametrize(
    ("outlook", "sentence"),
    [
        ({"state": "done", "reason": "all_done", "since": 3_600, "message": "All jobs are done."},
         "Done at 1970-01-01 01:00:00."),
        ({"state": "done", "reason": "all_ended", "since": 3_600, "message": "All were abandoned."},
         "All were abandoned. The last ended at 1970-01-01 01:00:00."),
        ({"state": "done", "reason": "no_jobs", "message": "No job."}, "No job."),
        ({"state": "going", "eta_sec": 600, "eta_early_sec": 300, "eta_late_sec": 900},
         "Expected to be done about 02:56 (02:51 to 03:01)."),
        ({"state": "going", "eta_sec": 1, "eta_early_sec": 1, "eta_late_sec": 2, "bound": 3},
         "Expected to be done about 02:46. 3 queued jobs are bound to a node that is gone."),
        ({"state": "going", "eta_sec": 9e4, "eta_early_sec": 8e4, "eta_late_sec": 1e5},
         "Expected to be done about 1970-01-02 03:46 (1970-01-02 01:00 to 1970-01-02 06:33)."),
        ({"state": "waiting", "reason": "closed", "message": "Left."}, "Closed: Left."),
        ({"state": "waiting", "reason": "no_node", "message": "No node."}, "Waiting: No node."),
    ],
)  # fmt: skip
def test_outlook_reads_as_a_sentence(outlook: dict[str, Any], sentence: str) -> None:
    nothing = {"reason": "", "message": "", "since": None, "eta_sec": None, "bound": 0}
    clock = Clock(10_000.0, timezone.utc)
    assert expectation(nothing | outlook, clock, 10_000.0) == sentence


def test_report_names_versions_moment_and_zone(run: Run) -> None:
    run.cluster()
    text = check(run.text()).text
    assert re.search(r"Made \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\. All times are in the zone \S+", text)
    assert re.search(r"flask_dispy \S+, dispy 4\.\S+, Python \w+ 3\.\S+, platform \S+", text)


def test_report_of_nothing_is_whole(run: Run) -> None:
    text = check(run.text()).text
    assert "No job was submitted yet." in text
    assert "No node has joined yet." in text
    assert "No job failed." in text
    assert text.count("No job ran yet.") == 2


def test_report_of_all_clusters_lists_them(run: Run) -> None:
    for name in ("compute", "render"):
        run.cluster(name)
        run.job(name, -60, -50)
    text = check(run.text()).text
    assert "dispy run report All clusters All jobs are done." in text
    assert "compute open 1 1 0 0 0 0 0" in text
    assert "render open 1 1 0 0 0 0 0" in text
    assert "Clusters showing" not in check(run.text("render")).text


def test_report_of_all_clusters_is_that_of_the_only_one(run: Run) -> None:
    run.cluster("alone")
    assert "dispy run report alone No job" in check(run.text()).text


def test_report_says_what_its_lists_leave_out() -> None:
    run = Run(history_limit=3)
    name = run.cluster()
    for n in range(5):
        run.job(name, -60 + n, -50 + n)
    text = check(run.text()).text
    run.registry.close()
    assert (
        "cover the 3 jobs that ended last; 2 earlier ones are counted, but no longer kept" in text
    )
    assert "Throughput" not in text


def test_slowest_jobs_and_commonest_errors_come_in_order(run: Run) -> None:
    name = run.cluster()
    for n in range(60):
        error = f"KeyError: {n}" if n % 3 else f"ValueError: bad {n}"
        run.job(name, -100, -90 + n / 2, state="terminated", exception=error)
    document = check(run.text())
    assert "Errors 60 jobs failed, with 2 kinds of errors Kind" in document.text
    assert "KeyError: # KeyError: 1 40 67 % 10.0.0.2 (40)" in document.text
    assert "ValueError: bad # ValueError: bad 0 20 33 % 10.0.0.2 (20)" in document.text
    assert document.text.index("KeyError: #") < document.text.index("ValueError: bad")
    assert "What happened When What By whom" in document.text
    assert "New kind of error: ValueError: bad #" in document.text
    assert "Slowest jobs showing 50 of 60 that ran" in document.text
    took = [float(t) for t in re.findall(r"failed 10\.0\.0\.2 ([\d.]+) s", document.text)]
    assert took == sorted(took, reverse=True)
    assert len(took) == 50


def test_charts_draw_the_series_with_its_gaps(run: Run) -> None:
    name = run.cluster()
    run.job(name, -100, -2)
    for second in (*range(-90, -60), *range(-40, -10)):
        run.sample(name, run.now + second, done=0, queued=9)
    document = check(run.text())
    labels = [label for label in document.values("aria-label") if label.startswith("Queued")]
    assert labels == ["Queued jobs: at most 9, on average 9.0"]
    lines = [a for tag, a in document.tags if tag == "path" and a.get("class") == "line is-queued"]
    assert [(a["d"] or "").count("M") for a in lines] == [2]


# -- what it leaves out ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "arguments", "sees_arguments", "sees_errors"),
    [
        (True, True, True, True),
        (False, True, False, True),
        (True, False, False, False),
        (False, False, False, False),
    ],
)
def test_report_hides_what_its_reader_may_not_see(
    run: Run, shown: bool, arguments: bool, sees_arguments: bool, sees_errors: bool
) -> None:
    name = run.cluster()
    run.job(name, -9, -5, args="'token'", state="terminated", exception="Trace\nOSError: secret")
    run.registry.show_job_args = shown
    text = run.text(arguments=arguments)
    check(text)
    assert ("token" in text) == sees_arguments
    assert (">Arguments<" in text) == sees_arguments
    assert ("secret" in text) == ("Trace" in text) == sees_errors
    assert ("left out" in text) == (not (sees_arguments and sees_errors))


# -- hostile, and large ----------------------------------------------------------------------


def test_hostile_text_is_shown_as_text(run: Run) -> None:
    name = run.registry.add(FakeCluster("c"), name=HOSTILE.replace("\ud800", ""))
    run.node(name, ip_addr=HOSTILE[:30], name=HOSTILE)
    run.job(name, -9, -5, job_id=HOSTILE, args=HOSTILE, node=HOSTILE[:30],
            state="terminated", exception=HOSTILE)  # fmt: skip
    text = run.text()
    document = check(text)
    assert "<script>alert(1)</script>" in document.text
    assert "{{7*7}}" in document.text
    assert "\\u202e\\x1b[31m\\ud800" in document.text
    assert not re.search("[\u202e\x1b\ud800]", text)


def test_report_is_bounded_whatever_the_run() -> None:
    run = Run(text_limit=100_000)
    worst = "<\"'&>\u202e" * 20_000
    for place in range(60):
        run.cluster(f"{place}{worst[:3000]}")
    names = run.registry.names()
    for node in range(700):
        run.node(names[0], f"10.0.{node // 250}.{node % 250}", worst[:500])
    for n in range(4000):
        state: events.EndState = ("finished", "terminated", "cancelled", "abandoned")[n % 4]  # type: ignore[assignment]
        node = f"10.0.{n % 3}.{n % 250}"
        run.job(names[0], -4000 + n, -3990 + n, args=worst[:5000], job_id=worst[:900],
                state=state, node=node, exception=worst if n % 4 == 1 else None)  # fmt: skip
    document = check(run.text())
    run.registry.close()
    assert "showing 50 of 60" in document.text
    assert "showing 500 of 750, those with the most CPU time" in document.text
    assert "showing 100 of 750 nodes that ran jobs, the busiest" in document.text


# -- the file --------------------------------------------------------------------------------


def test_saved_report_is_the_rendered_one(run: Run, tmp_path: Path) -> None:
    run.cluster("compute")
    path = save_report(run.registry, tmp_path / "run.html", "compute")
    assert path == tmp_path / "run.html"
    check(path.read_text(encoding="utf-8"))
    assert os.listdir(tmp_path) == ["run.html"]


def test_saved_report_replaces_the_one_before(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "run.html"
    path.write_text("before")
    save_report(run.registry, str(path))
    assert path.read_text().startswith("<!doctype html>")


def test_saved_report_follows_a_link(run: Run, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    link = tmp_path / "latest.html"
    link.symlink_to(tmp_path / "kept" / "run.html")
    save_report(run.registry, link)
    assert link.is_symlink()
    assert (tmp_path / "kept" / "run.html").stat().st_size > 1000


def test_report_that_cannot_be_written_leaves_all_as_it_was(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.html"
    path.write_text("before")

    def no_space(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space left"):
        save_report(run.registry, path)
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["run.html"]


def test_report_says_why_it_is_not_written(run: Run, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No folder to write the report in"):
        save_report(run.registry, tmp_path / "nowhere" / "run.html")
    with pytest.raises(IsADirectoryError, match="needs a file's name"):
        save_report(run.registry, tmp_path)
    with pytest.raises(UnknownCluster, match="'nobody'"):
        save_report(run.registry, tmp_path / "run.html", "nobody")
    assert os.listdir(tmp_path) == []
