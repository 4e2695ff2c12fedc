"""Where a model comes from: a tree that always ends."""

from __future__ import annotations

from dataclasses import replace

from values import full_state

from ftplan.core.lineage import lineage


def test_a_ring_of_parents_ends_where_it_began() -> None:
    state = full_state()
    bot = state.models["bot"]
    ring = {name: replace(bot, name=name, parent=f"model.{above}") for name, above in ("ab", "bc", "ca")}
    found = lineage(replace(state, models=ring), "a")
    names = []
    while found is not None:
        names.append(found.name)
        found = found.parent
    assert names == ["a", "b", "c"]
