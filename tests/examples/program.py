"""Run a program, not a function, once on each node that is discovered."""

import pathlib
import threading

import dispy
from here import CLUSTER, NODES, look

from flask_dispy import DispyHTTPServer

SCRIPT = """\
import sys, time
time.sleep(0.1)
print("updated", *sys.argv[1:])
print("careful", file=sys.stderr)
"""


def cluster_status(status, node, job):
    begun.wait()
    server.cluster_status(status, node, job)
    if status == dispy.DispyNode.Initialized:
        jobs.append(cluster.submit_node(node, node.name, 1.5))
        if len(jobs) == len(NODES):
            submitted.set()


if __name__ == "__main__":
    jobs, begun, submitted = [], threading.Event(), threading.Event()
    script = pathlib.Path("update.py").absolute()
    script.write_text(SCRIPT)
    options = {**CLUSTER, "nodes": ["127.0.0.*"]}
    cluster = dispy.JobCluster(str(script), cluster_status=cluster_status, **options)
    server = DispyHTTPServer(cluster, "127.0.0.1", 0)
    begun.set()
    cluster.discover_nodes(NODES)
    submitted.wait()
    cluster.wait()
    look(server, jobs)
    server.shutdown()
    cluster.print_status()
    cluster.close()
