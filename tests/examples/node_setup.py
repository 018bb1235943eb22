"""Give each node a file of its own, which it reads into memory before its first job."""

import pathlib

import dispy
from here import CLUSTER, NODES, look

from flask_dispy import DispyHTTPServer


def setup(path):
    global data, hashlib

    import hashlib

    with open(path, "rb") as file:
        data = file.read()
    return 0


def cleanup(path):
    global data, hashlib
    del data, hashlib


def compute(n):
    import time

    time.sleep(0.1)
    return (dispy_node_ip_addr, hashlib.sha256(data[n:]).hexdigest())  # noqa: F821


class NodeAllocate(dispy.NodeAllocate):
    def allocate(self, cluster, ip_addr, name, cpus, avail_info=None, platform=""):
        path = pathlib.Path(f"data-{name}").absolute()
        path.write_text(f"for {ip_addr}\n")
        self.depends = [str(path)]
        # Beta gets the name of a file that is not there.
        self.setup_args = (path.name if name == "alpha" else "missing",)
        return cpus


if __name__ == "__main__":
    options = {**CLUSTER, "nodes": [NodeAllocate(node) for node in NODES]}
    cluster = dispy.JobCluster(compute, setup=setup, cleanup=cleanup, **options)
    server = DispyHTTPServer(cluster, "127.0.0.1", 0)
    jobs = [cluster.submit(n) for n in range(6)]
    results = [job() for job in jobs]
    look(server, jobs, missing=1, results=results)
    server.shutdown()
    cluster.print_status()
    cluster.close()
