"""A section for each step: what happens and why, what refuses it, its fields, its cost."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ftplan.core.plan import Plan
from ftplan.core.steps import Estimate, Step, Train
from ftplan.views.cost_text import reckoning_lines
from ftplan.views.pages.markup import Html, element, foreign, joined
from ftplan.views.plan_steps import refusal_text
from ftplan.views.plan_words import LEGEND, step_words
from ftplan.views.report.cost_chart import estimate_words
from ftplan.views.report.fields import all_fields, changed_fields
from ftplan.views.report.links import Anchors
from ftplan.views.report.notes import section
from ftplan.views.report.words import TONES, told_steps
from ftplan.views.style import Symbol

SHOWN = 40


def render_steps(plan: Plan, known: Anchors, rows: Anchors) -> Iterator[Html]:
    """All steps in one card, the first of them in sight. `rows` are the ids of the diffs of datasets."""
    told = told_steps(plan)
    if not told:
        return
    seen: set[str] = set()
    blocks = []
    for step in told:
        # What goes to two providers has two steps, of which the first is the one that links lead to.
        anchor = None if str(step.address) in seen else known[str(step.address)]
        seen.add(str(step.address))
        blocks.append(_block(step, plan, anchor, rows))
    rest = blocks[SHOWN:]
    folded = element("details", element("summary", f"{len(rest):,} more steps"), rest) if rest else None
    content = joined(symbol_legend({step_words(step, plan).symbol for step in told}), blocks[:SHOWN], folded)
    yield section("steps", "What happens, step by step", content)


def symbol_legend(used: Collection[str]) -> Html:
    """What those of the symbols mean that are in use."""
    parts = [element("li", symbol_chip(symbol), " ", meaning) for symbol, meaning in LEGEND.items() if symbol in used]
    return element("ul", parts, class_="legend")


def symbol_chip(symbol: Symbol) -> Html:
    """The plan's symbol in its colour."""
    return element("span", symbol, class_=f"chip {TONES[symbol]}")


def _block(step: Step, plan: Plan, anchor: str | None, rows: Anchors) -> Html:
    words = step_words(step, plan)
    refused = plan.refusals(step.address)
    heading = element("h3", symbol_chip(words.symbol), " ", foreign(step.address, 120))
    price = element("p", estimate_words(step.estimate), class_="price") if isinstance(step, Train) else None
    return element(
        "div",
        element("div", heading, price, class_="step-head"),
        element("p", words.verdict, class_="verdict"),
        [element("p", "✕ ", refusal_text(note), class_="refusal") for note in refused],
        element("ul", [element("li", foreign(reason, 400)) for reason in words.reasons], class_="reasons"),
        changed_fields(step, plan, rows),
        _reckoning(step.estimate) if isinstance(step, Train) else None,
        all_fields(step, plan),
        id=anchor,
        class_="step",
    )


def _reckoning(estimate: Estimate) -> Html:
    lines = [element("li", foreign(line, 400)) for line in reckoning_lines(estimate)]
    return element("details", element("summary", "How its cost is reckoned"), element("ul", lines, class_="sum"))
