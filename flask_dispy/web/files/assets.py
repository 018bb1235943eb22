"""The package's own static files, held in memory under URLs that change with their content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from ..http.answers import compress
from .bundle import bundles
from .document_root import CONTENT_TYPES
from .favicons import favicons

if TYPE_CHECKING:
    from importlib.abc import Traversable

__all__ = ["ASSETS", "Assets", "package_assets"]

ASSETS: Final = "dispy-assets"
"""Where the files are, below the blueprint's root. Not ``static``: that is the host app's own,
whose folders a blueprint mounted at the app's root would take."""


@dataclass(frozen=True, slots=True)
class _Asset:
    content: bytes
    packed: bytes | None
    content_type: str
    etag: str


class Assets:
    """The files below *folder*, read once, and the pages' bundles of them.

    All share one hash in their URLs, so that the relative imports between modules stay within
    one version: a page never runs a mixture of two releases.
    """

    def __init__(self, folder: Traversable) -> None:
        files = dict(sorted(_below(folder, "")))
        files |= bundles(files)
        files |= favicons()
        digest = hashlib.sha256()
        for name, content in files.items():
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        self._assets = {name: _load(name, content) for name, content in files.items()}
        self.version = digest.hexdigest()[:16]

    def url(self, name: str) -> str:
        """Return the URL of a file, relative to the pages.

        :raises LookupError: there is no such file; a template names one that was never made.
        """
        if name not in self._assets:
            raise LookupError(f"the package has no static file {name!r}")
        return f"{ASSETS}/{self.version}/{name}"

    def find(self, name: str) -> _Asset | None:
        """Return a file, ``None`` if there is none."""
        return self._assets.get(name)


@lru_cache(maxsize=1)
def package_assets() -> Assets:
    """Return the package's files, read when they are first asked for."""
    # The package may lie in a zip archive.
    return Assets(resources.files("flask_dispy") / "static")


def _below(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _below(entry, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry.read_bytes()


def _load(name: str, content: bytes) -> _Asset:
    packed = compress(content, level=9)
    return _Asset(
        content,
        packed if len(packed) < len(content) else None,
        CONTENT_TYPES.get(PurePosixPath(name).suffix, "application/octet-stream"),
        hashlib.sha256(content).hexdigest()[:16],
    )
