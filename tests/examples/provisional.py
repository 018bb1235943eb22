"""Take interim results as they come; once three jobs are done and one is good, terminate all."""

import threading

import dispy
from here import CLUSTER, look

from flask_dispy import DispyHTTPServer

JOBS = 10
PENDING = (dispy.DispyJob.Created, dispy.DispyJob.Running, dispy.DispyJob.ProvisionalResult)


def compute(number, best, steps):
    import time

    for _ in range(steps):
        best -= 1
        dispy_provisional_result((number, best))  # noqa: F821 - dispynode defines it
        time.sleep(0.1)
    return (number, best)


def job_status(job):
    if job.status != dispy.DispyJob.ProvisionalResult:
        ended.append(job)
        if len(ended) == JOBS:
            over.set()
        return
    number, best = job.result
    interim[number] = best
    if best <= 0 and len(ended) >= 3:
        for one in jobs:
            if one.status in PENDING:
                cluster.cancel(one)


if __name__ == "__main__":
    jobs, interim, ended, over = [], {}, [], threading.Event()
    cluster = dispy.JobCluster(compute, job_status=job_status, **CLUSTER)
    with DispyHTTPServer(cluster, "127.0.0.1", 0) as server:
        for number in range(JOBS):
            best, steps = (20, 3) if number < 3 else (5, 1000)
            jobs.append(cluster.submit(number, best, steps))
        over.wait()
        look(server, jobs, interim=interim)
    cluster.print_status()
    cluster.close()
