"""Send objects of the program's own class to the nodes, and keep each as its job's id."""

import dispy
from here import CLUSTER, look

from flask_dispy import DispyHTTPServer


class Task:
    def __init__(self, number, seconds):
        self.number = number
        self.seconds = seconds

    def show(self):
        print(f"task {self.number}")

    def __str__(self):
        return f"Task({self.number}, {self.seconds:.2f})"


def compute(task, n=5):
    import time

    time.sleep(task.seconds)
    task.show()
    return n * task.number


if __name__ == "__main__":
    cluster = dispy.JobCluster(compute, depends=[Task], **CLUSTER)
    server = DispyHTTPServer(cluster, "127.0.0.1", 0)
    jobs = []
    for number in range(6):
        task = Task(number, 0.1)
        job = cluster.submit(task, n=number)
        job.id = task
        jobs.append(job)
    results = [job() for job in jobs]
    look(server, jobs, results=results)
    server.shutdown()
    cluster.close()
