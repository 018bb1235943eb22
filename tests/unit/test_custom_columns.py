"""Columns of a user's own: what they may be, and that nothing they do harms anybody."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from clusters import wait_until
from dispy import DispyJob
from dispy_objects import FakeCluster

from flask_dispy import BadRequest, ClusterRegistry, Column
from flask_dispy.core.columns import plain_value
from flask_dispy.core.search.query import JobQuery
from flask_dispy.core.search.values import value_test
from flask_dispy.engine.reports.columns import ColumnReader, NodeSubject, Subjects
from flask_dispy.watching.dashboard import board_of
from flask_dispy.wire.node_list import QUALIFIERS
from flask_dispy.wire.tables import JobTable, NodeTable


def nothing(_about: Any) -> None:
    return None


# -- declaring them ---------------------------------------------------------------------------


def test_columns_name_is_its_heading_if_it_has_none() -> None:
    assert Column("temp", value=nothing).label == "temp"
    assert Column("temp", value=nothing, label="Temperature").label == "Temperature"


@pytest.mark.parametrize("name", ["", "t", "Temp", "1st", "a-b", "a b", "_x", "é2", "x" * 41, None])
def test_name_must_be_one_that_searches_can_read(name: Any) -> None:
    with pytest.raises(BadRequest, match="is no name of a column"):
        Column(name, value=nothing)


@pytest.mark.parametrize(
    ("field", "value"),
    [("value", 5), ("label", "x" * 41), ("label", 3), ("label", "a\nb"), ("unit", "\ud800"),
     ("type", "integer"), ("sortable", 1)],
)  # fmt: skip
def test_nonsense_is_named(field: str, value: Any) -> None:
    with pytest.raises(BadRequest, match=f"The {field} of the column temp") as caught:
        Column("temp", **{"value": nothing, field: value})
    assert caught.value.field == field


@pytest.mark.parametrize("name", ["cpus", "cpu", "sec_per_job", "events", "constructor", "ip"])
def test_no_column_of_nodes_takes_the_name_of_a_field_of_ours(name: str) -> None:
    with pytest.raises(BadRequest, match=f"column {name} in node_columns is taken") as caught:
        ClusterRegistry(node_columns=[Column(name, value=nothing)])
    assert caught.value.field == "node_columns"


@pytest.mark.parametrize("name", ["serial", "state", "slower", "result", "args_truncated"])
def test_no_column_of_jobs_takes_the_name_of_a_field_of_ours(name: str) -> None:
    with pytest.raises(BadRequest, match=f"column {name} in job_columns is taken"):
        ClusterRegistry(job_columns=[Column(name, value=nothing)])


def test_all_qualifiers_of_searches_are_taken() -> None:
    for name in QUALIFIERS:
        with pytest.raises(BadRequest, match="taken"):
            NodeTable([Column(name, value=nothing)])


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(BadRequest, match="taken"):
        JobTable([Column("batch", value=nothing), Column("batch", value=nothing)])


@pytest.mark.parametrize("columns", [5, "temp", ["temp"], Column("temp", value=nothing)])
def test_setting_that_is_no_list_of_columns_is_refused(columns: Any) -> None:
    with pytest.raises(BadRequest, match="must be a list of Column objects"):
        ClusterRegistry(node_columns=columns)


def test_too_many_columns_are_refused() -> None:
    with pytest.raises(BadRequest, match="20 are the most"):
        ClusterRegistry(job_columns=[Column(f"column{n}", value=nothing) for n in range(21)])


# -- values -----------------------------------------------------------------------------------


class Text(str):
    def __str__(self) -> str:
        raise RuntimeError("nobody asks")


@pytest.mark.parametrize(
    ("value", "kept"),
    [(None, None), (3, 3), (2.5, 2.5), (True, True), ("north", "north"), (Text("a"), "a"),
     ("a\x00b", "a\\x00b"), ("\ud800", "\\ud800"), ("\u202eevil", "\\u202eevil")],
)  # fmt: skip
def test_plain_values_are_kept(value: object, kept: object) -> None:
    found = plain_value(value)
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize(
    "value", [[1], object(), b"x", 1j, float("nan"), float("inf"), 10**16, "x" * 201, "\0" * 199]
)
def test_all_else_is_none(value: object) -> None:
    with pytest.raises(ValueError, match="it returned"):
        plain_value(value)


@pytest.mark.parametrize(
    ("value", "kind"), [("3", "number"), (True, "number"), (3, "string"), (1, "boolean")]
)
def test_value_of_another_type_is_none(value: object, kind: Any) -> None:
    with pytest.raises(ValueError, match=f"in place of a {kind}"):
        plain_value(value, kind)


# -- searching --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("80", [80, 80.0, "80 %"]), (">80", [80.5, 91]), (">=80", [80, 80.0, 80.5, 91]),
     ("<1", [-2]), ("true", [True, "untrue"]), ("NORTH", ["North"]), ("none", [])],
)  # fmt: skip
def test_values_are_found(wanted: str, found: list[Any]) -> None:
    values = [80, 80.0, 80.5, 91, -2, True, False, None, "North", "80 %", "untrue"]
    test = value_test(wanted)
    kinds = [(value, type(value)) for value in values if test(value)]
    assert sorted(map(str, kinds)) == sorted(str((value, type(value))) for value in found)


def test_column_is_a_qualifier_where_there_is_one() -> None:
    assert JobQuery.parse("run2:7", columns=["batch", "run2"]).columns == ((1, "7"),)
    assert JobQuery.parse("run2:7").words == ("run2:7",)
    with pytest.raises(BadRequest, match="There is no qualifier batch"):
        JobQuery.parse("batch:7")
    with pytest.raises(BadRequest, match="run2: needs a value"):
        JobQuery.parse("run2:", columns=["run2"])


# -- asking -----------------------------------------------------------------------------------


class Rig:
    """A reader of one node's columns, what it delivered, and its watch."""

    def __init__(self, *columns: Callable[[Any], object], **options: Any) -> None:
        self.values: list[tuple[Any, ...]] = []
        self.columns = [Column(f"column{n}", value=value) for n, value in enumerate(columns)]
        self.now = 0.0
        self.reader = ColumnReader(
            lambda event, _state: self.values.append(event.values),  # type: ignore[union-attr]
            self.columns,
            (),
            clock=lambda: self.now,
            **{"time_limit_sec": 20.0, **options},
        )

    def ask(self) -> tuple[Any, ...]:
        before = len(self.values)
        self.reader.ask(NodeSubject(self, "10.0.0.1", "a node"))

        def answered() -> bool:
            self.reader.watch()
            return len(self.values) > before

        wait_until(answered)
        return self.values[-1]


