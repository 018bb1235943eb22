"""Another client, which has a node to itself until it is told to end."""

from __future__ import annotations

from pathlib import Path

import computations
import dispy
from clusters import free_port_family, shut_down, wait_until

from flask_dispy import patch_dispy


def hold(port, ip_addr, ready, done):
    """Take the node, write *ready*, and hold it until *done* is written."""
    patch_dispy()
    cluster = dispy.JobCluster(
        computations.act,
        host="127.0.0.240",
        dispy_port=free_port_family(),  # the other's is taken
        nodes=[{"host": ip_addr, "port": port + 1}],
        ping_interval=1,
    )
    wait_until(lambda: any(node.update_time for node in cluster.status().nodes), what="the node")
    Path(ready).write_text("")
    wait_until(lambda: Path(done).exists(), timeout_sec=60, what="the end")
    cluster.close(timeout=5, terminate=True)
    shut_down(cluster)
