"""A comparison as one HTML page: the figures of each model, then every row with a column for each answer."""

from __future__ import annotations

from collections.abc import Iterator

from ftplan.core.comparing.comparison import Comparison, is_right
from ftplan.views.comparing.words import FIGURES, asked_by, figures, lead, said_by, savings_lines, wanted_by
from ftplan.views.pages.markup import Html, element, foreign, joined, table
from ftplan.views.pages.page import page
from ftplan.views.style import clean_lines

LINES, CHARACTERS = 200, 4_000

STYLESHEET = """
.scroll { overflow-x: auto; }
.scroll th[scope="row"] { min-width: 9rem; }
.turn { margin: .5rem 0; }
.turn b, .answer b { font-weight: 600; }
.said { white-space: pre-wrap; overflow-wrap: anywhere; margin: .15rem 0 0; }
.answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(18rem, 100%), 1fr)); gap: .75rem; }
.answer { border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .75rem; min-width: 0; }
.answer.right { border-left: .3rem solid var(--good); }
.answer.wrong { border-left: .3rem solid var(--bad); }
:root { --good: #1a7f37; --bad: #b42318; }
@media (prefers-color-scheme: dark) { :root { --good: #57ab5a; --bad: #f47067; } }
"""


def render_comparison_page(found: Comparison) -> str:
    """The whole page. It holds what the rows and the models say."""
    return page(
        f"{found.dataset}: models side by side",
        header=joined(
            element("p", "Models side by side", class_="kicker"),
            element("h1", foreign(found.dataset, 200)),
            element("p", f"{lead(found)}.", class_="lead"),
        ),
        main=joined(_figures(found), list(_rows(found))),
        footer=element("p", "Written by ftplan compare. It holds what rows of a dataset and models say."),
        stylesheet=STYLESHEET,
    )


def _figures(found: Comparison) -> Html:
    rows = [
        (joined(foreign(side.label, 80), " ", element("small", foreign(side.model_id))), *figures(found, side))
        for side in found.sides
    ]
    heads = ("Model", *(head[0].upper() + head[1:] for head in FIGURES))
    saved = None
    if found.savings is not None:
        lines = savings_lines(found.savings, rehearsal=found.rehearsal)
        saved = joined(element("h2", "Prompt savings"), element("ul", [element("li", line) for line in lines]))
    shown = element("div", table("Every model on the same rows", heads, rows), class_="scroll")
    return element("section", element("h2", "Figures"), shown, saved, class_="card")


def _rows(found: Comparison) -> Iterator[Html]:
    for number, row in enumerate(found.rows):
        turns = [_turn(role, text) for role, text in asked_by(row)]
        wanted = wanted_by(row)
        answers = [_answer(found, number, at) for at in range(len(found.sides))]
        yield element(
            "section",
            element("h2", f"Line {row.line:,}"),
            turns,
            _turn("wanted", wanted) if wanted is not None else None,
            element("div", answers, class_="answers"),
            class_="card",
        )


def _turn(who: str, text: str) -> Html:
    return element("div", element("b", foreign(who, 40)), _said(text), class_="turn")


def _answer(found: Comparison, number: int, at: int) -> Html:
    side = found.sides[at]
    answer = side.answers[number]
    right = is_right(found.rows[number], answer)
    told = "" if right is None else " – as wanted" if right else " – not as wanted"
    kind = "answer" if right is None else "answer right" if right else "answer wrong"
    head = element("b", foreign(side.label, 60), told)
    return element("div", head, _said(said_by(answer)), class_=kind)


def _said(text: str) -> Html:
    lines = clean_lines(text, CHARACTERS, LINES)
    return element("p", [(line, Html("\n")) for line in lines[:-1]], lines[-1:], class_="said", dir="auto")
