"""Nodes that were asked to join and have not: kept until they have, with the likely reasons."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from clusters import wait_until
from dispy import NodeAllocate
from dispy_objects import FakeCluster
from impatience import SOON
from unit.stories import gone, new_state, seen, tell

from flask_dispy import ClusterRegistry
from flask_dispy.core.cluster import ClusterState
from flask_dispy.core.errors import UnknownOffer
from flask_dispy.core.nodes import Node
from flask_dispy.core.offers import Allocation, Finding, Offers
from flask_dispy.core.reasons import message_of, reasons_of
from flask_dispy.engine.offering import diagnose, program_allocations, withdraw_allocation
from flask_dispy.watching.dashboard import board_of

NODE = Allocation("10.0.0.7", None, 0)


@pytest.fixture
def offers() -> Offers:
    return Offers(itertools.count(1))


def _waiting(offers: Offers) -> list[str]:
    return [offer.ip_addr for offer in offers.waiting.values()]


def _nodes(state: ClusterState | None = None, *story: Any) -> dict[str, Node]:
    state = state or new_state()
    tell(state, *story)
    return state.nodes


# -- what waits -------------------------------------------------------------------------------


def test_offer_waits_until_its_node_has_joined(offers: Offers) -> None:
    offers.ask("seven", NODE, 1_000.0, by="ann")
    assert offers.watch({}, 1_010.0)
    (offer,) = offers.waiting.values()
    assert (offer.host, offer.ip_addr, offer.asked_by) == ("seven", "10.0.0.7", "ann")
    assert offers.watch(_nodes(None, seen("10.0.0.7", joined=True)), 1_011.0)
    assert _waiting(offers) == []


def test_offer_is_overdue_after_half_a_minute(offers: Offers) -> None:
    offers.ask("seven", NODE, 1_000.0, by=None)
    offers.watch({}, 1_029.0)
    assert offers.as_dict() == {"waiting": 1, "overdue": 0, "changes": 1}
    assert offers.watch({}, 1_030.0)
    assert offers.as_dict() == {"waiting": 1, "overdue": 1, "changes": 2}
    assert not offers.watch({}, 1_031.0)


def test_node_that_was_lost_must_join_anew(offers: Offers) -> None:
    state = new_state()
    nodes = _nodes(state, seen("10.0.0.7", joined=True, at=900.0), gone("10.0.0.7", "closed"))
    offers.ask("seven", NODE, 1_100.0, by=None)
    offers.watch(nodes, 1_110.0)
    assert _waiting(offers) == ["10.0.0.7"]
    again = (seen("10.0.0.7", joined=True, at=1_120.0), gone("10.0.0.7", "closed", at=130))
    offers.watch(_nodes(state, *again), 1_140.0)
    assert _waiting(offers) == []  # it joined, and has left again


@pytest.mark.parametrize(
    ("pattern", "met"),
    [("*", True), ("10.0.0.*", True), ("10.0.*", True), ("10.0.1.*", False), ("10?0.0.7*", False)],
)
def test_pattern_waits_until_any_node_that_it_stands_for_has_joined(
    offers: Offers, pattern: str, met: bool
) -> None:
    offers.ask(pattern, Allocation(pattern, None, 0), 1_000.0, by=None)
    offers.watch(_nodes(None, seen("10.0.0.7", joined=True)), 1_001.0)
    assert (_waiting(offers) == []) is met


def test_asking_again_takes_the_place_of_the_first_time(offers: Offers) -> None:
    first = offers.ask("seven", NODE, 1_000.0, by="ann")
    again = offers.ask("seven", NODE, 1_050.0, by="bob")
    assert again.number == first.number  # a reader who has the first can withdraw it
    (offer,) = offers.waiting.values()
    assert (offer.asked_by, offer.asked_at) == ("bob", 1_050.0)


def test_offers_are_bounded() -> None:
    offers = Offers(itertools.count(1), most=3)
    for number in range(5):
        offers.ask("n", Allocation(f"10.0.0.{number}", None, 0), 1_000.0, by=None)
    assert _waiting(offers) == ["10.0.0.2", "10.0.0.3", "10.0.0.4"]


def test_programs_offers_come_and_go_with_its_list(offers: Offers) -> None:
    offers.sync_with_program([NODE, Allocation("10.0.0.8", 9_701, 2)], 1_000.0)
    assert set(_waiting(offers)) == {"10.0.0.7", "10.0.0.8"}
    assert {offer.source for offer in offers.waiting.values()} == {"program"}
    offers.watch(_nodes(None, seen("10.0.0.7", joined=True)), 1_001.0)
    offers.sync_with_program([NODE], 1_002.0)
    assert _waiting(offers) == []  # one has joined, one went; and the first does not come anew
    offers.sync_with_program([NODE, Allocation("*", None, 0)], 1_003.0)
    assert _waiting(offers) == ["*"]


def test_offer_that_the_program_takes_back_is_a_change(offers: Offers) -> None:
    offers.sync_with_program([NODE], 1_000.0)
    assert offers.watch({}, 1_001.0)
    offers.sync_with_program([], 1_002.0)
    assert _waiting(offers) == []
    assert offers.watch({}, 1_003.0)


def test_offer_of_a_command_is_not_counted_again_as_the_programs(offers: Offers) -> None:
    offers.ask("seven", NODE, 1_000.0, by="ann")
    offers.sync_with_program([NODE], 1_001.0)  # for dispy keeps it in the same list
    assert [(o.source, o.asked_by) for o in offers.waiting.values()] == [("command", "ann")]


# -- why ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("finding", get_args(Finding))
def test_each_finding_has_a_sentence_and_reasons_with_a_command(
    offers: Offers, finding: Finding
) -> None:
    offer = offers.ask("seven", NODE, 1_000.0, by=None)
    offer.finding = finding
    assert message_of(offer, 9_701).endswith(".")
    reasons = reasons_of(offer, 9_701, 9_700)
    assert reasons
    for reason in reasons:
        assert reason.text
        assert reason.command
        assert reason.where in ("here", "node", "output")


def test_likeliest_reason_comes_first(offers: Offers) -> None:
    offer = offers.ask("seven", NODE, 1_000.0, by=None)
    first = {}
    for finding in ("refused_connection", "listening", "no_answer", "not_set_up"):
        offer.finding = finding  # type: ignore[assignment]
        first[finding] = reasons_of(offer, 9_701, 9_700)[0].code
    assert first == {
        "refused_connection": "nobody_there",
        "listening": "serves_another",
        "no_answer": "machine_off",
        "not_set_up": "setup",
    }


@pytest.mark.parametrize("host", ["10.0.0.7; rm -rf ~", "$(reboot)", "a'b", "-x"])
def test_commands_are_safe_to_paste_whatever_the_host_is_called(offers: Offers, host: str) -> None:
    """A program may offer anything; commands are made to be copied."""
    offer = offers.ask(host, Allocation(host, None, 0), 1_000.0, by=None)
    for finding in get_args(Finding):
        offer.finding = finding
        for reason in reasons_of(offer, 9_701, 9_700):
            if reason.where != "output":
                assert host not in reason.command


def test_open_port_is_distinguished_from_a_closed_one() -> None:
    cluster = FakeCluster()
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        assert diagnose(cluster, Allocation("127.0.0.1", port, 0)) == "listening"
    assert diagnose(cluster, Allocation("127.0.0.1", port, 0)) == "refused_connection"


def test_dispys_own_knowledge_of_a_node_comes_before_observation() -> None:
    cluster: Any = FakeCluster()
    cluster._cluster = SimpleNamespace(_nodes={"10.0.0.7": object()}, node_port=9_701)
    assert diagnose(cluster, NODE) == "not_set_up"
    cluster._dispy_nodes["10.0.0.7"] = object()
    assert diagnose(cluster, NODE) == "being_set_up"


# -- dispy's list ------------------------------------------------------------------------------


class _Listing(FakeCluster):
    """Has what a JobCluster was made with."""

    def __init__(self, *allocs: NodeAllocate) -> None:
        super().__init__()
        self._node_allocs = list(allocs)


def test_programs_offers_are_read_from_dispys_list() -> None:
    cluster = _Listing(NodeAllocate("127.0.0.7", port=9_701, cpus=2), NodeAllocate("10.0.*"))
    assert program_allocations(cluster) == [
        Allocation("127.0.0.7", 9_701, 2),
        Allocation("10.0.*", None, 0),
    ]
    assert program_allocations(FakeCluster()) == []


def test_offer_is_taken_out_of_dispys_list() -> None:
    cluster = _Listing(NodeAllocate("127.0.0.7"), NodeAllocate("127.0.0.8", setup_args=(1,)))
    assert withdraw_allocation(cluster, "127.0.0.7")
    assert [alloc.ip_addr for alloc in cluster._node_allocs] == ["127.0.0.8"]
    # What the program said besides would be lost with it.
    assert not withdraw_allocation(cluster, "127.0.0.8", plain=True)
    assert withdraw_allocation(cluster, "127.0.0.8")
    assert cluster._node_allocs == []
    assert not withdraw_allocation(FakeCluster(), "127.0.0.8")


def test_node_that_is_there_stays_in_dispys_list() -> None:
    cluster = _Listing(NodeAllocate("127.0.0.7"))
    cluster.join("127.0.0.7")
    assert not withdraw_allocation(cluster, "127.0.0.7", plain=True)
    assert len(cluster._node_allocs) == 1


# -- in a registry -----------------------------------------------------------------------------


@pytest.fixture
def prompt() -> Iterator[ClusterRegistry]:
    """A registry that looks at its offers often, and finds them overdue at once."""
    registry = ClusterRegistry(_intervals=SOON)
    yield registry
    registry.close()


def test_offers_are_listed_and_under_attention_until_they_are_taken(
    prompt: ClusterRegistry,
) -> None:
    cluster = _Listing(NodeAllocate("127.0.0.7"))
    prompt.add(cluster)
    prompt.control.allocate("compute", "127.0.0.8", None, 2, by="ann")
    view = prompt.view("compute")
    wait_until(lambda: view.summary()["attention"]["offers"] == 2, what="both to be overdue")
    assert view.summary()["offers"]["waiting"] == 2
    items = view.offers()
    assert {(one["host"], one["source"], one["asked_by"], one["cpus"]) for one in items} == {
        ("127.0.0.7", "program", None, 0),
        ("127.0.0.8", "command", "ann", 2),
    }
    assert all(one["overdue"] for one in items)
    assert prompt.view("*").offers() == items
    late = [event["node"] for event in view.events(["node_overdue"]).items]
    assert sorted(map(str, late)) == ["127.0.0.7", "127.0.0.8"]
    wait_until(lambda: all(one["finding"] == "refused_connection" for one in view.offers()),
               what="why they do not join")  # fmt: skip
    cluster.join("127.0.0.7")
    cluster.join("127.0.0.8")
    wait_until(lambda: view.summary()["offers"]["waiting"] == 0, what="nobody to be missed")
    assert (view.offers(), prompt.view("*").summary()["attention"]["offers"]) == ([], 0)


def test_offer_is_asked_again_and_withdrawn(prompt: ClusterRegistry) -> None:
    cluster = FakeCluster()
    prompt.add(cluster)
    prompt.control.allocate("compute", "localhost", 9_999, 2, by="ann")
    (first,) = prompt.view("compute").offers()
    assert first["host"] == "localhost"
    (outcome,) = prompt.control.ask_again("compute", first["number"], by="bob")
    assert outcome.ok
    asked = [call for call in cluster.calls if call[0] == "allocate_node"]
    assert asked[0] == asked[1]
    (second,) = prompt.view("compute").offers()
    assert (second["host"], second["asked_by"]) == ("localhost", "bob")
    (outcome,) = prompt.control.withdraw("*", second["number"])
    assert outcome.ok
    assert prompt.view("compute").offers() == []
    with pytest.raises(UnknownOffer, match="joined, or it was withdrawn"):
        prompt.control.withdraw("*", second["number"])


def test_offer_of_another_cluster_is_unknown(prompt: ClusterRegistry) -> None:
    prompt.add(FakeCluster())
    prompt.add(FakeCluster("render"))
    prompt.control.allocate("compute", "127.0.0.8")
    (offer,) = prompt.view("*").offers()
    assert prompt.view("render").offers() == []
    with pytest.raises(UnknownOffer):
        prompt.control.ask_again("render", offer["number"])


def test_cluster_that_ended_misses_nobody(prompt: ClusterRegistry) -> None:
    cluster = _Listing(NodeAllocate("127.0.0.7"))
    prompt.add(cluster)
    view = prompt.view("compute")
    wait_until(lambda: view.summary()["attention"]["offers"] == 1, what="the offer")
    cluster.close()
    wait_until(lambda: view.summary()["offers"]["waiting"] == 0, what="its end")
    assert view.summary()["attention"]["offers"] == 0


def test_node_that_is_allocated_anew_waits_as_well(prompt: ClusterRegistry) -> None:
    cluster = FakeCluster()
    prompt.add(cluster)
    node = cluster.join("127.0.0.7")
    board_of(prompt).fold()
    cluster.leave(node)
    assert prompt.view("compute").offers() == []
    prompt.control.node_action("compute", "allocate", "127.0.0.7", by="ann")
    (offer,) = prompt.view("compute").offers()
    assert (offer["host"], offer["asked_by"]) == ("127.0.0.7", "ann")
