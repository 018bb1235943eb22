"""Turns coroutines into plain methods.

The coroutines of a :class:`~flask_dispy.client.sending.Sender` with a
:class:`~flask_dispy.client.sending.BlockingIO` never suspend: they run to their end when they are
first sent something. So no event loop is needed, and none is in the way.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from functools import update_wrapper
from inspect import signature
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from .files import AsyncFile
from .rows import AsyncRows, Page, Row

__all__ = ["Blocking", "File", "Rows", "answered", "filed", "iterated", "listed"]

_P = ParamSpec("_P")
_T = TypeVar("_T")
_Function = TypeVar("_Function", bound=Callable[..., Any])
_Over = TypeVar("_Over", covariant=True)


class Blocking(Generic[_Over]):
    """What has plain methods that are made of the coroutines of another object."""

    def __init__(self, over: _Over) -> None:
        self._over = over


def _as_in(method: Callable[..., Any]) -> Callable[[_Function], _Function]:
    """Give a plain method the name, docstring and signature of the one that it is made of."""

    def dress(plain: _Function) -> _Function:
        theirs = signature(method)
        returned = str(theirs.return_annotation).replace("Async", "")
        dressed: Any = update_wrapper(plain, method)
        dressed.__signature__ = theirs.replace(return_annotation=returned)
        return plain

    return dress


def answered(
    method: Callable[Concatenate[_Over, _P], Coroutine[Any, Any, _T]],
) -> Callable[Concatenate[Blocking[_Over], _P], _T]:
    """Return the plain method that returns what a coroutine returns."""

    @_as_in(method)
    def plain(self: Blocking[_Over], /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        return finish(method(self._over, *args, **kwargs))

    return plain


def iterated(
    method: Callable[Concatenate[_Over, _P], AsyncGenerator[_T, None]],
) -> Callable[Concatenate[Blocking[_Over], _P], Generator[_T, None, None]]:
    """Return the plain method that yields what an asynchronous generator yields."""

    @_as_in(method)
    def plain(
        self: Blocking[_Over], /, *args: _P.args, **kwargs: _P.kwargs
    ) -> Generator[_T, None, None]:
        return each(method(self._over, *args, **kwargs))

    return plain


def filed(
    method: Callable[Concatenate[_Over, _P], AsyncFile],
) -> Callable[Concatenate[Blocking[_Over], _P], File]:
    """Return the plain method that returns a file."""

    @_as_in(method)
    def plain(self: Blocking[_Over], /, *args: _P.args, **kwargs: _P.kwargs) -> File:
        return File(method(self._over, *args, **kwargs))

    return plain


def listed(
    method: Callable[Concatenate[_Over, _P], AsyncRows[Row, Page]],
) -> Callable[Concatenate[Blocking[_Over], _P], Rows[Row, Page]]:
    """Return the plain method that returns a list."""

    @_as_in(method)
    def plain(self: Blocking[_Over], /, *args: _P.args, **kwargs: _P.kwargs) -> Rows[Row, Page]:
        return Rows(method(self._over, *args, **kwargs))

    return plain


def finish(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine that never suspends, and return its result."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        value: _T = end.value
        return value
    coroutine.close()
    raise RuntimeError("a coroutine of the blocking client was suspended")


def each(values: AsyncGenerator[_T, None]) -> Generator[_T, None, None]:
    """Yield what an asynchronous generator that never suspends yields."""
    try:
        while True:
            try:
                value = finish(_next(values))
            except StopAsyncIteration:
                return
            yield value
    finally:
        finish(_end(values))


async def _next(values: AsyncGenerator[_T, None]) -> _T:
    return await anext(values)


async def _end(values: AsyncGenerator[Any, None]) -> None:
    await values.aclose()


class File(Blocking[AsyncFile]):
    """A file that the server makes when it is asked for: iterate over its bytes, or save it.

    Each use asks anew.
    """

    __iter__ = iterated(AsyncFile.__aiter__)
    lines = iterated(AsyncFile.lines)
    read = answered(AsyncFile.read)
    save = answered(AsyncFile.save)


class Rows(Blocking[AsyncRows[Row, Page]], Generic[Row, Page]):
    """A list: iterate over its rows, take its first page, or have it as a file.

    Nothing is asked before it is used, and each use asks anew.
    """

    def __iter__(self) -> Generator[Row, None, None]:
        return each(aiter(self._over))

    def pages(self) -> Generator[Page, None, None]:
        """Yield the pages, of up to 1,000 rows each."""
        return each(self._over.pages())

    def page(self) -> Page:
        """Return the first page, as long as the server makes it where there is no limit.

        A limit that is longer than a page gets the longest one; :meth:`pages` has all.
        """
        return finish(self._over.page())

    def csv(self) -> File:
        """Return the list as a file of comma-separated values.

        The server takes a limit as long as a page at most; without one, the file has all rows.
        """
        return File(self._over.csv())

    def jsonl(self) -> File:
        """Return the list as a file with a row of JSON on each line.

        The server takes a limit as long as a page at most; without one, the file has all rows.
        """
        return File(self._over.jsonl())
