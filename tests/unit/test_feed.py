"""A reader that applies changes from any point on sees what a new reader sees."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dispy_objects import FakeCluster
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from flask_dispy import ClusterRegistry
from flask_dispy.core.feed import Cursor, Feed
from flask_dispy.watching.dashboard import board_of
from flask_dispy.watching.views import View


def answer(view: View, since: str | None = None) -> dict[str, Any]:
    changes = view.changes(since)
    body: dict[str, Any] = json.loads(changes.body.plain())
    assert (body["cursor"], body["snapshot"]) == (changes.cursor, changes.snapshot)
    return body


class Reader:
    """Keeps rows as a browser does, from nothing but what it is sent."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.cursor: str | None = None
        self.rows: dict[str, Any] = {}
        self.update()

    def update(self) -> dict[str, Any]:
        body = answer(self.view, self.cursor)
        if body["snapshot"]:
            self.rows.clear()
        for row in body["nodes"]:
            if row.get("removed"):
                self.rows.pop(row["ip_addr"], None)
            else:
                self.rows[row["ip_addr"]] = row
        self.cursor = body["cursor"]
        return body


def rows_of(view: View) -> dict[str, Any]:
    return {row["ip_addr"]: row for row in answer(view)["nodes"]}


# -- the feed itself --------------------------------------------------------------------------


def test_changes_come_in_the_order_of_the_last_change() -> None:
    feed = Feed()
    for version, key in enumerate("abca", 1):
        feed.touch([key], version)
    assert feed.since(0) == (["b", "c", "a"], [])
    assert feed.since(2) == (["c", "a"], [])
    assert feed.since(4) == ([], [])


def test_removed_row_is_reported_as_removed() -> None:
    feed = Feed()
    feed.touch(["a"], 1)
    feed.remove(["a"], 2)
    assert feed.since(1) == ([], ["a"])


def test_row_that_came_back_is_changed_and_not_removed() -> None:
    feed = Feed()
    feed.touch(["a"], 1)
    feed.remove(["a"], 2)
    feed.touch(["a"], 3)
    assert feed.since(1) == (["a"], [])


def test_removing_an_unknown_row_notifies_nobody() -> None:
    feed = Feed()
    feed.remove(["a"], 1)
    assert feed.since(0) == ([], [])


def test_reader_behind_the_remembered_removals_is_not_reached() -> None:
    feed = Feed()
    for number in range(20_001):
        feed.touch([str(number)], 1)
    for number in range(20_001):
        feed.remove([str(number)], 2 + number)
    assert not feed.reaches(1)
    assert feed.reaches(2)
    assert len(feed.since(2)[1]) == 20_000


# -- cursors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [None, "", "x", "a-b", "a-b-c-d", "e-0-", "e--1-2", "\0", "-" * 64, "f" * 10_000,
     "e-1-1.5", "e-1-" + "f" * 100, "🙂-🙂-🙂"],
)  # fmt: skip
def test_garbage_is_no_cursor(text: str | None) -> None:
    assert Cursor.parse(text) is None


def test_cursor_survives_its_text() -> None:
    assert Cursor.parse(str(Cursor("0a1b", 7, 255))) == Cursor("0a1b", 7, 255)


@pytest.mark.parametrize("since", [None, "", "junk", "e-0-0", "00000000-0-1", "\ud800", "1" * 99])
def test_foreign_cursor_gets_a_marked_snapshot(
    registry: ClusterRegistry, cluster: FakeCluster, since: str | None
) -> None:
    cluster.join("10.0.0.1")
    body = answer(registry.view("*"), since)
    assert body["snapshot"] is True
    assert [row["ip_addr"] for row in body["nodes"]] == ["10.0.0.1"]


