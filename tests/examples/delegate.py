"""Send each job the function that it is to call."""

import dispy
from here import CLUSTER, look

from flask_dispy import DispyHTTPServer


def delegate(name, n):
    global time
    import time

    return globals()[name](n)


def double(n):
    time.sleep(0.1)
    return 2 * n


def square(n):
    time.sleep(0.1)
    if n == 5:
        raise ValueError(f"no square of {n}")
    return n * n


if __name__ == "__main__":
    cluster = dispy.JobCluster(delegate, loglevel=dispy.logger.DEBUG, **CLUSTER)
    server = DispyHTTPServer(cluster, "127.0.0.1", 0)
    jobs = []
    for n in range(6):
        function = (double, square)[n % 2]
        jobs.append(cluster.submit(function.__name__, n, dispy_job_depends=[function]))
    results = [job() for job in jobs]
    look(server, jobs, results=results)
    server.shutdown()
    cluster.print_status()
    cluster.close()
