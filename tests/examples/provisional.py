"""Take interim results as they come; once one is good enough, terminate all jobs."""

import queue

import dispy
from here import CLUSTER, look

from flask_dispy import DispyHTTPServer

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
        ended.put(job)
        return
    number, best = job.result
    interim[number] = best
    if best == 0:
        for one in jobs:
            if one.status in PENDING:
                cluster.cancel(one)


if __name__ == "__main__":
    jobs, interim, ended = [], {}, queue.Queue()
    cluster = dispy.JobCluster(compute, job_status=job_status, **CLUSTER)
    with DispyHTTPServer(cluster, "127.0.0.1", 0) as server:
        for number in range(10):
            best, steps = (20, 3) if number < 3 else (5, 1000)
            jobs.append(cluster.submit(number, best, steps))
        for _ in jobs:
            ended.get()
        look(server, jobs, interim=interim)
    cluster.print_status()
    cluster.close()
