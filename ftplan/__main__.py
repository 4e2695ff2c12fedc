"""The program, as `ftplan` and as `python -m ftplan`."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs what was typed. Imports are part of it, so that Ctrl-C while they last ends quietly, too."""
    try:
        from ftplan.cli.main import run

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
