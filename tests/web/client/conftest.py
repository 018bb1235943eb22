"""A live server, and the client that asks it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from web.served import serving

from flask_dispy import Client, ClusterRegistry, DispyHTTPServer


@pytest.fixture
def server(registry: ClusterRegistry) -> Iterator[DispyHTTPServer]:
    with serving(registry=registry) as server:
        yield server


@pytest.fixture
def client(server: DispyHTTPServer) -> Iterator[Client]:
    with Client(server.url) as client:
        yield client
