"""The types that views return are what they return, and what OpenAPI and the scripts say."""

from __future__ import annotations

import re
import types
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import pytest
from web.fakes import watched_cluster

import flask_dispy
from flask_dispy import ClusterRegistry, PastRegistry
from flask_dispy.watching.views import View
from flask_dispy.web.api.schemas import SCHEMAS, schema_of
from flask_dispy.wire.answers import OutcomeRow
from flask_dispy.wire.journal import EventRow
from flask_dispy.wire.shapes.clusters import JobCounts, OutlookRow, SeriesData, Summary
from flask_dispy.wire.shapes.jobs import JobDetail, JobRow
from flask_dispy.wire.shapes.nodes import (
    AvailInfo,
    NodeEvent,
    NodeRow,
    NodeSeriesData,
    OfferReason,
    OfferRow,
)
from flask_dispy.wire.shapes.timeline import TimelineData

TYPES_JS = Path(flask_dispy.__file__).parent / "static" / "js" / "data" / "types.js"

# The scripts' names of shapes.
SCRIPTS = {
    "JobCounts": JobCounts,
    "Outlook": OutlookRow,
    "Summary": Summary,
    "OfferReason": OfferReason,
    "Offer": OfferRow,
    "AvailInfo": AvailInfo,
    "NodeRow": NodeRow,
    "JobRow": JobRow,
    "NodeSeries": NodeSeriesData,
    "ClusterSeries": SeriesData,
    "Outcome": OutcomeRow,
    "Event": EventRow,
}
FIXED = {int: "number", float: "number", str: "string", bool: "boolean", type(None): "null"}


def alternatives(hint: Any) -> tuple[Any, ...]:
    """Return the types that a union is of, or the one that it is."""
    if get_origin(hint) is Annotated:
        return alternatives(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        return tuple(one for part in get_args(hint) for one in alternatives(part))
    return (hint,)


def fits(value: Any, hint: Any) -> bool:
    """Whether a value is of a type, all that is in it included."""
    return any(_is(value, one) for one in alternatives(hint))


def _is(value: Any, hint: Any) -> bool:
    origin, arguments = get_origin(hint), get_args(hint)
    if is_typeddict(hint) and isinstance(value, dict):
        hints = get_type_hints(hint, include_extras=True)
        missing = set(hints) - set(value) - hint.__optional_keys__
        wrong = [n for n in value if n not in hints or not fits(value[n], hints[n])]
        assert (missing, wrong) == (set(), []), f"{hint.__name__}: {missing} {wrong}: {value}"
        return True
    if origin is Literal:
        return value in arguments
    if origin is list:
        return type(value) is list and all(fits(item, arguments[0]) for item in value)
    if origin is dict:
        return type(value) is dict and all(fits(item, arguments[1]) for item in value.values())
    if hint is object:
        return True
    return not is_typeddict(hint) and isinstance(value, (int, float) if hint is float else hint)


def check(view: View) -> None:
    """Look at all that a view returns."""
    (host, *_) = (row["ip_addr"] for row in view.nodes())
    jobs = view.jobs().items
    assert fits(view.summary(), Summary)
    assert fits(view.series(1), SeriesData)
    assert fits(view.nodes(), list[NodeRow])
    assert fits(view.node(host), NodeRow)
    assert fits(view.node_series(host), NodeSeriesData)
    assert fits(view.node_events(host), list[NodeEvent])
    assert fits(view.offers(), list[OfferRow])
    assert fits(jobs, list[JobRow])
    assert fits(view.job(jobs[0]["serial"]), JobDetail)
    assert fits(view.running_jobs(host), list[JobRow])
    assert fits(view.ended_jobs(host, 5)[0], list[JobRow])
    assert fits(view.timeline(), TimelineData)
    assert fits(view.timeline(limit=0), TimelineData)


@pytest.mark.parametrize("name", ["compute", "*"])
def test_views_return_what_their_types_say(
    registry: ClusterRegistry, scene: Any, client: Any, name: str
) -> None:
    asked = client.post("/api/v1/clusters/compute/nodes", json={"host": "127.0.0.8"})
    assert asked.status_code == 200
    view = registry.view(name)
    assert view.offers()
    check(view)


def test_past_runs_return_what_their_types_say(tmp_path: Path) -> None:
    from web.fakes import make_node

    with_history = ClusterRegistry(history=tmp_path / "runs.sqlite")
    cluster = watched_cluster(with_history, "compute")
    node = cluster.join(make_node("10.0.0.2", "alpha"))
    job = cluster.submit("first")
    cluster.start(job, node)
    cluster.end(job, node)
    with_history.close()
    past = PastRegistry(tmp_path / "runs.sqlite")
    check(past.views()[0])
    check(past.view("*"))


@pytest.mark.parametrize(
    ("name", "shape"), [("Node", NodeRow), ("Job", JobRow)], ids=["node", "job"]
)
def test_row_is_as_its_table_of_fields_says(name: str, shape: type) -> None:
    bare = {
        field: {key: part for key, part in schema.items() if key != "description"}
        for field, schema in SCHEMAS[name]["properties"].items()
    }
    told = schema_of(shape)
    # Whether a flag is always the same is for people alone.
    bare.pop("hidden", None)
    told["properties"].pop("hidden", None)
    assert told["properties"] == bare
    assert set(told["required"]) == set(SCHEMAS[name]["required"])


def in_scripts(hint: Any) -> set[str]:
    """Return what a type is in the scripts, its parts apart."""
    found: set[str] = set()
    for one in alternatives(hint):
        if get_origin(one) is Literal:
            found |= {str(word).lower() if word is True else f'"{word}"' for word in get_args(one)}
        elif get_origin(one) is list:
            found.add("list")
        else:
            found.add(FIXED.get(one, "object"))
    return found


def read_type(text: str, named: dict[str, str]) -> set[str]:
    """Return what a type of the scripts is, its parts apart."""
    if text.endswith("[]"):
        return {"list"}
    if text.startswith(("{", "Record<")):
        return {"object"}
    parts = [part.strip() for part in text.split("|")]
    return {
        one
        for part in parts
        for one in (
            read_type(named[part], named)
            if part in named
            else {part if part[:1] == '"' or part in (*FIXED.values(), "true") else "object"}
        )
    }


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_know_the_shape(name: str) -> None:
    source = TYPES_JS.read_text(encoding="utf-8")
    named = {word: text for text, word in re.findall(r"@typedef \{(\"[^}]*)\} (\w+)", source)}
    body = re.split(rf"@typedef \{{object\}} {name}\b", source)[1].partition("@typedef")[0]
    told = {
        field: read_type(text, named)
        for text, field in re.findall(r"@property \{(.*)\} \[?(\w+)", body)
    }
    hints = get_type_hints(SCRIPTS[name], include_extras=True)
    assert told == {field: in_scripts(hint) for field, hint in hints.items()}
