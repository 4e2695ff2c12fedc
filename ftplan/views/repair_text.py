"""What a repair found at the providers, and what becomes of it, as a person reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ftplan.core.keeping.rebuild import Fate, Find, Sightings
from ftplan.views.style import Style, clean

_FATES: Mapping[Fate, str] = {
    "added": "will be added to the state",
    "former": "will be kept as a former job",
    "remembered": "is remembered",
    "in doubt": "is left to the next apply, which settles an open paid call first",
    "not usable": "is left out: of another recipe than declared, without a model, or one too many",
    "not declared": "is left out: not declared",
}


def render_finds(project: str, finds: Sequence[Find], seen: Sightings, style: Style | None = None) -> str:
    """One line for each thing that was found, ending in a newline."""
    look = style or Style()
    lines = [f"Jobs that carry the project's name {clean(project)!r}, and files of declared datasets:", ""]
    rows = [(clean(find.address), clean(find.id), clean(find.result), find.fate) for find in finds]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for address, id, result, fate in sorted(rows, key=lambda row: row[0]):
        sign = look.symbol("+") if fate in ("added", "former") else " "
        cells = "  ".join(f"{cell:<{width}}" for cell, width in zip((address, id, result), widths, strict=True))
        lines.append(f"  {sign} {cells}  {_FATES[fate]}")
    if not rows:
        lines.append("  none")
    for name in seen.unsearchable:
        lines += ["", f"{clean(name)} cannot be searched: what was trained there has to be adopted by hand."]
    return "\n".join([*lines, ""])
