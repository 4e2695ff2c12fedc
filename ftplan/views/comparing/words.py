"""What the forms of a comparison say alike: its head, its figures, and whether an answer is right."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ftplan.core.comparing.comparison import (
    Comparison,
    Savings,
    Side,
    calls_of,
    is_right,
    mean_tokens,
    message_text,
)
from ftplan.core.comparing.questions import Answer, HeldOut
from ftplan.views.plan_money import dollars

FIGURES = ("as wanted", "tokens read", "tokens written", "answered before", "cost")
NO_COST = "unknown"


def lead(found: Comparison) -> str:
    """What was compared, in a sentence without foreign words."""
    rows, models = len(found.rows), len(found.sides)
    drawn = f"{rows:,} of {found.of:,} rows" if rows < found.of else f"{rows:,} rows"
    rehearsed = ", a rehearsal" if found.rehearsal else ""
    return f"{models} models, {drawn}{rehearsed}"


def figures(found: Comparison, side: Side) -> tuple[str, ...]:
    """The figures of one side, in the order of FIGURES."""
    means = mean_tokens(side)
    right, of = found.right(side), found.graded
    return (
        f"{right:,} of {of:,}" if of else "–",
        f"{means[0]:,.1f}" if means else "–",
        f"{means[1]:,.1f}" if means else "–",
        f"{side.kept:,} of {len(side.answers):,}",
        cost_text(side.cost, found),
    )


def cost_text(cost: Decimal | None, found: Comparison) -> str:
    """An amount; of a rehearsal, what it would have been."""
    if cost is None:
        return NO_COST
    return f"({dollars(cost)})" if found.rehearsal else dollars(cost)


def verdict_of(row: HeldOut, answer: Answer) -> str:
    """`=` for what was wanted, a crossed one for something else, empty where nothing was."""
    right = is_right(row, answer)
    return "" if right is None else "=" if right else "≠"


def said_by(answer: Answer) -> str:
    """Everything an answer says: its text, marks of a rehearsal included, and the calls it makes."""
    return _whole(answer.text or "", answer.tool_calls)


def wanted_by(row: HeldOut) -> str | None:
    """What a row gives as its answer; None where it gives none."""
    return None if row.wanted is None else _whole(message_text(row.wanted), row.wanted.get("tool_calls") or ())


def asked_by(row: HeldOut) -> Iterator[tuple[str, str]]:
    """Who speaks in a prompt, and what is said."""
    for message in row.messages:
        yield str(message.get("role", "")), _whole(message_text(message), message.get("tool_calls") or ())


def savings_lines(saved: Savings, *, rehearsal: bool) -> Iterator[str]:
    """What shorter prompts come to, in words with figures."""
    change = f"{abs(saved.shorter):.0%} {'shorter' if saved.shorter >= 0 else 'longer'}"
    yield f"Prompts are {change}: {saved.long_prompt:,.1f} tokens a request before, {saved.short_prompt:,.1f} now."
    yield f"Answers: {saved.long_answer:,.1f} tokens before, {saved.short_answer:,.1f} now."
    if saved.long is None or saved.short is None:
        yield "A thousand requests: no price is known."
        return
    yield f"A thousand requests: {dollars(saved.long)} before, {dollars(saved.short)} now."
    if saved.training is None:
        yield "What the training cost is not known here, and so not when it is earned."
    elif saved.break_even is None:
        yield f"The training's {dollars(saved.training)} are never earned: a request costs no less than before."
    else:
        billed = "would have cost" if rehearsal else "cost"
        yield f"The training {billed} {dollars(saved.training)}: earned after {saved.break_even:,} requests."


def _whole(text: str, calls: object) -> str:
    made = [f"{name}({arguments})" for name, arguments in calls_of(calls if isinstance(calls, (list, tuple)) else ())]
    return "\n".join([text, *made] if text else made)
