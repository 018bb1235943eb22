"""The routes of nodes, of those that have not joined, and their commands."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from ...core.nodes import NODE_STATES
from ...engine.commands.outcomes import NODE_ACTIONS
from ...wire.answers import ComparisonList, NodeList, OfferList, Outcomes
from ...wire.shapes.nodes import NodeLoadsData, NodeSeriesData
from ...wire.tables import NodeTable
from ..api import control as api_control
from ..api import read as api_read
from ..api import spreads
from ..api.exports import MEDIA_TYPES
from ..http.values import Group, Words
from ..routing import Route
from .parameters import CLUSTER, FORMAT, NODE, NODE_LIMIT, OFFER, OFFSET, PAGED, QUERY, sorted_by

__all__ = ["NODES"]

NODES: Final = (
    Route(
        "nodes",
        f"GET {CLUSTER}/nodes",
        api_read.nodes,
        "A cluster's nodes, filtered, sorted and paged.",
        NodeList,
        MEDIA_TYPES,
        query={
            "state": Words(known=NODE_STATES),
            **sorted_by(tuple(NodeTable().sort_keys), "ip_addr", "asc"),
            "q": QUERY,
            "limit": NODE_LIMIT,
            "offset": OFFSET,
            "format": FORMAT,
        },
        costly=True,
    ),
    Route(
        "node_detail",
        f"GET {NODE}",
        api_read.node,
        "A node, and the jobs there.",
        "NodeDetail",
        costly=True,
    ),
    Route(
        "node_series",
        f"GET {NODE}/series",
        api_read.node_series,
        "A node's load over time.",
        NodeSeriesData,
        costly=True,
    ),
    Route(
        "node_loads",
        f"GET {CLUSTER}/loads",
        api_read.node_loads,
        "How busy all nodes were over the last twenty minutes, beside each other.",
        NodeLoadsData,
    ),
    Route(
        "comparison",
        f"GET {CLUSTER}/comparison",
        spreads.comparison,
        "How the nodes' jobs did beside each other, the worse nodes first.",
        ComparisonList,
        query={"limit": NODE_LIMIT, "offset": OFFSET},
        costly=True,
    ),
    Route(
        "offers",
        f"GET {CLUSTER}/offers",
        api_read.offers,
        "The nodes that were asked to join and have not, with the likely reasons.",
        OfferList,
        MEDIA_TYPES,
        query=PAGED,
    ),
    Route(
        "add_node",
        f"POST {CLUSTER}/nodes",
        api_control.add_node,
        "Offer a node to a cluster.",
        Outcomes,
        permission="manage_nodes",
        body=Group(
            members={
                "host": api_control.HOST,
                "port": api_control.PORT,
                "cpus": replace(api_control.CPUS, default=0, nullable=True),
            }
        ),
    ),
    Route(
        "ask_again",
        f"POST {OFFER}/ask",
        api_control.ask_again,
        "Ask a node anew that was asked to join and has not.",
        Outcomes,
        permission="manage_nodes",
    ),
    Route(
        "withdraw",
        f"DELETE {OFFER}",
        api_control.withdraw,
        "Take back the offer of a node that has not joined.",
        Outcomes,
        permission="manage_nodes",
    ),
    Route(
        "change_node",
        f"PATCH {NODE}",
        api_control.change_node,
        "Set the CPUs that are used of a node.",
        Outcomes,
        permission="manage_nodes",
        body=Group(members={"cpus": replace(api_control.CPUS, required=True)}),
    ),
    *(
        Route(
            f"{action}_node",
            f"POST {NODE}/{action}",
            partial(api_control.node_action, action),
            f"{action.capitalize()} a node.",
            Outcomes,
            permission="manage_nodes",
        )
        for action in NODE_ACTIONS
    ),
)
