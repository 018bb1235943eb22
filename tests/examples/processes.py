"""Use multiprocessing, too: workers of the program, a number that the jobs of a node share."""

import multiprocessing

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

    time.sleep(0.1)
    with total.get_lock():
        total.value += n
        return total.value


def double(n):
    return 2 * n


if __name__ == "__main__":
    multiprocessing.set_start_method("forkserver")  # as Python 3.14 does by itself
    cluster = dispy.JobCluster(compute, setup=setup, cleanup=cleanup, **CLUSTER)
    server = DispyHTTPServer(cluster, "127.0.0.1", 0)
    with multiprocessing.Pool(1) as workers:
        jobs = [cluster.submit(n) for n in workers.imap(double, range(1, 11))]
    cluster.wait()
    look(server, jobs)
    server.shutdown()
    cluster.print_status()
    cluster.close()
