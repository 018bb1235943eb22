"""Submit jobs, take their results in order, print the cluster's status."""

import dispy
from here import CLUSTER, look

from flask_dispy import DispyHTTPServer


def compute(n):
    import time

    time.sleep(0.1)
    return (dispy_node_name, n)  # noqa: F821 - dispynode defines it


if __name__ == "__main__":
    with (
        dispy.JobCluster(compute, **CLUSTER) as cluster,
        DispyHTTPServer(cluster, "127.0.0.1", 0) as server,
    ):
        jobs = [cluster.submit_job_id(f"number {n}", n) for n in range(1, 11)]
        results = [job() for job in jobs]
        cluster.print_status()
        look(server, jobs, results=results)
