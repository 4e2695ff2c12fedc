"""Values <-> plain JSON data, by their declared types. It knows dataclasses, enums, Decimal, Address, dates,
tuples, mappings and unions; a union of dataclasses is told apart by the key `kind`."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from ftplan.core.spec import Address

T = TypeVar("T")


class Misfit(ValueError):
    """Plain data that does not fit the type it should have; says where and why."""


def to_plain(value: Any) -> Any:
    """`value` as dicts, lists, strings, numbers, booleans and None. Decimals become strings: JSON has floats only."""
    if isinstance(value, Address):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (Decimal, date)):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_plain(item) for item in value]
    return value


def tagged(value: Any) -> dict[str, Any]:
    """A dataclass as plain data that names its own type under `kind`."""
    return {"kind": type(value).__name__, **to_plain(value)}


def from_plain(kind: type[T], data: Any, where: str = "") -> T:
    """`data` as a value of the dataclass `kind`. Raises `Misfit` for anything missing, unknown or of another type."""
    value: T = _convert(kind, data, where or kind.__name__)
    return value


def _convert(kind: Any, data: Any, where: str) -> Any:
    origin = get_origin(kind)
    if kind is Any:
        return data
    if origin in (Union, types.UnionType):
        return _of_union(get_args(kind), data, where)
    if origin is Literal:
        return _checked(data, data in get_args(kind), where, f"one of {get_args(kind)}")
    if origin is tuple:
        return _of_tuple(get_args(kind), data, where)
    if origin is not None and issubclass(origin, Mapping):
        return _of_mapping(get_args(kind), data, where)
    if kind is Address or (isinstance(kind, type) and issubclass(kind, (Enum, Decimal, date))):
        return _of_text(kind, data, where)
    if is_dataclass(kind):
        return _of_dataclass(kind, data, where)
    return _of_scalar(kind, data, where)


def _checked(data: Any, fits: bool, where: str, expected: str) -> Any:
    if not fits:
        raise Misfit(f"{where} should be {expected}, not {type(data).__name__}")
    return data


def _of_scalar(kind: Any, data: Any, where: str) -> Any:
    accepted = (int, float) if kind is float else kind
    # bool is an int in Python, but a true is no number in JSON.
    fits = isinstance(data, accepted) and (kind is bool or not isinstance(data, bool))
    return _checked(data, fits, where, kind.__name__)


def _of_text(kind: Any, data: Any, where: str) -> Any:
    make = {Address: Address.parse, date: date.fromisoformat}.get(kind, kind)
    try:
        return make(_checked(data, isinstance(data, str), where, "a string"))
    except (ValueError, InvalidOperation):
        raise Misfit(f"{where} is no {kind.__name__}: {data!r:.80}") from None


def _of_union(kinds: Sequence[Any], data: Any, where: str) -> Any:
    if data is None and type(None) in kinds:
        return None
    tags = {kind.__name__: kind for kind in kinds if is_dataclass(kind) and isinstance(kind, type)}
    if len(tags) > 1:
        tag = data.get("kind") if isinstance(data, Mapping) else None
        if tag not in tags:
            raise Misfit(f"{where} is of no known kind: {tag!r:.80}")
        return _convert(tags[tag], {k: v for k, v in data.items() if k != "kind"}, where)
    first, *others = [kind for kind in kinds if kind is not type(None)]
    if not others:
        return _convert(first, data, where)
    try:
        return _convert(first, data, where)
    except Misfit:
        return _of_union(others, data, where)


def _of_tuple(kinds: Sequence[Any], data: Any, where: str) -> tuple[Any, ...]:
    _checked(data, isinstance(data, list), where, "a list")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_convert(kinds[0], item, f"{where}[{i}]") for i, item in enumerate(data))
    _checked(data, len(data) == len(kinds), where, f"a list of {len(kinds)}")
    return tuple(_convert(kind, item, f"{where}[{i}]") for i, (kind, item) in enumerate(zip(kinds, data, strict=True)))


def _of_mapping(kinds: Sequence[Any], data: Any, where: str) -> dict[Any, Any]:
    _checked(data, isinstance(data, Mapping), where, "an object")
    return {_convert(kinds[0], k, where): _convert(kinds[1], v, f"{where}.{k}") for k, v in data.items()}


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _of_dataclass(kind: Any, data: Any, where: str) -> Any:
    _checked(data, isinstance(data, Mapping), where, "an object")
    known = {f.name: f for f in fields(kind)}
    unknown = sorted(set(data) - set(known))
    missing = sorted(
        name for name, f in known.items() if name not in data and f.default is MISSING and f.default_factory is MISSING
    )
    if unknown or missing:
        what = f"has unknown keys {unknown}" if unknown else f"lacks {missing}"
        raise Misfit(f"{where} {what}")
    hints = _hints(kind)
    return kind(**{name: _convert(hints[name], data[name], f"{where}.{name}") for name in data})
