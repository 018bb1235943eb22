"""Settings of Sphinx, which makes a site of this folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from flask_dispy.core.versions import version_of

project = "flask_dispy"
release = version_of("flask_dispy")

extensions = ["myst_parser", "sphinx.ext.autodoc", "site_pages"]
exclude_patterns = ["images"]
nitpicky = True
# autodoc names the types in signatures, of which many are Python's, Flask's, dispy's or private.
nitpick_ignore_regex = [("py:.*", ".*")]

myst_heading_anchors = 4

linkcheck_ignore = ["http://127.0.0.1:8181/"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_default_options = {
    "members": True,
    "undoc-members": True,
    "inherited-members": "object, dict, tuple, BaseException",
}

html_theme = "furo"
html_title = "flask_dispy"
html_show_copyright = False
html_show_sourcelink = False
html_copy_source = False
# So that what is wider than the page can be scrolled by keys in every browser.
_SCROLLABLE = """
addEventListener("load", () => {
  for (const wide of document.querySelectorAll("pre, .table-wrapper"))
    if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
});
"""
html_js_files = [(None, {"body": _SCROLLABLE})]
