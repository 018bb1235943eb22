"""Die while jobs run; started again, take their results from the nodes, which worked on."""

import json
import os
import signal
import sys
import time

import dispy
from here import CLUSTER, NODES

from flask_dispy import DispyHTTPServer


def compute(n, program):
    import os
    import time

    while os.path.exists(f"/proc/{program}"):
        time.sleep(0.05)
    return n * n


if __name__ == "__main__":
    if sys.argv[1:] == ["again"]:
        jobs = dispy.recover_jobs("recovery", timeout=30)
        with open("seen.json", "w") as file:
            json.dump([job.result for job in jobs], file)
    else:
        cluster = dispy.JobCluster(compute, recover_file="recovery", **CLUSTER)
        server = DispyHTTPServer(cluster, "127.0.0.1", 0)
        jobs = [cluster.submit(n, os.getpid()) for n in range(2 * len(NODES))]
        while any(job.status == dispy.DispyJob.Created for job in jobs):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)
