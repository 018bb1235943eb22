"""One script and one stylesheet for each page, put together from the modules as they lie.

A page is made of some forty modules, and a browser takes longer to ask for them than to run them.
A page's own module exports ``start``, which its script calls at the end. Only what our modules use
is understood: ``import { a, b as c } from "./x.js";`` and ``export`` before a function, a class or
a constant. Anything else is refused with its place.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from typing import Final

__all__ = ["bundles"]

_IMPORT: Final = re.compile(r'^import \{([^{}]*)\} from "(\.[^"]*)";$', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE)
_FOREIGN: Final = re.compile(r"^(?:import|export|await)\b.*|\bimport(?:\(|\.meta)", re.MULTILINE)
# Half of a module is documentation of its types; a reader finds that in the module itself.
_DOC: Final = re.compile(r"^[ \t]*/\*\*(?:(?!\*/).)*\*/\n", re.MULTILINE | re.DOTALL)
_COMMENT: Final = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)

# Chromium compiles a function where it is first called, on the main thread; all functions of a
# script that begins so it compiles on another, while the script still loads. To others this is a
# comment. https://v8.dev/blog/explicit-compile-hints
_BEGIN: Final = ("//# allFunctionsCalledOnLoad", '"use strict";', "(() => {")
_LEFT_OUT: Final = "\0\n"
_BASE64: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

# A line of a script, and the module and the line, from 0, that it came from.
_Line = tuple[str, tuple[str, int] | None]

_STYLE: Final = re.compile(r'^@import "([^"]+)"(?: ([^;]+))?;\n', re.MULTILINE)
_PICTURE: Final = re.compile(r'\burl\("\.\./(icons/[\w.-]+)"\)')
_FOREIGN_STYLE: Final = re.compile(r"@import\b.*|@charset\b.*|\burl\(.*")


def bundles(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return ``bundle/<page>.js`` with its ``.js.map``, and ``.css``, of the pages among *files*.

    :raises ValueError: a module or stylesheet holds what is not understood, or needs itself, or
        one that is not there.
    """
    found = {}
    for name in files:
        folder, base = posixpath.split(name)
        if folder == "js/pages":
            lines = _script(name, files)
            script = "\n".join(line for line, _ in lines)
            found[f"bundle/{base}"] = f"{script}\n//# sourceMappingURL={base}.map\n".encode()
            found[f"bundle/{base}.map"] = _source_map(lines).encode()
        elif folder == "css/pages":
            found[f"bundle/{base}"] = _style(name, files).encode()
    return found


def _script(entry: str, files: Mapping[str, bytes]) -> list[_Line]:
    """Return the lines of the module and all that it needs, as one classic script."""
    parts: dict[str, list[_Line]] = {}
    _add(entry, files, parts, ())
    body = [line for part in parts.values() for line in part]
    return _own(*_BEGIN) + body + _own(f"m{len(parts) - 1}.start();", "})();")


def _add(
    name: str, files: Mapping[str, bytes], parts: dict[str, list[_Line]], for_: tuple[str, ...]
) -> None:
    """Add a module to *parts*, after those that it needs: each a function's scope of its own."""
    if name in for_:
        raise ValueError(f"{name} imports itself, by way of {', '.join(for_)}")
    source = _text(name, files, for_)
    for _, path in _IMPORT.findall(source):
        needed = _resolved(name, path)
        if needed not in parts:
            _add(needed, files, parts, (*for_, name))
    exported = _EXPORT.findall(source)
    order = {added: number for number, added in enumerate(parts)}

    def destructured(match: re.Match[str]) -> str:
        names = match[1].replace(" as ", ": ")
        return f"const {{{names}}} = m{order[_resolved(name, match[2])]};"

    # Line by line as in the source, so that each line's number there is known.
    body = _EXPORT.sub("", _IMPORT.sub(destructured, source))
    body = _DOC.sub(lambda match: _LEFT_OUT * match[0].count("\n"), body)
    _refuse(name, _FOREIGN.search(_COMMENT.sub("", body)))
    lines: list[_Line] = [
        (line, (name, number))
        for number, line in enumerate(body.rstrip("\n").split("\n"))
        if line + "\n" != _LEFT_OUT
    ]
    result = _own(f"return {{ {', '.join(exported)} }};") if exported else []
    begin = _own(f"// {name}", f"const m{len(parts)} = (() => {{")
    parts[name] = begin + lines + result + _own("})();", "")


def _own(*lines: str) -> list[_Line]:
    return [(line, None) for line in lines]


def _source_map(lines: list[_Line]) -> str:
    """Return the map by which a browser names the module and the line of an error.

    https://tc39.es/ecma426/: each line of the bundle holds its first column, and what module and
    line it came from, as differences from those before it.
    """
    sources: dict[str, int] = {}
    mappings = []
    before = (0, 0)
    for _, origin in lines:
        if origin is None:
            mappings.append("")
            continue
        name, number = origin
        now = (sources.setdefault(name, len(sources)), number)
        mappings.append("".join(map(_vlq, (0, now[0] - before[0], now[1] - before[1], 0))))
        before = now
    named = [f"../{name}" for name in sources]
    return json.dumps({"version": 3, "sources": named, "names": [], "mappings": ";".join(mappings)})


def _vlq(number: int) -> str:
    """Return a number as digits of five bits, the lowest first; its sign is the lowest bit."""
    rest = -number << 1 | 1 if number < 0 else number << 1
    digits = ""
    while rest > 31:
        digits += _BASE64[rest & 31 | 32]
        rest >>= 5
    return digits + _BASE64[rest]


def _style(entry: str, files: Mapping[str, bytes]) -> str:
    """Return the stylesheet with those that it imports in their places."""

    def imported(match: re.Match[str]) -> str:
        content = _text(_resolved(entry, match[1]), files, (entry,))
        return f"@media {match[2]} {{\n{content}}}\n" if match[2] else content

    sheet = _STYLE.sub(imported, _text(entry, files, ()))
    # A bundle lies as deep as the sheets that it is made of, so their pictures' paths hold.
    for name in _PICTURE.findall(sheet):
        _text(name, files, (entry,))
    _refuse(entry, _FOREIGN_STYLE.search(_PICTURE.sub("", sheet)))
    return sheet


def _resolved(name: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def _text(name: str, files: Mapping[str, bytes], for_: tuple[str, ...]) -> str:
    if name not in files:
        raise ValueError(f"{for_[-1]} needs {name}, which is not there")
    return files[name].decode()


def _refuse(name: str, found: re.Match[str] | None) -> None:
    if found:
        raise ValueError(f"{name} holds {found[0]!r}, which a bundle can't: write it otherwise")
