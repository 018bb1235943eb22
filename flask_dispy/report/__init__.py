"""The report of a run: one HTML file that holds all it needs, to keep and to pass on.

It has no script, fetches nothing, and is bounded in size whatever the run was.
"""

from .document import render_report, save_report

__all__ = ["render_report", "save_report"]
