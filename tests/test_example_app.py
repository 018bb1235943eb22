"""The example, run as its users run it: what it shows, and what it leaves behind."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import psutil
import pytest
from clusters import wait_until

from flask_dispy import Client

pytestmark = pytest.mark.cluster

EXAMPLE = Path(__file__).parent.parent / "example_app.py"
MARK = "FLASK_DISPY_TEST_RUN"


class Example:
    """A running example, whose processes can be told by a mark in their environment."""

    def __init__(self, folder: Path, *options: str, mark: str, environment: dict[str, str]) -> None:
        self.mark = mark
        self.output = folder.parent / "output"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-u", str(EXAMPLE), "--port", "0", *options],
                cwd=folder,
                env=environment | {MARK: mark},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def text(self) -> str:
        return self.output.read_text(errors="replace")

    def url(self) -> str:
        """The dashboard's address, once the example has printed it."""
        found = wait_until(
            lambda: re.search(r"dashboard is at (\S+)", self.text()) or self._must_live(),
            timeout_sec=30,
            what="the dashboard's address",
        )
        return found[1]

    def _must_live(self) -> None:
        assert self.process.poll() is None, self.text()

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self.url() + path, timeout=10) as answer:
            return answer.read().decode()

    def end(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)

    def processes(self) -> list[psutil.Process]:
        """Everything that it has started and that still runs."""
        marked = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get(MARK) == self.mark:
                    marked.append(process)
        return marked


@pytest.fixture
def example(scratch, monkeypatch):
    started = []

    def start(*options: str) -> Example:
        monkeypatch.delenv("PYTHONWARNINGS", raising=False)
        environment = dict(os.environ)
        started.append(Example(scratch, *options, mark=uuid.uuid4().hex, environment=environment))
        return started[-1]

    yield start
    for one in started:
        for process in one.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        one.process.wait(10)


def test_batch_runs_to_its_end_and_is_counted(example, scratch):
    report = scratch.parent / "report.html"
    run = example("--once", "--report", str(report))
    assert run.process.wait(80) == 0, run.text()
    assert "estimate_pi" in report.read_text()
    assert run.text().splitlines()[-2:] == [
        "render: 7 finished, 2 failed, 0 pending",
        "estimate_pi: 9 finished, 0 failed, 0 pending",
    ]
    assert run.processes() == []
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "number"), [((), signal.SIGINT), (("--standalone",), signal.SIGTERM)]
)
def test_cluster_is_shown_until_a_signal_ends_it(example, scratch, options, number):
    run = example(*options)
    assert "<html" in run.get("")

    def loads():
        nodes = json.loads(run.get("api/v1/clusters/render/nodes"))["items"]
        return sorted(node["name"] for node in nodes if node["avail_info"])

    wait_until(lambda: loads() == ["alpha", "beta", "gamma"], what="three nodes with their load")
    names = [item["name"] for item in json.loads(run.get("api/v1/clusters"))["items"]]
    assert {"render", "estimate_pi"} <= set(names)
    assert run.end(number) == 0, run.text()
    assert "Traceback" not in run.text()
    assert run.processes() == []
    assert list(scratch.iterdir()) == []


def test_both_clusters_get_their_turn_and_run_failed_jobs_again(example):
    run = example()
    for name in ("render", "estimate_pi"):
        wait_until(lambda name=name: _done(run, name), timeout_sec=45, what=f"a job of {name}")
    with Client(run.url()) as client:
        wait_until(lambda: client.cluster("render")["jobs"]["failed"], what="a blank tile")
        outcome, *_ = client.rerun(q="state:failed", cluster="render")["outcomes"]
        again = wait_until(lambda: client.job(outcome["serial"])["rerun_as"], what="the new job")
        assert client.job(again)["id"] == outcome["id"]


def _done(run, name):
    return json.loads(run.get(f"api/v1/clusters/{name}"))["jobs"]["done"]


def test_page_of_the_app_itself_links_to_the_dashboard(example):
    run = example()
    home = run.url().removesuffix("dispy/")
    with urllib.request.urlopen(home, timeout=10) as answer:
        assert 'href="/dispy/"' in answer.read().decode()


def test_no_other_name_leads_to_the_example(example):
    request = urllib.request.Request(example().url(), headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="400") as refused:
        urllib.request.urlopen(request, timeout=10)
    refused.value.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["Starting dispy", "first node", "dashboard is at"])
def test_signal_during_start_leaves_nothing(example, scratch, moment, number):
    run = example()
    if moment == "first node":
        wait_until(lambda: len(run.processes()) > 1, what="a node")
    else:
        wait_until(lambda: moment in run.text(), timeout_sec=30, what=moment)
    run.end(number)
    wait_until(lambda: run.processes() == [], what="the end of its nodes")
    assert list(scratch.iterdir()) == []


def test_nodes_end_with_an_example_that_is_killed(example):
    run = example()
    run.url()
    run.end(signal.SIGKILL)
    wait_until(lambda: run.processes() == [], what="the end of its nodes")
