"""How long the report and the comment of a large plan take to render, and how long Chromium takes to show the former.

    python tests/benchmarks/report.py [models] [rows]    200 models and 5,000 changed rows unless told otherwise

Every round renders the page anew and opens it in a window of its own: shown is when the second frame after loading is
painted, opened when all of its folds are open and laid out. Times are medians of five rounds. Exit 1 where rendering
or showing takes a second or more.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "views"))

from browser import running_chromium, visit
from example_diffs import crowded
from playwright.sync_api import Browser

from ftplan.core.plan import Plan
from ftplan.views.markdown.comment import LIMITS, render_markdown
from ftplan.views.report.report_page import render_report

ROUNDS, BOUND = 5, 1.0
_PAINTED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
_OPEN = """() => { for (const fold of document.querySelectorAll("details")) fold.open = true;
  return document.documentElement.getBoundingClientRect().height; }"""


def measured(browser: Browser, plan: Plan, path: Path) -> tuple[float, float, float]:
    """Seconds to render, to show, and to open all folds."""
    start = time.perf_counter()
    path.write_text(render_report(plan, checksum="0" * 64), encoding="utf-8")
    rendered = time.perf_counter()
    # An empty page first, so that only the page itself is timed and not the window.
    blank = path.with_name("blank.html")
    blank.write_text("<!doctype html><title>blank</title>", encoding="utf-8")
    with visit(browser, blank) as found:
        begun = time.perf_counter()
        found.page.goto(path.as_uri())
        found.page.evaluate(_PAINTED)
        shown = time.perf_counter()
        found.page.evaluate(_OPEN)
        opened = time.perf_counter()
    return rendered - start, shown - begun, opened - shown


def commented(plan: Plan, limit: int) -> tuple[float, int]:
    """Seconds to render the comment, the median of the rounds, and its bytes."""
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        text = render_markdown(plan, checksum="0" * 64, limit=limit)
        times.append(time.perf_counter() - begun)
    return statistics.median(times), len(text.encode())


def main(models: int = 200, rows: int = 5_000) -> bool:
    """Whether both are within their bound. Prints what was measured."""
    plan = crowded(models, rows)
    with tempfile.TemporaryDirectory() as folder, running_chromium() as browser:
        path = Path(folder) / "report.html"
        rounds = [measured(browser, plan, path) for _ in range(ROUNDS)]
        size = path.stat().st_size
    render, show, unfold = (statistics.median(times) for times in zip(*rounds, strict=True))
    print(f"{models} models, {rows:,} changed rows: {size / 1e6:.2f} MB, Python {sys.version.split()[0]}")
    print(f"rendered in {render:.2f} s, shown in {show:.2f} s, all folds open in {unfold:.2f} s")
    comments = {host: commented(plan, limit) for host, limit in LIMITS.items()}
    for host, (seconds, length) in comments.items():
        print(f"comment for {host}: {length:,} bytes of {LIMITS[host]:,}, rendered in {seconds:.2f} s")
    return max(render, show, *(seconds for seconds, _ in comments.values())) < BOUND


if __name__ == "__main__":
    sys.exit(not main(*map(int, sys.argv[1:])))
