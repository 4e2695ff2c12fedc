"""The proofs borrow the small world of the engine's tests, and tell at the end how much they have looked at."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "engine"))
_FIGURE = "proof: "


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str, int], None]:
    """`figure(what, number)`: a number to be printed after the run; numbers of one name are added up."""
    return lambda what, number: record_property(_FIGURE + what, number)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line a figure. The numbers travel with the reports, so they arrive from every worker."""
    figures: dict[str, int] = {}
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name.startswith(_FIGURE) and report.when == "call":
                what = name.removeprefix(_FIGURE)
                figures[what] = figures.get(what, 0) + int(value)
    if figures:
        terminalreporter.section("what the proofs looked at")
        for what, number in sorted(figures.items()):
            terminalreporter.line(f"{number:>9,}  {what}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a proof: it is left out of a plain run, and run by `pytest -m proof`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.proof)
