"""dispy's exit handlers, which a fork inherits and must not run."""

from __future__ import annotations

import atexit
import contextlib
from typing import Any

import pycos

__all__ = ["unregister_exit_handlers"]


def unregister_exit_handlers(cluster: Any) -> None:
    """Unregister dispy's exit handlers in this fork.

    They wait for jobs by means of threads that exist only in the parent: a gunicorn worker that was
    forked after the cluster was made would never end by itself.
    """
    inner: Any = getattr(cluster, "_cluster", None)
    for owner in (cluster, inner):
        with contextlib.suppress(AttributeError):
            atexit.unregister(owner.shutdown)
    for scheduler in list(getattr(pycos.Pycos, "_schedulers", {}).values()):
        atexit.unregister(scheduler.finish)
