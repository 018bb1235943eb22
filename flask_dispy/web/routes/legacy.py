"""The routes of dispy.httpd's protocol."""

from __future__ import annotations

from functools import partial
from typing import Final

from ...engine.commands.outcomes import NODE_ACTIONS
from ..legacy import routes as legacy
from ..routing import Route

__all__ = ["LEGACY"]

LEGACY: Final = (
    Route("legacy_cluster_status", "GET /cluster_status", legacy.cluster_status),
    Route("legacy_cluster_updates", "GET /cluster_updates", legacy.cluster_updates),
    Route("legacy_nodes", "GET /nodes", legacy.nodes, costly=True),
    # It changes nothing, but dispy's pages post it.
    Route("legacy_node_info", "POST /node_info", legacy.node_info, costly=True),
    Route("legacy_cancel_jobs", "POST /cancel_jobs", legacy.cancel_jobs, permission="cancel_jobs"),
    Route("legacy_add_node", "POST /add_node", legacy.add_node, permission="manage_nodes"),
    *(
        Route(
            f"legacy_{action}_node",
            f"POST /{action}_node",
            partial(legacy.node_action, action),
            permission="manage_nodes",
        )
        for action in NODE_ACTIONS
    ),
    Route("legacy_set_cpus", "POST /set_cpus", legacy.set_cpus, permission="manage_nodes"),
    Route("legacy_update", "POST /update", legacy.update, permission="change_settings"),
)
