"""``python -m flask_dispy``."""

import sys

from .cli import main

sys.exit(main())
