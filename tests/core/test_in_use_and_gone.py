"""A name whose model is gone: what it can stand for instead."""

from __future__ import annotations

from typing import Any

import pytest
from casefile import load_world

GONE: dict[str, Any] = {
    "declared": {"models": {"bot": {}}, "aliases": {"prod": {"model": "bot"}}},
    "remembered": {"models": {"bot": {}}, "files": ["tickets"], "aliases": {"prod": {"id": "ft:old"}}},
    "seen": {"models": {"alias.prod": "gone"}},
}
FAILED = {**GONE["remembered"], "models": {"bot": {"phase": "failed"}}}
FORMER = {"aliases": {"prod": {"id": "ft:old", "former": ["ft:older"]}}}


@pytest.mark.parametrize(
    ("remembered", "command"),
    [
        (GONE["remembered"], "ftplan promote prod"),
        ({**FAILED, **FORMER}, "ftplan rollback prod"),
        (FAILED, ""),
    ],
)
def test_a_command_is_named_that_can_do_it(remembered: dict[str, Any], command: str) -> None:
    plan = load_world({**GONE, "remembered": remembered}).plan()
    (note,) = [note for note in plan.notes if note.summary == "Model in use is gone"]
    assert note.command == command
