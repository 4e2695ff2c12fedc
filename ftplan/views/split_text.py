"""A dataset parted in two, in words: how many rows each half has, what was kept together, and how to go on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ftplan.core.splits import Split, Stratum
from ftplan.views.style import Style, clean

LISTED_STRATA = 20
NAME_WIDTH = 40
_PLAIN_PATH = re.compile(r"[\w./][\w./ -]*")


def render_split(split: Split, training: str, validation: str, stratify: str | None, style: Style) -> str:
    """What the user is told at the end; `training` and `validation` are the paths that were written."""
    width = max(len(clean(path)) for path in (training, validation))
    lines = [
        _half(training, split.training, split.rows, width, style),
        _half(validation, split.validation, split.rows, width, style),
    ]
    if split.groups:
        groups = "1 group" if split.groups == 1 else f"{split.groups:,} groups"
        kept = f"Kept together: {groups} of rows that ask alike ({split.rows_in_groups:,} rows"
        lines += ["", f"{kept}, the largest {split.largest_group:,})."]
    if stratify is not None:
        lines += ["", *_strata(split.strata, stratify, style)]
    return "\n".join([*lines, "", *_usage(training, validation)])


def split_document(split: Split, training: str, validation: str, stratify: str | None) -> dict[str, Any]:
    """The same as one JSON document."""
    document: dict[str, Any] = {
        "rows": split.rows,
        "training": {"path": training, "rows": split.training, "share": _share(split.training, split.rows)},
        "validation": {"path": validation, "rows": split.validation, "share": _share(split.validation, split.rows)},
        "groups": {"count": split.groups, "rows": split.rows_in_groups, "largest": split.largest_group},
    }
    if stratify is not None:
        strata = [{"value": _value(s.name), "training": s.training, "validation": s.validation} for s in split.strata]
        document |= {"stratify": stratify, "strata": strata}
    return document


def _value(name: str | None) -> Any:
    """The value that a stratum is named after; the name where that was cut."""
    try:
        return None if name is None else json.loads(name)
    except ValueError:
        return name


def _half(path: str, rows: int, of: int, width: int, style: Style) -> str:
    return f"  {style.bold(f'{clean(path):<{width}}')}  {rows:>9,} rows  {_percent(rows, of):>7}"


def _strata(strata: tuple[Stratum, ...], key: str, style: Style) -> Iterator[str]:
    title = clean(key, NAME_WIDTH)
    names = [_name(stratum) for stratum in strata[:LISTED_STRATA]]
    width = max(len(title), *(len(name) for name in names))
    yield style.faint(f"  {title:<{width}}   training  validation    share")
    for name, stratum in zip(names, strata, strict=False):
        share = _percent(stratum.validation, stratum.training + stratum.validation)
        yield f"  {name:<{width}}  {stratum.training:>9,}  {stratum.validation:>10,}  {share:>7}"
    if len(strata) > LISTED_STRATA:
        yield f"  ... and {len(strata) - LISTED_STRATA:,} more; -json lists all of them"


def _name(stratum: Stratum) -> str:
    if stratum.name is None:
        return "(rows without it)"
    text = stratum.name
    return clean(text.strip('"') if text.startswith('"') else text, NAME_WIDTH)


def _usage(training: str, validation: str) -> Iterator[str]:
    yield "To train with them, declare them in ftplan.yaml and name them in a model:"
    yield ""
    yield "  datasets:"
    yield f"    training: {{path: {_scalar(training)}}}"
    yield f"    holdout: {{path: {_scalar(validation)}}}"
    yield "  models:"
    yield "    NAME: {dataset: training, validation: holdout, ...}"


def _scalar(path: str) -> str:
    """A path as YAML reads it back within braces."""
    return clean(path if _PLAIN_PATH.fullmatch(path) and path == path.strip() else json.dumps(path), 400)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _share(part: int, whole: int) -> float:
    return round(part / whole, 6)
