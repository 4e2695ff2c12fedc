"""The places of a report that it links to: one for each address, by a name that is safe in a link."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ftplan.core.plan import Plan
from ftplan.views.pages.markup import Html, element, foreign

LONGEST_ANCHOR = 60
_UNSAFE = re.compile(r"[^A-Za-z0-9]+")

Anchors = Mapping[str, str]
"""The id of the section of each address."""


def addresses(plan: Plan) -> list[str]:
    """Everything the plan is about, in the order of its addresses: datasets, then models, then aliases."""
    told = [str(step.address) for step in plan.steps] + [str(kept.address) for kept in plan.unchanged]
    told += [str(note.address) for note in plan.withheld if note.address]
    return sorted({*told, *plan.after}, key=lambda address: (address.startswith("alias."), address))


def anchors(plan: Plan) -> Anchors:
    """An id for each address of the plan; no two are alike."""
    return distinct(addresses(plan))


def distinct(names: Iterable[str]) -> dict[str, str]:
    """For each of `names` an id of its own, made of what of it is safe."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        stem = _UNSAFE.sub("-", name[: LONGEST_ANCHOR * 2]).strip("-")[:LONGEST_ANCHOR] or "x"
        anchor, number = stem, 1
        while anchor in taken:
            number += 1
            anchor = f"{stem}-{number}"
        taken.add(anchor)
        found[name] = anchor
    return found


def link(address: object, known: Anchors) -> Html:
    """The address, leading to its section where it has one."""
    anchor = known.get(str(address))
    said = foreign(address, 120)
    return element("a", said, href=f"#{anchor}") if anchor else said
