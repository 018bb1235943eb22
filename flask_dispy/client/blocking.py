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

__all__ = ["Blocking", "File", "Rows", "each", "finish", "plain"]

_P = ParamSpec("_P")
_T = TypeVar("_T")
_Made = TypeVar("_Made")
_Over = TypeVar("_Over", covariant=True)


class Blocking(Generic[_Over]):
    """What has plain methods that are made of the coroutines of another object."""

    def __init__(self, over: _Over) -> None:
        self._over = over


def plain(
    method: Callable[Concatenate[_Over, _P], _Made], convert: Callable[[_Made], _T]
) -> Callable[Concatenate[Blocking[_Over], _P], _T]:
    """Return a plain method that is made of another object's, with its name and docstring.

    :param convert: makes what the plain method returns: :func:`finish` of a coroutine, :func:`each`
        of an asynchronous generator, :class:`File` and :class:`Rows` of those of the other client.
    """

    def made(self: Blocking[_Over], /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        return convert(method(self._over, *args, **kwargs))

    theirs = signature(method)
    returned = str(theirs.return_annotation).replace("Async", "")
    dressed: Any = update_wrapper(made, method)
    dressed.__signature__ = theirs.replace(return_annotation=returned)
    return made


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
                value = finish(anext(values))
            except StopAsyncIteration:
                return
            yield value
    finally:
        finish(values.aclose())


class File(Blocking[AsyncFile]):
    """A file that the server makes when it is asked for: iterate over its bytes, or save it.

    Each use asks anew.
    """

    __iter__ = plain(AsyncFile.__aiter__, each)
    lines = plain(AsyncFile.lines, each)
    read = plain(AsyncFile.read, finish)
    save = plain(AsyncFile.save, finish)


class Rows(Blocking[AsyncRows[Row, Page]], Generic[Row, Page]):
    """A list: iterate over its rows, take its first page, or have it as a file.

    Nothing is asked before it is used, and each use asks anew.
    """

    __iter__ = plain(AsyncRows.__aiter__, each)
    pages = plain(AsyncRows.pages, each)
    page = plain(AsyncRows.page, finish)
    csv = plain(AsyncRows.csv, File)
    jsonl = plain(AsyncRows.jsonl, File)