@pytest.fixture
def make_rig() -> Iterator[Callable[..., Rig]]:
    rigs: list[Rig] = []

    def make(*columns: Callable[[Any], object], **options: Any) -> Rig:
        rigs.append(Rig(*columns, **options))
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.reader.close()


def raising(error: BaseException) -> Callable[[Any], object]:
    def value(_about: Any) -> object:
        raise error

    return value


@pytest.mark.parametrize("error", [ValueError("no"), KeyError(3), SystemExit(1), BaseException()])
def test_value_is_unknown_and_counted_if_its_function_raises(
    make_rig: Callable[..., Rig], error: BaseException, caplog: Any
) -> None:
    rig = make_rig(raising(error), lambda _: 7)
    assert [rig.ask(), rig.ask()] == [(None, 7), (None, 7)]
    assert rig.reader.failures == {"column0": 2}
    logged = [record for record in caplog.records if "column0" in record.message]
    assert len(logged) == 1
    assert type(error).__name__ in logged[0].message


def test_value_that_no_column_has_is_unknown_and_counted(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(lambda _: "x" * 10**7, lambda _: {"a": 1}, lambda _: 2)
    assert rig.ask() == (None, None, 2)
    assert rig.reader.failures == {"column0": 1, "column1": 1}


def endless(_about: Any) -> object:
    while True:
        pass


def test_function_that_hangs_is_interrupted_and_rests(
    make_rig: Callable[..., Rig], caplog: Any
) -> None:
    rig = make_rig(lambda _: "before", endless, lambda _: "after", time_limit_sec=1.0)
    assert rig.ask() == ("before", None, None)
    assert rig.ask() == ("before", None, "after")  # it is not called
    assert rig.reader.failures == {"column1": 1}
    assert "The function of the column column1 took more than 1 s" in caplog.text
    rig.now = 61
    assert rig.ask() == ("before", None, None)  # it is called again
    wait_until(lambda: rig.reader.stuck == 0)


def test_functions_that_never_come_back_end_all_asking(make_rig: Callable[..., Rig]) -> None:
    release = threading.Event()
    rig = make_rig(lambda _: release.wait(60), time_limit_sec=1.0)
    for _ in range(4):
        assert rig.ask() == (None,)
        rig.now += 61
    assert rig.reader.stuck == 4
    assert rig.ask() == (None,)
    release.set()
    wait_until(lambda: rig.reader.stuck == 0)


def test_node_that_waits_is_asked_about_once(make_rig: Callable[..., Rig]) -> None:
    entered, release = threading.Event(), threading.Event()
    asked: list[Any] = []

    def slow(about: Any) -> object:
        asked.append(about)
        entered.set()
        return release.wait(20)

    rig = make_rig(slow)
    first, second = (NodeSubject(rig, f"10.0.0.{n}", n) for n in (1, 2))
    assert rig.reader.ask(first)
    assert entered.wait(10)
    assert rig.reader.ask(second)
    assert not rig.reader.ask(second)
    assert rig.reader.ask(first)  # it is being asked about, and may have changed since
    release.set()
    wait_until(lambda: len(rig.values) == 3)
    assert asked == [1, 2, 1]


def test_job_that_ended_has_its_arguments_still() -> None:
    subjects, job = Subjects(), DispyJob(None, ("first",), {"n": 1})
    subjects.note_job("key", job, "an id")
    job._args, job._kwargs, job.result = (), {}, 7
    subjects.note_job("key", job, "an id", ended=True)
    _, jobs = subjects.take()
    found = jobs["key"]
    assert (found._args, found._kwargs, found.result, found.id) == (
        ("first",),
        {"n": 1},
        7,
        "an id",
    )
    assert job._args == ()  # dispy's own is as it was
    assert subjects.take() == ({}, {})


# -- in a registry ----------------------------------------------------------------------------


@pytest.fixture
def make_registry() -> Iterator[Callable[..., ClusterRegistry]]:
    registries: list[ClusterRegistry] = []

    def make(**settings: Any) -> ClusterRegistry:
        registries.append(ClusterRegistry(**settings))
        return registries[-1]

    yield make
    for registry in registries:
        registry.close()


def test_values_of_nodes_are_in_their_rows(make_registry: Callable[..., ClusterRegistry]) -> None:
    temperatures = {"10.0.0.1": 41, "10.0.0.2": 70}
    registry = make_registry(
        node_columns=[Column("temp", value=lambda node: temperatures[node.ip_addr])]
    )
    cluster = FakeCluster()
    registry.add(cluster)
    nodes = [cluster.join(ip_addr) for ip_addr in temperatures]

    def values(name: str) -> dict[str, Any]:
        return {row["ip_addr"]: row["temp"] for row in registry.view(name).nodes()}

    wait_until(lambda: values("compute") == temperatures == values("*"))
    temperatures["10.0.0.1"] = 43  # and no figure of dispy's changes
    wait_until(lambda: values("compute")["10.0.0.1"] == 43, timeout_sec=20)
    cluster.leave(nodes[0])
    wait_until(lambda: registry.view("*").node("10.0.0.1")["state"] != "up")
    assert values("*")["10.0.0.1"] == 43  # the last that is known of it


def test_value_that_stays_is_no_change(make_registry: Callable[..., ClusterRegistry]) -> None:
    asked: list[Any] = []

    def temp(node: Any) -> int:
        asked.append(node)
        return 41

    registry = make_registry(node_columns=[Column("temp", value=temp)])
    cluster = FakeCluster()
    registry.add(cluster)
    cluster.join("10.0.0.1")
    wait_until(lambda: registry.view("*").node("10.0.0.1")["temp"] == 41)
    cursor, times = registry.view("*").changes().cursor, len(asked)
    wait_until(lambda: len(asked) > times + 1, timeout_sec=30)
    changes = json.loads(registry.view("*").changes(cursor).body.plain())
    assert (changes["snapshot"], changes["nodes"]) == (False, [])


def test_node_of_several_clusters_has_the_value_of_the_latest_word(
    make_registry: Callable[..., ClusterRegistry],
) -> None:
    registry = make_registry(node_columns=[Column("whose", value=lambda node: node.name)])
    one, other = FakeCluster("one"), FakeCluster("other")
    for cluster in (one, other):
        registry.add(cluster)
        cluster.join("10.0.0.1", cluster.name)

    def whose(name: str) -> Any:
        return registry.view(name).node("10.0.0.1")["whose"]

    wait_until(lambda: (whose("one"), whose("other")) == ("one", "other"))
    assert whose("*") == "other"
    one.pulse(one._dispy_nodes["10.0.0.1"])
    wait_until(lambda: whose("*") == "one")


def test_values_of_jobs_are_read_as_they_are_submitted_start_and_end(
    make_registry: Callable[..., ClusterRegistry],
) -> None:
    seen: list[tuple[int, Any, Any]] = []

    def batch(job: Any) -> str:
        seen.append((job.status, job.id, job.result))
        return f"{job._args[0]} {job.status}"

    registry = make_registry(job_columns=[Column("batch", value=batch)])
    cluster = FakeCluster()
    registry.add(cluster)
    node = cluster.join("10.0.0.1")
    job = cluster.submit("night", job_id="a")
    view = registry.view("compute")

    def value() -> Any:
        return view.job(view.jobs().items[0]["serial"])["batch"]

    wait_until(lambda: value() == f"night {DispyJob.Created}")
    job.id = "b"
    cluster.start(job, node)
    wait_until(lambda: value() == f"night {DispyJob.Running}")
    cluster.end(job, node, result=7)
    wait_until(lambda: value() == f"night {DispyJob.Finished}")
    assert seen == [(DispyJob.Created, "a", None), (DispyJob.Running, "b", None),
                    (DispyJob.Finished, "b", 7)]  # fmt: skip
    assert view.jobs(JobQuery.parse("batch:night", columns=["batch"])).total == 1
    assert view.jobs(JobQuery.parse("night")).total == 1
    assert view.jobs(JobQuery.parse("batch:day", columns=["batch"])).total == 0


def test_texts_of_jobs_are_redacted(make_registry: Callable[..., ClusterRegistry]) -> None:
    registry = make_registry(
        job_columns=[Column("batch", value=lambda job: job._args[0])],
        node_columns=[Column("rack", value=lambda _: "secret")],
        redact=lambda text, kind: text.replace("secret", f"[{kind}]"),
    )
    cluster = FakeCluster()
    registry.add(cluster)
    cluster.join("10.0.0.1")
    cluster.submit("secret 7")
    view = registry.view("compute")
    wait_until(lambda: view.jobs().items[0]["batch"] == "[batch] 7")
    wait_until(lambda: view.node("10.0.0.1")["rack"] == "secret")  # it is nothing of a job's


def test_failures_are_in_health_and_are_no_problem(
    make_registry: Callable[..., ClusterRegistry],
) -> None:
    registry = make_registry(node_columns=[Column("temp", value=raising(OSError("no sensor")))])
    cluster = FakeCluster()
    registry.add(cluster)
    cluster.join("10.0.0.1")
    wait_until(lambda: registry.health()["columns"]["unknown"].get("temp", 0) >= 1)
    assert registry.view("*").node("10.0.0.1")["temp"] is None
    assert registry.health()["status"] == "ok"


def test_nothing_is_noted_where_there_are_no_columns(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    node = cluster.join("10.0.0.1")
    cluster.start(cluster.submit(1), node)
    registry.view("*").nodes()
    (watched,) = board_of(registry).members()
    assert watched.watch.subjects.take() == ({}, {})
    assert not watched.watch.subjects._arguments
