"""A plan as documents: the comment of a pull request, and the page of a build."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from ftplan.cli.talking.console import Console
from ftplan.core.keeping.checksum import plan_checksum
from ftplan.core.plan import Plan
from ftplan.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])

# Below that there is no room for a headline that says what is refused.
FEWEST_CHARACTERS = 4_000
STDOUT = "-"
# These show HTML as it is written, so nothing can be folded away.
_WITHOUT_HTML = frozenset({"bitbucket"})


def document_options(command: F) -> F:
    """-markdown, -markdown-limit, -html."""
    for option in (
        click.option("--html", metavar="FILE", help="Also write it as one HTML page."),
        click.option("--markdown-limit", metavar="HOST|N", default="github", help="Its most characters (github)."),
        click.option("--markdown", metavar="FILE", help="Also write it as Markdown, for a pull request."),
    ):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Documents:
    """Which documents are wanted of a plan, and where."""

    markdown: str | None
    html: str | None
    limit: int
    folds: bool = True

    @staticmethod
    def read(options: Mapping[str, Any]) -> Documents:
        """What `document_options` say. Raises `UsageError`."""
        host = options["markdown_limit"]
        refuse_unwritable(options["markdown"], options["html"])
        return Documents(options["markdown"], options["html"], _limit(host), host not in _WITHOUT_HTML)

    @property
    def wanted(self) -> bool:
        return self.markdown is not None or self.html is not None

    def write(self, plan: Plan, console: Console) -> None:
        """Writes those that are wanted. Raises `UsageError` where it cannot."""
        checksum = plan_checksum(plan)
        if self.html is not None:
            from ftplan.views.report.report_page import render_report

            _write("HTML", Path(self.html), render_report(plan, checksum=checksum))
        if self.markdown is not None:
            from ftplan.views.markdown.comment import render_markdown

            text = render_markdown(plan, checksum=checksum, limit=self.limit, folds=self.folds)
            write_document("Markdown", self.markdown, text, console)


def say_checksum(console: Console, plan: Plan) -> None:
    """By what exactly the steps of `plan` are performed later, on whatever machine."""
    from ftplan.views.apply_command import apply_command

    if plan.steps and not plan.errors:
        checksum = plan_checksum(plan)
        console.say(f"The checksum of this plan is: {checksum}")
        console.say(f"\nTo perform exactly these actions, run:\n    {apply_command(plan, checksum)}")


def _limit(text: str) -> int:
    from ftplan.views.markdown.comment import LIMITS

    if text in LIMITS:
        return LIMITS[text]
    if text.isascii() and text.isdecimal() and len(text) < 10 and int(text) >= FEWEST_CHARACTERS:
        return int(text)
    raise UsageError(
        "Invalid -markdown-limit",
        detail=f"It is {', '.join(LIMITS)}, or a number from {FEWEST_CHARACTERS:,} on, not {text[:40]!r}.",
    )


def refuse_unwritable(*paths: str | None) -> None:
    """Raises `UsageError` for a file that cannot be written where it is wanted: before anything is done for it."""
    for path in filter(None, paths):
        where = Path(path)
        if path != STDOUT and (where.is_dir() or not where.absolute().parent.is_dir()):
            why = "it is a folder" if where.is_dir() else "its folder does not exist"
            raise UsageError("File cannot be written", detail=f"{path}: {why}. Nothing was done.")


def refuse_two_on_stdout(**wanted: bool) -> None:
    """Raises `UsageError` where more than one of the documents `wanted` goes to stdout."""
    there = [f"-{name}" for name, is_there in wanted.items() if is_there]
    if len(there) > 1:
        raise UsageError("Options exclude each other", detail=f"{' and '.join(there)} would both be written to stdout.")


def write_document(kind: str, path: str, text: str, console: Console) -> None:
    """Writes a document to the file at `path`, or to stdout. Raises `UsageError` where it cannot."""
    if path == STDOUT:
        console.line(text.rstrip("\n"))
    else:
        _write(kind, Path(path), text)


def _write(kind: str, path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{kind} not written", detail=f"{path}: {error.strerror or error}.") from error
