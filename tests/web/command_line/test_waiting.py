"""What ``wait`` waits for, shows and ends with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from web.conftest import Scene
from web.served import serving
from web.shell import Shell

from flask_dispy import ClusterRegistry
from flask_dispy.cli.output import Output
from flask_dispy.cli.watching import _progress, verdict


def test_wait_waits_for_the_first_cluster(tmp_path: Path) -> None:
    with serving() as server:
        done = Shell(server.url, tmp_path).run("wait", "--timeout", "4")
    assert (done.exit_code, done.stdout) == (4, "Time is up: 0 jobs pending.\n")


def test_wait_counts_the_jobs_from_before_the_watching_where_there_is_no_terminal(
    registry: ClusterRegistry, scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    told: Any = registry.view("compute").summary()
    told["jobs"]["before_watching"] = 5
    with _progress(Output().notes) as show:
        show(told)
    assert "  2 of 9 done. " in capsys.readouterr().err


# -- the verdict of wait ---------------------------------------------------------------------


def summary(state: str, reason: str, *, is_open: bool = True, **jobs: int) -> Any:
    counts = {"submitted": sum(jobs.values()), "finished": 0, "failed": 0, **jobs}
    return {
        "state": "open" if is_open else "closed",
        "outlook": {"state": state, "reason": reason},
        "jobs": counts,
    }


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (summary("done", "no_jobs", is_open=False), 0),
        (summary("waiting", "closed", queued=1, is_open=False), 1),
        (summary("done", "all_done", finished=2), 0),
        (summary("done", "all_done", finished=2, failed=1), 1),
        (summary("done", "all_ended", finished=2, cancelled=1), 1),
        (summary("stalled", "none_ended", finished=2, running=1), 2),
        (summary("done", "none_pending"), 0),
    ],
)
def test_verdict_of_wait(given: Any, code: int) -> None:
    assert verdict(given) == code
