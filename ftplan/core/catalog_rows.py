"""From what a table or a YAML file says of a service to values: one dialect for both."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, get_args

from ftplan.core.catalog import Source
from ftplan.core.facts import ENCODINGS
from ftplan.core.spec import MethodKind

UNKNOWN = "unknown"
PRICES = (
    "train_per_million",
    "train_per_hour",
    "input_per_million",
    "cached_input_per_million",
    "output_per_million",
    "hosting_per_hour",
)
DATES = ("jobs_end", "shutdown")
LIMITS = ("min_rows", "max_graded_rows", "max_graded_validation_rows", "max_image_rows", "max_file_bytes")
GROUPS = ("prices", "dates", "methods", "limits", "encodings", "images", "hosts")
"""Groups of facts that have one source each."""

_PRICE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Fault:
    """A value that cannot be what its key says, in words."""

    key: str
    words: str


def model_values(row: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """The fields of a base model that `row` gives, by name, and what is wrong with others."""
    return _values(row, _MODEL)


def service_values(table: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """As `model_values`, for what holds for a whole service: limits, its last day, sources."""
    return _values(table, _SERVICE)


def read_date(value: Any) -> date:
    """A day, written out or as TOML has it. ValueError for one that no calendar has."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        return date.fromisoformat(value)
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("a date such as 2027-01-06")
    return value


def read_price(value: Any) -> Decimal | None:
    """An amount in USD; None for the word unknown. ValueError for anything else."""
    if value == UNKNOWN:
        return None
    if isinstance(value, str) and not _PRICE.fullmatch(value):
        raise ValueError('an amount in USD such as "25.00", or the word unknown')
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or Decimal(str(value)) < 0:
        raise ValueError('an amount in USD such as "25.00", or the word unknown')
    return Decimal(str(value))


def read_hours(value: Any) -> tuple[Decimal, Decimal]:
    """The fewest and the most hours. ValueError where they are none, or the wrong way round."""
    hours = [read_price(one) for one in value] if isinstance(value, list) and len(value) == 2 else []
    if not hours or hours[0] is None or hours[1] is None or hours[0] > hours[1]:
        raise ValueError("two numbers of hours, the fewest and the most")
    return hours[0], hours[1]


def _values(row: Mapping[str, Any], readers: Mapping[str, Callable[[Any], Any]]) -> tuple[dict[str, Any], list[Fault]]:
    values, faults = {}, []
    for key, value in row.items():
        if key not in readers:
            continue
        try:
            values[key] = readers[key](value)
        except ValueError as error:
            faults.append(Fault(key, f"{key} cannot be {value!r}; expected {error}"))
    return values, faults


def _methods(value: Any) -> tuple[str, ...]:
    known = get_args(MethodKind)
    if not isinstance(value, list) or not value or not set(map(str, value)) <= set(known):
        raise ValueError(f"a list of {', '.join(known)}")
    return tuple(value)


def _encoding(value: Any) -> str:
    if value not in (*ENCODINGS, UNKNOWN):
        raise ValueError(f"one of {', '.join(ENCODINGS)}, or the word unknown")
    return "" if value == UNKNOWN else str(value)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError("a whole number of at least 1")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("text")
    return value


def _sources(value: Any) -> dict[str, Source]:
    if not isinstance(value, Mapping) or not set(value) <= set(GROUPS):
        raise ValueError(f"sources by their group: {', '.join(GROUPS)}")
    return {group: _source(one) for group, one in value.items()}


def _source(value: Any) -> Source:
    if not isinstance(value, Mapping) or not {"url", "read"} <= set(value) <= {"url", "read", "note"}:
        raise ValueError("each source with its url, the day it was read, and a note where one is needed")
    if not str(value["url"]).startswith("https://"):
        raise ValueError("the url of a source to begin with https://")
    return Source(_text(value["url"]), read_date(value["read"]), _text(value.get("note", "")))


_MODEL: Mapping[str, Callable[[Any], Any]] = {
    "methods": _methods,
    "encoding": _encoding,
    **dict.fromkeys(PRICES, read_price),
    **dict.fromkeys(DATES, read_date),
    "max_example_tokens": _whole,
    "images": _flag,
    "train_hours": read_hours,
    "hours_basis": _text,
    "sources": _sources,
}
_SERVICE: Mapping[str, Callable[[Any], Any]] = {
    "jobs_end": read_date,
    **dict.fromkeys(LIMITS, _whole),
    "sources": _sources,
}
MODEL_KEYS, SERVICE_KEYS = tuple(_MODEL), tuple(_SERVICE)
