"""What to say to whoever wrote a name that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MOST_NAMED = 20


def did_you_mean(
    word: str, known: Iterable[str], otherwise: str = "", *, lead: str = "Known are", prefix: str = ""
) -> str:
    """The nearest of the `known` names, as a question; where none is near `otherwise`, or all of them. Each is shown
    with the `prefix`, which makes none of them nearer."""
    names = list(known)
    near = get_close_matches(word, names, n=1)
    if near:
        return f"Did you mean {prefix}{near[0]}?"
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    shown = ", ".join(f"{prefix}{name}" for name in names[:MOST_NAMED])
    return otherwise or f"{lead}: {shown or 'none'}{more}."
