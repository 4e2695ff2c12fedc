"""The attributes of a step as tables: what changes first, all others folded away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ftplan.core.plan import Plan
from ftplan.core.recipe import FieldChange
from ftplan.core.steps import Adopt, Step, Train, Upload
from ftplan.views.diff_words import changed_rows
from ftplan.views.pages.markup import Html, counted, element, foreign, joined, table
from ftplan.views.plan_attributes import after_of, before_of, unknown_of, value_text
from ftplan.views.plan_words import UNKNOWN, replaces
from ftplan.views.report.links import Anchors

_VALUE = 200
NOT_SET = "not set"


def changed_fields(step: Step, plan: Plan, rows: Anchors) -> Html | None:
    """The fields that differ, before and after; None where nothing was there before. `rows` are the ids of the diffs
    of datasets."""
    told = list(_changes(step, plan, rows))
    if not told:
        return None
    forces = isinstance(step, (Train, Upload)) and replaces(step, plan)
    caption = f"{counted(len(told), 'field')} changed" + (", which forces a replacement" if forces else "")
    return table(caption, ("Field", "Before", "After"), told, 3)


def all_fields(step: Step, plan: Plan) -> Html | None:
    """Everything that is known of the thing, folded away."""
    after = after_of(step, plan)
    known = before_of(step, plan) if after is None else after
    unknown = unknown_of(step, plan)
    rows = [(name, value) for name, value in _flat(known) if name not in unknown]
    told = sorted([(name, value_text(name.rpartition(".")[2], value)) for name, value in rows])
    told += [(name, UNKNOWN) for name in unknown]
    if not told:
        return None
    heads = ("Attribute", "Value, and then no more" if after is None else "Value after the apply")
    cells = [(foreign(name, 80), foreign(said, _VALUE)) for name, said in told]
    grid = table("As the plan knows them", heads, cells, 2)
    return element("details", element("summary", counted(len(told), "attribute")), grid)


def _changes(step: Step, plan: Plan, rows: Anchors) -> Iterator[tuple[Html, Html, Html]]:
    if isinstance(step, (Train, Adopt)):
        yield from (_moved(change, step, plan, rows) for change in step.changes)
    elif isinstance(step, Upload) and replaces(step, plan):
        before, after = before_of(step, plan), after_of(step, plan) or {}
        for name in ("content_sha256", "rows", "bytes"):
            if name in before and name in after and before[name] != after[name]:
                yield foreign(name), _value(name, before[name]), _value(name, after[name])


def _moved(change: FieldChange, step: Train | Adopt, plan: Plan, rows: Anchors) -> tuple[Html, Html, Html]:
    after = _value(change.path, change.after)
    told = plan.after.get(str(step.address), {}).get(change.path)
    if change.path in ("dataset", "validation") and told is not None:
        after = joined(after, element("small", _data(str(told), plan, rows)))
    if change.path == "base_model" and step.parent is not None:
        after = joined(after, element("small", "the recipe of ", foreign(step.parent, 80)))
    return foreign(change.path, 80), _value(change.path, change.before), after


def _data(name: str, plan: Plan, rows: Anchors) -> Html:
    diff = plan.dataset_diffs.get(name)
    if diff is None:
        return joined("the content of ", foreign(name, 80))
    said = joined(foreign(name, 80), ": ", changed_rows(diff))
    return element("a", said, href=f"#{rows[name]}") if name in rows else said


def _value(name: str, value: Any) -> Html:
    return element("span", NOT_SET, class_="soft") if value is None else foreign(value_text(name, value), _VALUE)


def _flat(known: Mapping[str, Any], before: str = "", depth: int = 3) -> Iterator[tuple[str, Any]]:
    """Mappings taken apart, their names joined by dots; deeper ones as they are."""
    for name, value in known.items():
        if isinstance(value, Mapping) and value and depth:
            yield from _flat(value, f"{before}{name}.", depth - 1)
        else:
            yield f"{before}{name}", value
