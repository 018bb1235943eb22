"""A program written for dispy.httpd, with ``flask_dispy`` in its place and nothing else changed."""

import json
import random
import sys
import time
import urllib.request

import dispy

import flask_dispy as httpd


class Task:
    """An object of the program's own as an argument, which says what it is."""

    def __init__(self, label, weight):
        self.label = label
        self.weight = weight

    def __str__(self):
        return f"Task({self.label}, {self.weight:.4f})"


def compute(task, n=5):
    import time

    time.sleep(0.2)
    return n * task.weight


if __name__ == "__main__":
    node, host, dispy_port, answer_path = sys.argv[1:]
    httpd.patch_dispy()
    cluster = dispy.JobCluster(
        compute, nodes=[node], depends=[Task], host=host, dispy_port=int(dispy_port)
    )
    http_server = httpd.DispyHTTPServer(cluster, "127.0.0.1", 0, poll_sec=2)
    jobs = []
    for number in range(8):
        job = cluster.submit(Task(str(number), random.uniform(1, 9)), n=random.randint(5, 20))
        job.id = number
        jobs.append(job)
    cluster.wait()
    url = http_server.url
    for _ in range(50):  # dispy reports the end of a job on a thread of its own
        with urllib.request.urlopen(url + "cluster_status", timeout=10) as answer:
            status = json.load(answer)
        if not status[0]["jobs"]["pending"]:
            break
        time.sleep(0.1)
    with urllib.request.urlopen(url + "api/v1/clusters/compute/jobs", timeout=10) as answer:
        page = json.load(answer)
    http_server.shutdown()
    results = [job() for job in jobs]
    cluster.shutdown()
    with open(answer_path, "w") as file:
        json.dump({"status": status, "jobs": page["items"], "results": results}, file)
