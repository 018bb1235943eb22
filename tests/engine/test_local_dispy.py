"""The tests' own dispy leaves nothing behind that the next test would stumble over."""

from __future__ import annotations

from clusters import LocalDispy, shut_down
from computations import act


def test_next_cluster_works_where_pycos_ended_before_it_was_told(local_dispy: LocalDispy) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    task_scheduler = cluster._cluster.pycos
    notifier = task_scheduler._notifier
    wake = notifier.interrupt

    def wake_too_late() -> None:
        if task_scheduler._quit:
            wake()
            assert task_scheduler._complete.wait(10)
        wake()

    notifier.interrupt = wake_too_late
    shut_down(cluster)
    job = local_dispy.job_cluster(act).submit("nap", 0.1)
    assert job.finish.wait(20)
