"""What it costs to do nothing."""

from __future__ import annotations

import time

from .scale import Scale
from .stage import staged
from .table import Row, Target

__all__ = ["idle_share", "measure"]


def measure(scale: Scale) -> list[Row]:
    """Measure a server that nobody asks, over nodes of which nothing is heard."""
    nodes = scale.pick(1_000, 1_000, 20)
    shares = idle_share(nodes, scale.pick(60.0, 6.0, 1.0))
    return [Row(f"idle, {nodes:,} nodes, nobody watching", "% of a core", [shares[0]], [shares[1]],
                Target("value", 0.5, "% of a core"))]  # fmt: skip


def idle_share(nodes: int, seconds: float) -> tuple[float, float]:
    """Return the per cent of a core that ours and theirs take, side by side."""
    with staged("ours", "theirs", nodes=nodes) as children:
        # The first sweep over the nodes, five seconds after they joined, finds all of them new.
        time.sleep(10 if seconds > 1 else seconds)
        before = [child.ask("cpu_sec") for child in children]
        began_at = time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - began_at
        after = [child.ask("cpu_sec") for child in children]
    ours, theirs = ((b - a) / took * 100 for a, b in zip(before, after, strict=True))
    return ours, theirs
