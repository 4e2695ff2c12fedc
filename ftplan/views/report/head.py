"""What a report says first: what will be done, what refuses it or is wrong with it, and the figures that matter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from ftplan.core.plan import Bill, Note, Plan
from ftplan.core.steps import Train
from ftplan.views.apply_command import apply_command
from ftplan.views.diff_words import changed_rows
from ftplan.views.lifetimes import base_life
from ftplan.views.pages.markup import Html, counted, element, foreign, joined
from ftplan.views.plan_money import dollar_range
from ftplan.views.plan_text import summary_line
from ftplan.views.report.life_chart import ending, left
from ftplan.views.report.links import Anchors
from ftplan.views.report.notes import callout, told_note
from ftplan.views.report.words import besides, deleted, headline, is_refusal, is_unpriced, trained

_SHOWN = 5
_MODES = {"normal": "Plan", "destroy": "Plan to destroy", "refresh-only": "Refresh-only plan"}


def title_words(plan: Plan) -> str:
    """The one sentence that says what this plan is."""
    would = headline(plan)
    if plan.errors and not would:
        return "Planning failed: nothing will be started"
    if plan.errors:
        return "Refused: nothing will be started"
    if would:
        return would[:1].upper() + would[1:]
    if plan.withheld:
        waits = "1 model waits" if len(plan.withheld) == 1 else f"{len(plan.withheld):,} models wait"
        return f"No changes: {waits} for your consent"
    if plan.mode == "refresh-only" and plan.drift:
        return "Record what changed outside of ftplan"
    return "No changes"


def render_head(plan: Plan) -> Html:
    """The banner: whose plan it is, what it does, and the line that other programs read as well."""
    where = None if plan.workspace == "default" else joined(", workspace ", foreign(plan.workspace, 80))
    would, more = headline(plan), besides(plan)
    told = f"Besides: {more}." if more else ""
    if plan.errors and would:
        told = f"Without that it would {would}{f', and besides {more}' if more else ''}."
    mark = element("span", "✕ ", aria_hidden="true") if plan.errors else None
    return joined(
        element("p", f"{_MODES[plan.mode]} for ", foreign(plan.project, 120), where, class_="kicker"),
        element("h1", mark, title_words(plan), class_="bad" if plan.errors else None),
        element("p", told, class_="lead") if told else None,
        element("p", _said(plan), class_="lead"),
    )


def render_errors(plan: Plan, known: Anchors) -> Iterator[Html]:
    """What refuses the plan, and what is wrong with it."""
    refusals = [note for note in plan.errors if is_refusal(note)]
    errors = [note for note in plan.errors if not is_refusal(note)]
    if refusals:
        rules = f"{counted(len(refusals), 'rule')} refuse{'s' if len(refusals) == 1 else ''} this plan"
        yield _alert("bad", "✕", f"{rules}. Nothing will be started.", refusals, known)
    if errors:
        yield _alert("bad", "✕", f"{counted(len(errors), 'error')}. Nothing will be started.", errors, known)


def render_warnings(plan: Plan, known: Anchors) -> Iterator[Html]:
    """What the plan warns of; where all is well, that."""
    warnings = [note for note in plan.notes if note.severity == "warning"]
    gone = deleted(plan)
    if gone:
        yield callout("warn", "-", f"This deletes {gone} at the provider for good. Nothing brings that back.", None)
    if warnings:
        yield _alert("warn", "!", counted(len(warnings), "warning"), warnings, known)
    if not plan.errors and not warnings and not gone:
        yield callout("good", "✓", "Nothing refuses this plan, and there are no warnings.", None)


def render_glance(plan: Plan) -> Html:
    """The figures that most people come for."""
    boxes = [
        element("div", element("dt", what), element("dd", said, " ", element("small", more)))
        for what, said, more in _figures(plan)
    ]
    return element("dl", boxes, class_="facts")


def render_command(plan: Plan, checksum: str) -> Html:
    """How exactly this plan is carried out, where it may be."""
    if plan.errors or not checksum or not plan.steps:
        return joined()
    return element(
        "section",
        element("h2", "Carry out exactly this"),
        element("p", element("code", apply_command(plan, checksum)), class_="command"),
        element(
            "p",
            "It plans again, and starts nothing where the configuration, a dataset, the state or a provider moved.",
            class_="note",
        ),
        class_="card",
    )


def _said(plan: Plan) -> Html:
    made = foreign(plan.created_at[:16].replace("T", " "), 40)
    # As on a terminal: where nothing can be counted, nothing is.
    counts = plan.steps or not (plan.errors or (plan.drift and plan.mode == "refresh-only"))
    said = joined(element("span", summary_line(plan), class_="counts"), " ") if counts else None
    return joined(said, element("span", "Made ", made, class_="made"))


def _alert(tone: str, mark: str, said: str, notes: Sequence[Note], known: Anchors) -> Html:
    """The first of them in full, the rest folded away."""
    rest = notes[_SHOWN:]
    folded = None
    if rest:
        items = element("ul", [told_note(note, known) for note in rest], class_="notes")
        folded = element("details", element("summary", f"{len(rest):,} more"), items)
    shown = element("ul", [told_note(note, known) for note in notes[:_SHOWN]], class_="notes")
    return callout(tone, mark, said, joined(shown, folded))


def _figures(plan: Plan) -> Iterator[tuple[str, str, object]]:
    trains = [step for step in plan.steps if isinstance(step, Train)]
    yield ("Estimated cost", *_cost(plan.bill, bool(trains)))
    yield ("Training tokens", *_tokens(plan.bill))
    anew, again = trained(plan)
    kinds = [f"{anew:,} new" if anew else "", f"{again:,} again" if again else ""]
    yield "Models to train", f"{len(trains):,}", ", ".join(kind for kind in kinds if kind) or "none is started"
    yield from _rows(plan)
    yield from _life(plan, trains)


def _cost(bill: Bill | None, trains: bool) -> tuple[str, object]:
    if bill is None:
        return ("unknown", "no estimate") if trains else ("$0.00", "no training is started")
    nothing = is_unpriced(bill)
    amount = "unknown" if nothing else dollar_range(bill.low, bill.high)
    parts = [joined("a rehearsal: nothing is billed")] if bill.rehearsal else []
    if bill.unpriced:
        parts.append(joined("" if nothing else "or more: ", f"no price for {counted(len(bill.unpriced), 'model')}"))
    if bill.as_of and not nothing:
        parts.append(joined("prices of ", _day(bill.as_of[:7])))
    return amount, [joined("; " if number else None, part) for number, part in enumerate(parts)] or "in USD"


def _tokens(bill: Bill | None) -> tuple[str, object]:
    if bill is None:
        return "0", "over all epochs"
    about = sum(1 for estimate in bill.by_address.values() if not estimate.exact_tokens)
    return f"{bill.tokens:,}", f"an approximation for {counted(about, 'model')}" if about else "over all epochs"


def _rows(plan: Plan) -> Iterator[tuple[str, str, object]]:
    diffs = sorted(plan.dataset_diffs.items())
    if not diffs:
        return
    changed = sum(diff.changed for _, diff in diffs)
    name, diff = diffs[0]
    more: object = joined("in ", foreign(name, 40), ": ", changed_rows(diff))
    if len(diffs) > 1:
        more = f"in {counted(len(diffs), 'dataset')}"
    known = any(diff.before is not None for _, diff in diffs)
    yield "Changed rows", f"{changed:,}" if known else "unknown", more


def _life(plan: Plan, trains: Sequence[Train]) -> Iterator[tuple[str, str, object]]:
    """The base model that ends first: of those that are trained on, else of all."""
    trained = [life for step in trains if (life := base_life(step, plan)) is not None]
    found = ending(trained or plan.lives)
    if not found:
        return
    first = found[0]
    a_day = sum(first.cost_per_day.values(), Decimal(0))
    price = joined("; ", dollar_range(a_day, a_day), " a day of it") if a_day else None
    yield (
        "Shortest life",
        left(first),
        joined(foreign(first.base_model, 60), " ends on ", _day(first.shutdown or ""), price),
    )


def _day(text: str) -> Html:
    """A date, kept on one line."""
    return element("span", foreign(text, 20), class_="day")
