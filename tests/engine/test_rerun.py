"""Jobs that fail on real nodes are run again, and the dashboard says what the client knows."""

from __future__ import annotations

from typing import Any

import pytest
from clusters import LocalDispy, shut_down, submit, wait_until
from computations import act
from web.served import serving

from flask_dispy import Client, PastRegistry

pytestmark = pytest.mark.cluster

JOBS = 12
FAILING = [key for key in range(JOBS) if key % 3 == 0]


def took(job_id: str) -> float:
    """Return how long the new job naps, which is its result, by the key in its id."""
    return 0.2 + int(job_id.split()[1]) / 1_000


@pytest.mark.parametrize("kind", ["JobCluster", "SharedJobCluster"])
def test_failed_jobs_are_run_again_once_each_and_linked(
    local_dispy: LocalDispy, tmp_path: Any, kind: str
) -> None:
    local_dispy.start_node(2, cpus=2)
    if kind == "SharedJobCluster":
        local_dispy.start_scheduler()
        cluster = local_dispy.shared_cluster(act)
    else:
        cluster = local_dispy.job_cluster(act)
    made: dict[str, list[Any]] = {}

    def rerun(job: Any) -> Any:
        # Not at once: dispy does not return a job that has ended by then.
        new = cluster.submit_job_id(job["id"], "nap", took(job["id"]))
        made.setdefault(job["id"], []).append(new)
        return new

    path = tmp_path / "runs.sqlite"
    with serving(cluster, rerun=rerun, history=path) as server, Client(server.url) as client:
        for key in range(JOBS):
            job = submit(cluster, "fail" if key in FAILING else "echo", key)
            job.id = f"part {key}"
        wait_until(
            lambda: client.cluster("act")["jobs"]["done"] == JOBS,
            timeout_sec=60, what="the end of all jobs",
        )  # fmt: skip
        would = client.rerun_dry_run(q="", cluster="act")
        assert (would["matched"], would["rerunnable"], would["again"]) == (JOBS, len(FAILING), 0)
        done = client.rerun(q="", cluster="act")
        assert (done["dispatched"], done["refused"], done["failed"]) == (len(FAILING), 0, 0)
        assert {key: len(jobs) for key, jobs in made.items()} == {
            f"part {key}": 1 for key in FAILING
        }
        wait_until(
            lambda: client.cluster("act")["jobs"]["finished"] == JOBS,
            timeout_sec=60, what="the end of the new jobs",
        )  # fmt: skip
        for (new,) in made.values():
            assert new() == took(new.id)
        for old in client.jobs("act", state="failed"):
            again = client.job(old["rerun_as"])
            assert (again["id"], again["rerun_of"]) == (old["id"], old["serial"])
            assert (again["state"], again["result"]) == ("finished", str(took(old["id"])))
        assert [row["serial"] for row in client.jobs("act", q="state:failed -is:rerun")] == []
        assert client.rerun_dry_run(q="", cluster="act")["again"] == len(FAILING)
        shut_down(cluster)
    past = PastRegistry(path)
    links = [row["rerun_as"] for row in past.view("*").jobs().items if row["reruns"]]
    assert len(set(links)) == len(FAILING)
    past.close()
