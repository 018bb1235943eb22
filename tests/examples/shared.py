"""Share the nodes of a scheduler with other programs."""

import threading

import dispy
from here import HOST, PORT, SCHEDULER, look

from flask_dispy import DispyHTTPServer


def setup():
    global factor
    factor = 3
    return 0


def compute(n):
    import time

    dispy_provisional_result(-n)  # noqa: F821 - dispynode defines it
    time.sleep(0.1)
    return factor * n


def cluster_status(status, node, job):
    begun.wait()
    heard.append(status)
    server.cluster_status(status, node, job)


if __name__ == "__main__":
    begun, heard = threading.Event(), []
    cluster = dispy.SharedJobCluster(
        compute,
        setup=setup,
        cluster_status=cluster_status,
        ip_addr=HOST,
        scheduler_host=SCHEDULER,
        dispy_port=PORT,
        client_port=0,
    )
    server = DispyHTTPServer(cluster, "127.0.0.1", 0)
    begun.set()
    jobs = [cluster.submit(n) for n in range(6)]
    results = [job() for job in jobs]
    look(server, jobs, results=results, heard=heard)
    server.shutdown()
    cluster.print_status()
    cluster.close()