def test_cursor_from_the_future_gets_a_snapshot(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    ahead = str(Cursor(board_of(registry).epoch, 0, 10**9))
    assert answer(registry.view("*"), ahead)["snapshot"] is True


def test_cursor_of_another_view_gets_a_snapshot(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    cursor = answer(registry.view("compute"))["cursor"]
    assert answer(registry.view("*"), cursor)["snapshot"] is True
    assert answer(registry.view("compute"), cursor)["snapshot"] is False


def test_cursor_of_a_cluster_whose_name_went_to_another_gets_a_snapshot(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    cluster.join("10.0.0.1")
    cursor = answer(registry.view("compute"))["cursor"]
    registry.remove("compute")
    registry.add(FakeCluster("compute"))
    body = answer(registry.view("compute"), cursor)
    assert (body["snapshot"], body["nodes"]) == (True, [])


# -- what is sent -----------------------------------------------------------------------------


def test_nothing_changed_sends_no_rows(registry: ClusterRegistry, cluster: FakeCluster) -> None:
    cluster.join("10.0.0.1")
    reader = Reader(registry.view("compute"))
    body = reader.update()
    assert (body["snapshot"], body["nodes"]) == (False, [])


def test_only_changed_rows_are_sent(registry: ClusterRegistry, cluster: FakeCluster) -> None:
    first, _second = cluster.join("10.0.0.1"), cluster.join("10.0.0.2")
    reader = Reader(registry.view("compute"))
    cluster.start(cluster.submit(1), first)
    assert [row["ip_addr"] for row in reader.update()["nodes"]] == ["10.0.0.1"]


def test_removed_cluster_takes_its_nodes_out_of_the_combined_view(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    cluster.join("10.0.0.1")
    reader = Reader(registry.view("*"))
    registry.remove(cluster)
    assert reader.update()["nodes"] == [{"ip_addr": "10.0.0.1", "removed": True}]


def test_shared_node_stays_when_one_of_its_clusters_goes(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    other = FakeCluster("render")
    registry.add(other)
    cluster.join("10.0.0.1")
    other.join("10.0.0.1")
    reader = Reader(registry.view("*"))
    registry.remove(other)
    assert [row["clusters"] for row in reader.update()["nodes"]] == [["compute"]]


def test_summaries_lead_with_the_combined_one(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    names = [summary["name"] for summary in answer(registry.view("*"))["clusters"]]
    assert names == ["* Combined", "compute"]


def test_hostile_figures_and_names_are_still_json(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    node = cluster.join("10.0.0.1", "\ud800\u202e</script>\0" + "x" * 10_000)
    node.tx, node.rx, node.busy = 10**5_000, float("nan"), -7
    node.cpu_time = node.update_time = float("inf")
    cluster.pulse(node, cpu=float("nan"))
    node.avail_info.memory = 10**400
    row = rows_of(registry.view("compute"))["10.0.0.1"]
    assert (row["tx"], row["rx"], row["busy"], row["cpu_time"]) == (0, 0, 0, 0.0)
    assert row["avail_info"]["cpu"] == row["avail_info"]["memory"] == 0.0
    assert row["name"].startswith("\\ud800\\u202e</script>\\x00")
    assert len(row["name"]) == 200
    json.dumps(registry.view("compute").node_series("10.0.0.1"), allow_nan=False)


# -- any point, any history -------------------------------------------------------------------


class FeedMachine(RuleBasedStateMachine):
    """Clusters come and go, nodes join and close, jobs run; readers of any age keep up."""

    def __init__(self) -> None:
        super().__init__()
        self.registry = ClusterRegistry(history_limit=5)
        self.clusters: dict[str, FakeCluster] = {}
        self.jobs: list[tuple[FakeCluster, Any, Any]] = []
        self.readers: list[Reader] = [Reader(self.registry.view("*"))]

    def teardown(self) -> None:
        self.registry.close()

    @rule(name=st.sampled_from(["a", "b", "c"]))
    def cluster_added_or_removed(self, name: str) -> None:
        if name in self.clusters:
            self.registry.remove(self.clusters.pop(name))
        else:
            self.clusters[name] = FakeCluster(name)
            self.registry.add(self.clusters[name])

    @precondition(lambda self: self.clusters)
    @rule(data=st.data(), number=st.integers(1, 4))
    def node_joins(self, data: Any, number: int) -> None:
        self._cluster(data).join(f"10.0.0.{number}")

    @precondition(lambda self: any(c._dispy_nodes for c in self.clusters.values()))
    @rule(data=st.data(), closes=st.booleans())
    def node_changes(self, data: Any, closes: bool) -> None:
        cluster, node = self._node(data)
        if closes:
            cluster.leave(node)
        else:
            cluster.pulse(node, cpu=data.draw(st.integers(0, 100)))

    @precondition(lambda self: any(c._dispy_nodes for c in self.clusters.values()))
    @rule(data=st.data())
    def job_starts(self, data: Any) -> None:
        cluster, node = self._node(data)
        job = cluster.submit(1)
        cluster.start(job, node)
        self.jobs.append((cluster, job, node))

    @precondition(lambda self: self.jobs)
    @rule()
    def job_ends(self) -> None:
        cluster, job, node = self.jobs.pop()
        cluster.end(job, node)

    @rule(data=st.data())
    def reader_comes(self, data: Any) -> None:
        name = data.draw(st.sampled_from(["*", *self.clusters]))
        self.readers.append(Reader(self.registry.view(name)))

    @rule(data=st.data())
    def reader_updates(self, data: Any) -> None:
        data.draw(st.sampled_from(self.readers)).update()

    def _cluster(self, data: Any) -> FakeCluster:
        cluster: FakeCluster = data.draw(st.sampled_from(list(self.clusters.values())))
        return cluster

    def _node(self, data: Any) -> Any:
        nodes = [(c, n) for c in self.clusters.values() for n in c._dispy_nodes.values()]
        return data.draw(st.sampled_from(nodes))

    @invariant()
    def every_reader_can_catch_up(self) -> None:
        hub = board_of(self.registry)
        for reader in self.readers:
            with hub.folding, hub.lock:  # the upkeep compares nodes meanwhile, which changes rows
                self._catches_up(reader)

    @staticmethod
    def _catches_up(reader: Reader) -> None:
        fresh = rows_of(reader.view)
        late = Reader.__new__(Reader)
        late.view, late.cursor, late.rows = reader.view, reader.cursor, dict(reader.rows)
        late.update()
        assert late.rows == fresh
        assert {row["ip_addr"]: row for row in reader.view.nodes()} == fresh

    @invariant()
    def combined_census_is_a_recount(self) -> None:
        view = self.registry.view("*")
        rows, census = view.nodes(), view.summary()["nodes"]
        assert census["known"] == len(rows)
        for state in ("up", "silent", "closed"):
            assert census[state] == sum(row["state"] == state for row in rows)


TestFeed = FeedMachine.TestCase
# Every step compares each reader with a fresh one, so fewer runs take as long.
TestFeed.settings = settings(
    settings.default, max_examples=settings.default.max_examples // 3, stateful_step_count=25
)
