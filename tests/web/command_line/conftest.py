"""A live server, and a shell that asks it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from web.conftest import Scene
from web.served import serving
from web.shell import Shell

from flask_dispy import ClusterRegistry, DispyHTTPServer


@pytest.fixture
def server(registry: ClusterRegistry, scene: Scene) -> Iterator[DispyHTTPServer]:
    with serving(registry=registry) as server:
        yield server


@pytest.fixture
def shell(server: DispyHTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    return Shell(server.url, tmp_path)


@pytest.fixture
def alone(tmp_path: Path) -> Shell:
    """A shell where no dashboard is."""
    return Shell("http://127.0.0.1:1/", tmp_path)
