"""Every file belongs to one floor and imports only downward."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import flask_dispy

ROOT = Path(flask_dispy.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

# What a floor's files must not import: prefixes of absolute names.
FORBIDDEN = {
    "core": ("flask", "werkzeug", "jinja2", "dispy", "pycos", "flask_dispy.engine",
             "flask_dispy.web", "flask_dispy.hosting", "flask_dispy.registry", "flask_dispy.views",
             "flask_dispy.pump", "flask_dispy.watched", "flask_dispy.lookup", "flask_dispy.server",
             "flask_dispy.history", "sqlite3", "threading", "socket"),
    "engine": ("flask", "werkzeug", "jinja2", "flask_dispy.web", "flask_dispy.hosting",
               "flask_dispy.registry", "flask_dispy.views", "flask_dispy.pump",
               "flask_dispy.watched", "flask_dispy.lookup", "flask_dispy.server",
               "flask_dispy.history"),
    "programs": ("flask", "werkzeug", "jinja2", "flask_dispy.core", "flask_dispy.engine",
                 "flask_dispy.web", "flask_dispy.hosting", "flask_dispy.registry",
                 "flask_dispy.views", "flask_dispy.pump", "flask_dispy.watched",
                 "flask_dispy.lookup", "flask_dispy.server", "flask_dispy.history"),
    "hosting": ("flask", "dispy", "pycos", "flask_dispy.core", "flask_dispy.engine",
                "flask_dispy.web", "flask_dispy.registry", "flask_dispy.server"),
    "history": ("flask", "werkzeug", "jinja2", "dispy", "pycos", "flask_dispy.engine",
                "flask_dispy.web", "flask_dispy.hosting", "flask_dispy.registry",
                "flask_dispy.views", "flask_dispy.pump", "flask_dispy.watched",
                "flask_dispy.lookup", "flask_dispy.past", "flask_dispy.server"),
    "report": ("flask", "dispy", "pycos", "flask_dispy.engine", "flask_dispy.web",
               "flask_dispy.hosting", "flask_dispy.server"),
    "web": ("dispy", "pycos", "flask_dispy.server", "flask_dispy.hosting"),
    "": ("dispy", "pycos"),
}  # fmt: skip


def imports(file: Path) -> Iterator[str]:
    """Yield the absolute names that a file imports when it runs."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    package = ("flask_dispy", *file.relative_to(ROOT).parent.parts)
    for statement in _statements(tree):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            base = package[: len(package) - statement.level + 1] if statement.level else ()
            module = ".".join((*base, *filter(None, [statement.module])))
            yield module
            yield from (f"{module}.{alias.name}" for alias in statement.names)


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _statements(node)


def floor(file: Path) -> str:
    parts = file.relative_to(ROOT).parts
    return parts[0] if len(parts) > 1 else ""


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(ROOT)) for file in FILES])
def test_file_imports_only_downward(file: Path) -> None:
    upward = [
        name
        for name in imports(file)
        for prefix in FORBIDDEN[floor(file)]
        if name == prefix or name.startswith(f"{prefix}.")
    ]
    assert upward == []


def test_the_walk_sees_relative_and_absolute_imports() -> None:
    found = set(imports(ROOT / "engine" / "jobreports.py"))
    assert {"dispy", "flask_dispy.core.events", "flask_dispy.engine.figures", "typing"} <= found


def test_node_loads_neither_flask_nor_the_dashboard() -> None:
    code = "import json, sys, flask_dispy.cli; print(json.dumps(sorted(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    loaded = json.loads(told)
    assert {"flask", "werkzeug", "jinja2", "sqlite3"}.isdisjoint(loaded)
    ours = [name.split(".")[1] for name in loaded if name.startswith("flask_dispy.")]
    assert sorted(set(ours)) == ["cli", "core", "engine", "programs"]
