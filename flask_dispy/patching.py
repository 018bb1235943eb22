"""The public way to make dispy work on the running Python."""

from __future__ import annotations

from .programs import httpd as dispy_httpd
from .programs import patches as compat

__all__ = ["patch_dispy"]


def patch_dispy() -> None:
    """Make dispy 4.15.2 work on the running Python, 3.11 to 3.13.

    Call it once, before the first cluster is made. It mends ``job_status=`` and
    ``cluster_status=`` in the constructors of clusters, the client's recovery files (without
    which no job runs on 3.13), TLS between client, scheduler and nodes, and ``import dispy.httpd``,
    which gives flask_dispy's server where dispy's own can't be imported any more. It also lets
    clusters that are watched report straight to us, without waking a thread for each report.

    It replaces names inside dispy's modules and its transport's, pycos, and nothing in the
    standard library. Nothing here calls it unless you do: not importing flask_dispy, not making a
    server. Calling it again changes nothing, and any thread may.
    """
    compat.patch_dispy(httpd=dispy_httpd)
