"""A client of a dashboard's JSON API, for scripts and programs; needs the extra ``client``."""

from __future__ import annotations

try:
    import httpx as _httpx
except ImportError as _error:
    raise ImportError(
        "flask_dispy.Client needs httpx: pip install 'flask_dispy[client]'"
    ) from _error

from ..wire.answers import (
    Cancelled,
    ChangesRow,
    ClusterList,
    ComparisonList,
    ErrorList,
    EventList,
    Health,
    JobList,
    Matched,
    NodeList,
    OfferList,
    Outcomes,
    RanAgain,
    Rerunnable,
    RunList,
    SettingsRow,
)
from ..wire.errorkinds import ErrorKindRow
from ..wire.runs import RunChange
from ..wire.shapes.jobs import NodeDetail
from .blocking import File, Rows
from .clients import AsyncClient, Client
from .errors import (
    Busy,
    ClientError,
    NeedsLogin,
    NotAllowed,
    NotFound,
    Refused,
    ServerFailed,
    Unreachable,
    WaitTimeout,
)
from .files import AsyncFile
from .following import Mirror
from .rows import AsyncRows

__all__ = [
    "AsyncClient",
    "AsyncFile",
    "AsyncRows",
    "Busy",
    "Cancelled",
    "ChangesRow",
    "Client",
    "ClientError",
    "ClusterList",
    "ComparisonList",
    "ErrorKindRow",
    "ErrorList",
    "EventList",
    "File",
    "Health",
    "JobList",
    "Matched",
    "Mirror",
    "NeedsLogin",
    "NodeDetail",
    "NodeList",
    "NotAllowed",
    "NotFound",
    "OfferList",
    "Outcomes",
    "RanAgain",
    "Refused",
    "Rerunnable",
    "Rows",
    "RunChange",
    "RunList",
    "ServerFailed",
    "SettingsRow",
    "Unreachable",
    "WaitTimeout",
]

del _httpx
