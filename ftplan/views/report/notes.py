"""What a report tells in words: notes, what changed outside of ftplan, what stays as it is, variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ftplan.core.plan import Note, Plan
from ftplan.views.pages.markup import Html, counted, element, foreign, joined, table
from ftplan.views.plan_attributes import value_text
from ftplan.views.plan_money import estimate_text
from ftplan.views.plan_steps import refusal_text
from ftplan.views.report.links import Anchors, addresses, link
from ftplan.views.report.plan_graph import MOST_WHOLE
from ftplan.views.report.words import is_refusal
from ftplan.views.style import clean_lines

_LINES = 30
_WORDS = {"error": "Error", "warning": "Warning", "info": "Note"}


def callout(tone: str, mark: str, said: object, content: Html | None) -> Html:
    """A box that cannot be overlooked: `mark` and `said` carry what its colour does."""
    head = element("h2", element("span", mark, class_="mark-of", aria_hidden="true"), said)
    return element("section", head, content, class_=f"callout {tone}")


def told_note(note: Note, known: Anchors) -> Html:
    """One note with all it says."""
    word = "Refused" if is_refusal(note) else _WORDS[note.severity]
    place = note.place
    where = f"{place.path}:{place.line}:{place.column}" if place else ""
    cost = f"Training it again: {estimate_text(note.estimate)}." if note.estimate else ""
    passing = joined("To let this one run past it: ", element("code", note.flag)) if note.flag else None
    told = [line for text in (note.detail, cost, note.advice) if text for line in _lines(text)]
    return element(
        "li",
        element("strong", f"{word}: ", foreign(note.summary)),
        joined(" for ", link(note.address, known)) if note.address else None,
        joined(" at ", element("code", foreign(where))) if where else None,
        element("p", element("code", refusal_text(note))) if is_refusal(note) and note.rule else None,
        [element("p", foreign(line, 1000)) for line in told],
        element("p", passing) if passing and not _names(note.advice, note.flag) else None,
        element("p", element("code", note.command)) if note.command else None,
    )


def render_notes(plan: Plan, known: Anchors) -> Iterator[Html]:
    """The notes that are neither errors nor warnings, and what changed outside."""
    told = [note for note in plan.notes if note.severity == "info"]
    if told:
        notes = element("ul", [told_note(note, known) for note in told], class_="notes")
        yield section("notes", "Notes", notes)
    if plan.drift:
        lead = element("p", "Seen at the providers since the last apply:", class_="note")
        drift = element("ul", [_drift(note, plan, known) for note in plan.drift], class_="notes")
        yield section("drift", "Changed outside of ftplan", joined(lead, drift))


def render_kept(plan: Plan, known: Anchors) -> Iterator[Html]:
    """What has no step, each on a line; folded away where it is much."""
    changed = {str(step.address) for step in plan.steps}
    details = {str(kept.address): kept for kept in plan.unchanged}
    waiting = {str(note.address) for note in plan.withheld}
    blocked = {str(note.address) for note in plan.errors}
    items = []
    for address in addresses(plan):
        if address in changed:
            continue
        kept = details.get(address)
        why = " waits for your consent" if address in waiting else " cannot be planned" if address in blocked else None
        model = joined(" ", element("code", foreign(kept.model_id))) if kept and kept.model_id else None
        more = joined(" ", foreign(kept.detail)) if kept and kept.detail else None
        items.append(element("li", foreign(address, 120), model, more, why, id=known[address]))
    if not items:
        return
    told = element("ul", items, class_="kept")
    if len(items) > MOST_WHOLE:
        told = element("details", element("summary", f"All {len(items):,}"), told)
    yield section("kept", "Left as it is", joined(element("p", _counts(items), class_="note"), told))


def render_variables(plan: Plan) -> Iterator[Html]:
    """The variables the plan was made with."""
    if plan.variables:
        rows = [(foreign(name, 80), foreign(value_text(name, value), 400)) for name, value in _sorted(plan.variables)]
        told = table("As they were when the plan was made", ("Variable", "Value"), rows, 2)
        yield section("variables", "Variables", told)


def section(anchor: str, heading: object, content: Html) -> Html:
    """A part of the report, which the links at its top lead to."""
    return element("section", element("h2", heading), content, id=anchor, class_="card")


def scrolling(name: str, content: Html) -> Html:
    """`content` in a box of its own that scrolls sideways, by keyboard as well, so that the page never has to."""
    return element("div", content, class_="scroll", role="region", aria_label=name, tabindex="0")


def _lines(text: str) -> list[str]:
    return [line for line in clean_lines(text, 1000, _LINES) if line.strip()]


def _names(text: str, flag: str) -> bool:
    return bool(flag) and flag in text


def _drift(note: Note, plan: Plan, known: Anchors) -> Html:
    about = link(note.address, known) if note.address else foreign(plan.project)
    detail = element("p", foreign(note.detail, 400)) if note.detail else None
    return element("li", element("strong", about), " ", foreign(note.summary), detail)


def _counts(items: Sequence[Html]) -> str:
    return f"{counted(len(items), 'thing')} for which nothing is done and nothing is paid."


def _sorted(variables: Mapping[str, object]) -> list[tuple[str, object]]:
    return sorted(variables.items())
