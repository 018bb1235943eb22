"""Programs that use dispy as its own examples do, and what a dashboard shows of each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from clusters import LocalDispy
from dispy import DispyJob, DispyNode
from engine.faults import STATES
from processes import accepts

pytestmark = [pytest.mark.cluster, pytest.mark.programs]

Run: TypeAlias = Callable[[str], dict[str, Any]]

EXAMPLES = Path(__file__).parents[1] / "examples"
ALPHA, BETA = "127.0.0.2", "127.0.0.3"


@pytest.fixture(scope="module")
def local_dispy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDispy]:
    """Two nodes, which serve one program after the other."""
    with LocalDispy(tmp_path_factory.mktemp("dispy")) as dispy:
        dispy.start_node(2, name="alpha")
        dispy.start_node(3, name="beta")
        yield dispy


@pytest.fixture
def run(local_dispy: LocalDispy, scratch: Path) -> Run:
    """Run an example, which must end well and count its jobs as the dashboard does."""
    for node in local_dispy.programs:
        assert accepts((node.ip_addr, node.port)), "its node ended when a test before it failed"

    def run(name: str) -> dict[str, Any]:
        _start(local_dispy, name)
        seen: dict[str, Any] = json.loads((scratch / "seen.json").read_text())
        counted, tally = seen["summary"]["jobs"], Counter(STATES[one] for one in seen["statuses"])
        assert {state: counted[state] for state in STATES.values() if counted[state]} == tally
        assert counted["submitted"] == len(seen["statuses"]) == len(seen["jobs"])
        assert counted["failed"] == sum(job["failed"] for job in seen["jobs"])
        assert Counter(job["state"] for job in seen["jobs"]) == tally
        assert (seen["summary"]["watching"], seen["problems"]) == ("callback", [])
        # Those that end before they ran take no node's time.
        ran = sum(node["jobs_done"] for node in seen["nodes"])
        assert ran == tally["finished"] + tally["terminated"]
        return seen

    return run


def _start(local_dispy: LocalDispy, name: str, *arguments: str, code: int = 0) -> None:
    here = [[ALPHA, BETA], local_dispy.client_ip_addr, local_dispy.scheduler_ip_addr]
    environment = os.environ | {"EXAMPLE_HERE": json.dumps([*here, local_dispy.port])}
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), *arguments]
    ended = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stderr) == (code, ""), ended.stdout


def _of(seen: dict[str, Any], field: str) -> list[Any]:
    return [job[field] for job in seen["jobs"]]


def test_plain_jobs_show_their_ids_and_results(run: Run) -> None:
    seen = run("sample")
    assert _of(seen, "id") == [f"number {n}" for n in range(1, 11)]
    assert _of(seen, "result") == [repr(tuple(result)) for result in seen["results"]]
    names = {node["ip_addr"]: node["name"] for node in seen["nodes"]}
    assert [names[node] for node in _of(seen, "node")] == [name for name, _ in seen["results"]]


def test_objects_of_the_program_are_shown_by_their_own_text(run: Run) -> None:
    seen = run("objects")
    texts = [f"Task({number}, 0.10)" for number in range(6)]
    assert _of(seen, "id") == _of(seen, "args") == texts
    assert _of(seen, "kwargs") == [f"n={number}" for number in range(6)]
    assert _of(seen, "stdout") == [f"task {number}\n" for number in range(6)]
    assert _of(seen, "result") == [str(result) for result in seen["results"]]


def test_interim_results_are_shown_and_terminated_jobs_keep_theirs(run: Run) -> None:
    seen = run("provisional")
    for number, job in enumerate(seen["jobs"]):
        best = seen["interim"].get(str(number))
        assert job["provisional_result"] == (None if best is None else f"({number}, {best})")
        assert job["stderr"] is None
    assert _of(seen, "result")[:3] == ["(0, 17)", "(1, 17)", "(2, 17)"]
    assert seen["summary"]["jobs"]["terminated"] > 0
    assert seen["summary"]["jobs"]["failed"] == 0


def test_callback_of_the_program_that_schedules_its_jobs_is_still_called(run: Run) -> None:
    seen = run("scheduler")
    heard = Counter(seen["heard"])
    assert (heard[DispyJob.Created], heard[DispyJob.Finished]) == (8, 8)
    assert heard[DispyNode.Initialized] >= 1
    assert _of(seen, "id") == _of(seen, "args") == [f"data{n:03}" for n in range(8)]
    assert all(len(result) == 40 for result in _of(seen, "result"))
    sent_bytes = sum(node["tx"] for node in seen["nodes"])
    assert sent_bytes > sum(len(f"{n}\n" * 1000) for n in range(8))


def test_few_jobs_at_a_time_are_all_counted(run: Run) -> None:
    seen = run("bounded")
    assert seen["most"] <= 20
    assert _of(seen, "result") == [str(n) for n in range(1, 41)]


def test_jobs_share_what_the_setup_of_their_node_made_while_workers_prepare_more(run: Run) -> None:
    seen = run("processes")
    assert _of(seen, "args") == [str(2 * n) for n in range(1, 11)]
    for node in (ALPHA, BETA):
        jobs = [job for job in seen["jobs"] if job["node"] == node]
        total = sum(int(job["args"]) for job in jobs)
        assert max((int(job["result"]) for job in jobs), default=0) == total


def test_functions_sent_with_jobs_run_and_fail_like_others(run: Run) -> None:
    seen = run("delegate")
    assert _of(seen, "result") == ["0", "1", "4", "9", "8", None]
    failed = seen["jobs"][5]
    assert (failed["args"], failed["failed"]) == ("square, 5", True)
    assert failed["error"] == "ValueError: no square of 5"
    assert 'raise ValueError(f"no square of {n}")' in failed["exception"]
    assert [event["type"] for event in seen["events"] if event["kind"] == "error_kind"] == [
        "ValueError"
    ]


def test_job_that_returns_when_it_is_terminated_has_finished(run: Run) -> None:
    seen = run("longrun")
    assert _of(seen, "result") == [str(best) for best in seen["results"]]
    assert _of(seen, "state") == ["finished", "finished"]
    for job in seen["jobs"]:
        assert 3 <= int(job["provisional_result"]) <= int(job["result"])
    assert [node["cpus"] for node in seen["nodes"]] == [1, 1]


def test_program_as_a_computation_shows_its_output(run: Run) -> None:
    seen = run("program")
    assert seen["summary"]["name"].endswith("update.py")
    assert sorted(_of(seen, "args")) == ["alpha, 1.5", "beta, 1.5"]
    assert sorted(_of(seen, "stdout")) == ["updated alpha 1.5\n", "updated beta 1.5\n"]
    assert _of(seen, "stderr") == ["careful\n"] * 2
    assert _of(seen, "result") == ["0", "0"]


def test_node_that_is_set_up_anew_stays_the_same_node(run: Run) -> None:
    seen = run("replace_data")
    batches = [number for number, _ in seen["results"]]
    assert batches == [1] * 6 + [2] * 6
    assert _of(seen, "result") == [repr(tuple(result)) for result in seen["results"]]
    nodes = {node["ip_addr"]: node["state"] for node in seen["nodes"]}
    assert nodes == {ALPHA: "up", BETA: "up"}
    assert {event["kind"] for event in seen["events"]} <= {"node_joined"}
    # Each joins before the watching begins or after it, and once more with its new setup.
    joined = Counter(event["node"] for event in seen["events"])
    assert max(joined.values()) <= 2, seen["events"]


def test_files_that_jobs_send_arrive_and_count_as_received(run: Run) -> None:
    seen = run("send_file")
    assert (seen["results"], set(seen["sent"])) == ([0, 0, 0], {0})
    sizes = (1, 1000, 3_000_000)
    assert seen["files"] == {f"result-{size}.txt": size for size in sizes}
    assert sum(node["rx"] for node in seen["nodes"]) > sum(sizes)


@pytest.mark.usefixtures("run")
def test_jobs_of_a_program_that_died_are_recovered(local_dispy: LocalDispy, scratch: Path) -> None:
    _start(local_dispy, "recover", code=-signal.SIGKILL)
    assert list(scratch.glob("recovery*"))
    _start(local_dispy, "recover", "again")
    assert sorted(json.loads((scratch / "seen.json").read_text())) == [0, 1, 4, 9]
    assert list(scratch.glob("recovery*")) == []


def test_jobs_of_a_scheduler_are_shown_with_interim_results(
    run: Run, local_dispy: LocalDispy
) -> None:
    scheduler = local_dispy.start_scheduler()
    try:
        seen = run("shared")
    finally:
        local_dispy.programs.remove(scheduler)
        scheduler.stop()
    assert _of(seen, "result") == [str(3 * n) for n in range(6)]
    assert _of(seen, "provisional_result") == [str(-n) for n in range(6)]
    heard = Counter(seen["heard"])
    assert (heard[DispyJob.ProvisionalResult], heard[DispyJob.Finished]) == (6, 6)


# The last, because the node whose set-up failed is busy for seconds more.
def test_node_that_could_not_be_set_up_is_missed(run: Run) -> None:
    seen = run("node_setup")
    assert [node["name"] for node in seen["nodes"]] == ["alpha"]
    assert BETA in [offer["ip_addr"] for offer in seen["offers"]]
    assert set(_of(seen, "node")) == {ALPHA}
