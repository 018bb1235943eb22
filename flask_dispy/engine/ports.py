"""Whether a JobCluster could open the port at which its nodes answer.

If another process has that port, dispy logs a line and retries every five seconds for ever. No node
joins meanwhile, and nothing says why.
"""

from __future__ import annotations

import os
from typing import Any

__all__ = ["port_trouble"]


def port_trouble(cluster: Any) -> str | None:
    """Return the cause and the remedy if the cluster could not open its port, else ``None``.

    Call it a moment after the cluster was made.
    """
    inner = getattr(cluster, "_cluster", None)
    addresses = getattr(inner, "ip_addrs", None)
    # dispy adds an address when it listens at it.
    if addresses != [] or getattr(inner, "shared", False):
        return None
    port = getattr(inner, "port", "")
    if os.environ.get("WERKZEUG_RUN_MAIN") == "true":  # werkzeug's reloader started this process
        return (
            f"No node can answer: another process has dispy's port {port}. Flask's reloader runs "
            "this program twice, and both runs made the cluster. Make it only where "
            "werkzeug.serving.is_running_from_reloader() is true, or switch the reloader off "
            "(use_reloader=False, flask run --no-reload)."
        )
    return (
        f"No node can answer: another process on this machine has dispy's port {port}, perhaps "
        "another dispy client that still runs. End it, or give this one another dispy_port."
    )
