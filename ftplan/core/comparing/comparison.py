"""Models side by side: the same questions, what each answered, and what that comes to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ftplan.core.comparing.questions import Answer, HeldOut

# What the sandbox puts before its answers, so that nobody takes them for a model's.
REHEARSAL_MARK = "[rehearsal] "


@dataclass(frozen=True, slots=True)
class Side:
    """One model: what it is called by its reader, where it is, and its answers in the order of the rows. `kept` of them
    were there before. `cost` of all of them in USD, None where no price is known."""

    label: str
    provider: str
    model_id: str
    answers: tuple[Answer, ...]
    kept: int = 0
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Savings:
    """What shorter prompts save. Tokens are means of a request, read and written; `long` and `short` cost so much a
    thousand requests in USD. `training` is what the tuned model cost, and `break_even` after how many requests that is
    earned: None where it never is, or where a price is not known."""

    long_prompt: float
    short_prompt: float
    long_answer: float
    short_answer: float
    long: Decimal | None
    short: Decimal | None
    training: Decimal | None
    break_even: int | None

    @property
    def shorter(self) -> float:
        """The share of the prompt's tokens that is saved; below 0 where it grew."""
        return 1 - self.short_prompt / self.long_prompt if self.long_prompt else 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Models asked the same `rows` of a dataset, `of` so many, taken by `seed`; the first side is what it is about."""

    dataset: str
    rows: tuple[HeldOut, ...]
    of: int
    seed: int
    sides: tuple[Side, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    savings: Savings | None = None

    @property
    def rehearsal(self) -> bool:
        return any(answer.rehearsal for side in self.sides for answer in side.answers)

    @property
    def graded(self) -> int:
        """How many rows give an answer that others can be held against."""
        return sum(row.wanted is not None for row in self.rows)

    def right(self, side: Side) -> int:
        """How many answers of `side` are exactly what was wanted."""
        return sum(is_right(row, answer) is True for row, answer in zip(self.rows, side.answers, strict=True))


def answer_text(answer: Answer) -> str:
    """What was answered, without the mark of a rehearsal."""
    text = answer.text or ""
    return text.removeprefix(REHEARSAL_MARK) if answer.rehearsal else text


def message_text(message: Mapping[str, Any]) -> str:
    """The text of a message, its parts one behind the other."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    texts = (part.get("text") for part in (content if isinstance(content, list) else ()) if isinstance(part, dict))
    return "\n".join(text for text in texts if isinstance(text, str))


def calls_of(calls: Any) -> list[tuple[str, str]]:
    """Each call by the name of its function and its arguments, as JSON in one spelling where they are JSON. Whatever is
    no list has none."""
    listed = calls if isinstance(calls, (list, tuple)) else ()
    functions = (call.get("function") for call in listed if isinstance(call, Mapping))
    return [(str(one.get("name")), _spelled(one.get("arguments"))) for one in functions if isinstance(one, Mapping)]


def _spelled(arguments: Any) -> str:
    try:
        value = json.loads(arguments) if isinstance(arguments, str) else arguments
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError):
        return str(arguments)


def is_right(row: HeldOut, answer: Answer) -> bool | None:
    """Whether an answer is what was wanted, blanks at its ends aside; None where nothing was."""
    if row.wanted is None:
        return None
    return answer_text(answer).strip() == message_text(row.wanted).strip() and calls_agree(row, answer)


def calls_agree(row: HeldOut, answer: Answer) -> bool:
    """Whether an answer calls what the row's does, and nothing else."""
    return calls_of(answer.tool_calls) == calls_of((row.wanted or {}).get("tool_calls"))


def mean_tokens(side: Side) -> tuple[float, float] | None:
    """The mean tokens of a question and of an answer; None where the service does not tell."""
    told = [(answer.prompt_tokens, answer.completion_tokens) for answer in side.answers]
    known = [(read, written) for read, written in told if read is not None and written is not None]
    if not known or len(known) < len(told):
        return None
    return sum(read for read, _ in known) / len(known), sum(written for _, written in known) / len(known)


def savings(long: Side, short: Side, training: Decimal | None) -> Savings | None:
    """What `short` saves beside `long`; None where their tokens are not known."""
    before, after = mean_tokens(long), mean_tokens(short)
    if before is None or after is None:
        return None
    costs = [None if one.cost is None else one.cost * 1000 / len(one.answers) for one in (long, short)]
    gain = None if costs[0] is None or costs[1] is None else costs[0] - costs[1]
    earned = None
    if gain is not None and gain > 0 and training is not None:
        earned = int((training * 1000 / gain).to_integral_value(rounding="ROUND_CEILING"))
    return Savings(before[0], after[0], before[1], after[1], costs[0], costs[1], training, earned)
