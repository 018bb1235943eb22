"""Have the jobs send files back, and send one to a node while the cluster is at work."""

import pathlib

import dispy
from here import CLUSTER, look

from flask_dispy import DispyHTTPServer


def compute(n):
    import os
    import time

    time.sleep(0.1)
    name = f"result-{n}.txt"
    with open(name, "w") as file:
        file.write("x" * n)
    sent = dispy_send_file(name)  # noqa: F821 - dispynode defines it
    os.remove(name)
    return sent


if __name__ == "__main__":
    cluster = dispy.JobCluster(compute, **CLUSTER)
    server = DispyHTTPServer(cluster, "127.0.0.1", 0)
    jobs = [cluster.submit(n) for n in (1, 1000, 3_000_000)]
    results = [job() for job in jobs]
    pathlib.Path("more.txt").write_text("more")
    sent = [cluster.send_file("more.txt", node) for node in cluster.status().nodes]
    files = {path.name: path.stat().st_size for path in pathlib.Path().glob("result-*.txt")}
    look(server, jobs, results=results, sent=sent, files=files)
    server.shutdown()
    cluster.print_status()
    cluster.close()
