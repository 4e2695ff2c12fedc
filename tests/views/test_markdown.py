"""A plan in a pull request: nothing foreign leaves its code span."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from example_plans import EXAMPLES, chain, notes_and_gates, plan, train
from hostile_plan import hostile_plan
from hostile_text import HOSTILE
from markdown_it import MarkdownIt

from ftplan.core.plan import Note
from ftplan.core.spec import Address
from ftplan.views.markdown import MAX_CHARACTERS, code_block, code_span, render_markdown


def nodes(text: str) -> list[tuple[str, str]]:
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    flat = [child for token in tokens for child in (token, *(token.children or ()))]
    return [(token.type, token.content) for token in flat]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_comment_holds_no_html_but_the_fold_and_no_links(name: str) -> None:
    check_structure(render_markdown(EXAMPLES[name]()))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_in_code(text: str) -> None:
    check_structure(render_markdown(hostile_plan(text)))


def check_structure(text: str) -> None:
    parsed = nodes(text)
    html = [content.strip() for kind, content in parsed if kind.startswith("html")]
    folds = [f"<details><summary>{title}</summary>" for title in ("How the cost was reckoned", "Show the plan")]
    assert html in ([folds[1], "</details>"], [folds[0], "</details>", folds[1], "</details>"])
    assert not [kind for kind, _ in parsed if kind.startswith(("link", "image"))]
    assert not [c for kind, c in parsed if kind == "text" and ("@team" in c or "fixes #" in c)]


def test_it_reads_as_recorded(golden: Callable[[str, str], None]) -> None:
    golden("plan.md", render_markdown(notes_and_gates()))
    golden("chain.md", render_markdown(chain()))


def test_a_span_is_longer_than_any_run_inside() -> None:
    assert code_span("a``b") == "```a``b```"
    assert code_span("`a`") == "`` `a` ``"
    assert code_block("````").startswith("`````\n")


def test_a_huge_plan_is_cut_with_a_notice() -> None:
    steps = [train(Address("model", f"model-{number:04}")) for number in range(600)]
    notes = tuple(Note("warning", "x" * 300, "y`" * 900, address=step.address) for step in steps)
    text = render_markdown(plan(*steps, notes=notes))
    assert len(text) <= MAX_CHARACTERS
    assert "... cut here" in text
    assert "500 more steps are not shown." in text
    check_structure(text)


def test_every_step_has_its_row() -> None:
    rows = [line for line in render_markdown(chain()).splitlines() if line.startswith("| `-/+`")]
    assert len(rows) == 2
    assert "`model.polite-bot` must be replaced" in rows[1]
