"""CPU time is offered, used and lost, and costs money, exactly, whatever the history keeps."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from unit.stories import check, seen

from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.combined import CombinedState
from flask_dispy.core.errors import BadRequest
from flask_dispy.core.events import (
    EndState,
    JobEnded,
    JobQueued,
    JobStarted,
    NodeClosed,
    WatchingEnded,
)
from flask_dispy.core.meter import CpuHourPrice, Meter
from flask_dispy.core.settings import Settings
from flask_dispy.core.summary import summary_of
from flask_dispy.wire.rows import RowWriter

BEGAN = 1_000.0
SERIALS = itertools.count(1)


class Run:
    """A cluster whose time passes as the test says."""

    def __init__(self, price: CpuHourPrice | None = None, *, history_limit: int = 2) -> None:
        self.now = BEGAN
        self.state = ClusterState(
            "compute", BEGAN, serials=SERIALS, history_limit=history_limit, price=price
        )

    def passes(self, seconds: float) -> None:
        self.now += seconds
        self.state.take_sample(self.now)

    def joins(self, node: str, cpus: int, name: str = "") -> None:
        self.state.apply(seen(node, cpus=cpus, name=name, joined=True))

    def leaves(self, node: str) -> None:
        self.state.apply(NodeClosed(node, self.now, "closed"))

    def starts(self, key: str, node: str) -> None:
        self.state.apply(JobQueued(key, self.now, key, None, None))
        self.state.apply(JobStarted(key, self.now, self.now, node, key, None, None))
        check(self.state)

    def ends(
        self, key: str, node: str, state: EndState = "finished", *, failed: bool = False
    ) -> None:
        job = self.state.ledger.named[key]
        times = (self.now, job.submitted_at, job.started_at, node)  # type: ignore[union-attr]
        exception = "E" if failed else None
        self.state.apply(JobEnded(key, *times, state, key, None, None, None, exception))
        check(self.state)

    @property
    def cost(self) -> dict[str, Any]:
        found: dict[str, Any] = summary_of(self.state, self.now)["cost"]
        return found

    @property
    def time(self) -> tuple[float, float, float, float]:
        cost = self.cost
        return cost["offered_sec"], cost["used_sec"], cost["idle_sec"], cost["lost_sec"]

    def node(self, ip_addr: str) -> dict[str, Any]:
        self.state.roster.changed(self.state.nodes[ip_addr])
        found: Any = RowWriter().node_row(self.state.nodes[ip_addr])["cost"]
        return dict(found)


def test_time_that_nodes_offer_is_used_idle_or_lost() -> None:
    run = Run()
    run.joins("n1", 2)
    run.passes(10)
    run.starts("a", "n1")
    run.passes(30)
    assert run.time == (80.0, 30.0, 50.0, 0.0)  # a runs
    run.ends("a", "n1", "terminated", failed=True)
    run.passes(10)
    assert run.time == (100.0, 30.0, 70.0, 30.0)
    assert run.node("n1") == {"used_sec": 30.0, "idle_sec": 70, "money": None}
    assert run.cost["money"] is run.cost["end_money"] is run.cost["money_per_hour"] is None


def test_nodes_that_join_leave_and_change_their_cpus_offer_what_they_had() -> None:
    run = Run()
    run.passes(50)
    assert run.time[0] == 0.0
    run.joins("n1", 2)
    run.passes(10)
    run.joins("n2", 4)
    run.passes(10)
    run.joins("n1", 1)  # its CPUs are set
    run.passes(10)
    run.leaves("n2")
    run.passes(10)
    run.joins("n2", 4)
    run.passes(10)
    assert run.time[0] == 10 * 2 + 10 * 6 + 10 * 5 + 10 * 1 + 10 * 5
    assert sum(run.node(n)["idle_sec"] for n in ("n1", "n2")) == run.time[0]
    run.state.drop_node("n2")
    run.passes(10)
    assert run.time[0] == 200.0  # what a node that is forgotten offered stays counted


def test_a_silent_node_still_offers_its_cpus() -> None:
    run = Run()
    run.joins("n1", 2)
    run.state.nodes["n1"].fall_silent(run.now)
    run.state.roster.changed(run.state.nodes["n1"])
    run.passes(10)
    assert run.time[0] == 20.0


def test_attempts_that_were_abandoned_are_used_and_lost() -> None:
    run = Run()
    run.joins("n1", 1)
    run.joins("n2", 1)
    run.starts("a", "n1")
    run.passes(20)
    run.state.apply(JobQueued("a", run.now, "a", None, None, requeued=True))
    run.passes(5)
    run.state.apply(JobStarted("a", run.now, BEGAN, "n2", "a", None, None))
    run.passes(7)
    assert run.time == (64.0, 27.0, 37.0, 20.0)
    run.ends("a", "n2")
    assert run.time == (64.0, 27.0, 37.0, 20.0)
    run.starts("b", "n1")
    run.passes(3)
    run.ends("b", "n1", "abandoned")
    assert run.time[1:] == (30.0, 40.0, 23.0)


def test_all_is_exact_though_jobs_are_forgotten() -> None:
    run = Run(0.5, history_limit=2)
    run.joins("n1", 2)
    for number in range(200):
        run.starts(str(number), "n1")
        run.passes(0.1)
        run.ends(str(number), "n1", "terminated" if number % 4 == 0 else "finished",
                 failed=number % 4 == 0)  # fmt: skip
    assert run.state.ledger.retained == 2
    assert run.time == pytest.approx((40.0, 20.0, 20.0, 5.0))
    assert run.cost["money"] == pytest.approx(40 / 3600 * 0.5, abs=1e-4)


def test_jobs_that_run_when_the_cluster_is_closed_used_it_until_then() -> None:
    run = Run(3.6)
    run.joins("n1", 1)
    run.starts("a", "n1")
    run.passes(10)
    run.state.apply(WatchingEnded(run.now))
    run.passes(100)
    assert run.time == (10.0, 10.0, 0.0, 0.0)
    assert (run.cost["money"], run.cost["money_per_hour"]) == (0.01, 0.0)


def test_prices_are_those_of_the_node_by_address_or_name_or_of_all_others() -> None:
    run = Run({"n1": 36.0, "alpha": 3.6, "*": 360.0})
    run.joins("n1", 1, "alpha")  # the address comes first
    run.joins("n2", 2, "alpha")
    run.joins("n3", 1)
    run.passes(10)
    assert [run.node(n)["money"] for n in ("n1", "n2", "n3")] == [0.1, 0.02, 1.0]
    assert (run.cost["money"], run.cost["money_per_hour"]) == (1.12, 403.2)
    left_out = Run({"n1": 36.0})
    left_out.joins("n2", 1)
    left_out.passes(10)
    assert left_out.cost["money"] == left_out.node("n2")["money"] == 0.0


def test_the_end_costs_what_the_outlook_says() -> None:
    run = Run(36.0, history_limit=100)
    run.joins("n1", 1)
    assert run.cost["end_money"] == 0.0  # nothing is to be done
    for number in range(30):
        run.starts(str(number), "n1")
        run.passes(10)
        run.ends(str(number), "n1")
    for number in range(10):
        run.state.apply(JobQueued(f"q{number}", run.now, "", None, None))
    run.starts("x", "n1")
    cost = run.cost
    assert cost["end_money"] == pytest.approx(cost["money"] + 1.1, rel=0.2)
    assert cost["money"] < cost["end_early_money"] <= cost["end_money"] <= cost["end_late_money"]
    run.passes(10_000)  # nothing ends any more
    assert summary_of(run.state, run.now)["outlook"]["state"] == "stalled"
    assert (
        run.cost["end_money"] is run.cost["end_early_money"] is run.cost["end_late_money"] is None
    )
    assert run.cost["money"] > 100.0


def test_a_machine_of_several_clusters_offers_its_cpus_once() -> None:
    runs = [Run(36.0), Run(36.0)]
    states = [run.state for run in runs]
    combined = CombinedState(lambda: states, BEGAN, priced=True)
    for run in runs:
        run.joins("n1", 2)
        run.starts("a", "n1")
    combined.nodes_changed(["n1"])
    for run in runs:
        run.passes(10)
    combined.take_sample(BEGAN + 10)
    usage = combined.usage(BEGAN + 10)
    assert (usage.offered_sec, usage.used_sec, usage.money) == (20.0, 20.0, 0.2)
    gone = states.pop()
    combined.keep(gone, BEGAN + 10)
    assert combined.usage(BEGAN + 10) == usage


def test_a_clock_that_is_set_back_costs_nothing_twice() -> None:
    meter = Meter(100.0)
    meter.cpus = 1
    for at in (110.0, 107.0, 112.0, 12.0, 22.0):
        meter.pass_time(at)
    assert (meter.offered_sec, meter.at) == (22.0, 22.0)


@pytest.mark.parametrize(
    "price", [-1, float("nan"), float("inf"), True, "1", [1], {"a": "1"}, {"a": -0.1}, {1: 1.0},
              {"": 1.0}, {"a": None}, 1e7],
)  # fmt: skip
def test_a_price_that_makes_no_sense_is_refused_with_the_remedy(price: Any) -> None:
    with pytest.raises(BadRequest, match=r"cpu_hour_price.*: give ") as refused:
        Settings(cpu_hour_price=price)
    assert refused.value.field == "cpu_hour_price"


def test_a_price_is_a_number_or_one_of_each_node() -> None:
    by_node = {"10.0.0.1": 1, "*": 0.5}
    settings = Settings(cpu_hour_price=by_node)
    by_node.clear()  # a copy is kept
    assert settings.cpu_hour_price == {"10.0.0.1": 1, "*": 0.5}
    assert [Settings(cpu_hour_price=p).cpu_hour_price for p in (0, 0.25, None)] == [0, 0.25, None]
