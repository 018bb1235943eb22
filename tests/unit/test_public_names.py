"""What is public is named, importable and documented."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from inspect import getmembers, isfunction, unwrap
from pathlib import Path
from typing import Any, get_args

import pytest

import flask_dispy
from flask_dispy.core import errors

ROOT = Path(flask_dispy.__file__).parent
MODULES = [
    "flask_dispy" + "".join(f".{part}" for part in file.relative_to(ROOT).with_suffix("").parts)
    for file in sorted(ROOT.rglob("*.py"))
    if file.name not in ("__init__.py", "__main__.py", "dispy_httpd.py")
]


def test_public_names_are_these() -> None:
    assert flask_dispy.__all__ == [
        "AmbiguousNode",
        "AsyncClient",
        "BadRequest",
        "Changes",
        "Client",
        "ClusterRegistry",
        "Column",
        "ComparedNode",
        "Control",
        "DispyHTTPServer",
        "DurationsRow",
        "EngineTimeout",
        "ErrorPage",
        "EventPage",
        "EventRow",
        "FlaskDispyError",
        "HistoryError",
        "JobDetail",
        "JobFacetsRow",
        "JobPage",
        "JobRow",
        "NoCommands",
        "NodeChanges",
        "NodeEvent",
        "NodeLoadsData",
        "NodeRow",
        "NodeSeriesData",
        "OfferRow",
        "Outcome",
        "OutcomeRow",
        "OutlookRow",
        "PastRegistry",
        "Progress",
        "RunComparison",
        "RunRow",
        "SeriesData",
        "Summary",
        "Tables",
        "TimelineData",
        "TraceEvent",
        "UnknownCluster",
        "UnknownJob",
        "UnknownNode",
        "UnknownOffer",
        "UnknownRun",
        "View",
        "Webhook",
        "WhatIf",
        "WrongProcess",
        "cluster_status",
        "create_blueprint",
        "patch_dispy",
        "progress",
        "render_report",
        "save_report",
    ]


def test_all_errors_that_a_user_may_catch_are_public() -> None:
    assert set(errors.__all__) <= set(flask_dispy.__all__)
    assert all(getattr(flask_dispy, name) is getattr(errors, name) for name in errors.__all__)


@pytest.mark.parametrize("name", errors.__all__)
def test_error_is_listed_in_the_documentation(name: str) -> None:
    text = (ROOT.parent / "docs" / "embedding.md").read_text(encoding="utf-8")
    also, base = re.escape(getattr(errors, name).__bases__[-1].__name__), f"`{name}`"
    assert name == "FlaskDispyError" or re.search(rf"{base}.*\| `{also}` \|", text)


def types_in(hint: Any) -> set[type]:
    """Return the classes of this package that a type hint names."""
    if isinstance(hint, type) and hint.__module__.startswith("flask_dispy"):
        return {hint}
    parts = hint if isinstance(hint, list) else get_args(hint)
    return {found for part in parts for found in types_in(part)}


def returned_by(name: str) -> set[type]:
    """Return the classes that a public function or the public methods of a class return."""
    thing = getattr(flask_dispy, name)
    members = [thing] if isfunction(thing) else [
        member.fget if isinstance(member, property) else member
        for attribute, member in getmembers(thing)
        if not attribute.startswith("_")
    ]  # fmt: skip
    # The types of the parameters may be there for type checkers alone.
    hints = [eval(m.__annotations__["return"], m.__globals__) for m in map(unwrap, members)
             if isfunction(m) and "return" in m.__annotations__]  # fmt: skip
    return {found for hint in hints for found in types_in(hint)}


def test_all_types_that_a_public_call_returns_are_public() -> None:
    public = {*flask_dispy.__all__, *importlib.import_module("flask_dispy.client").__all__}
    returned = {name: {one.__name__ for one in returned_by(name)} for name in flask_dispy.__all__}
    assert {name: types - public for name, types in returned.items() if types - public} == {}


def test_types_of_calls_are_found() -> None:
    assert returned_by("ClusterRegistry") == {flask_dispy.Control, flask_dispy.View}
    assert returned_by("Control") == {flask_dispy.Outcome}
    assert returned_by("save_report") == set()


def test_public_names_are_documented() -> None:
    documented = {name: (getattr(flask_dispy, name).__doc__ or "") for name in flask_dispy.__all__}
    assert [name for name in documented if not documented[name].strip()] == []


def test_public_names_are_listed_and_no_others_are_there() -> None:
    assert set(flask_dispy.__all__) <= set(dir(flask_dispy))
    with pytest.raises(AttributeError, match="'flask_dispy' has no attribute 'ClusterRegister'"):
        flask_dispy.ClusterRegister  # noqa: B018


def test_modules_have_docstrings_and_what_they_name() -> None:
    modules = {name: importlib.import_module(name) for name in MODULES}
    assert [name for name in modules if not (modules[name].__doc__ or "").strip()] == []
    named = {f"{name}.{public}": (module, public)
             for name, module in modules.items() for public in module.__all__}  # fmt: skip
    assert [full for full, there in named.items() if not hasattr(*there)] == []


def _trees() -> Iterator[tuple[str, ast.Module]]:
    for name in MODULES:
        path = Path(str(importlib.import_module(name).__file__))
        yield name, ast.parse(path.read_text(encoding="utf-8"))


def test_public_things_have_docstrings() -> None:
    bare = [
        f"{name}.{node.name}"
        for name, tree in _trees()
        for node in tree.body
        if isinstance(node, (ast.ClassDef, ast.FunctionDef))
        and node.name in importlib.import_module(name).__all__
        and not ast.get_docstring(node)
    ]
    assert bare == []


def test_exceptions_are_documented_in_one_style() -> None:
    other_styles = re.compile(r"\bRaises [A-Z]\w+|:raise \w+|Raises:")
    others = [
        (name, found)
        for name, tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        for found in other_styles.findall(ast.get_docstring(node) or "")
    ]
    assert others == []


def test_errors_have_a_code_and_are_of_one_family() -> None:
    kinds = [getattr(errors, name) for name in errors.__all__]
    assert all(issubclass(kind, errors.FlaskDispyError) for kind in kinds)
    assert len({kind.code for kind in kinds}) == len(kinds)
