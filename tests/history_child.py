"""A program that keeps a history and runs jobs until it is killed.

Prints the number of jobs that have ended, and when, after each handful.
"""

from __future__ import annotations

import itertools
import sys
import time

from dispy import DispyJob
from dispy_objects import FakeCluster

from flask_dispy import ClusterRegistry

registry = ClusterRegistry(history=sys.argv[1])
cluster = FakeCluster("compute")
registry.add(cluster)
node = cluster.join("10.0.0.1", "alpha", cpus=4)
for number in itertools.count():
    job = cluster.submit(number, label="alpha beta")
    cluster.start(job, node)
    if number % 50:
        cluster.end(job, node, result=number)
    else:
        trace = "Traceback (most recent call last):\nValueError: out of cheese"
        cluster.end(job, node, DispyJob.Terminated, exception=trace)
    if number % 5 == 4:
        print(number + 1, time.time(), flush=True)
        time.sleep(0.01)
