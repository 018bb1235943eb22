"""A program that serves one cluster with the nodes it is told, until it is killed.

Prints a line when the server answers.
"""

from __future__ import annotations

import sys
import threading

from web.fakes import make_node, watched_cluster

from flask_dispy import DispyHTTPServer

port, *addresses = sys.argv[1:]
server = DispyHTTPServer(None, "127.0.0.1", int(port))
cluster = watched_cluster(server.registry, "compute")
for address in addresses:
    cluster.join(make_node(address))
print(server.url, flush=True)
threading.Event().wait()
