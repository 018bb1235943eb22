"""The client's connections, and what the package loads for it."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import psutil
from processes import in_thread
from web.conftest import Scene

from flask_dispy import AsyncClient, Client, DispyHTTPServer


def connections(server: DispyHTTPServer) -> int:
    """Return how many connections to the server this process has opened and not closed."""
    found = psutil.Process().net_connections("tcp")
    return sum(bool(one.raddr) and one.raddr.port == server.port for one in found)


def test_closing_the_client_closes_what_is_still_read(
    server: DispyHTTPServer, scene: Scene
) -> None:
    with Client(server.url) as client:
        lines, followed = client.jobs().csv().lines(), client.follow()
        assert next(lines)
        assert next(followed)["snapshot"]
        assert connections(server) == 2
    assert connections(server) == 0


def test_closing_an_iterator_closes_its_connection(client: Client, server: DispyHTTPServer) -> None:
    lines, followed = client.jobs().csv().lines(), client.follow()
    next(lines), next(followed)
    lines.close()
    assert connections(server) == 1
    followed.close()
    assert connections(server) == 0


def test_closing_the_async_client_closes_its_connections(server: DispyHTTPServer) -> None:
    async def read() -> int:
        async with AsyncClient(server.url) as client:
            followed = client.follow()
            await anext(followed)
            return connections(server)

    assert in_thread(lambda: asyncio.run(read())) == 1
    assert connections(server) == 0


def test_package_without_httpx_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['httpx'] = None\n"
        "import flask_dispy\n"
        "try: flask_dispy.Client\n"
        "except ImportError as error: print(error)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert "pip install 'flask_dispy[client]'" in found.stdout


def test_package_without_httpx_lists_only_what_there_is() -> None:
    code = (
        "import sys; sys.modules['httpx'] = None\n"
        "import inspect, flask_dispy\n"
        "from flask_dispy import *\n"
        "names = {name for name, _ in inspect.getmembers(flask_dispy)}\n"
        "print(sorted({'Client', 'AsyncClient', 'ClusterRegistry'} & names))\n"
        "print('Client' in flask_dispy.__all__, ClusterRegistry.__name__)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert found.stdout == "['ClusterRegistry']\nFalse ClusterRegistry\n"


def test_client_loads_neither_flask_nor_dispy() -> None:
    code = "import sys, flask_dispy; flask_dispy.Client; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert {"flask", "werkzeug", "dispy", "sqlite3", "jinja2"}.isdisjoint(found.stdout.split())
