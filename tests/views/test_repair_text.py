"""What a repair found, one line a thing, whatever a provider wrote into it."""

from __future__ import annotations

from ftplan.core.keeping.rebuild import Find, Sightings
from ftplan.views.repair_text import render_finds


def test_each_find_stands_in_a_line_with_what_becomes_of_it() -> None:
    finds = [
        Find("model.support-bot", "openai", "ftjob-1", "ft:mini:org:bot:A", "added"),
        Find("dataset.tickets", "openai", "file-1", "tickets.0123.jsonl", "added"),
        Find("model.old", "openai", "ftjob-0", "failed", "not declared"),
    ]
    assert render_finds("support", finds, Sightings()) == (
        "Jobs that carry the project's name 'support', and files of declared datasets:\n"
        "\n"
        "  + dataset.tickets    file-1   tickets.0123.jsonl  will be added to the state\n"
        "    model.old          ftjob-0  failed              is left out: not declared\n"
        "  + model.support-bot  ftjob-1  ft:mini:org:bot:A   will be added to the state\n"
    )


def test_where_nothing_is_found_that_is_said_with_who_could_not_be_asked() -> None:
    said = render_finds("support", [], Sightings(unsearchable=("azure",)))
    assert "\n  none\n" in said
    assert "azure cannot be searched" in said


def test_nothing_of_what_a_provider_wrote_reaches_the_terminal_raw() -> None:
    hostile = "\x1b]52;c;AAAA\x07\n::stop-commands::\u202e"
    finds = [Find(hostile, hostile, hostile, hostile, "not declared")]
    said = render_finds(hostile, finds, Sightings(unsearchable=(hostile,)))
    assert not any(character in said for character in "\x1b\x07\u202e")
    assert "\n::" not in said
