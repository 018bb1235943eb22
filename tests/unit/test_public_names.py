"""What is public is named, importable and documented."""

from __future__ import annotations

import ast
import importlib
import re
from inspect import getmembers, isfunction, unwrap
from pathlib import Path
from typing import Any, get_args

import pytest

import flask_dispy
from flask_dispy.core import errors

pytest.importorskip("httpx")  # the client's, which all modules are imported with

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


@pytest.mark.parametrize("name", flask_dispy.__all__)
def test_all_types_that_a_public_call_returns_are_public(name: str) -> None:
    public = {*flask_dispy.__all__, *importlib.import_module("flask_dispy.client").__all__}
    hidden = {one.__name__ for one in returned_by(name)} - public
    assert hidden == set()


def test_types_of_calls_are_found() -> None:
    assert returned_by("ClusterRegistry") == {flask_dispy.Control, flask_dispy.View}
    assert returned_by("Control") == {flask_dispy.Outcome}
    assert returned_by("save_report") == set()


@pytest.mark.parametrize("name", flask_dispy.__all__)
def test_public_name_is_documented(name: str) -> None:
    assert (getattr(flask_dispy, name).__doc__ or "").strip()


def test_public_names_are_listed_and_no_others_are_there() -> None:
    assert set(flask_dispy.__all__) <= set(dir(flask_dispy))
    with pytest.raises(AttributeError, match="'flask_dispy' has no attribute 'ClusterRegister'"):
        flask_dispy.ClusterRegister  # noqa: B018


@pytest.mark.parametrize("name", MODULES)
def test_module_has_a_docstring_and_what_it_names(name: str) -> None:
    module = importlib.import_module(name)
    assert (module.__doc__ or "").strip()
    assert [public for public in module.__all__ if not hasattr(module, public)] == []


@pytest.mark.parametrize("name", MODULES)
def test_public_things_have_docstrings(name: str) -> None:
    module = importlib.import_module(name)
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    bare = [
        node.name
        for node in tree.body
        if isinstance(node, (ast.ClassDef, ast.FunctionDef))
        and node.name in module.__all__
        and not ast.get_docstring(node)
    ]
    assert bare == []


@pytest.mark.parametrize("name", MODULES)
def test_exceptions_are_documented_in_one_style(name: str) -> None:
    source = Path(str(importlib.import_module(name).__file__)).read_text(encoding="utf-8")
    docstrings = "\n".join(
        ast.get_docstring(node) or ""
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
    )
    assert re.findall(r"\bRaises [A-Z]\w+|:raise \w+|Raises:", docstrings) == []


def test_errors_have_a_code_and_are_of_one_family() -> None:
    kinds = [getattr(errors, name) for name in errors.__all__]
    assert all(issubclass(kind, errors.FlaskDispyError) for kind in kinds)
    assert len({kind.code for kind in kinds}) == len(kinds)
