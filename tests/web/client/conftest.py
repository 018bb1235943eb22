"""A live server, the client that asks it, and what starts the server anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from web.fakes import watched_cluster
from web.served import serving

from flask_dispy import Client, ClusterRegistry, DispyHTTPServer
from flask_dispy.client.sending import BlockingIO


@pytest.fixture
def server(registry: ClusterRegistry) -> Iterator[DispyHTTPServer]:
    with serving(registry=registry) as server:
        yield server


@pytest.fixture
def client(server: DispyHTTPServer) -> Iterator[Client]:
    with Client(server.url) as client:
        yield client


class Restart:
    """A server that is away when the client looks for it, until it has waited for it."""

    def __init__(self, server: DispyHTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
        self._server = server
        self._registry = ClusterRegistry()
        self.cluster = watched_cluster(self._registry, "compute")
        self.again: DispyHTTPServer | None = None
        self.pauses: list[float] = []
        sleep, port = BlockingIO.sleep, server.port

        async def come_back(io: Any, sec: float) -> None:
            self.pauses.append(sec)
            if self.again is None:
                options = {"host": "127.0.0.1", "port": port, "registry": self._registry}
                self.again = DispyHTTPServer(None, **options)
            await sleep(io, min(sec, 0.1))

        monkeypatch.setattr(BlockingIO, "sleep", come_back)

    def end(self) -> None:
        self._server.shutdown(wait=False)

    def close(self) -> None:
        if self.again is not None:
            self.again.shutdown(wait=False)
        self._registry.close()


@pytest.fixture
def restart(server: DispyHTTPServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Restart]:
    restart = Restart(server, monkeypatch)
    yield restart
    restart.close()
