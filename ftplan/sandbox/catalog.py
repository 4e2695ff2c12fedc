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
ALIASES = {snapshot[: -len("-YYYY-MM-DD")]: snapshot for snapshot in SHUTDOWN_DATES}
ORGANIZATION = "org-sandbox"


def snapshot_of(name: str) -> str | None:
    """The snapshot a base name stands for, or None when there is no such base."""
    return name if name in SHUTDOWN_DATES else ALIASES.get(name)
