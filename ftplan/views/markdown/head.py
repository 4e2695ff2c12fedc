"""What stands above the fold: the project, the counts, what is refused or worst, the money, the rows and the life."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ftplan.core.dataset_diff import DatasetDiff
from ftplan.core.plan import BaseLife, Bill, Note, Plan
from ftplan.core.steps import Train
from ftplan.views.diff_text import alarms
from ftplan.views.diff_words import changed_rows
from ftplan.views.lifetimes import base_life
from ftplan.views.markdown.fit import Block, Rank, Section, paragraph
from ftplan.views.markdown.spans import code_span, code_spans, day, words
from ftplan.views.plan_money import days_text, dollar_range
from ftplan.views.plan_text import summary_line

_NAMED = 3
_ALARMS = 4
_REFUSALS = 8
_MODES = {"normal": "", "destroy": " (destroy)", "refresh-only": " (refresh only)"}
_SEVERITIES = {"error": "Error", "warning": "Warning", "info": "Note"}


def head_sections(plan: Plan) -> list[Section]:
    """The sections above the table."""
    return [
        paragraph(Rank.HEADLINE, _heading(plan)),
        # Underlined, a line is a heading and still to the byte what programs look for.
        paragraph(Rank.HEADLINE, f"{_headline(plan)}\n---"),
        _alert(_by_weight(plan.notes)),
        paragraph(Rank.HEADLINE, "\n".join(_facts(plan))),
    ]


def note_title(note: Note) -> str:
    """How serious a note is, and what it says in a few words."""
    word = "Refused" if _refuses(note) else _SEVERITIES[note.severity]
    return f"**{word}:** {words(note.summary)}"


def refusal_span(note: Note) -> str:
    """Which rule refuses, what was found, and what it allows."""
    if not note.rule:
        return code_span(note.detail, 160) if note.detail else ""
    return f"{code_span(note.rule, 60)} is {code_span(note.figure, 40)}, allowed: {code_span(note.limit, 40)}"


def life_words(life: BaseLife) -> str:
    """How long a base model goes on, in a few words."""
    if life.days is None or life.shutdown is None:
        return "no end is known"
    when = day(life.shutdown)
    if life.days < 0:
        return f"ended {days_text(-life.days)} ago, on {when}"
    return f"ends in {days_text(life.days)}, on {when}" if life.days else f"ends today, on {when}"


def _refuses(note: Note) -> bool:
    return note.severity == "error" and note.gate is not None


def _by_weight(notes: Sequence[Note]) -> list[Note]:
    """Errors and warnings, what a gate refuses first."""
    weighed = {"error": 1, "warning": 2}
    told = [note for note in notes if note.severity in weighed]
    return sorted(told, key=lambda note: 0 if _refuses(note) else weighed[note.severity])


def _heading(plan: Plan) -> str:
    workspace = "" if plan.workspace == "default" else f" in workspace {code_span(plan.workspace, 40)}"
    return f"### ftplan: {code_span(plan.project, 64)}{workspace}{_MODES[plan.mode]}"


def _headline(plan: Plan) -> str:
    if plan.errors and not plan.steps:
        return "Planning failed. Nothing will be started."
    if plan.withheld and not plan.steps:
        waits = "1 model waits" if len(plan.withheld) == 1 else f"{len(plan.withheld)} models wait"
        return f"No changes. {waits} for your consent to be trained again."
    return summary_line(plan)


def _alert(worst: Sequence[Note]) -> Section:
    """The worst of them in a box, with whatever else is refused, and how many there are besides."""
    if not worst:
        return Section(())
    note, others = worst[0], [note for note in worst[1:] if _refuses(note)]
    about = f" for {code_span(note.address, 80)}" if note.address else ""
    # The box itself says that it warns.
    title = f"**{words(note.summary)}**" if note.severity == "warning" else note_title(note)
    lines = [f"{title}{about}.{' Nothing will be started.' if _refuses(note) else ''}", *_reason(note)]
    rest = len(worst) - 1 - len(others)
    block = Block(
        Rank.HEADLINE,
        ("  \n".join(f"> {line}" for line in lines), *map(_also_refused, others[:_REFUSALS])),
        "refusals",
        f"> [!{'CAUTION' if note.severity == 'error' else 'WARNING'}]",
        f">\n> And {rest} more below." if rest else "",
        "> - **Refused:** {} more",
        max(len(others) - _REFUSALS, 0),
    )
    return Section((block,))


def _also_refused(note: Note) -> str:
    about = f" for {code_span(note.address, 64)}" if note.address else ""
    span = refusal_span(note)
    return f"> - {note_title(note)}{about}" + (f": {span}" if span else "")


def _reason(note: Note) -> Iterator[str]:
    if _refuses(note):
        span = refusal_span(note)
        passing = f" To let this one run past it: {code_span(note.flag, 80)}" if note.flag else ""
        yield from [f"{span}.{passing}"] if span else []
        return
    if note.detail:
        yield code_span(note.detail, 300)
    if note.command:
        yield (
            f"{code_span(note.advice, 100)} {code_span(note.command, 160)}" if note.advice else code_span(note.command)
        )


def _facts(plan: Plan) -> Iterator[str]:
    trains = [step for step in plan.steps if isinstance(step, Train)]
    if trains or plan.bill is not None:
        yield f"- **Cost:** {_cost(plan.bill)}"
    elif plan.steps:
        yield "- **Cost:** nothing, no training is started"
    if trains and plan.bill is not None:
        yield f"- **Tokens:** {_tokens(plan.bill)}"
    yield from _changed_data(plan)
    yield from _first_end(plan, trains)


def _first_end(plan: Plan, trains: Sequence[Train]) -> Iterator[str]:
    """The base model that ends first: of those that are trained on, else of all."""
    trained = [life for step in trains if (life := base_life(step, plan)) is not None]
    ending = [life for life in trained or plan.lives if life.days is not None]
    if ending:
        first = min(ending, key=lambda life: (life.days or 0, life.base_model))
        yield f"- **Life:** the first base model {life_words(first)}: {code_span(first.base_model, 60)}"


def _cost(bill: Bill | None) -> str:
    if bill is None:
        return "unknown"
    nothing_priced = bool(bill.unpriced) and set(bill.by_address) <= set(bill.unpriced)
    amount = "unknown" if nothing_priced else code_span(dollar_range(bill.low, bill.high))
    amount += " or more" if bill.unpriced and not nothing_priced else ""
    parts = [f"nothing is billed, this is a rehearsal; otherwise {amount}" if bill.rehearsal else amount]
    parts += [f"prices of {day(bill.as_of[:7])}"] if bill.as_of and not nothing_priced else []
    parts += [f"no price is known for {code_spans(bill.unpriced, _NAMED)}"] if bill.unpriced else []
    guessed = [address for address, estimate in bill.by_address.items() if not estimate.exact_epochs]
    parts += [f"the provider picks the epochs of {code_spans(guessed, _NAMED)}"] if guessed else []
    return "; ".join(parts)


def _tokens(bill: Bill) -> str:
    about = [address for address, estimate in bill.by_address.items() if not estimate.exact_tokens]
    if not about:
        return f"{bill.tokens:,} to train on"
    return f"about {bill.tokens:,} to train on; no tokenizer is known for {code_spans(about, _NAMED)}"


def _changed_data(plan: Plan) -> Iterator[str]:
    """One line a dataset, and below it what got worse."""
    names = sorted(plan.dataset_diffs)
    for name in names[:_NAMED]:
        diff = plan.dataset_diffs[name]
        yield f"- **Changed rows:** {code_span(name, 60)}: {changed_rows(diff)}{_token_change(diff)}"
        yield from (f"  - **Look at this:** {code_span(alarm, 120)}" for alarm in list(alarms(diff))[:_ALARMS])
    if len(names) > _NAMED:
        yield f"- **Changed rows:** {len(names) - _NAMED} more datasets, below"


def _token_change(diff: DatasetDiff) -> str:
    before, after = diff.before.tokens if diff.before else None, diff.after.tokens
    return f"; {before:,} → {after:,} tokens an epoch" if before is not None and after is not None else ""
