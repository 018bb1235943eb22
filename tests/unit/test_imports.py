"""Every file belongs to one floor and imports only downward; no two import each other in a loop."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import flask_dispy

ROOT = Path(flask_dispy.__file__).parent

# From the ground up. A file belongs to the entry that names it best: itself, else its folder.
# Files of one floor may import each other, but not in a loop.
FLOORS = (
    ("core",),
    ("wire",),
    ("client",),
    ("terminal",),
    ("engine",),
    ("programs",),
    ("history",),
    ("alerts",),
    ("watching",),
    ("registry",),
    ("report",),
    ("web.access", "web.files", "web.http"),
    ("web.context",),
    ("web.routing", "web.redirects"),
    ("web.api", "web.legacy", "web.pages"),
    ("web.routes",),
    ("web.blueprint", "web"),
    ("hosting",),
    ("server",),
    ("programs.httpd", "programs.dashboards"),
    ("patching",),
    ("cli", "__init__"),
    ("__main__",),
)

# What comes from outside, and who may import it: all else may not.
OUTSIDE = {
    "dispy": ("engine", "programs", "web.legacy"),
    "pycos": ("engine", "programs"),
    "flask": ("web", "server"),
    "werkzeug": ("web", "hosting", "server"),
    "jinja2": ("report", "web"),
    "sqlite3": ("history",),
    "httpx": ("client",),
    "click": ("cli",),
    "rich": ("cli", "terminal"),
}
CORE_HAS_NO = {"json", "socket", "threading", "time", "logging"}


def _modules() -> dict[str, Path]:
    """Return all files by their names within the package."""
    found = {}
    for file in ROOT.rglob("*.py"):
        parts = file.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
        found[name] = file
    return found


MODULES = _modules()


@cache
def imported(name: str) -> frozenset[str]:
    """Return the absolute names that a file imports, those for type checking included."""
    file = MODULES[name]
    package = ("flask_dispy", *file.relative_to(ROOT).parent.parts)
    found: set[str] = set()
    for statement in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(statement, ast.Import):
            found.update(alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            base = package[: len(package) - statement.level + 1] if statement.level else ()
            module = ".".join((*base, *filter(None, [statement.module])))
            names = {f"{module}.{alias.name}" for alias in statement.names}
            ours = {full for full in names if full.removeprefix("flask_dispy.") in MODULES}
            found.update(ours or {module})
    return frozenset(found)


def neighbours(name: str) -> set[str]:
    """Return the files of ours that a file imports."""
    found = {full.removeprefix("flask_dispy.") for full in imported(name)}
    return {other for other in found if other in MODULES} - {name}


def floor_of(name: str) -> int | None:
    """Return the number of a file's floor, ``None`` if no floor lists it."""
    best, found = "", None
    for number, entries in enumerate(FLOORS):
        for entry in entries:
            fits = name == entry or name.startswith(f"{entry}.")
            if fits and len(entry) > len(best):
                best, found = entry, number
    return found


def within(name: str, folders: tuple[str, ...]) -> bool:
    return any(name == folder or name.startswith(f"{folder}.") for folder in folders)


def test_files_are_listed_and_import_only_downward() -> None:
    floors = {name: floor_of(name) for name in MODULES}
    assert [name for name in floors if floors[name] is None] == [], "list them in FLOORS"
    higher = [
        f"{name} imports {other}"
        for name in MODULES
        if name != "__init__"  # it only says where its names are, and loads them when asked
        for other in neighbours(name)
        if (floor_of(other) or 0) > (floors[name] or 0)
    ]
    assert higher == []


def test_every_floor_has_files() -> None:
    for entry in (entry for entries in FLOORS for entry in entries):
        assert any(within(name, (entry,)) for name in MODULES), entry


def test_files_take_from_outside_what_their_floors_may() -> None:
    wrong = [
        f"{name} imports {package}"
        for name in MODULES
        for package in {full.partition(".")[0] for full in imported(name)}
        if (package in OUTSIDE and not within(name, OUTSIDE[package]))
        or (package in CORE_HAS_NO and within(name, ("core",)))
    ]
    assert wrong == []


def test_no_files_import_each_other_in_a_loop() -> None:
    assert loops() == []


def loops() -> list[list[str]]:
    """Return the groups of files that can be reached from each other."""
    reached = {name: _reachable(name) for name in MODULES}
    found = {
        tuple(sorted(other for other in reached[name] if name in reached[other]))
        for name in MODULES
    }
    return [list(loop) for loop in sorted(found) if loop]


def _reachable(name: str) -> set[str]:
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        for other in neighbours(waiting.pop()) - seen:
            seen.add(other)
            waiting.append(other)
    return seen


def test_the_walk_sees_relative_absolute_and_type_checking_imports() -> None:
    found = imported("engine.reports.jobs")
    assert {"dispy", "flask_dispy.core.events", "flask_dispy.engine.reports.figures"} <= found
    assert "flask_dispy.registry" in imported("__init__")


def loaded_by(modules: str) -> list[str]:
    """Return the modules that a fresh Python has after it imported some."""
    code = f"import json, sys, {modules}; print(json.dumps(sorted(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    loaded: list[str] = json.loads(told)
    return loaded


def test_node_loads_neither_flask_nor_the_dashboard() -> None:
    loaded = loaded_by("flask_dispy.cli.programs, flask_dispy.programs.running")
    assert {"flask", "werkzeug", "jinja2", "sqlite3", "httpx", "click", "rich"}.isdisjoint(loaded)
    ours = [name.split(".")[1] for name in loaded if name.startswith("flask_dispy.")]
    assert sorted(set(ours)) == ["cli", "core", "programs"]


def test_commands_for_dashboards_load_neither_flask_nor_dispy() -> None:
    loaded = loaded_by("flask_dispy.cli.commands")
    assert {"rich", "flask_dispy.client"} <= set(loaded)
    assert {"flask", "werkzeug", "jinja2", "sqlite3", "dispy", "pycos"}.isdisjoint(loaded)
