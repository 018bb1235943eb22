"""What a fork inherits of dispy's, and must not run."""

from __future__ import annotations

import atexit
import contextlib
from typing import Any

import pycos

__all__ = ["unregister_exit_handlers"]


def unregister_exit_handlers(cluster: Any) -> None:
    """Take dispy's steps for the end of the program out of this fork: they are its parent's.

    They wait for jobs, by threads that do not live here: a worker of gunicorn's that was forked
    after the cluster was made would never end by itself.
    """
    inner = getattr(cluster, "_cluster", None)
    for owner, name in ((cluster, "shutdown"), (inner, "shutdown")):
        with contextlib.suppress(AttributeError):
            atexit.unregister(getattr(owner, name))
    for scheduler in list(getattr(pycos.Pycos, "_schedulers", {}).values()):
        atexit.unregister(scheduler.finish)
