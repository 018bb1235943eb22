"""Whether a JobCluster has got the port at which its nodes answer.

Where another process has it, dispy logs a line and tries again every five seconds, for ever: no
node joins meanwhile, and nothing says why.
"""

from __future__ import annotations

import os
from typing import Any

__all__ = ["port_trouble", "runs_under_reloader"]


def port_trouble(cluster: Any) -> str | None:
    """Return what to do where the cluster has not got its port, ``None`` where it has.

    Reads two attributes of dispy's; to be asked a moment after the cluster was made.
    """
    inner = getattr(cluster, "_cluster", None)
    addresses = getattr(inner, "ip_addrs", None)
    # dispy puts an address there when it listens at it.
    if addresses != [] or getattr(inner, "shared", False):
        return None
    port = getattr(inner, "port", "")
    if runs_under_reloader():
        return (
            f"No node can answer: another process has dispy's port {port}. Flask's reloader runs "
            "this program twice, and both runs made the cluster. Make it only where "
            "werkzeug.serving.is_running_from_reloader() is true, or switch the reloader off "
            "(use_reloader=False, flask run --no-reload)."
        )
    return (
        f"No node can answer: another process on this machine has dispy's port {port}, perhaps a "
        "client of dispy's that still runs. End it, or give this one another dispy_port."
    )


def runs_under_reloader() -> bool:
    """Whether this is the process that werkzeug's reloader starts anew after each change."""
    return os.environ.get("WERKZEUG_RUN_MAIN") == "true"
