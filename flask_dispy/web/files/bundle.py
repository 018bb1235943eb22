"""One script and one stylesheet for each page, put together from the modules as they lie.

A page is made of some forty modules, and a browser takes longer to ask for them than to run them.
Only what our own modules use is understood: ``import { a, b as c } from "./x.js";`` and ``export``
before a function, a class or a constant. Anything else is refused with its place.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Final

__all__ = ["bundles"]

_IMPORT: Final = re.compile(r'^import \{([^{}]*)\} from "(\.[^"]*)";$', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE)
_FOREIGN: Final = re.compile(r"^(?:import|export|await)\b.*|\bimport(?:\(|\.meta)", re.MULTILINE)
# Half of what a module weighs says what its types are; who reads it finds the module itself.
_DOC: Final = re.compile(r"^[ \t]*/\*\*(?:(?!\*/).)*\*/\n", re.MULTILINE | re.DOTALL)
_COMMENT: Final = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)

# Chromium compiles a function where it is first called, on the main thread; all functions of a
# script that begins so it compiles on another, while the script still loads. To others this is a
# comment. https://v8.dev/blog/explicit-compile-hints
_COMPILE_ALL: Final = "//# allFunctionsCalledOnLoad\n"

_STYLE: Final = re.compile(r'^@import "([^"]+)"(?: ([^;]+))?;\n', re.MULTILINE)
_PICTURE: Final = re.compile(r'\burl\("\.\./(icons/[\w.-]+)"\)')
_FOREIGN_STYLE: Final = re.compile(r"@import\b.*|@charset\b.*|\burl\(.*")


def bundles(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return ``bundle/<page>.js`` and ``.css`` for the pages among *files*, by name.

    :raises ValueError: a module or stylesheet holds what is not understood, or needs itself, or
        one that is not there.
    """
    found = {}
    for name in files:
        folder, base = posixpath.split(name)
        if folder == "js/pages":
            found[f"bundle/{base}"] = _script(name, files).encode()
        elif folder == "css/pages":
            found[f"bundle/{base}"] = _style(name, files).encode()
    return found


def _script(entry: str, files: Mapping[str, bytes]) -> str:
    """Return the module and all that it needs as one classic script."""
    parts: dict[str, str] = {}
    _add(entry, files, parts, ())
    return f'{_COMPILE_ALL}"use strict";\n(() => {{\n' + "\n".join(parts.values()) + "})();\n"


def _add(
    name: str, files: Mapping[str, bytes], parts: dict[str, str], for_: tuple[str, ...]
) -> None:
    """Add a module to *parts*, after those that it needs: each a function's scope of its own."""
    if name in for_:
        raise ValueError(f"{name} imports itself, by way of {', '.join(for_)}")
    source = _text(name, files, for_)
    for _, path in _IMPORT.findall(source):
        needed = _beside(name, path)
        if needed not in parts:
            _add(needed, files, parts, (*for_, name))
    exported = _EXPORT.findall(source)
    order = {added: number for number, added in enumerate(parts)}

    def destructured(match: re.Match[str]) -> str:
        names = match[1].replace(" as ", ": ")
        return f"const {{{names}}} = m{order[_beside(name, match[2])]};"

    body = _EXPORT.sub("", _IMPORT.sub(destructured, source))
    body = _DOC.sub("", body)
    _refuse(name, _FOREIGN.search(_COMMENT.sub("", body)))
    result = f"return {{ {', '.join(exported)} }};\n" if exported else ""
    parts[name] = f"// {name}\nconst m{len(parts)} = (() => {{\n{body}{result}}})();\n"


def _style(entry: str, files: Mapping[str, bytes]) -> str:
    """Return the stylesheet with those that it imports in their places."""

    def imported(match: re.Match[str]) -> str:
        content = _text(_beside(entry, match[1]), files, (entry,))
        return f"@media {match[2]} {{\n{content}}}\n" if match[2] else content

    sheet = _STYLE.sub(imported, _text(entry, files, ()))
    # A bundle lies as deep as the sheets that it is made of, so their pictures' paths hold.
    for name in _PICTURE.findall(sheet):
        _text(name, files, (entry,))
    _refuse(entry, _FOREIGN_STYLE.search(_PICTURE.sub("", sheet)))
    return sheet


def _beside(name: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def _text(name: str, files: Mapping[str, bytes], for_: tuple[str, ...]) -> str:
    if name not in files:
        raise ValueError(f"{for_[-1]} needs {name}, which is not there")
    return files[name].decode()


def _refuse(name: str, found: re.Match[str] | None) -> None:
    if found:
        raise ValueError(f"{name} holds {found[0]!r}, which a bundle can't: write it otherwise")
