"""A live dashboard and JSON API for dispy clusters."""

from .registry import ClusterRegistry

__all__ = ["ClusterRegistry"]
