"""A name that nobody knows: the one that was meant, or all there are."""

from __future__ import annotations

from ftplan.core.nearness import did_you_mean


def test_the_nearest_name_is_offered() -> None:
    assert did_you_mean("suport", ["billing", "support"], "never said") == "Did you mean support?"


def test_where_none_is_near_all_are_named_or_what_is_said_instead() -> None:
    assert did_you_mean("x", ["billing", "support"], lead="Declared are") == "Declared are: billing, support."
    assert did_you_mean("x", []) == "Known are: none."
    assert did_you_mean("x", ["billing"], "Look elsewhere.") == "Look elsewhere."


def test_a_prefix_makes_nothing_nearer() -> None:
    assert did_you_mean("other", ["bot"], prefix="model.") == "Known are: model.bot."
    assert did_you_mean("bott", ["bot"], prefix="model.") == "Did you mean model.bot?"


def test_of_very_many_some_are_named_and_the_rest_is_counted() -> None:
    told = did_you_mean("x", [f"name-{n:02}" for n in range(25)])
    assert told.endswith("name-19 and 5 more.")
