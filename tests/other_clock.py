"""The ``flask-dispy`` command on a machine whose clock is off.

Run as ``python other_clock.py OFFSET_SEC COMMAND...``; with an offset ``since:T`` the clock was at
T, in epoch seconds, when the program started, as on a board that has no battery.
"""

import sys
import time

_true_time = time.time


def _set_clock(offset: str) -> None:
    since = offset.startswith("since:")
    ahead = float(offset[len("since:") :]) - _true_time() if since else float(offset)
    time.time = lambda: _true_time() + ahead


if __name__ == "__main__":
    _set_clock(sys.argv[1])
    del sys.argv[1]
    from flask_dispy.cli import main

    main()
