"""How a registry itself is, for ``/healthz`` and the pages."""

from __future__ import annotations

from typing import Any, Final

from ..core.phrases import quantity
from ..engine.commands.calls import Calls
from .hub import Hub
from .upkeep import Pump

__all__ = ["health"]

_LATE: Final = "did not come back in time."


def health(hub: Hub, pump: Pump, calls: Calls) -> dict[str, Any]:
    """Return how each part of a registry does; all is well if there are no ``problems``."""
    clusters, router, recorder = hub.members(), hub.router, hub.recorder
    renderer, columns = hub.texts.renderer, hub.texts.columns
    dropped = sum(w.watch.dropped for w in clusters) + router.dropped
    upkeep, engine = pump.health(), calls.health()
    history = recorder.store.health() if recorder else None
    alerts = hub.announcer.health()
    problems = [*upkeep.pop("problems"), *(history.pop("problems") if history else ())]
    problems += alerts.pop("problems")
    problems += [
        f"The cluster {w.name} is not heard of. {w.unheard}"
        for w in clusters
        if w.unheard is not None and w.delivery is not None and w.delivery.replaced
    ]
    if dropped:
        problems.append(f"The inbox was full and dropped {quantity(dropped, 'status report')}.")
    if engine["stuck"]:
        calls_late = quantity(engine["stuck"], "call")
        problems.append(f"{calls_late} of dispy or of a rerun function {_LATE}")
    if renderer.stuck:
        problems.append(f"{quantity(renderer.stuck, 'call')} of __str__ of job data {_LATE}")
    if columns.stuck:
        problems.append(f"{quantity(columns.stuck, 'function')} of custom columns {_LATE}")
    return {
        "status": "degraded" if problems else "ok",
        "problems": problems,
        "pump": upkeep,
        "inbox": {
            "length": sum(len(w.watch.inbox) for w in clusters) + len(router.inbox),
            "limit": hub.settings.inbox_limit,
            "dropped": dropped + hub.gone_dropped,
            "unreadable": sum(w.watch.skipped.count for w in clusters)
            + router.skipped.count
            + hub.gone_unreadable,
        },
        "engine": engine,
        "texts": {
            "bytes": hub.text_budget.used,
            "limit": hub.text_budget.limit,
            "dropped": hub.text_budget.dropped,
        },
        "render": {"waiting": renderer.waiting, "stuck": renderer.stuck},
        "columns": {
            "waiting": columns.waiting,
            "stuck": columns.stuck,
            "unknown": dict(columns.failures),
        },
        "history": history,
        "alerts": alerts,
        "clusters": len(clusters),
    }
