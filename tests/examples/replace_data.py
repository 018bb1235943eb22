"""Give the nodes other data between two batches of jobs."""

import pathlib
import queue

import dispy
from here import CLUSTER, NODES, look

from flask_dispy import DispyHTTPServer


def setup(path, number):
    import os

    global data, batch
    with open(path) as file:
        data = file.read()
    os.remove(path)
    batch = number
    return 0


def cleanup(path, number):
    global data, batch
    del data, batch


def compute(n):
    import time

    time.sleep(0.1)
    return (batch, data[:n])


class NodeAllocate(dispy.NodeAllocate):
    def allocate(self, cluster, ip_addr, name, cpus, avail_info=None, platform=""):
        batches[ip_addr] = number = batches.get(ip_addr, 0) + 1
        path = pathlib.Path(f"data-{name}-{number}").absolute()
        path.write_text(f"batch {number}")
        self.depends, self.setup_args = [str(path)], (path.name, number)
        return cpus


def cluster_status(status, node, job):
    if status == dispy.DispyNode.Initialized:
        ready.put(node.ip_addr)


if __name__ == "__main__":
    batches, ready = {}, queue.Queue()
    options = {**CLUSTER, "nodes": [NodeAllocate(node) for node in NODES]}
    cluster = dispy.JobCluster(
        compute, setup=setup, cleanup=cleanup, cluster_status=cluster_status, **options
    )
    server = DispyHTTPServer(None, "127.0.0.1", 0)
    server.add_cluster(cluster, chain=True)
    jobs = [cluster.submit(n) for n in range(6)]
    cluster.wait()
    for node in {ready.get() for _ in NODES}:
        cluster.resetup_node(node)
    for _ in NODES:
        ready.get()  # dispy loses jobs that it sends before
    jobs += [cluster.submit(n) for n in range(6)]
    cluster.wait()
    look(server, jobs, results=[job() for job in jobs])
    server.shutdown()
    cluster.print_status()
    cluster.close()
