"""A client on a network of its own, which pulls the cable of a node at work."""

from __future__ import annotations

import time
from collections import Counter


def cut_and_heal(prefix, port):
    """Cut a busy node off, and an idle one; connect both again; tell what was seen and counted."""
    import dispy
    from clusters import wait_until
    from computations import act
    from dispy import DispyJob
    from engine.networks import Network

    from flask_dispy import ClusterRegistry, patch_dispy

    patch_dispy()
    network = Network(4, prefix)
    client, near, busy, idle = (network.ip_addr(number) for number in (1, 2, 3, 4))
    cluster = dispy.JobCluster(
        act,
        nodes=[near, busy, idle],
        host=client,
        dispy_port=port,
        pulse_interval=0.5,
        ping_interval=1,
    )
    registry = ClusterRegistry(engine_timeout_sec=3)
    registry.add(cluster)
    view = registry.view("act")

    def states():
        found = {row["ip_addr"]: row["state"] for row in view.nodes()}
        return [found.get(ip_addr) for ip_addr in (near, busy, idle)]

    def wait_for_states(*expected):
        wait_until(lambda: states() == list(expected), timeout_sec=30, what=f"{expected}")

    def wait_for(state, jobs, what):
        wait_until(lambda: all(job.status == state for job in jobs), timeout_sec=30, what=what)

    wait_for_states("up", "up", "up")
    wait_until(lambda: all(row["avail_info"] for row in view.nodes()), what="their pulses")
    told = {}
    held = [cluster.submit_node(busy, "nap", 7) for _ in range(2)]
    wait_for(DispyJob.Running, held, "the held jobs")
    for number in (3, 4):
        network.pull(number)
    jobs = [cluster.submit_node(near, "nap", 0.1) for _ in range(20)]
    wait_for_states("up", "lost", "silent")
    wait_for(DispyJob.Abandoned, held, "the loss of the held jobs")
    wait_for(DispyJob.Finished, jobs, "the jobs on the near node")
    wait_until(lambda: view.summary()["jobs"]["pending"] == 0, what="the loss as we see it")
    told["while cut"] = dict(view.summary()["jobs"])

    asked_at = time.monotonic()
    told["command"] = registry.control.set_cpus("act", idle, 1)[0].code
    told["command_sec"] = time.monotonic() - asked_at

    for number in (3, 4):
        network.plug(number)
    wait_for(DispyJob.Finished, held, "the late ends of the held jobs")
    # The busy one keeps to the client that gave it up, until it is started again: dispy's way.
    wait_for_states("up", "lost", "up")
    again = [cluster.submit_node(idle, "nap", 0.1) for _ in range(4)]
    wait_for(DispyJob.Finished, again, "jobs on the node that was idle")
    everything = held + jobs + again
    wait_until(
        lambda: view.summary()["jobs"]["finished"] == len(everything), what="all of them finished"
    )
    told["counted"] = dict(view.summary()["jobs"])
    told["submitted"] = len(everything)
    told["statuses"] = dict(Counter(str(job.status) for job in everything))
    wait_until(lambda: registry.health()["engine"]["in_flight"] == 0, what="the end of all calls")
    told["health"] = registry.health()["status"]
    registry.close()
    cluster.close(timeout=0, terminate=True)
    cluster.shutdown()
    return told
