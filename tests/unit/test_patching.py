"""What mends dispy and what lightens it are two lists, and the second can be left out."""

from __future__ import annotations

import copy
import json
import queue
import subprocess
import sys

from flask_dispy import patch_dispy

# In a process of its own: what is replaced stays.
CHILD = """
import json, dispy
from flask_dispy import patch_dispy

def replaced():
    return sorted(n for n in ("copy", "inspect", "queue") if "_original" in vars(getattr(dispy, n)))

found = [replaced()]
patch_dispy(lighten=False)
found.append(replaced())
patch_dispy()
found.append(replaced())
patch_dispy(lighten=False)
found.append(replaced())
print(json.dumps(found))
"""


def test_lightening_can_be_left_out_and_done_later() -> None:
    answer = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, check=True).stdout
    all_three = ["copy", "inspect", "queue"]
    assert json.loads(answer) == [[], ["inspect"], all_three, all_three]


def test_standard_library_stays_as_it_is() -> None:
    assert (queue.Queue.__module__, copy.copy.__module__) == ("queue", "copy")


def test_docstring_names_both_lists() -> None:
    text = patch_dispy.__doc__ or ""
    mends, lightens = text.index("**Mends**"), text.index("**Lightens**")
    assert mends < text.index("``cluster_status=``") < lightens < text.index("reach us directly")
