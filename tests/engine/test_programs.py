"""dispynode and dispyscheduler, as flask_dispy runs them."""

from __future__ import annotations

import json
import os
import re
import signal
import urllib.request

import computations
import psutil
import pytest
from clusters import result_of, submit, wait_until
from dispy import DispyJob


@pytest.mark.cluster
def test_node_takes_its_jobs_along_when_its_input_ends(local_dispy):
    node = local_dispy.start_node()
    job = local_dispy.job_cluster(computations.nap).submit(60)
    wait_until(lambda: job.status == DispyJob.Running, what="the job's start")
    assert _group(node.pid)
    node.close_input()
    wait_until(lambda: not _group(node.pid), what="the end of the node and its job")


def _group(pid):
    """The processes that the node's own session consists of, itself included."""
    return [one for one in psutil.pids() if _leader(one) == pid]


def _leader(pid):
    try:
        if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return None
        return os.getpgid(pid)
    except (psutil.NoSuchProcess, ProcessLookupError):
        return None


@pytest.mark.cluster
@pytest.mark.parametrize("options", [{}, {"setup": computations.set_up}], ids=["", "with setup"])
def test_jobs_that_end_at_once_are_not_lost(local_dispy, options):
    local_dispy.start_node()
    cluster = local_dispy.job_cluster(computations.at_once, **options)
    jobs = [submit(cluster, number) for number in range(150)]
    assert [result_of(job, timeout_sec=60) for job in jobs] == list(range(150))


@pytest.mark.cluster
def test_suspended_node_can_be_ended(local_dispy):
    node = local_dispy.start_node()
    node.signal(signal.SIGSTOP)
    node.stop()
    assert not _group(node.pid)


@pytest.mark.cluster
def test_scheduler_shows_its_clients_on_the_dashboard(local_dispy):
    local_dispy.start_node()
    options = ["--httpd", "--http-host", "127.0.0.1", "--http-port", "0"]
    scheduler = local_dispy.start_scheduler(*options)
    url = wait_until(lambda: re.search(r"http://127\S+", scheduler.log()), what="the address")[0]
    cluster = local_dispy.shared_cluster(computations.echo)
    for number in range(3):
        result_of(submit(cluster, number))

    def summary():
        with urllib.request.urlopen(url + "api/v1/clusters", timeout=10) as answer:
            (only,) = json.load(answer)["items"]
        return only["name"], only["kind"], only["jobs"]["finished"]

    expected = ("echo @ 127.0.0.1", "scheduler", 3)
    wait_until(lambda: summary() == expected, what="the end of three jobs")
