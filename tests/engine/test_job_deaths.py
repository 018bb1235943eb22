"""Jobs whose process dies, on real nodes of ours: each way to die, many times in a row."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import Counter

import computations
import pytest
from clusters import result_of, submit, wait_until
from dispy import DispyJob

pytestmark = pytest.mark.cluster

TIMES = 8

# A race that is lost once in a thousand times is looked for when there is time.
MANY_TIMES = pytest.mark.parametrize("times", [TIMES, pytest.param(100, marks=pytest.mark.soak)])

SETUPS = pytest.mark.parametrize(
    "options", [{}, {"setup": computations.set_up}], ids=["", "with setup"]
)

WAYS = {
    ("sys.exit", 2): "its process ended with exit code 2",
    ("sys.exit", None): "its process ended with exit code 0",
    ("sys.exit", "no more"): "its process ended with exit code 1",
    ("os._exit", 3): "its process ended with exit code 3",
    ("os._exit", 0): "its process ended with exit code 0",
    ("signal", 9): "its process was killed by signal 9; perhaps the machine ran out of memory",
    ("signal", 6): "its process was killed by signal 6 (SIGABRT)",
    ("signal", 11): "its process was killed by signal 11 (SIGSEGV)",
    ("signal", 34): "its process was killed by signal 34",
    ("raise", "gone"): "its process ended with exit code 1, after:\nTraceback",
    ("unpicklable", None): "its process ended with exit code 1, after:\nTraceback",
    ("thread", 0): "its process ended with exit code 7",
    ("children", 20): "its process ended with exit code 4",
}


def _end_of(job, timeout_sec=60):
    assert job.finish.wait(timeout_sec), f"job {job.id} did not end in {timeout_sec} s"
    return job


def _must_be_free(cluster, cpus=2):
    """Each CPU takes a job at the same time as the others."""
    jobs = [submit(cluster, "thread", 60) for _ in range(cpus)]
    wait_until(lambda: all(job.status == DispyJob.Running for job in jobs), what="free CPUs")
    for job in jobs:
        cluster.cancel(job)
    for job in jobs:
        _end_of(job)
    assert result_of(submit(cluster, "return", 5)) == 5


@SETUPS
@MANY_TIMES
@pytest.mark.timeout(600)
def test_job_whose_process_dies_is_reported(local_dispy, options, times):
    local_dispy.start_node()
    cluster = local_dispy.job_cluster(computations.die, **options)
    ends = Counter()
    cluster.cluster_status = lambda status, node, job: ends.update([status])
    jobs = [(way, submit(cluster, *way)) for way in WAYS for _ in range(times)]
    for way, job in jobs:
        _end_of(job)
        assert job.status == DispyJob.Terminated, way
        assert WAYS[way] in job.exception
        assert job.stdout == f"printed {way[0]} {way[1]}"
        assert job.stderr.startswith(f"reported {way[0]}\n")
        assert job.end_time >= job.start_time
    wait_until(lambda: ends[DispyJob.Terminated] == len(jobs), what="dispy's report of each")
    _must_be_free(cluster)
    wait_until(lambda: ends[DispyJob.Finished] == 1, what="the report of the last job")
    assert ends[DispyJob.Terminated] == len(jobs) + 2, "none is reported twice"


@SETUPS
@pytest.mark.timeout(300)
def test_job_that_a_service_manager_could_have_ended_is_reported(local_dispy, options):
    local_dispy.start_node()
    cluster = local_dispy.job_cluster(computations.die, **options)
    # What a shell or nohup has started may ignore some of them, and its children do, too.
    ending = [n for n in (1, 2, 3, 15) if signal.getsignal(n) is not signal.SIG_IGN]
    for job in [submit(cluster, "signal", number) for number in ending * 2]:
        assert "its process " in _end_of(job).exception
    _must_be_free(cluster)


@SETUPS
def test_exception_says_what_was_raised(local_dispy, options):
    local_dispy.start_node()
    cluster = local_dispy.job_cluster(computations.die, **options)
    job = _end_of(submit(cluster, "unpicklable"))
    assert job.exception.rstrip().endswith("TypeError: cannot pickle '_thread.lock' object")
    job = _end_of(submit(cluster, "raise", "gone"))
    assert job.exception.rstrip().endswith("KeyboardInterrupt: gone")
    assert job.stderr == "reported raise\n", "the traceback stands there once"
    job = _end_of(submit(cluster, "sys.exit", "no more"))
    assert job.stderr == "reported sys.exit\nno more\n"


@SETUPS
@pytest.mark.timeout(300)
def test_job_that_replied_is_not_dead(local_dispy, options):
    local_dispy.start_node()
    cluster = local_dispy.job_cluster(computations.die, **options)
    jobs = [submit(cluster, "after the reply", number) for number in range(4 * TIMES)]
    assert [result_of(job, timeout_sec=60) for job in jobs] == list(range(4 * TIMES))


@SETUPS
@pytest.mark.timeout(300)
def test_job_killed_at_any_time_has_either_replied_or_died(local_dispy, options):
    local_dispy.start_node()
    cluster = local_dispy.job_cluster(computations.die, **options)
    # From long before it is killed to just then.
    before_sec = [0.03 * number / (8 * TIMES) for number in range(8 * TIMES)]
    jobs = [submit(cluster, "at any time", sec) for sec in before_sec]
    for job in jobs:
        if _end_of(job).exception is None:
            assert (job.status, job.result) == (DispyJob.Finished, "x" * 1_000_000)
        else:
            assert (job.status, job.result) == (DispyJob.Terminated, None)
            assert "killed by signal 9" in job.exception
    assert len({job.exception is None for job in jobs}) == 2, "the test hit one side alone"
    _must_be_free(cluster)


@SETUPS
@pytest.mark.timeout(300)
@pytest.mark.parametrize("delay_sec", [0, 0.3])
def test_job_that_somebody_ended_has_not_failed(local_dispy, options, delay_sec):
    for number in (2, 3):
        local_dispy.start_node(number)
    cluster = local_dispy.job_cluster(computations.die, **options)
    for _ in range(4):
        jobs = [submit(cluster, "thread", 60) for _ in range(4)]
        wait_until(lambda jobs=jobs: all(job.status == DispyJob.Running for job in jobs),
                   what="the start")  # fmt: skip
        time.sleep(delay_sec)
        for job in jobs:
            assert cluster.cancel(job) == 0
        for job in jobs:
            _end_of(job, 30)
            assert (job.status, job.exception) == (DispyJob.Terminated, None)
            assert delay_sec == 0 or job.stdout == "printed thread 60"
    _must_be_free(cluster, cpus=4)


def test_output_of_many_threads_is_kept(local_dispy):
    local_dispy.start_node()
    cluster = local_dispy.job_cluster(computations.print_much)
    job = _end_of(submit(cluster, 20_000))
    assert Counter(job.stdout.splitlines()) == {f"line {n}": 2 for n in range(20_000)}


@pytest.mark.timeout(120)
def test_job_of_a_node_that_ends_runs_elsewhere(local_dispy):
    first = local_dispy.start_node(2, cpus=1)
    cluster = local_dispy.job_cluster(
        computations.nap, reentrant=True, nodes=["127.0.0.2", "127.0.0.3"]
    )
    job = submit(cluster, 3, "done")
    wait_until(lambda: job.status == DispyJob.Running, what="the start")
    local_dispy.start_node(3, cpus=1)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(first.pid, signal.SIGTERM)  # as a service manager does, to all of it at a time
    assert result_of(job, timeout_sec=60) == "done"
    assert job.ip_addr == "127.0.0.3"
