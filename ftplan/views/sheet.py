"""Texts as cells of a spreadsheet."""

from __future__ import annotations

from ftplan.views.style import clean

_NOT_A_TEXT = ("=", "+", "-", "@")
"""What a spreadsheet takes a cell for a formula by."""


def cell(text: str) -> str:
    """`text` clean. What a spreadsheet would work out is kept from it by a quote in front."""
    shown = clean(text)
    return f"'{shown}" if shown.startswith(_NOT_A_TEXT) else shown
