"""Files of earlier versions open, and their runs are brought up to date."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from clusters import wait_until
from dispy import DispyJob
from dispy_objects import FakeCluster
from unit.old_history import back_to

from flask_dispy import ClusterRegistry, PastRegistry
from flask_dispy.core.search.runs import RunQuery
from flask_dispy.history.oldruns import OldRuns
from flask_dispy.history.schema import MIGRATIONS, open_for_writing
from flask_dispy.watching.dashboard import Dashboard, board_of
from flask_dispy.wire.runs import RunRow


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A history of two runs, the second slower and failing more."""
    path = tmp_path / "runs.sqlite"
    for took_sec, failed in ((2.0, 3), (8.0, 40)):
        registry = ClusterRegistry(history=path)
        cluster = FakeCluster("compute")
        registry.add(cluster)
        nodes = [cluster.join("10.0.0.1", "alpha"), cluster.join("10.0.0.2", "beta")]
        for number in range(60):
            node = nodes[number % 2]
            job = cluster.submit(number, since_sec=10.0 + took_sec)
            cluster.start(job, node, since_sec=took_sec)
            fails = number < failed
            status = DispyJob.Terminated if fails else DispyJob.Finished
            cluster.end(job, node, status, **({"exception": "KeyError: 1"} if fails else {}))
        board_of(registry).fold()
        registry.close()
    return path


def listed(of: Dashboard) -> list[RunRow]:
    runs = board_of(of).runs
    assert runs is not None
    return runs.page(RunQuery()).items


def compared(of: Dashboard) -> list[Any]:
    runs = board_of(of).runs
    assert runs is not None
    return runs.compare(1, 2)["items"]


def opened(path: Path) -> tuple[list[RunRow], list[Any]]:
    """Open a history, and return its runs and their comparison once all is up to date."""
    past = PastRegistry(path, most_jobs=5)
    wait_until(lambda: all(row["median_sec"] is not None for row in listed(past)))
    found = listed(past), compared(past)
    past.close()
    return found


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_runs_of_an_old_file_are_as_they_were(path: Path, version: int) -> None:
    now, compared_now = opened(path)
    back_to(path, version)
    old, compared_old = opened(path)
    lost = ("course",) if version < 5 else ()
    for before, after in zip(now, old, strict=True):
        assert {k: v for k, v in after.items() if k not in lost} == {
            k: v for k, v in before.items() if k not in lost
        }
    if version in (1, 4, 5):  # before, kinds of errors were not kept; of the first, jobs tell all
        assert compared_old == compared_now
    assert [row["name"] for row in compared_old if row["sure"]][:2] == ["compute", "compute"]


@pytest.mark.parametrize("jobs_at_once", [7, 60])
def test_many_steps_have_the_same_result_as_one(path: Path, jobs_at_once: int) -> None:
    now = opened(path)
    back_to(path, 1)
    old_runs = OldRuns(jobs_at_once)
    with closing(open_for_writing(path)) as db:
        steps = 1
        while old_runs.step(db, time.time()):
            steps += 1
    assert steps > 2 * (60 // jobs_at_once)
    assert opened(path)[1] == now[1]


def test_program_brings_an_old_file_up_to_date_beside_its_own_run(path: Path) -> None:
    back_to(path, 1)
    registry = ClusterRegistry(history=path)
    cluster = FakeCluster("new")
    registry.add(cluster)
    cluster.join("10.0.0.1", "alpha")
    wait_until(lambda: len(listed(registry)) == 3)
    wait_until(lambda: all(row["median_sec"] is not None for row in listed(registry)[1:]))
    assert [row["live"] for row in listed(registry)] == [True, False, False]
    registry.close()
