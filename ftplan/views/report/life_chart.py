"""How long base models go on: a line of days for each, from the day of the plan to its end, and the same as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from ftplan.core.plan import BaseLife
from ftplan.views.pages.markup import Html, counted, element, foreign, joined, table
from ftplan.views.plan_money import days_text, dollars
from ftplan.views.report.bar_rows_svg import BarRow, Piece, bar_rows_svg
from ftplan.views.style import clean

DRAWN = 12
# Beyond that a bar runs to the edge, and its figure says how long it is.
MOST_DAYS, FEWEST_DAYS = 3 * 365, 30
# The end of the longest bar keeps off the edge, so that its mark is seen.
_FULL = 96.0
_MOST_TICKS = 4
_FIRST_LABEL = 24
_STEPS = (1, 2, 3, 6, 12)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LAST_YEAR = 9000


def ending(lives: Sequence[BaseLife]) -> list[BaseLife]:
    """Those whose end is known, the next first."""
    return sorted((life for life in lives if life.days is not None), key=lambda one: (one.days, one.base_model))


def life_chart(lives: Sequence[BaseLife], today: str) -> Html | None:
    """Those that end first. `today` is the day of the plan, as ISO 8601 writes it; None where no end is known."""
    shown = ending(lives)[:DRAWN]
    if not shown:
        return None
    reach = min(MOST_DAYS, max(FEWEST_DAYS, *(life.days or 0 for life in shown)))
    return bar_rows_svg([_row(life, reach) for life in shown], _in_words(lives), _ticks(today, reach))


def life_table(lives: Sequence[BaseLife]) -> Html:
    """Every base model with its dates, and what the trainings on it cost a day of what is left."""
    unknown = [life for life in lives if life.days is None]
    rows = [
        (
            joined(foreign(life.base_model, 100), element("small", foreign(life.provider, 60))),
            left(life),
            foreign(life.shutdown, 20) if life.shutdown else "not known",
            _jobs(life),
            dollars(sum(life.cost_per_day.values(), Decimal(0))) if life.cost_per_day else "–",
        )
        for life in [*ending(lives), *unknown]
    ]
    heads = ("Base model", "Left", "Ends", "New jobs", "Cost of this plan a day of life")
    return table("Base models, and every model tuned on them, end on these days", heads, rows)


def left(life: BaseLife) -> str:
    """How many days are left, in words."""
    if life.days is None:
        return "no end known"
    return days_text(life.days) if life.days >= 0 else f"ended {days_text(-life.days)} ago"


def _row(life: BaseLife, reach: int) -> BarRow:
    days = life.days or 0
    when = clean(life.shutdown or "", 20)
    if days < 0:
        return BarRow(life.base_model, f"ended on {when}", tone="bad")
    end = min(days, reach)
    trains = end if life.days_to_train is None else min(max(life.days_to_train, 0), end)
    pieces = [Piece(0, _place(trains, reach))] if trains else []
    pieces += [Piece(_place(trains, reach), _place(end, reach), "striped")] if trains < end else []
    stop = _place(end, reach) if days <= reach else None
    return BarRow(life.base_model, f"{days_text(days)}, to {when}", tuple(pieces), stop)


def _place(days: int, reach: int) -> float:
    return _FULL * days / reach


def _jobs(life: BaseLife) -> Html:
    if life.last_training is None:
        return joined("no date known" if life.days is None else "to the end")
    over = life.days_to_train is not None and life.days_to_train <= 0
    return joined("none since " if over else "until ", foreign(life.last_training, 20))


def _ticks(today: str, reach: int) -> Iterator[tuple[float, str]]:
    """The day of the plan and the beginnings of months; only as many as a phone has room for."""
    try:
        start = date.fromisoformat(today[:10])
    except ValueError:
        return
    yield 0.0, "today"
    step = next((months for months in _STEPS if reach / (30.4 * months) <= _MOST_TICKS), _STEPS[-1])
    month = start.replace(day=1)
    while month.year < _LAST_YEAR:
        month = (month + timedelta(days=32)).replace(day=1)
        days = (month - start).days
        if days > reach:
            return
        # A label beside the one of today needs its room.
        if (month.month - 1) % step == 0 and _place(days, reach) > _FIRST_LABEL:
            yield _place(days, reach), f"{_MONTHS[month.month - 1]} {month.year}"


def _in_words(lives: Sequence[BaseLife]) -> str:
    first = ending(lives)[0]
    return (
        f"Timeline of {counted(len(lives), 'base model')}. The first to end is {first.base_model}: {left(first)}, "
        f"on {first.shutdown}."
    )
