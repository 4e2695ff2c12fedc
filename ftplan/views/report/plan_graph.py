"""What a plan is about as boxes and lines: datasets, models, what is trained on what, which names models are used by,
and what happens to each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ftplan.core.plan import Plan
from ftplan.core.spec import PARENT_PREFIX
from ftplan.core.steps import Step, Train, Upload
from ftplan.views.plan_money import dollar_range
from ftplan.views.plan_words import step_words
from ftplan.views.report.links import addresses
from ftplan.views.report.words import TONES, told_steps, verb

MOST_WHOLE = 40
MOST_BOXES = 60

Use = Literal["dataset", "validation", "base_model", "model"]
USES: Mapping[Use, str] = {
    "dataset": "is trained on",
    "validation": "is validated with",
    "base_model": "grows out of",
    "model": "stands for",
}


@dataclass(frozen=True, slots=True)
class Box:
    """One dataset, model or alias: its symbol, empty where nothing happens to it, the class that colours it, and what
    happens in a few words."""

    address: str
    symbol: str
    tone: str
    said: str


@dataclass(frozen=True, slots=True)
class PlanGraph:
    """`lines` lead from what is needed to what needs it. `left_out` counts the boxes that there is no room for."""

    boxes: tuple[Box, ...]
    lines: Mapping[tuple[str, str], Use]
    left_out: int = 0


def plan_graph(plan: Plan, most: int = MOST_BOXES) -> PlanGraph:
    """All of it up to `MOST_WHOLE` boxes; of more the changed ones and what those need, at most so many."""
    boxes = {box.address: box for box in _boxes(plan)}
    lines = {(start, end): use for end, use, start in _needs(plan) if start in boxes and end in boxes}
    shown = list(boxes) if len(boxes) <= MOST_WHOLE else _chosen(plan, boxes, lines, most)
    kept = set(shown)
    return PlanGraph(
        tuple(boxes[address] for address in shown),
        {line: use for line, use in lines.items() if kept.issuperset(line)},
        len(boxes) - len(shown),
    )


def _chosen(plan: Plan, boxes: Mapping[str, Box], lines: Iterable[tuple[str, str]], most: int) -> list[str]:
    """The changed ones, each with what it needs, as many as there is room for; in the order of all."""
    needed: dict[str, list[str]] = {}
    for start, end in lines:
        needed.setdefault(end, []).append(start)
    ranked = [str(step.address) for step in told_steps(plan)]
    ranked += [address for address, box in boxes.items() if box.tone in ("wait", "refused")]
    found: set[str] = set()
    for address in ranked:
        wanted = {address, *needed.get(address, ())}
        found |= wanted if len(found | wanted) <= most else set()
    return [address for address in boxes if address in found] or list(boxes)[:most]


def _boxes(plan: Plan) -> Iterator[Box]:
    steps: dict[str, Step] = {}
    for step in told_steps(plan):
        steps.setdefault(str(step.address), step)
    waiting = {str(note.address) for note in plan.withheld}
    blocked = {str(note.address) for note in plan.errors}
    for address in addresses(plan):
        if address in steps:
            yield _changed(address, steps[address], plan)
        elif address in waiting:
            yield Box(address, "?", "wait", "waits for consent")
        elif address in blocked:
            yield Box(address, "!", "refused", "cannot be planned")
        else:
            yield Box(address, "", "keep", "stays as it is")


def _changed(address: str, step: Step, plan: Plan) -> Box:
    symbol = step_words(step, plan).symbol
    said = verb(step, plan)
    if isinstance(step, Train):
        estimate = step.estimate
        said += f", {'no price' if estimate.high is None else dollar_range(estimate.low, estimate.high)}"
    elif isinstance(step, Upload) and step.found_id is None:
        said += f", {step.rows:,} rows"
    if plan.refusals(step.address):
        return Box(address, symbol, "refused", f"refused: {verb(step, plan)}")
    return Box(address, symbol, TONES[symbol], said)


def _needs(plan: Plan) -> Iterator[tuple[str, Use, str]]:
    """What needs what: an address, as what, and the address it needs."""
    contents = {
        str(known["content_sha256"]): address
        for address, known in plan.before.items()
        if address.startswith("dataset.") and "content_sha256" in known
    }
    for address in addresses(plan):
        known: Mapping[str, Any] = plan.after.get(address) or plan.before.get(address) or {}
        if address.startswith("alias."):
            yield address, "model", str(known.get("model"))
        if not address.startswith("model."):
            continue
        yield from ((address, use, f"dataset.{name}") for use, name in _datasets(known))
        base = str(known.get("base_model"))
        if base.startswith(PARENT_PREFIX):
            yield address, "base_model", base
        if "dataset" not in known and str(known.get("training")) in contents:
            yield address, "dataset", contents[str(known["training"])]


def _datasets(known: Mapping[str, Any]) -> Sequence[tuple[Use, object]]:
    # Where one dataset is both, the line says what matters more.
    uses: tuple[Use, ...] = ("validation", "dataset")
    return [(use, known[use]) for use in uses if known.get(use) is not None]
