"""Documents as JSON text: plain values, ASCII only, and nothing in them that a CI runner would obey."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from ftplan.core.spec import Address

# `::` at the start of a string or behind a blank, `##`, and GitLab's section marks, each with the character to escape.
_MARKS = re.compile(r'(?<=[" ]):(?=:)|(?<=#)#|(?<=section_start):|(?<=section_end):')


def plain(value: Any) -> Any:
    """`value` as JSON knows values; Decimals become numbers."""
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (Address, date)):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return value


def json_text(document: Any, *, indent: int | None = 2) -> str:
    """`document` as JSON. It reads back as the very same values; only their spelling is made harmless."""
    separators = (",", ":") if indent is None else None
    text = json.dumps(plain(document), indent=indent, separators=separators, allow_nan=False)
    # These marks can stand inside strings only, where an escape means the same.
    return _MARKS.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
