"""What can go wrong, as one tree.

::

    FlaskDispyError
    ├── UnknownCluster      no cluster of that name is watched
    ├── UnknownNode         the cluster knows no such node
    ├── AmbiguousNode       several nodes have that name
    ├── UnknownOffer        no offer of that number waits
    ├── UnknownJob          no job with that serial is retained
    ├── UnknownRun          no run of that id is in the history, or no history is kept
    ├── BadRequest          a value that makes no sense; ``field`` names it
    ├── EngineTimeout       dispy did not answer in time
    ├── NoCommands          past runs take no commands
    ├── HistoryError        a history file that can't be used
    └── WrongProcess        a registry used in a fork of the process that made it

Each has a ``code``, a stable word that scripts can test for, and a message for people that names
the thing, the cause and the remedy.
"""

from __future__ import annotations

__all__ = [
    "AmbiguousNode",
    "BadRequest",
    "EngineTimeout",
    "FlaskDispyError",
    "HistoryError",
    "NoCommands",
    "UnknownCluster",
    "UnknownJob",
    "UnknownNode",
    "UnknownOffer",
    "UnknownRun",
    "WrongProcess",
]


class FlaskDispyError(Exception):
    """Base of every error that flask_dispy raises on purpose.

    :param message: for a person; safe to show to the client.
    :param field: the name of the value at fault, where there is one.
    """

    code = "error"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class UnknownCluster(FlaskDispyError, LookupError):
    """No cluster of that name is watched."""

    code = "unknown_cluster"


class UnknownNode(FlaskDispyError, LookupError):
    """The cluster knows no node of that address or name."""

    code = "unknown_node"


class AmbiguousNode(FlaskDispyError, LookupError):
    """Several nodes of the cluster have that name; the message has their addresses."""

    code = "ambiguous_node"


class UnknownOffer(FlaskDispyError, LookupError):
    """No offer of that number waits: it was taken, or withdrawn."""

    code = "unknown_offer"


class UnknownJob(FlaskDispyError, LookupError):
    """No job with that serial is retained."""

    code = "unknown_job"


class UnknownRun(FlaskDispyError, LookupError):
    """No run of that id is in the history, or no history is kept."""

    code = "unknown_run"


class BadRequest(FlaskDispyError, ValueError):
    """A value that makes no sense; ``field`` names it."""

    code = "bad_request"


class EngineTimeout(FlaskDispyError, TimeoutError):
    """dispy did not answer in time; the call may still take effect."""

    code = "engine_timeout"


class NoCommands(FlaskDispyError, RuntimeError):
    """Past runs take no commands."""

    code = "unsupported"


class HistoryError(FlaskDispyError, ValueError):
    """A history file that can't be used: not one of ours, a newer version's, or damaged."""

    code = "history"


class WrongProcess(FlaskDispyError, RuntimeError):
    """A registry was used in a fork of the process that made it."""

    code = "wrong_process"
