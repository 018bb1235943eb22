"""The user's own pages in DocumentRoot: the files of one folder, and nothing outside it."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

__all__ = ["CONTENT_TYPES", "DocumentRoot", "script_hashes"]

# Not left to mimetypes: Windows takes its table from the registry, where .js may be text/plain, and
# browsers refuse modules of that type.
CONTENT_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".htm": "text/html; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".map": "application/json; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}

# Read whole into memory, each time: small files that a person edits while the server runs.
_LARGEST_BYTES: Final = 16 * 1024 * 1024


class DocumentRoot:
    """The files of *folder* that may be served.

    :raises ValueError: *folder* is no directory.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = os.path.realpath(folder)
        if not os.path.isdir(self._folder):
            raise ValueError(f"DocumentRoot {os.fspath(folder)!r} is no directory")

    def read(self, name: str) -> bytes | None:
        """Return the content of the file *name*, ``None`` if it may not be served.

        It must be a regular file of an ordinary web type whose real place is inside the folder.

        :raises OSError: it is there, but can't be read.
        """
        try:
            path = self._resolve(name)
            file = None if path is None else open(path, "rb", opener=self._open)  # noqa: SIM115
        except OSError:
            return None
        if file is None:
            return None
        with file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode) or facts.st_size > _LARGEST_BYTES:
                return None
            return file.read(_LARGEST_BYTES)

    def _resolve(self, name: str) -> str | None:
        parts = name.split("/")
        if any(part.startswith(".") or not part or "\\" in part or "\0" in part for part in parts):
            return None
        path = os.path.realpath(os.path.join(self._folder, *parts))
        inside = os.path.join(self._folder, "")
        if not path.startswith(inside) or Path(path).suffix.lower() not in CONTENT_TYPES:
            return None
        return path

    def _open(self, path: str, _flags: int) -> int:
        """Open a path that is resolved already: a link put there since is not followed."""
        # O_NONBLOCK: opening a FIFO would otherwise wait for somebody to write to it.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
        if os.open not in os.supports_dir_fd:
            return os.open(path, flags | getattr(os, "O_BINARY", 0))
        *folders, name = os.path.relpath(path, self._folder).split(os.sep)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for part in folders:
                outer, folder = folder, os.open(part, flags | os.O_DIRECTORY, dir_fd=folder)
                os.close(outer)
            return os.open(name, flags, dir_fd=folder)
        finally:
            os.close(folder)


def script_hashes(page: str) -> list[str]:
    """Return the CSP hash of each inline script and event handler in *page*.

    Browsers hash a script's text as parsed, in which every line ends in a plain newline.
    """
    parser = _Scripts()
    parser.feed(page.replace("\r\n", "\n").replace("\r", "\n"))
    parser.close()
    return [
        f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
        for text in dict.fromkeys(parser.found)
    ]


class _Scripts(HTMLParser):
    """Collects the text of inline scripts and ``on...`` attributes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._text: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.extend(value for name, value in attrs if name.startswith("on") and value)
        if tag == "script" and not any(name == "src" for name, _ in attrs):
            self._text = []

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._text is not None:
            self.found.append("".join(self._text))
            self._text = None
