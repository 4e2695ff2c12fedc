"""What changed in a dataset, as a person reads it."""

from __future__ import annotations

from collections.abc import Callable

from example_diffs import diff

from ftplan.core.dataset_diff import DiffSide
from ftplan.views.diff_text import diff_line, render_diff, render_short_diff
from ftplan.views.style import Style


def test_it_reads_as_recorded(golden: Callable[[str, str], None]) -> None:
    known = render_diff(diff(), "data/tickets.jsonl", Style())
    unknown = render_diff(diff(before=None, rows=(), edited=0, added=0, moved=0), "data/tickets.jsonl", Style())
    golden("dataset_diff.txt", f"{known}\n\n{unknown}\n\n{render_short_diff(diff(), 'dataset.tickets', Style())}\n")


def test_one_line_says_which_rows_and_how_many_tokens() -> None:
    assert diff_line(diff(), "tickets") == "tickets: 3 edited, 1 added of 501 rows (128,000 -> 193,553 tokens)"
    assert diff_line(diff(edited=0, added=0), "tickets").startswith("tickets: 1 moved of 501 rows")
    assert diff_line(diff(edited=0, added=0, moved=0), "tickets").startswith("tickets: none changed of 501 rows")
    assert diff_line(diff(before=None), "tickets") == "tickets: not known which of 501 rows (193,553 tokens)"


def test_what_cannot_be_counted_is_not_told() -> None:
    text = render_diff(diff(before=DiffSide(500), after=DiffSide(501), limit=None, rows=()), "tickets", Style())
    assert "tokens" not in text
    assert "trained on" not in text
    assert "and 4 more changed rows" in text
