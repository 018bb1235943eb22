"""A small HTTP/1.1 server for one WSGI app: werkzeug's, with limits, TLS and connections that last.

werkzeug's own server is meant for development: a thread for whoever connects, no limit in time,
and one request a connection. What stands here keeps its WSGI environment and its threads and puts
its own reading, writing and closing around them. It knows nothing of Flask or dispy.
"""

from .limits import Limits
from .listening import listen, local_url, reachable_from_outside
from .server import ThreadServer
from .tls import CertificateFiles

__all__ = [
    "CertificateFiles",
    "Limits",
    "ThreadServer",
    "listen",
    "local_url",
    "reachable_from_outside",
]
