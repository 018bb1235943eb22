"""Where the command line writes: tables for people, one JSON object a line for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

from rich.console import Console, RenderableType

from ..client import Rows
from .tables import Column, table

__all__ = ["Output"]

Row = TypeVar("Row", bound=Mapping[str, Any])

_SHOWN: Final = 100
"""Rows of a table, unless the user asks for more or for fewer."""

# A table in a pipe or a file is cut nowhere.
_ENDLESS: Final = 10_000


class Output:
    """What a command writes to.

    :param as_json: write one JSON object a line.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        for stream in (sys.stdout, sys.stderr):
            # A terminal that can't show a character must not end the command.
            with suppress(AttributeError, ValueError):
                stream.reconfigure(errors="replace")  # type: ignore[union-attr]
        is_terminal = sys.stdout.isatty()
        self.console = _console(None if is_terminal else _ENDLESS)
        self.notes = _console(None, stderr=True)

    def object(self, value: object) -> None:
        """Write an object on a line of its own, at once; in ASCII, which no terminal obeys."""
        sys.stdout.write(f"{json.dumps(value, separators=(',', ':'))}\n")
        sys.stdout.flush()

    def show(self, shown: RenderableType) -> None:
        """Write something for people."""
        self.console.print(shown)

    def note(self, text: str) -> None:
        """Write a remark beside the output; it must be one of ours, or plain."""
        self.notes.print(text, soft_wrap=True)

    def most(self, limit: int | None) -> int | None:
        """Return how many rows of a list to ask for: all as JSON, or as many as a table has."""
        return limit if self.as_json else limit or _SHOWN

    def rows(self, columns: Sequence[Column[Row]], rows: Rows[Row, Any], noun: str) -> None:
        """Write a list."""
        if self.as_json:
            for row in rows:
                self.object(row)
            return
        items: list[Row] = []
        total = 0
        for page in rows.pages():
            total = page["total"]
            items += page["items"]
        if not items:
            self.note(f"No {noun}.")
            return
        self.show_table(columns, items)
        if len(items) < total:
            self.note(f"{len(items):,} of {total:,} {noun}; --limit shows more.")

    def show_table(
        self, columns: Sequence[Column[Row]], rows: Iterable[Row], *, headings: bool = True
    ) -> None:
        """Write rows as a table, or as more rows of one."""
        made = table(columns, rows, self.console.width)
        made.show_header = headings
        self.show(made)


def _console(width: int | None, *, stderr: bool = False) -> Console:
    return Console(width=width, markup=False, highlight=False, emoji=False, stderr=stderr)
