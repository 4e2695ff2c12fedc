"""Preference pairs: a prompt, an answer that was chosen and one that was rejected, as texts or as messages.

Where both answers are whole conversations, as in several published sets, what they have in common is the prompt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ftplan.core.conversions import Shape
from ftplan.datasets.converting.shapes import CONVERSATIONS, said_by, tools_of, with_system
from ftplan.datasets.converting.turns import Unfit

_KNOWN = frozenset({"prompt", "chosen", "rejected", "system", "tools", *CONVERSATIONS})
Messages = list[dict[str, Any]]


def preference_row(values: Mapping[str, Any], shape: Shape, system: str | None) -> tuple[dict[str, Any], list[str]]:
    """The wire row of a record, and the names of what it has no place for. Raises Unfit."""
    dropped = [key for key in values if key not in _KNOWN]
    chosen = said_by("assistant", values, "chosen", dropped)
    rejected = said_by("assistant", values, "rejected", dropped)
    if chosen[:-1] != rejected[:-1]:
        raise Unfit("The answers answer different prompts", "chosen and rejected differ before their last message.")
    prompt = _prompt(values, chosen[:-1], dropped)
    given: dict[str, Any] = {"messages": with_system(prompt, values, system)}
    if values.get("tools"):
        given["tools"] = tools_of(values["tools"])
    return {"input": given, "preferred_output": chosen[-1:], "non_preferred_output": rejected[-1:]}, dropped


def _prompt(values: Mapping[str, Any], common: Messages, dropped: list[str]) -> Messages:
    """The messages before the answers: those of the prompt, which must be what the answers start with if they do."""
    name = next((key for key in ("prompt", *CONVERSATIONS) if key in values), None)
    if name is None:
        if not common:
            raise Unfit("A column is missing", "There is no prompt, and the answers do not start with one.")
        return common
    prompt = said_by("user", values, name, dropped)
    if not common or prompt == common:
        return prompt
    # A prompt given as a text is the last question of a conversation that the answers hold in full.
    if isinstance(values[name], str) and common[-1] == prompt[0]:
        return common
    raise Unfit("The answers answer different prompts", f"What chosen and rejected start with is not {name}.")
