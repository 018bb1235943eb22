"""The versions of installed packages."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

__all__ = ["version_of"]


def version_of(package: str) -> str:
    """Return a package's version; ``unknown`` where it lies there without being installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
