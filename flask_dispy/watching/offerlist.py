"""The nodes that were asked to join and have not, as the JSON API shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from ..core.offers import Offer
from ..core.reasons import message_of, reasons_of
from ..engine.offering import client_port, node_port
from ..wire.shapes.nodes import OfferReason, OfferRow

__all__ = ["offer_items"]


def offer_items(offers: Iterable[tuple[str, Any, Offer, bool]]) -> list[OfferRow]:
    """Return offers as the JSON API shows them, the oldest first.

    :param offers: each with its cluster's name and dispy's object of the cluster, and whether it is
        overdue.
    """
    items = []
    for name, cluster, offer, is_overdue in sorted(offers, key=lambda entry: entry[2].asked_at):
        port = node_port(cluster, offer.port)
        reasons = reasons_of(offer, port, client_port(cluster))
        items.append(
            OfferRow(
                number=offer.number,
                cluster=name,
                host=offer.host,
                ip_addr=offer.ip_addr,
                port=offer.port,
                cpus=offer.cpus,
                source=offer.source,
                asked_by=offer.asked_by,
                asked_at=offer.asked_at,
                finding=offer.finding,
                overdue=is_overdue,
                message=message_of(offer, port),
                reasons=[cast(OfferReason, reason._asdict()) for reason in reasons],
            )
        )
    return items
