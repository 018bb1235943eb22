"""A small HTTP/1.1 server for one WSGI app: werkzeug's, with limits, TLS and connections that last.

werkzeug's own server is meant for development: a thread for whoever connects, no limit in time,
and one request a connection. What stands here keeps its WSGI environment and its threads and puts
its own reading, writing and closing around them. It knows nothing of Flask or dispy.

**Why not waitress or cheroot?** Both are good servers for an app on a machine of its own. This one
lives in somebody's program, next to a run, with no proxy in front, and most of its connections are
streams that last for hours. Waitress 3.0.2 and cheroot 11.1.2 were tried beside it, each with its
limits set as low as they go (Python 3.11, loopback, November 2026):

- *Time for a request.* A head that comes byte by byte, two a second, against a limit of 3 s: it is
  refused here after 3.0 s, and still goes on after 20 s in both others. Their limits are for the
  silence between two reads (``channel_timeout``, ``timeout``), not for the whole of it.
- *Connections that are held.* 30 half-sent requests against a limit of 20 connections, or eight
  threads: another client is answered here within 0.01 s, because one of the 30 gives way. Waitress
  stops accepting at its ``connection_limit``, cheroot's threads wait for the rest of the heads; the
  other client got nothing in 3 s from either.
- *Streams.* 12 open streams on eight threads: the next request is answered here, where each
  connection has a thread up to 512 of them; it waits in both others, for as long as the streams
  last. As many threads as that would have to be started by them beforehand.
- *TLS.* Waitress has none. Cheroot shakes hands in the thread that accepts: beside one client that
  connects and says nothing, another got its answer after 9.7 s, here at once. Nor does it read a
  renewed certificate.
- *The end.* ``stop`` lets requests finish for a given time, cuts the rest, frees the port and says
  whether every thread has ended; a fork lets go of the parent's sockets.

An app that has such a server already mounts the blueprint in it: docs/deploying.md.
"""

from .limits import Limits
from .listening import listen, local_url, reachable_from_outside
from .server import ThreadServer
from .tls import tls_contexts

__all__ = [
    "Limits",
    "ThreadServer",
    "listen",
    "local_url",
    "reachable_from_outside",
    "tls_contexts",
]
