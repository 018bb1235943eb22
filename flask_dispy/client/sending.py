"""How requests are sent and answers read: once for both clients.

All that a client does is written as coroutines, which wait only in an :class:`IO`. That of
``AsyncClient`` suspends them; that of ``Client`` blocks instead, so that they run to their end at
once: see :mod:`flask_dispy.client.blocking`.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Generic, TypeAlias, TypeVar, cast
from urllib.parse import quote

import httpx

from ..core.versions import version_of
from .errors import Busy, Unreachable, error_of, from_httpx

__all__ = [
    "API",
    "CLUSTER",
    "IO",
    "NODE",
    "AsyncIO",
    "Auth",
    "BlockingIO",
    "Request",
    "Sender",
    "Verify",
    "get",
    "http_options",
    "lines_of",
]

_T = TypeVar("_T")

API: Final = "api/v1"
CLUSTER: Final = f"{API}/clusters/{{name}}"
NODE: Final = f"{CLUSTER}/nodes/{{host}}"

Auth: TypeAlias = "tuple[str, str] | httpx.Auth"
Verify: TypeAlias = bool | str | Path | ssl.SSLContext

_TRIES: Final = 3
"""How often a read is tried."""

_FIRST_PAUSE_SEC: Final = 0.25

# How many times as long as a read a command is waited for: for several jobs, the server may take
# three times its engine_timeout_sec, and a moment.
_PATIENCE: Final = 4

# What may pass by itself: the server restarts, or a proxy waits for it.
_PASSING: Final = frozenset(("unreachable", "bad_gateway"))

_VARIABLE: Final = re.compile(r"{(\w+)}")


@dataclass(frozen=True, slots=True)
class Request(Generic[_T]):
    """A request to the dashboard.

    :param shape: what the answer is.
    :param path: relative to its root, with variables as in OpenAPI: ``api/v1/clusters/{name}``.
    :param values: the variables; all others are the query. Unknown ones (``None``, "") are left
        out, several of one name are a sequence.
    :param body: its JSON.
    :param good: further statuses of a good answer.
    """

    shape: type[_T]
    method: str
    path: str
    values: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    good: frozenset[int] = frozenset()

    @property
    def variables(self) -> list[str]:
        """The names of the path's variables."""
        return _VARIABLE.findall(self.path)

    @property
    def url(self) -> str:
        """The path and query, encoded."""
        path = _VARIABLE.sub(lambda found: _step(str(self.values[found[1]])), self.path)
        return f"{path}?{self.query}" if self.query else path

    @property
    def query(self) -> httpx.QueryParams:
        """The query's names and values."""
        found: list[tuple[str, str | int | float | bool | None]] = []
        for name, value in self.values.items():
            several = value if isinstance(value, (list, tuple, set, frozenset)) else [value]
            if name not in self.variables:
                found += [(name, one) for one in several if one is not None and one != ""]
        return httpx.QueryParams(found)


def get(shape: type[_T], path: str, /, **values: Any) -> Request[_T]:
    """Return the request that reads from a path."""
    return Request(shape, "GET", path, values)


def _step(text: str) -> str:
    """Return a path's step; docs/api.md says why some are encoded twice."""
    if text in (".", ".."):
        return "%252e" * len(text)
    encoded = quote(text, safe="*")
    return quote(encoded, safe="*") if "/" in text else encoded


class AsyncIO:
    """Suspends its caller, for asyncio."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def send(self, request: httpx.Request) -> httpx.Response:
        return await self.http.send(request, stream=True)

    def chunks(self, answer: httpx.Response) -> AsyncIterator[bytes]:
        return answer.aiter_bytes()

    async def discard(self, answer: httpx.Response) -> None:
        await answer.aclose()

    async def sleep(self, sec: float) -> None:
        await asyncio.sleep(sec)


class BlockingIO:
    """Blocks its thread, and never suspends."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    async def send(self, request: httpx.Request) -> httpx.Response:
        return self.http.send(request, stream=True)

    async def chunks(self, answer: httpx.Response) -> AsyncGenerator[bytes, None]:
        for chunk in answer.iter_bytes():
            yield chunk

    async def discard(self, answer: httpx.Response) -> None:
        answer.close()

    async def sleep(self, sec: float) -> None:
        time.sleep(sec)


IO: TypeAlias = AsyncIO | BlockingIO
"""Where the coroutines of a client wait: it builds and sends requests, and ends their answers."""


