"""What comes as a file: reports, traces, texts, and lists as CSV or JSON lines."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final

import httpx

from .sending import Request, Sender, lines_of

__all__ = ["AsyncFile"]

_NAME: Final = re.compile(r'filename="?([\w.-]+)"?')


class AsyncFile:
    """A file that the server makes when it is asked for: iterate over its bytes, or save it.

    Each use asks anew.
    """

    def __init__(self, sender: Sender, request: Request[Any]) -> None:
        self._sender = sender
        self._request = request

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        """Yield the bytes as they come.

        :raises ClientError: the server refuses, or the file ends before it is whole.
        """
        answer = await self._sender.open(self._request)
        async with aclosing(self._sender.chunks(answer)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def lines(self) -> AsyncGenerator[str, None]:
        """Yield the lines as they come."""
        async with aclosing(self.__aiter__()) as chunks, aclosing(lines_of(chunks)) as lines:
            async for line in lines:
                yield line

    async def read(self) -> bytes:
        """Return all bytes."""
        answer = await self._sender.open(self._request)
        return await self._sender.read(answer)

    async def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the file, and return its path. It is there once it is whole, or not at all.

        :param path: a file, which is replaced; or a folder, where it gets the server's name.
        :raises ClientError: the server refuses, or the file ends before it is whole.
        """
        answer = await self._sender.open(self._request)
        target = Path(path)
        if target.is_dir():
            target /= _name_of(answer)
        part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        try:
            async with aclosing(self._sender.chunks(answer)) as chunks:
                with part.open("xb") as file:
                    async for chunk in chunks:
                        file.write(chunk)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return target


def _name_of(answer: httpx.Response) -> str:
    """Return the name that the server gives a file, as a name within a folder."""
    found = _NAME.search(answer.headers.get("Content-Disposition", ""))
    name = found[1].lstrip(".") if found else ""
    return name or "dispy-file"
