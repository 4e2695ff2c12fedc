"""Names every test that was skipped, and fails unless it is one that lacks the real data, where that is not here.

python .ci/skipped.py JUNIT_XML
"""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

REAL_DATA = Path(__file__).parents[1].parent / "shared" / "data"
LACKS_DATA = "is not beside this checkout"


def main(report: str) -> int:
    """How many tests were skipped without a good reason, at most 1."""
    skips = [
        (f"{case.get('classname')}::{case.get('name')}", skip.get("message") or "")
        for case in ElementTree.parse(report).iter("testcase")
        for skip in case.iter("skipped")
    ]
    unexcused = [reason for _, reason in skips if REAL_DATA.is_dir() or LACKS_DATA not in reason]
    for name, reason in skips:
        print(f"skipped: {name}: {reason}")
    print(f"{len(skips)} skipped, {len(unexcused)} of them should have run")
    return min(1, len(unexcused))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
