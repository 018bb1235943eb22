"""The table of runs: what is kept of each, how it is searched, sorted and paged."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from clusters import wait_until
from dispy import DispyJob
from dispy_objects import FakeCluster

from flask_dispy import BadRequest, ClusterRegistry, PastRegistry
from flask_dispy.core.search.runs import (
    NEWEST_RUN,
    RUN_SORTS,
    RunOrder,
    RunPlace,
    RunQuery,
    RunSort,
    page_of,
)
from flask_dispy.core.tags import MOST_TAGS, TAG_LETTERS, checked_tags
from flask_dispy.watching.dashboard import Dashboard, board_of
from flask_dispy.wire.runs import RunRow


@pytest.fixture
def history(path: Path) -> Path:
    return path


def work(cluster: FakeCluster, took_sec: float = 2.0, jobs: int = 10) -> None:
    """Let jobs run, of which every fifth fails."""
    node = cluster.join("10.0.0.1", "alpha")
    cluster.pulse(node)
    for number in range(jobs):
        job = cluster.submit(number, since_sec=20.0)
        cluster.start(job, node, since_sec=took_sec)
        status = DispyJob.Finished if number % 5 else DispyJob.Terminated
        cluster.end(job, node, status, **({} if number % 5 else {"exception": f"E: {number}"}))


def listed(of: Dashboard, order: RunOrder = NEWEST_RUN) -> list[RunRow]:
    runs = board_of(of).runs
    assert runs is not None
    return runs.page(RunQuery(), order).items


# -- what is kept ----------------------------------------------------------------------------


def test_run_is_listed_while_it_goes_on_and_after(path: Path, registry: ClusterRegistry) -> None:
    cluster = FakeCluster("compute")
    registry.add(cluster, tags=["night", "v2"])
    work(cluster)
    wait_until(lambda: listed(registry))
    (row,) = listed(registry)
    assert (row["name"], row["tags"], row["cluster"]) == ("compute", ["night", "v2"], "compute")
    assert (row["live"], row["complete"], row["jobs"], row["failed"]) == (True, False, 10, 2)
    work(cluster, jobs=5)
    assert listed(registry)[0]["jobs"] == 15  # as it is now, not as it was written
    registry.remove(cluster)
    wait_until(lambda: listed(registry)[0]["complete"])
    (row,) = listed(registry)
    assert (row["live"], row["cluster"], row["jobs"], row["failed"]) == (False, None, 15, 3)
    assert row["course"] is not None
    assert sum(row["course"]["counts"]) == 15


def test_figures_are_those_that_the_run_had(path: Path, registry: ClusterRegistry) -> None:
    cluster = FakeCluster("compute")
    registry.add(cluster)
    work(cluster)
    wait_until(lambda: listed(registry))
    (live,) = listed(registry)
    (whole,) = registry.view("compute").durations(words=["finished"])["functions"]
    assert live["median_sec"] == whole["median_sec"]
    assert live["p95_sec"] == whole["p95_sec"]
    assert live["cpu_time_sec"] == registry.view("compute").summary()["cpu_time_sec"]
    registry.close()
    past = PastRegistry(path)
    (row,) = listed(past)
    same = ("id", "name", "tags", "started_at", "jobs", "failed", "median_sec", "p95_sec",
            "cpu_time_sec")  # fmt: skip
    assert {name: row[name] for name in same} == {name: live[name] for name in same}  # type: ignore[literal-required]
    assert row["cluster"] == past.names()[0]
    past.close()


def test_registry_without_history_has_no_runs() -> None:
    registry = ClusterRegistry()
    assert board_of(registry).runs is None
    registry.close()


def test_tags_are_redacted_and_tidied(path: Path) -> None:
    seen: list[tuple[str, str]] = []

    def redact(text: str, kind: str) -> str:
        seen.append((text, kind))
        return text.replace("secret", "")

    registry = ClusterRegistry(history=path, redact=redact)
    registry.add(FakeCluster("compute"), tags=[" data\n set ", "a secret", "secret", "data set"])
    assert board_of(registry).states()[0].tags == ("data set", "a")
    assert ("data set", "tag") in seen
    registry.close()


@pytest.mark.parametrize("tags", ["night", [3], ["x"] * (MOST_TAGS + 1), ["x" * (TAG_LETTERS + 1)]])
def test_tags_that_make_no_sense_are_refused(tags: Any) -> None:
    with pytest.raises(BadRequest) as caught:
        checked_tags(tags, str)
    assert caught.value.field == "tags"


# -- search, order, pages ------------------------------------------------------------------


class Run(NamedTuple):
    id: int
    name: str
    tags: tuple[str, ...]
    value: float | None = None


RUNS = [
    Run(1, "train", ("night", "GPU")),
    Run(2, "train (2)", ("day",)),
    Run(3, "render night", ()),
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [1, 2, 3]),
        ("night", [1, 3]),
        ("tag:night", [1]),
        ("tag:gpu", [1]),
        ("tag:nigh", []),
        ("name:night", [3]),
        ("train -tag:day", [1]),
        ("tag:day OR render", [2, 3]),
        ('"train (2)"', [2]),
    ],
)
def test_search_finds_words_names_and_tags(text: str, found: list[int]) -> None:
    query = RunQuery.parse(text)
    assert [run.id for run in RUNS if query.matches(run)] == found


def test_unknown_qualifier_is_refused() -> None:
    with pytest.raises(BadRequest, match="tag, name"):
        RunQuery.parse("node:alpha")


def key(run: Run, column: RunSort) -> float | str | None:
    return run.name.casefold() if column == "name" else run.value


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("column", ["name", "median_sec"])
def test_pages_together_are_the_sorted_list(seed: int, column: RunSort) -> None:
    some = random.Random(seed)
    runs = [
        Run(n, some.choice("aBc~ d"), (), some.choice([None, 0.1, 1 / 3, 2.0, 1e9]))
        for n in some.sample(range(1, 100), 30)
    ]
    order = RunOrder(column, some.random() < 0.5)
    known = [run for run in runs if key(run, column) is not None]
    plain = sorted(known, key=lambda run: -run.id)
    plain.sort(key=lambda run: key(run, column), reverse=order.descending)  # type: ignore[arg-type, return-value]
    plain += sorted((run for run in runs if key(run, column) is None), key=lambda run: -run.id)
    found: list[Run] = []
    place: RunPlace | None = None
    while True:
        page, end = page_of(runs, key, order, after=place, limit=some.randint(1, 7))
        found += page
        if end is None:
            break
        place = RunPlace.parse(str(end), column)
    assert found == plain


@pytest.mark.parametrize("text", ["", "x", "name~1", "name~x~ta", "jobs~1~n3", "name~1~n3"])
def test_cursor_of_another_list_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        RunPlace.parse(text, "name")


def test_every_column_can_be_sorted_by(registry: ClusterRegistry) -> None:
    cluster = FakeCluster("compute")
    registry.add(cluster)
    work(cluster)
    wait_until(lambda: listed(registry))
    for column in RUN_SORTS:
        assert len(listed(registry, RunOrder(column))) == 1
