"""Let the jobs of a node share a number, which its setup makes."""

import dispy
from here import CLUSTER, look

from flask_dispy import DispyHTTPServer


def setup():
    import multiprocessing

    global total
    total = multiprocessing.Value("i", 0)
    return 0


def cleanup():
    global total
    del total


def compute(n):
    import time

    global total
    time.sleep(0.1)
    with total.get_lock():
        total.value += n
        return total.value


if __name__ == "__main__":
    cluster = dispy.JobCluster(compute, setup=setup, cleanup=cleanup, **CLUSTER)
    server = DispyHTTPServer(cluster, "127.0.0.1", 0)
    jobs = [cluster.submit(n) for n in range(1, 11)]
    cluster.wait()
    look(server, jobs, results=[(job.ip_addr, job.result) for job in jobs])
    server.shutdown()
    cluster.print_status()
    cluster.close()
