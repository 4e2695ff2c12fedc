"""Problems, states, outputs and graphs as a person reads them."""

from __future__ import annotations

from collections.abc import Callable

from example_states import STATE

from ftplan.core.records import State
from ftplan.core.spec import Address
from ftplan.errors import Place, Problem
from ftplan.views.graph_text import render_dot
from ftplan.views.json_documents import model_outputs
from ftplan.views.message_text import render_problems
from ftplan.views.state_text import render_outputs, render_record, render_state
from ftplan.views.style import Style

PLAIN = Style(False)
PATH = "/a/very/long/path/that-must-not-be-broken/even-where-the-line-is-short/ftplan.yaml"
KEY = Problem(
    "Unknown key",
    'The key "epoch" is not known in a model. Every key that is not known is an error, since a misspelt one would '
    "train another model than the one that was meant, and be paid for all the same.",
    Place("ftplan.yaml", 12, 5, "    epoch: 3"),
    f"Did you mean epochs? The file at {PATH} tells more.",
    f"ftplan validate -json -var-file={PATH} -var=epochs=4 -chdir=somewhere",
    address="model.support-bot",
)
SLOW = Problem("Short life", "It is soon gone.", address="model.x", severity="warning")


def test_every_problem_is_shown_at_once(golden: Callable[[str, str], None]) -> None:
    golden("problems.txt", render_problems([KEY, SLOW, Problem("State is locked")], PLAIN))


def test_compact_warnings_leave_errors_whole(golden: Callable[[str, str], None]) -> None:
    golden("problems_compact.txt", render_problems([KEY, SLOW], PLAIN, compact_warnings=True))


def test_a_place_is_written_so_that_editors_can_jump_to_it() -> None:
    assert "│   on ftplan.yaml:12:5, in model.support-bot:\n│   12:     epoch: 3\n" in render_problems([KEY], PLAIN)


def test_commands_and_paths_are_never_broken() -> None:
    text = render_problems([KEY], PLAIN)
    assert f"│     {KEY.command}\n" in text
    assert f" {PATH}" in text


def test_what_is_indented_or_listed_keeps_its_lines() -> None:
    text = render_problems([Problem("x", "first:\n  - a\n  - b")], PLAIN)
    assert "│ first:\n│   - a\n│   - b\n" in text


def test_no_problems_are_no_text() -> None:
    assert render_problems([], PLAIN) == ""


def test_a_state_reads_as_blocks(golden: Callable[[str, str], None]) -> None:
    golden("state.txt", render_state(STATE))


def test_one_record_is_shown_alone_and_an_unknown_one_not_at_all() -> None:
    text = render_record(Address("model", "support-bot"), STATE)
    assert text is not None
    assert text.startswith('# model.support-bot:\nmodel "support-bot" {\n')
    assert "dataset" not in text
    assert render_record(Address("model", "nobody"), STATE) is None


def test_an_open_intent_is_shown_under_its_model() -> None:
    assert 'intent "triage" {' in (render_record(Address("model", "triage"), STATE) or "")


def test_an_empty_state_says_so() -> None:
    assert render_state(State("p", "l")) == "The state is empty: nothing is managed.\n"


def test_outputs_are_aligned_and_null_until_they_exist() -> None:
    text = render_outputs({**model_outputs(STATE), "b": None})
    assert text == 'b           = null\nsupport-bot = "ft:gpt-4.1-mini-2025-04-14:acme:support-bot:Abc123"\n'
    assert render_outputs({}) == ""


def test_a_graph_names_each_node_once_and_escapes_it(golden: Callable[[str, str], None]) -> None:
    golden("graph.dot", render_dot(["dataset.b"], [("model.a", "dataset.b"), ('model."x\\', "model.a")]))
