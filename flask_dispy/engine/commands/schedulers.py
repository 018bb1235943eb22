"""Whether the dispyscheduler of a SharedJobCluster still runs.

dispy notices neither its end nor its restart: jobs stay as they were, and every method returns -1,
which also means "refused".
"""

from __future__ import annotations

import contextlib
import socket
from typing import Any, Final

from dispy import _dispy_version, auth_code, deserialize, serialize
from pycos import AsyncSocket

__all__ = ["scheduler_trouble"]

# A scheduler answers at once; one that is busy with a large file may take a moment.
_ANSWER_SEC: Final = 3.0


def scheduler_trouble(cluster: Any) -> str | None:
    """Return what is wrong with the scheduler of a SharedJobCluster, ``None`` if nothing is.

    It sends the greeting of a new client, which changes nothing in the scheduler and is not logged;
    the signature in the answer differs after each start of the scheduler. It takes a few seconds at
    most, and returns ``None``, too, if the cluster was closed meanwhile.
    """
    inner = getattr(cluster, "_cluster", None)
    if inner is None or cluster._compute is None:
        return None
    address = (cluster.scheduler_ip_addr, cluster.scheduler_port)
    where = f"The scheduler at {address[0]}:{address[1]}"
    try:
        sign = _signature(cluster, inner, address)
    except Exception:
        return f"{where} does not answer; jobs stay as they were."
    if auth_code(inner.secret, sign) != cluster._scheduler_auth:
        return f"{where} was started anew and does not know this cluster: make the cluster again."
    return None


def _signature(cluster: Any, inner: Any, address: tuple[str, int]) -> Any:
    greeting = {
        "version": _dispy_version,
        "ip_addr": cluster._compute.scheduler_ip_addr,
        "scheduler_ip_addr": address[0],
    }
    plain = socket.socket(cluster.addrinfo.family, socket.SOCK_STREAM)
    sock = AsyncSocket(plain, blocking=True, keyfile=inner.keyfile, certfile=inner.certfile)
    with contextlib.closing(sock):
        sock.settimeout(_ANSWER_SEC)
        sock.connect(address)
        sock.sendall(inner.auth)
        sock.send_msg(b"CLIENT:" + serialize(greeting))
        return deserialize(sock.recv_msg())["sign"]
