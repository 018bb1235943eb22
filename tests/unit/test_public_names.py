"""What is public is named, importable and documented."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

import flask_dispy
from flask_dispy.core import errors
from flask_dispy.wire import shapes

ROOT = Path(flask_dispy.__file__).parent
MODULES = [
    "flask_dispy" + "".join(f".{part}" for part in file.relative_to(ROOT).with_suffix("").parts)
    for file in sorted(ROOT.rglob("*.py"))
    if file.name not in ("__init__.py", "__main__.py", "dispy_httpd.py")
]


def test_public_names_are_these() -> None:
    assert flask_dispy.__all__ == [
        "AmbiguousNode",
        "BadRequest",
        "ClusterRegistry",
        "Column",
        "DispyHTTPServer",
        "EngineTimeout",
        "FlaskDispyError",
        "HistoryError",
        "JobDetail",
        "JobPage",
        "JobRow",
        "NoCommands",
        "NodeEvent",
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
        "TimelineData",
        "UnknownCluster",
        "UnknownJob",
        "UnknownNode",
        "UnknownOffer",
        "UnknownRun",
        "View",
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


def test_all_types_that_a_view_returns_are_public() -> None:
    told = {name for name in shapes.__all__ if name.endswith(("Row", "Data", "Event", "Summary"))}
    assert told | {"JobDetail"} <= set(flask_dispy.__all__)
    assert all(getattr(flask_dispy, name) is getattr(shapes, name) for name in told)


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


def test_errors_tell_their_code_and_are_of_one_family() -> None:
    kinds = [getattr(errors, name) for name in errors.__all__]
    assert all(issubclass(kind, errors.FlaskDispyError) for kind in kinds)
    assert len({kind.code for kind in kinds}) == len(kinds)
