"""What can be trained on: the base snapshots, the short names for them, and the day each goes dark.

A rehearsal outlives its platform: models whose time has passed are still accepted here.
"""

from __future__ import annotations

# https://developers.openai.com/api/docs/deprecations (read in 2026)
SHUTDOWN_DATES = {
    "gpt-4.1-2025-04-14": "2027-01-14",
    "gpt-4.1-mini-2025-04-14": "2027-01-14",
    "gpt-4.1-nano-2025-04-14": "2026-10-23",
    "gpt-4o-2024-08-06": "2027-01-14",
    "gpt-4o-mini-2024-07-18": "2027-01-14",
    "o4-mini-2025-04-16": "2026-10-23",
}
# https://developers.openai.com/api/docs/guides/fine-tuning: what is longer is cut without a word.
LONGEST_EXAMPLES = {"gpt-4o-2024-08-06": 65_536, "gpt-4o-mini-2024-07-18": 65_536}
ALIASES = {snapshot[: -len("-YYYY-MM-DD")]: snapshot for snapshot in SHUTDOWN_DATES}
ORGANIZATION = "org-sandbox"


def snapshot_of(name: str) -> str | None:
    """The snapshot a base name stands for, or None when there is no such base."""
    return name if name in SHUTDOWN_DATES else ALIASES.get(name)


def longest_example(model: str) -> int | None:
    """The tokens of an example after which a base, or a model tuned on it, reads no more; None for no known limit."""
    return LONGEST_EXAMPLES.get(model.split(":")[1] if model.startswith("ft:") else model)