class Sender:
    """Sends a client's requests, and reads with patience: only reads are tried again.

    Thread-safe as far as its ``io`` is.
    """

    def __init__(self, io: IO, timeout_sec: float) -> None:
        self.io = io
        self.timeout_sec = timeout_sec

    def within(self, sec: float) -> Sender:
        """Return one that waits no longer than that for each part of an answer."""
        return Sender(self.io, min(self.timeout_sec, sec))

    async def ask(self, request: Request[_T]) -> _T:
        """Return the JSON of the answer; a read is tried three times.

        The pauses between add up to ``timeout_sec`` at most.

        :raises ClientError: the answer is an error, or there is none.
        """
        if request.method != "GET":
            return await self.ask_once(request)
        return await self._tried(lambda: self.ask_once(request))

    async def ask_once(self, request: Request[_T]) -> _T:
        """Return the JSON of the answer, in a single try."""
        answer = await self.send(request)
        body = _parsed(await self.read(answer))
        # Of the good statuses, only that of a sick dashboard may also be an error's.
        if not isinstance(body, dict) or (answer.status_code != 200 and "error" in body):
            raise error_of(answer, body)
        return cast(_T, body)

    async def open(self, request: Request[Any]) -> httpx.Response:
        """Return an answer whose content is still to be read, with :meth:`chunks`."""
        return await self._tried(lambda: self.send(request))

    async def chunks(self, answer: httpx.Response) -> AsyncGenerator[bytes, None]:
        """Yield the pieces of an answer, and end it, however that goes."""
        try:
            async for chunk in self.io.chunks(answer):
                yield chunk
        except httpx.TransportError as error:
            raise from_httpx(error, answer.request, self.timeout_sec) from error
        except httpx.DecodingError as error:
            raise Unreachable("unreachable", f"The answer is damaged: {error}.") from error
        finally:
            await self.io.discard(answer)

    async def send(
        self,
        request: Request[Any],
        headers: dict[str, str] | None = None,
        quiet_sec: float | None = None,
    ) -> httpx.Response:
        """Return an answer whose content is still to be read, in a single try.

        :param quiet_sec: how long nothing may come, if it is an answer that goes on for long.
        """
        patience = 1 if request.method == "GET" else _PATIENCE
        read_sec = quiet_sec or patience * self.timeout_sec
        timeout = httpx.Timeout(self.timeout_sec, read=read_sec)
        built = self.io.http.build_request(
            request.method, request.url, json=request.body, headers=headers, timeout=timeout
        )
        try:
            answer = await self.io.send(built)
        except httpx.TransportError as error:
            took_sec = read_sec if isinstance(error, httpx.ReadTimeout) else self.timeout_sec
            raise from_httpx(error, built, took_sec) from error
        if answer.status_code == 200 or answer.status_code in request.good:
            return answer
        raise error_of(answer, _parsed(await self.read(answer)))

    async def read(self, answer: httpx.Response) -> bytes:
        """Return the whole content of an answer, and end it."""
        async with aclosing(self.chunks(answer)) as chunks:
            return b"".join([chunk async for chunk in chunks])

    async def _tried(self, attempt: Callable[[], Awaitable[_T]]) -> _T:
        tries, left_sec, pause_sec = _TRIES, self.timeout_sec, _FIRST_PAUSE_SEC
        while True:
            try:
                return await attempt()
            except (Busy, Unreachable) as error:
                wanted = pause_sec * random.uniform(0.5, 1.0)
                if isinstance(error, Busy):
                    wanted = max(wanted, error.retry_after_sec or 0.0)
                elif error.code not in _PASSING:
                    raise
                tries, left_sec, pause_sec = tries - 1, left_sec - wanted, pause_sec * 2
                if tries < 1 or left_sec < 0:
                    raise
            await self.io.sleep(wanted)


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


async def lines_of(chunks: AsyncIterator[bytes]) -> AsyncGenerator[str, None]:
    """Yield the lines of a text as its pieces come, without their ends."""
    rest: list[bytes] = []
    async for chunk in chunks:
        first, *more = chunk.split(b"\n")
        rest.append(first)
        for line in more:
            yield b"".join(rest).decode().removesuffix("\r")
            rest = [line]
    if any(rest):
        yield b"".join(rest).decode()


def http_options(
    url: str, *, token: str | None, auth: Auth | None, verify: Verify
) -> dict[str, Any]:
    """Return the options of both of httpx's clients.

    :raises ValueError: the URL is none of a dashboard, or there are two logins.
    """
    try:
        root = httpx.URL(url)
    except httpx.InvalidURL:
        # httpx quotes the part at fault: of a password with a slash, its beginning.
        raise ValueError(
            "the URL makes no sense: give one like http://host:8181, and in a password %2F for "
            "each slash, or auth=(user, password)"
        ) from None
    if root.scheme not in ("http", "https") or not root.host:
        shown = url.rpartition("@")[2]
        raise ValueError(f"{shown!r} is no URL of a dashboard: give one like http://host:8181")
    if root.username and auth is None:
        auth = (root.username, root.password)
    if token is not None and auth is not None:
        raise ValueError("token and auth are two logins: give one of them")
    headers = {"User-Agent": f"flask_dispy/{version_of('flask_dispy')}"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    if root.scheme == "http":
        verify = False  # the authorities' certificates take 50 ms to load
    elif isinstance(verify, (str, Path)):
        verify = ssl.create_default_context(cafile=verify)
    # Without its login, which is in the header: URLs are logged.
    root = root.copy_with(username=None, password=None, query=None, fragment=None)
    return {"base_url": root, "auth": auth, "headers": headers, "verify": verify}
