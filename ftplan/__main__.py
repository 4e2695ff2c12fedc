"""The program, as `ftplan` and as `python -m ftplan`."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Runs what was typed. Imports are part of it, so that Ctrl-C while they last ends quietly, too."""
    try:
        from ftplan.cli.main import run

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    # `python -m` looks for modules in the working directory first, and a checkout may hold a yaml.py of anybody's.
    if sys.path[:1] in ([""], [os.getcwd()]):
        del sys.path[0]
    main()
