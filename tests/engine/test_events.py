"""What happens to a real cluster is logged: a node killed and back, CPUs set, a stall, errors."""

from __future__ import annotations

from typing import Any

import pytest
from clusters import LocalDispy, wait_until
from computations import act
from engine.faults import ACT, NEAR, ask, serving

# A machine under load may keep a node from its pulses, or from joining within half a second.
_MAY = ("node_silent", "node_heard", "node_overdue")

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("no_lost_descriptors")]


@pytest.mark.timeout(180)  # its own waits come to more than others may take
def test_events_are_logged_once_and_in_order(local_dispy: LocalDispy) -> None:
    cluster = local_dispy.job_cluster(act, pulse_interval=0.5)
    with serving(cluster, stall_sec=1.0) as server:
        last = 0

        def happens(kind: str) -> dict[str, Any]:
            """Wait until something happens after what was waited for before."""
            nonlocal last
            path = f"{ACT}/events?kind={kind}&after={last}"
            wait_until(lambda: ask(server, path)[1]["total"] > 0, what=kind, timeout_sec=40)
            entry: dict[str, Any] = ask(server, path)[1]["items"][-1]
            last = entry["serial"]
            return entry

        node = local_dispy.start_node(2, cpus=2)
        happens("node_joined")
        cluster.submit("fail", "bad")
        cluster.submit("fail", "bad")
        assert happens("error_kind")["type"] == "RuntimeError"
        server.registry.control.set_cpus("act", NEAR, 1, by="ann")
        entry = happens("cpus_set")
        assert (entry["cpus_before"], entry["cpus"], entry["by"]) == (2, 1, "ann")
        for _ in range(10):  # so that it is known how often one ends
            cluster.submit("nap", 0.01)
        happens("done")
        cluster.submit("nap", 60)
        assert happens("stalled")["jobs"] == 1
        node.kill()
        happens("node_lost")
        happens("done")  # its job was abandoned
        local_dispy.start_node(2, cpus=2)
        happens("node_joined")
        cluster.submit("nap", 0.01)
        happens("done")
        found = [entry["kind"] for entry in ask(server, f"{ACT}/events")[1]["items"]]
    once = [kind for kind in reversed(found) if kind not in ("done", "going", *_MAY)]
    assert once == [
        "node_joined", "error_kind", "cpus_set", "stalled", "node_lost", "node_joined",
    ]  # fmt: skip
