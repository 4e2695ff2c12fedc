"""What every room's tests share: golden files, compared by default and rewritten with `pytest --accept`."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

# A law is no benchmark: a busy machine must not break it.
settings.register_profile("untimed", parent=settings(), deadline=None)
settings.load_profile("untimed")

if TYPE_CHECKING:
    from playwright.sync_api import Browser

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="rewrite the golden files; read the diff before you commit")


def pytest_configure() -> None:
    # A run in the background of a shell is born deaf to Ctrl-C, and so would be all that it starts.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden(name, text)`: `text` must be what tests/golden/ROOM/name holds, ROOM being the test's own folder."""
    room = GOLDEN / request.path.parent.name

    def compare(name: str, text: str) -> None:
        file = room / name
        if request.config.getoption("--accept"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
        assert file.exists(), f"{file} is missing: run pytest --accept once, and read it"
        assert text == file.read_text(encoding="utf-8")

    return compare


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium, started once for a file of tests; what it is asked with is in tests/browser.py. While it runs,
    so does an event loop in this thread, which would be in the way of other files' own."""
    # Late: a run of tests without pages does not pay for it.
    from browser import running_chromium

    with running_chromium() as found:
        yield found
