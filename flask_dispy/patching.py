"""The public way to make dispy work on the running Python."""

from __future__ import annotations

from .programs import httpd as dispy_httpd
from .programs import patches as compat

__all__ = ["patch_dispy"]


def patch_dispy(*, lighten: bool = True) -> None:
    """Make dispy 4.15.2 work on the running Python, 3.11 to 3.13.

    Call it once, before the first cluster is made.

    **Mends**, each where the running Python needs it:

    - ``job_status=`` and ``cluster_status=`` in the constructors of clusters (3.11, and functions
      with annotations on 3.10);
    - TLS between client, scheduler and nodes (3.12);
    - ``import dispy.httpd``, which gives flask_dispy's server where dispy's own can't be imported
      any more (3.13);
    - the client's recovery files, without which no job runs (3.13).

    **Lightens**, on every Python:

    - reports of clusters that are watched come straight to us, without waking a thread for each;
    - the copies of jobs that dispy makes for its callbacks are made field by field.

    :param lighten: whether to do the second list, too. What was done already stays.

    It replaces names inside dispy's modules and its transport's, pycos, and nothing in the
    standard library. Nothing here calls it unless you do: not importing flask_dispy, not making a
    server. Calling it again changes nothing, and any thread may.
    """
    compat.patch_dispy(httpd=dispy_httpd, lighten=lighten)
