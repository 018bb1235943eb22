"""``python -m flask_dispy`` is the ``flask-dispy`` command."""

from .cli import main

if __name__ == "__main__":
    main()
