"""dispy over TLS, in a Python of its own: dispy never closes some of its TLS sockets."""

from __future__ import annotations

from pathlib import Path

import computations
from clusters import LocalDispy, result_of, wait_until
from dispy import DispyJob


def statuses_of_a_job(certificate):
    """Run a job with three interim results; return its result and the statuses that came."""
    statuses = []
    with LocalDispy(Path("dispy")) as dispy:
        dispy.start_node(2, "--certfile", certificate, "--keyfile", certificate)
        cluster = dispy.job_cluster(
            computations.report_progress, certfile=certificate, keyfile=certificate
        )
        cluster.cluster_status = lambda status, node, job: statuses.append(status)
        result = result_of(cluster.submit(3))
        wait_until(lambda: DispyJob.Finished in statuses, what="the end of the job")
    return result, statuses


def nodes_that_were_trusted(certificate, other_certificate):
    """Start a node with each certificate, run jobs with the first; return the nodes they saw."""
    with LocalDispy(Path("dispy")) as dispy:
        for number, theirs in ((2, other_certificate), (3, certificate)):
            dispy.start_node(number, "--certfile", theirs, "--keyfile", theirs)
        cluster = dispy.job_cluster(computations.echo, certfile=certificate, keyfile=certificate)
        assert [result_of(cluster.submit(n)) for n in range(4)] == [0, 1, 2, 3]
        return [node.ip_addr for node in cluster.status().nodes]
