"""What test_compat.py asks of a Python in which nothing of dispy has been imported yet."""

from __future__ import annotations

import sys
import threading
from types import ModuleType

OURS = ModuleType("dispy.httpd")
OURS.DispyHTTPServer = type("OurServer", (), {})


def count_stand_ins(threads):
    """Patch in that many threads at once; how many stand-ins did they see?"""
    import dispy

    from flask_dispy.programs.patches import patch_dispy

    seen = set()
    start = threading.Barrier(threads)

    def patch():
        start.wait()
        patch_dispy()
        seen.add(id(dispy.inspect))

    workers = [threading.Thread(target=patch) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return len(seen)


def httpd_seen_by_programs():
    """Which server do programs get from dispy.httpd, by import and as an attribute?"""
    from flask_dispy.programs.patches import patch_dispy

    for _ in range(2):
        patch_dispy(httpd=OURS)
    return _seen()


def httpd_replaced():
    """The same, with ours put in its place."""
    from flask_dispy.programs.patches import patch_dispy

    for _ in range(2):
        patch_dispy(httpd=OURS, replace_httpd=True)
    return _seen()


def _seen():
    import dispy.httpd
    from dispy.httpd import DispyHTTPServer

    names = {True: "ours", False: "dispy's"}
    assert sys.modules["dispy.httpd"] is dispy.httpd
    return {
        "import": names[DispyHTTPServer is OURS.DispyHTTPServer],
        "attribute": names[dispy.httpd.DispyHTTPServer is OURS.DispyHTTPServer],
    }
