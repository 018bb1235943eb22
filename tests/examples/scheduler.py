"""Choose each job's node, and send it a file, whenever a node joins or has ended a job."""

import pathlib
import threading

import dispy
from here import CLUSTER, look

from flask_dispy import DispyHTTPServer


def compute(path):
    import hashlib
    import os
    import time

    time.sleep(0.1)
    with open(os.path.basename(path), "rb") as file:
        return hashlib.sha1(file.read()).hexdigest()


def cluster_status(status, node, job):
    begun.wait()
    heard.append(status)
    server.cluster_status(status, node, job)
    if status in (dispy.DispyNode.Initialized, dispy.DispyJob.Finished) and files:
        path = files.pop(0)
        job = cluster.submit_node(node, path, dispy_job_depends=[path])
        job.id = path
        jobs.append(job)
        if not files:
            submitted.set()


if __name__ == "__main__":
    begun, submitted = threading.Event(), threading.Event()
    files, jobs, heard = [], [], []
    for number in range(8):
        files.append(f"data{number:03}")
        pathlib.Path(files[-1]).write_text(f"{number}\n" * 1000)
    cluster = dispy.JobCluster(compute, cluster_status=cluster_status, **CLUSTER)
    server = DispyHTTPServer(cluster, "127.0.0.1", 0)
    begun.set()
    submitted.wait()
    cluster.wait()
    look(server, jobs, heard=heard)
    server.shutdown()
    cluster.print_status()
    cluster.close()
