"""How many rows of a dataset changed, in a few words."""

from __future__ import annotations

from ftplan.core.dataset_diff import DatasetDiff


def changed_rows(diff: DatasetDiff) -> str:
    """Such as "3 edited, 1 added of 501"."""
    rows = f"{diff.after.rows:,}"
    if diff.before is None:
        return f"not known which of {rows}"
    counts = ((diff.edited, "edited"), (diff.added, "added"), (diff.removed, "removed"))
    told = [f"{count:,} {what}" for count, what in counts if count]
    if not told:
        return f"{diff.moved:,} moved of {rows}" if diff.moved else f"none changed of {rows}"
    return f"{', '.join(told)} of {rows}"
