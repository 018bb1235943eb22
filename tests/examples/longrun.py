"""Run jobs that end only when they are terminated, each with the best that it has found."""

import threading

import dispy
from here import CLUSTER, NODES, look

from flask_dispy import DispyHTTPServer


def compute():
    import time

    best = 0
    try:
        while True:
            best += 1
            dispy_provisional_result(best)  # noqa: F821 - dispynode defines it
            time.sleep(0.1)
    except KeyboardInterrupt:
        return best


class NodeAllocate(dispy.NodeAllocate):
    def allocate(self, cluster, ip_addr, name, cpus, avail_info=None, platform=""):
        return min(cpus, 1)


def cluster_status(status, node, job):
    begun.wait()
    if status == dispy.DispyNode.Initialized:
        jobs.extend(cluster.submit_node(node) for _ in range(node.cpus))
    elif status == dispy.DispyJob.ProvisionalResult and job.result >= 3:
        good.add(job.ip_addr)
        if len(good) == len(NODES):
            enough.set()


if __name__ == "__main__":
    jobs, good, begun, enough = [], set(), threading.Event(), threading.Event()
    server = DispyHTTPServer(None, "127.0.0.1", 0)
    options = {**CLUSTER, "nodes": [NodeAllocate(host="127.0.0.*")]}
    cluster = dispy.JobCluster(compute, cluster_status=cluster_status, **options)
    server.add_cluster(cluster, chain=True)
    begun.set()
    cluster.discover_nodes(NODES)
    enough.wait()
    for job in jobs:
        cluster.cancel(job)
    results = [job() for job in jobs]
    look(server, jobs, results=results)
    server.shutdown()
    cluster.print_status()
    cluster.close()
