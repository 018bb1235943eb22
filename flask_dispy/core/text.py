"""Any Python value as a short text that is safe to keep and to show.

Nothing here runs code of the value's class: :func:`plain_text` walks values of built-in types
itself and returns ``None`` for any other, so it is safe where time is short. The engine renders
values that need a user's ``__str__``.

A text that was cut short is a :class:`Cut`, a subclass of ``str``: so the mark travels with the
text and costs nothing if nothing was cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

__all__ = [
    "Cut",
    "bounded",
    "clean",
    "ending",
    "last_line",
    "plain_call",
    "plain_text",
    "type_name",
]

# Deeper containers show as "...". Nobody reads deeper in a table cell, and a list that contains
# itself ends here.
_MAX_DEPTH = 6

# Integers of more bits are shown by their size: str() is quadratic, and Python refuses to convert
# more than 4,300 digits.
_MAX_INT_BITS = 2048

# Almost all arguments are integers or strings below these limits; a fast path handles them.
_SMALL = 10**9
_DIGITS = 10  # and a sign
_SHORT = 100

# Characters at the end of a text among which its last line is sought.
_LAST_LINE = 2_000

# Control characters except tab and line feed, bidirectional controls that can reverse a line
# ("Trojan Source", CVE-2021-42574), invisible separators, and lone surrogates, which UTF-8 can't
# encode.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028\u2029"
    "\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


# Bypasses a metaclass, which may define its own __name__.
_name_of: Final[Callable[[type], object]] = type.__dict__["__name__"].__get__


class Cut(str):
    """A text that was cut short."""

    __slots__ = ()


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def clean(text: str) -> str:
    """Return *text* with control and bidirectional characters made visible as escapes."""
    if text.isprintable():
        return text
    return _UNSAFE.sub(_visible, text.replace("\r\n", "\n"))


def bounded(text: str, limit: int) -> str:
    """Return *text*, cleaned, in at most *limit* characters; a :class:`Cut` if it was longer.

    The cost depends on *limit* alone.
    """
    if len(text) <= limit:
        if text.isprintable():
            return text
        text = clean(text)
        if len(text) <= limit:
            return text
    else:
        text = clean(text[: limit + 1])
    return Cut(text[: max(limit - 1, 0)] + "…")


def ending(text: str, limit: int) -> str:
    """Return the end of *text*, cleaned, in at most *limit* characters."""
    if len(text) <= limit:
        shorter = clean(text)
        if len(shorter) <= limit:
            return shorter
    else:
        shorter = clean(text[-limit - 1 :])
    return Cut("…" + shorter[len(shorter) - max(limit - 1, 0) :])


def type_name(value: object) -> str:
    """Return the name of the value's class, bounded, without running the class's code."""
    name = _name_of(type(value))
    return bounded(name, 80) if isinstance(name, str) else "object"


def last_line(text: str | None) -> str | None:
    """Return the last line of *text* that is not blank: in a traceback, the error."""
    if not text:
        return None
    lines = text[-_LAST_LINE:].rstrip("…").splitlines()
    for place in range(len(lines) - 1, -1, -1):
        line = lines[place].strip()
        if line:
            is_cut = isinstance(text, Cut) or (place == 0 and len(text) > _LAST_LINE)
            return Cut(line) if is_cut else line
    return None


def _integer(value: int) -> str:
    bits = value.bit_length()
    return str(value) if bits <= _MAX_INT_BITS else f"<int of {bits} bits>"


# By the ids of classes: to hash a class may run code of its metaclass, or fail.
_LEAVES: Final[dict[int, Callable[[Any], str]]] = {
    **{id(kind): repr for kind in (float, bool, type(None), complex, range, type(...))},
    id(int): _integer,
}
_BRACKETS: Final[dict[int, tuple[str, str]]] = {
    id(list): ("[", "]"),
    id(tuple): ("(", ")"),
    id(set): ("{", "}"),
    id(frozenset): ("frozenset({", "})"),
    id(dict): ("{", "}"),
}


class _NotPlain(Exception):
    """A value is not of a built-in type."""


class _Writer:
    """Collects the pieces of one text up to its limit."""

    __slots__ = ("pieces", "room")

    def __init__(self, limit: int) -> None:
        self.pieces: list[str] = []
        self.room = limit

    def put(self, piece: str) -> None:
        self.pieces.append(piece)
        self.room -= len(piece)

    def value(self, value: object, depth: int) -> None:
        kind = type(value)
        leaf = _LEAVES.get(id(kind))
        if leaf is not None:
            self.put(leaf(value))
        elif kind is str or kind is bytes or kind is bytearray:  # "in" would ask the metaclass
            # Sliced first, because repr() of 50 MB would build all of it.
            self.put(repr(value[: max(self.room, 0) + 1]))  # type: ignore[index]
        elif id(kind) in _BRACKETS:
            self.container(kind, value, depth)
        else:
            raise _NotPlain

    def container(self, kind: type, value: Any, depth: int) -> None:
        if not value and kind in (set, frozenset):
            self.put(f"{kind.__name__}()")
            return
        opening, closing = _BRACKETS[id(kind)]
        self.put(opening)
        if depth >= _MAX_DEPTH and value:
            self.put("...")
        else:
            self.items(value.items() if kind is dict else value, kind, depth)
            if kind is tuple and len(value) == 1:
                self.put(",")
        self.put(closing)

    def items(self, items: Iterable[Any], kind: type, depth: int) -> None:
        first = True
        for item in items:
            if self.room <= 0:
                return
            if not first:
                self.put(", ")
            first = False
            value = item
            if kind is dict:
                key, value = item
                self.value(key, depth + 1)
                self.put(": ")
            self.value(value, depth + 1)


def plain_text(value: object, limit: int) -> str | None:
    """Return ``str(value)`` if the value consists of built-in types alone, else ``None``.

    :param limit: characters at most; a longer text is returned as a :class:`Cut`.

    Containers are walked only as far as *limit* reaches. Subclasses of built-in types don't count,
    because they may have their own ``__str__``.
    """
    kind = type(value)
    if kind is str:
        return bounded(value, limit)  # type: ignore[arg-type]
    if kind is int and -_SMALL < value < _SMALL and limit > _DIGITS:  # type: ignore[operator]
        return f"{value}"
    leaf = _LEAVES.get(id(kind))
    if leaf is not None:
        text = leaf(value)
        return text if len(text) <= limit else bounded(text, limit)
    writer = _Writer(limit + 1)
    try:
        writer.value(value, 0)
    except (_NotPlain, RuntimeError):
        # RuntimeError: another thread changed a set or dict meanwhile.
        return None
    return bounded("".join(writer.pieces), limit)


def plain_call(
    args: Sequence[Any], kwargs: Mapping[str, Any], limit: int
) -> tuple[str, str] | None:
    """Return a job's arguments as two texts, ``"1, alpha"`` and ``"n=5"``.

    As in dispy.httpd, each is converted by ``str``, and they are joined by ``", "``. Return
    ``None`` if an argument is not of a built-in type.
    """
    # Short strings and small integers, as almost always, take a quarter of the general way's time;
    # but only the general way stops at the limit if there are very many.
    if len(args) + len(kwargs) > limit:
        return _any_call(args, kwargs, limit)
    positional, named = [], []
    try:
        for value in args:
            kind = type(value)
            if kind is int and -_SMALL < value < _SMALL:
                positional.append(f"{value}")
            elif kind is str and len(value) <= _SHORT:
                positional.append(value)
            else:
                return _any_call(args, kwargs, limit)
        for name, value in kwargs.items():
            kind = type(value)
            small = kind is int and -_SMALL < value < _SMALL
            if type(name) is not str or not (small or (kind is str and len(value) <= _SHORT)):
                return _any_call(args, kwargs, limit)
            named.append(f"{name}={value}")
    except RuntimeError:
        return None  # changed meanwhile
    first, second = ", ".join(positional), ", ".join(named)
    fits = len(first) <= limit and len(second) <= limit
    if fits and first.isprintable() and second.isprintable():
        return first, second
    return _any_call(args, kwargs, limit)


def _any_call(
    args: Sequence[object], kwargs: Mapping[str, object], limit: int
) -> tuple[str, str] | None:
    """Return the texts of arguments of any kind and any length."""
    try:
        positional = _plain_join(enumerate(args), limit, named=False)
        named = _plain_join(kwargs.items(), limit, named=True) if kwargs else ""
    except RuntimeError:
        return None  # changed meanwhile
    return None if positional is None or named is None else (positional, named)


def _plain_join(values: Iterable[tuple[Any, object]], limit: int, *, named: bool) -> str | None:
    """Return the texts of values, each behind its name if they are *named*."""
    texts: list[str] = []
    room = limit
    cut = False
    for name, value in values:
        if room <= 0:
            cut = True
            break
        text = plain_text(value, room)
        if text is None:
            return None
        cut = cut or type(text) is Cut
        if named:
            if type(name) is not str:
                return None
            text = f"{bounded(name, limit)}={text}"
        texts.append(text)
        room -= len(text) + 2
    joined = bounded(", ".join(texts), limit)
    return Cut(joined) if cut else joined
