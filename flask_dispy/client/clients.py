"""The two clients: ``Client`` for programs without an event loop, ``AsyncClient`` for asyncio."""

from __future__ import annotations

import httpx

from .blocking import Blocking
from .commanding import BlockingCommands, Commanding
from .reading import BlockingReads
from .sending import AsyncIO, Auth, BlockingIO, Sender, Verify, http_options
from .waiting import BlockingWaits, Waiting

__all__ = ["AsyncClient", "Client"]


class Asking(Waiting, Commanding):
    """All that both clients can do, as coroutines."""


class AsyncClient(Asking):
    """Asks a dashboard, and commands it, from an asyncio program.

    It is a context manager; use it in one event loop.

    :param url: the dashboard's root, such as ``http://host:8181`` or ``https://host/dispy``.
    :param token: a Bearer token.
    :param auth: a user and password, or one of httpx's ways to log in.
    :param verify: ``False`` trusts any certificate; a path is of a file with those to trust.
    :param timeout_sec: how long the server may take to connect, and for each part of an answer; if
        that is a command's, four times as long.
    :raises ValueError: the URL is none, or there are two logins.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        auth: Auth | None = None,
        verify: Verify = True,
        timeout_sec: float = 10.0,
    ) -> None:
        options = http_options(url, token=token, auth=auth, verify=verify)
        self.url = str(options["base_url"])
        """The dashboard's root, without a login."""
        self._http = httpx.AsyncClient(**options)
        super().__init__(Sender(AsyncIO(self._http), timeout_sec))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<AsyncClient {self.url}>"


class Client(BlockingWaits, BlockingReads, BlockingCommands, Blocking[Asking]):
    """Asks a dashboard, and commands it.

    It is a context manager. Thread-safe.

    :param url: the dashboard's root, such as ``http://host:8181`` or ``https://host/dispy``.
    :param token: a Bearer token.
    :param auth: a user and password, or one of httpx's ways to log in.
    :param verify: ``False`` trusts any certificate; a path is of a file with those to trust.
    :param timeout_sec: how long the server may take to connect, and for each part of an answer; if
        that is a command's, four times as long.
    :raises ValueError: the URL is none, or there are two logins.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        auth: Auth | None = None,
        verify: Verify = True,
        timeout_sec: float = 10.0,
    ) -> None:
        options = http_options(url, token=token, auth=auth, verify=verify)
        self.url = str(options["base_url"])
        """The dashboard's root, without a login."""
        self._http = httpx.Client(**options)
        super().__init__(Asking(Sender(BlockingIO(self._http), timeout_sec)))

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client {self.url}>"
