"""Keep between 10 and 20 jobs pending, however many there are."""

import threading

import dispy
from here import CLUSTER, look

from flask_dispy import DispyHTTPServer

LOWER, UPPER = 10, 20
ENDED = (
    dispy.DispyJob.Finished,
    dispy.DispyJob.Terminated,
    dispy.DispyJob.Cancelled,
    dispy.DispyJob.Abandoned,
)


def compute(n):
    import time

    time.sleep(0.1)
    return n


def job_status(job):
    if job.status in ENDED:
        with changed:
            pending.discard(job.id)
            if len(pending) <= LOWER:
                changed.notify()


if __name__ == "__main__":
    changed = threading.Condition()
    pending, jobs, most = set(), [], 0
    cluster = dispy.JobCluster(compute, job_status=job_status, **CLUSTER)
    server = DispyHTTPServer(cluster, "127.0.0.1", 0)
    for number in range(1, 41):
        with changed:
            pending.add(number)
            most = max(most, len(pending))
        jobs.append(cluster.submit_job_id(number, number))
        with changed:
            if len(pending) >= UPPER:
                changed.wait_for(lambda: len(pending) <= LOWER)
    cluster.wait()
    cluster.print_status()
    look(server, jobs, most=most)
    server.shutdown()
    cluster.close()
