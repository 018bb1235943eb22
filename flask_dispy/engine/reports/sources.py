"""The source lines that a job's traceback lacks.

A node runs code that dispy sent it, so its tracebacks name lines of ``<string>`` and can't show
them. dispy keeps that code.
"""

from __future__ import annotations

import ast
import re
from typing import Any, Final

__all__ = ["SentCode"]

# More is not looked through: such a text is cut anyway, and such code takes long to parse.
_TRACEBACK_LIMIT: Final = 100_000
_CODE_LIMIT: Final = 1_000_000

_SENT: Final = 'File "<string>", line '
# From 3.13 on, Python shows such a frame the code of its own "-c" instead, where that is as long.
_FRAME: Final = re.compile(
    r'^(?P<frame>(?P<indent>[ |]*)File "<string>", line (?P<line>\d{1,7}), in (?P<function>.+))'
    r"(?:\n(?P=indent)  .*)*$",
    re.MULTILINE,
)


class SentCode:
    """The code that dispy sent to the nodes of a cluster. Not thread-safe.

    :param cluster: dispy's object.
    """

    def __init__(self, cluster: Any) -> None:
        self._cluster = cluster
        self._code: _Code | None = None
        self._own = _Code(None)

    def with_lines(self, traceback: str, own: str | None = None) -> str:
        """Return a traceback with the source line below each frame that runs the code sent.

        :param own: the code that was sent with the job itself.
        """
        if _SENT not in traceback or len(traceback) > _TRACEBACK_LIMIT:
            return traceback
        if self._code is None:
            self._code = _Code(getattr(getattr(self._cluster, "_compute", None), "code", None))
        if own != self._own.text:  # many jobs are sent the same
            self._own = _Code(own)
        # What is sent with a job replaces functions of the same name.
        codes = (self._own, self._code)

        def with_line(frame: re.Match[str]) -> str:
            number, function = int(frame["line"]), frame["function"]
            line = next(filter(None, (code.line(number, function) for code in codes)), None)
            return f"{frame['frame']}\n{frame['indent']}  {line}" if line else frame[0]

        return _FRAME.sub(with_line, traceback)


class _Code:
    """A text of code, and where its functions are."""

    def __init__(self, text: Any) -> None:
        self.text = text
        self._lines: list[str] = []
        self._ranges: dict[str, list[range]] = {}
        if not isinstance(text, str) or len(text) > _CODE_LIMIT:
            return
        try:
            module = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        self._lines = text.split("\n")  # as Python counts them
        for node in ast.walk(module):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                within = range(node.lineno, (node.end_lineno or node.lineno) + 1)
                self._ranges.setdefault(node.name, []).append(within)

    def line(self, number: int, function: str) -> str:
        """Return a line of a function, or nothing if it is not there."""
        # Code that the job itself compiles is "<string>", too; it has other functions.
        if any(number in within for within in self._ranges_of(function)):
            return self._lines[number - 1].strip()
        return ""

    def _ranges_of(self, function: str) -> list[range]:
        """Return where a function is; one without a name can be in any."""
        if function.startswith("<") and function != "<module>":
            return [within for each in self._ranges.values() for within in each]
        return self._ranges.get(function, [])
