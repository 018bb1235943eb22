"""The history file is made, brought up to date, and refused where it is not ours."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest

from flask_dispy import ClusterRegistry
from flask_dispy.core.errors import HistoryError
from flask_dispy.core.jobs import JOB_STATES
from flask_dispy.core.settings import Settings
from flask_dispy.history import schema

USES: tuple[Callable[[Path], object], ...] = (
    schema.open_for_writing,
    schema.open_for_reading,
    lambda path: ClusterRegistry(history=path),
)


@pytest.fixture
def next_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """The version after this one, whose schema has a column more."""
    more = (*schema.MIGRATIONS, "ALTER TABLE runs ADD COLUMN note TEXT")
    monkeypatch.setattr(schema, "MIGRATIONS", more)


def made(path: Path) -> None:
    schema.open_for_writing(path).close()


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


@pytest.fixture
def umask_is_open() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.usefixtures("umask_is_open")
def test_file_and_log_are_readable_by_their_owner_only(path: Path) -> None:
    with closing(schema.open_for_writing(path)):
        modes = {file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert modes == {0o600}


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.usefixtures("umask_is_open")
def test_file_that_a_link_leads_to_is_readable_by_its_owner_only(path: Path) -> None:
    path.symlink_to(path.with_name("elsewhere.sqlite"))
    made(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_version_is_in_the_file(path: Path) -> None:
    made(path)
    assert version_of(path) == len(schema.MIGRATIONS)


def test_opening_again_changes_nothing(path: Path) -> None:
    with closing(schema.open_for_writing(path)) as db:
        db.execute("INSERT INTO sessions VALUES (1, 'a', 1.0, 'host', 2)")
    with closing(schema.open_for_writing(path)) as db:
        assert db.execute("SELECT token FROM sessions").fetchall() == [("a",)]


def test_older_file_is_migrated_with_what_is_in_it(
    path: Path, request: pytest.FixtureRequest
) -> None:
    with closing(schema.open_for_writing(path)) as db:
        db.execute("INSERT INTO sessions VALUES (1, 'a', 1.0, 'host', 2)")
    old = version_of(path)
    request.getfixturevalue("next_version")
    with closing(schema.open_for_reading(path)) as db:
        assert db.execute("SELECT token FROM sessions").fetchall() == [("a",)]
        assert db.execute("SELECT note FROM runs").fetchall() == []
    assert version_of(path) == old + 1


def test_migration_that_fails_leaves_the_file_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(path)
    old = version_of(path)
    broken = "ALTER TABLE runs ADD COLUMN note TEXT; ALTER TABLE nothing ADD COLUMN note TEXT"
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
    with pytest.raises(sqlite3.OperationalError):
        made(path)
    monkeypatch.undo()
    with closing(schema.open_for_writing(path)) as db:
        columns = {name for _, name, *_ in db.execute("PRAGMA table_info(runs)")}
    assert (version_of(path), "note" in columns) == (old, False)


def test_newer_file_is_refused_with_the_remedy(path: Path) -> None:
    made(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
    for use in USES:
        with pytest.raises(HistoryError, match=r"newer flask_dispy.*update"):
            use(path)


def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE mine (n)")
    before = path.read_bytes()
    for use in USES:
        with pytest.raises(HistoryError, match="another program's file"):
            use(path)
    assert path.read_bytes() == before


def test_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    path.write_text("import this\n" * 100)
    for use in USES:
        with pytest.raises(HistoryError, match="another program's file"):
            use(path)
    assert path.read_text() == "import this\n" * 100


def test_no_file_is_no_history_to_read(path: Path) -> None:
    with pytest.raises(HistoryError, match="There is no history"):
        schema.open_for_reading(path)
    assert not path.exists()


def test_reading_makes_no_change(path: Path) -> None:
    made(path)
    with (
        closing(schema.open_for_reading(path)) as db,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        db.execute("DELETE FROM runs")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write it all")
def test_history_in_a_folder_that_is_read_only_can_be_read(path: Path) -> None:
    made(path)
    path.parent.chmod(0o500)
    try:
        with closing(schema.open_for_reading(path)) as db:
            assert db.execute("SELECT * FROM runs").fetchall() == []
    finally:
        path.parent.chmod(0o700)


def test_every_column_and_setting_is_documented(path: Path) -> None:
    document = (Path(__file__).parents[2] / "docs" / "history.md").read_text(encoding="utf-8")
    with closing(schema.open_for_writing(path)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE sql LIKE "
                                                 "'CREATE TABLE%'")]  # fmt: skip
        columns = {row[1] for name in tables for row in db.execute(f"PRAGMA table_info({name})")}
    states = {str(state) for state in JOB_STATES}  # "the jobs in each state"
    settings = {field.name for field in fields(Settings) if field.name.startswith("history")}
    names = {*tables, *columns - states, *settings}
    assert {name for name in names if f"`{name}`" not in document} == set()
