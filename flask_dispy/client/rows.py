"""Lists, row by row, over as many pages as there are."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Generic, TypeVar, cast

import httpx

from ..wire.answers import MOST_ROWS
from .files import AsyncFile
from .sending import Request, Sender

__all__ = ["AsyncRows", "Page", "Row"]

Row = TypeVar("Row")
Page = TypeVar("Page")


class AsyncRows(Generic[Row, Page]):
    """A list: iterate over its rows, take its first page, or have it as a file.

    Nothing is asked before it is used, and each use asks anew.

    :param limit: the most rows in all; ``None`` for all.
    :param most: rows that are asked for at a time; ``None`` for a list that comes whole.
    :param longest: rows of the longest page that the server makes.
    """

    def __init__(
        self,
        sender: Sender,
        request: Request[Page],
        limit: int | None = None,
        *,
        most: int | None = MOST_ROWS,
        longest: int = MOST_ROWS,
    ) -> None:
        self._sender = sender
        self._request = request
        self._limit = limit
        self._most = most
        self._longest = longest

    async def __aiter__(self) -> AsyncGenerator[Row, None]:
        """Yield the rows of all pages."""
        async with aclosing(self.pages()) as pages:
            async for page in pages:
                for row in cast(Any, page)["items"]:
                    yield row

    async def pages(self) -> AsyncGenerator[Page, None]:
        """Yield the pages, of up to 1,000 rows each."""
        left, link = self._limit, ""
        while True:
            following = httpx.QueryParams(link.removeprefix("?"))
            given: dict[str, Any] = {name: following.get_list(name) for name in following}
            size = min((most for most in (self._most, left) if most is not None), default=None)
            page: Any = await self._sender.ask(self._with(**given | {"limit": size}))
            yield page
            left = None if left is None else left - len(page["items"])
            link = page["next"] or ""
            if not link or left == 0:
                return

    async def page(self) -> Page:
        """Return the first page, as long as the server makes it where there is no limit.

        A limit that is longer than a page gets the longest one; :meth:`pages` has all.
        """
        limit = None if self._limit is None else min(self._limit, self._longest)
        return await self._sender.ask(self._with(limit=limit))

    def csv(self) -> AsyncFile:
        """Return the list as a file of comma-separated values.

        The server takes a limit as long as a page at most; without one, the file has all rows.
        """
        return self._file("csv")

    def jsonl(self) -> AsyncFile:
        """Return the list as a file with a row of JSON on each line.

        The server takes a limit as long as a page at most; without one, the file has all rows.
        """
        return self._file("jsonl")

    def _file(self, form: str) -> AsyncFile:
        return AsyncFile(self._sender, self._with(limit=self._limit, format=form))

    def _with(self, **values: Any) -> Request[Page]:
        return replace(self._request, values={**self._request.values, **values})
