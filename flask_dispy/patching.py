"""The public way to make dispy work on the running Python."""

from __future__ import annotations

from .programs import httpd as dispy_httpd
from .programs import patches as compat

__all__ = ["patch_dispy"]


def patch_dispy(*, lighten: bool = True) -> None:
    """Make dispy 4.15.2 work on the running Python, 3.11 to 3.14.

    Call it once, before the first cluster is made.

    **Mends**, each where the running Python needs it:

    - ``job_status=`` and ``cluster_status=`` in the constructors of clusters (3.11, and functions
      with annotations on 3.10);
    - TLS between client, scheduler and nodes (3.12);
    - ``import dispy.httpd``, which gives flask_dispy's server if dispy's own can't be imported any
      more (3.13);
    - the client's recovery files, without which no job runs (3.13);
    - ``dispy.recover_jobs``, which can't read what dispy writes (any).

    **Lightens**, on every Python:

    - reports of watched clusters reach us directly, without waking a thread for each;
    - the copies of jobs that dispy makes for its callbacks are made field by field.

    :param lighten: whether to apply the second list, too. Patches that were applied stay.

    It replaces names inside the modules of dispy and of its transport, pycos, and nothing in the
    standard library. flask_dispy never calls it itself, neither when it is imported nor when a
    server is made. Any thread may call it; calling it again changes nothing.
    """
    compat.patch_dispy(httpd=dispy_httpd, lighten=lighten)
