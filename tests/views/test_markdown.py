"""A plan in a pull request: what stands first, what is cut, and that nothing foreign leaves its code."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from example_diffs import TRIAGE, crowded, diff, refused, rehearsed, reviewed
from example_plans import BOT, EXAMPLES, changed_epochs, digest, first_plan, no_changes, notes_and_gates, plan, train
from hostile_plan import hostile_diff, hostile_plan
from hostile_text import INJECTIONS, check_is_harmless
from markdown_reading import Reading, check_sound

from ftplan.core.plan import Note, Plan
from ftplan.core.spec import Address
from ftplan.views.markdown.comment import LIMITS, render_markdown
from ftplan.views.markdown.diff import render_diff_markdown
from ftplan.views.markdown.marker import Marker, marker_in
from ftplan.views.markdown.spans import cell, code_fence, code_span

CHECKSUM = digest("plan")
# So many characters that nothing is cut for want of room.
ENDLESS = 10_000_000
PLANS = {**EXAMPLES, "refused": refused, "rehearsed": rehearsed, "reviewed": reviewed}


def shown(made: Plan, limit: int = LIMITS["github"]) -> str:
    return render_markdown(made, checksum="" if made.errors else CHECKSUM, limit=limit)


def above_the_fold(text: str) -> str:
    return text.split("<details>", 1)[0]


def length(text: str) -> int:
    """By whatever a host counts."""
    return max(len(text.encode()), len(text.encode("utf-16-le")) // 2, len(text))


@pytest.mark.parametrize("name", PLANS)
def test_a_comment_is_sound(name: str) -> None:
    check_sound(shown(PLANS[name]()))
    check_is_harmless(shown(PLANS[name]()))


@pytest.mark.parametrize("name", INJECTIONS)
def test_foreign_text_stays_in_code(name: str) -> None:
    """What is read as anything else is the same to the word, whatever the names, errors, rows and files say."""
    hostile, plain = (render_markdown(hostile_plan(text), limit=ENDLESS) for text in (INJECTIONS[name], "plain"))
    told, expected = Reading.of(hostile).skeleton, Reading.of(plain).skeleton
    assert told[0].startswith("html <!-- ftplan:plan ")
    assert told[1:] == expected[1:]
    check_sound(hostile)
    check_is_harmless(hostile)


@pytest.mark.parametrize("name", INJECTIONS)
def test_foreign_text_in_a_dataset_stays_in_code(name: str) -> None:
    hostile, plain = (render_diff_markdown(hostile_diff(text), text, ENDLESS) for text in (INJECTIONS[name], "plain"))
    assert Reading.of(hostile).skeleton == Reading.of(plain).skeleton
    check_sound(hostile)


def test_a_diff_of_a_dataset_keeps_its_limit_and_its_title() -> None:
    changed = crowded().dataset_diffs["tickets"]
    for limit in (65_536, 4_000, 1_500):
        text = render_diff_markdown(changed, "data/tickets.jsonl", limit)
        assert length(text) < limit
        assert text.startswith("### `data/tickets.jsonl`: 5,000 edited of 5,000\n")
        assert f"**Cut to fit into {limit:,} characters:**" in text
        check_sound(text)


@pytest.mark.parametrize("name", INJECTIONS)
def test_foreign_text_never_pushes_the_headline_out(name: str) -> None:
    text = render_markdown(hostile_plan(INJECTIONS[name]), limit=4_000)
    assert length(text) < 4_000
    assert "\nPlan: 5 to add, 3 to change, 1 to destroy.\n---\n" in text
    assert "**Refused:**" in text
    check_sound(text)


def test_a_comment_begins_with_its_marker() -> None:
    made = replace(first_plan(), workspace="staging")
    assert marker_in(shown(made)) == Marker("support", "staging", CHECKSUM)
    assert marker_in(shown(refused())) == Marker("support", "default", "")


def test_the_counts_stand_on_a_line_of_their_own() -> None:
    assert "Plan: 3 to add, 0 to change, 0 to destroy." in shown(reviewed()).split("\n")
    assert "No changes. Your infrastructure matches the configuration." in shown(no_changes()).split("\n")
    heads = [part for part in Reading.of(shown(reviewed())).skeleton if part.startswith("heading_open")]
    assert len(heads) == 2


def test_above_the_fold_stands_what_a_reviewer_has_to_know() -> None:
    head = above_the_fold(shown(reviewed()))
    for told in (
        "**Cost:** `$4.28`",
        "1,712,000 to train on",
        "`tickets`: 3 edited, 1 added of 501; 128,000 → 193,553 tokens an epoch",
        "`3 rows are both trained on and validated with`",
        "the first base model ends in 53 days, on 2027-01-14",
        "**Short life** for `model.support-bot`",
        "And 1 more below.",
        f"`ftplan apply -checksum={CHECKSUM}`",
    ):
        assert told in head


def test_each_model_and_each_file_has_its_line() -> None:
    rows = [line for line in shown(reviewed()).split("\n") if re.match(r"\| `(\+|-/\+)` \| (re)?(train|upload)", line)]
    assert [line.split(" | ")[1] for line in rows] == [
        f"train again `{BOT}`",
        f"train `{TRIAGE}`",
        "upload `dataset.tickets`",
    ]
    assert all("3 edited, 1 added of 501" in row for row in rows)
    assert "`gpt-4.1-mini-2025-04-14`, 53 days" in rows[0]
    assert "changed: `dataset`, `epochs`" in rows[0]


def test_what_a_gate_refuses_is_said_first_and_offers_no_command() -> None:
    made = replace(refused(), notes=(Note("error", "Broken", "x"), *refused().notes))
    head = above_the_fold(shown(made))
    box = head[head.index("> [!CAUTION]") :].split("\n")
    assert box[1].startswith("> **Refused:** Over budget. Nothing will be started.")
    assert box[2] == "> `budget.max_total` is `$3.21`, allowed: `$2.00`. To let this one run past it: `-max-cost=3.21`"
    assert box[3].startswith("> - **Refused:** Over budget for `model.support-bot`: `budget.max_per_model`")
    assert box[5] == "> And 2 more below."
    assert "| **Refused:** train `model.support-bot` |" in head
    assert "-checksum=" not in head


def test_two_hundred_models_and_five_thousand_rows_fit_every_host() -> None:
    made = crowded()
    for limit in LIMITS.values():
        text = shown(made, limit)
        assert length(text) < limit - 100
        head = above_the_fold(text)
        assert "\nPlan: 201 to add, 0 to change, 0 to destroy.\n---\n" in head
        assert "train again `model.bot-000`" in head
        assert "\nand 141 more\n" in head
        assert f"**Cut to fit into {limit:,} characters:**" in head
        check_sound(text)


def test_what_matters_least_is_cut_first() -> None:
    made = crowded(6, 60)
    whole = shown(made, ENDLESS)
    assert "Cut to fit" not in whole
    order = (
        "lines of the plan as text",
        "lines of sample texts",
        "listed rows",
        "lines of the reckoning",
        "base models",
        "fields",
        "notes",
        "figures of datasets",
        "lines of the table",
    )
    seen: list[str] = []
    for limit in range(len(whole), 2_000, -300):
        text = shown(made, limit)
        assert length(text) < limit
        check_sound(text)
        (notice,) = re.findall(r"\*\*Cut to fit into [\d,]+ characters:\*\* (.*)\. The whole plan", text) or [""]
        cut = re.findall(r"([a-z ]+) \([\d,]+\)", notice)
        assert {word.strip() for word in cut} == set(order[: len(cut)])
        seen += [word.strip() for word in cut]
    assert list(order) == sorted(set(seen), key=order.index)


def test_many_refusals_are_counted_and_stay_above_the_fold() -> None:
    rule = {"rule": "budget.max_per_model", "figure": "$9.00", "limit": "$1.00"}
    names = [Address("model", f"bot-{number:03}") for number in range(40)]
    notes = tuple(Note("error", "Over budget", gate="budget", address=n, blocks=(n,), **rule) for n in names)
    text = shown(plan(*map(train, names), notes=notes), 4_000)
    assert length(text) < 4_000
    assert text.count("> - **Refused:** Over budget for `model.bot-0") == 8
    assert "> - **Refused:** 31 more" in text
    check_sound(text)


def test_without_folds_nothing_but_the_marker_is_html() -> None:
    reading = Reading.of(render_markdown(reviewed(), folds=False))
    assert [html.strip() for html in reading.html] == [
        "<!-- ftplan:plan project=support workspace=default checksum= -->"
    ]
    assert "The whole plan as text" in reading.words()


def test_the_same_plan_gives_the_same_bytes() -> None:
    made = reviewed()
    turned = replace(
        made,
        after=dict(reversed(made.after.items())),
        before=dict(reversed(made.before.items())),
        dataset_diffs={"tickets": diff(), "holdout": diff()},
    )
    other = replace(turned, dataset_diffs=dict(reversed(turned.dataset_diffs.items())))
    assert shown(turned) == shown(other)


def test_it_reads_as_recorded(golden: Callable[[str, str], None]) -> None:
    golden("markdown_small.md", shown(changed_epochs()))
    golden("markdown_refused.md", shown(refused()))
    golden("markdown_empty.md", shown(no_changes()))
    golden("markdown_rehearsal.md", shown(rehearsed()))
    golden("markdown_reviewed.md", shown(reviewed()))
    golden("markdown_dataset.md", render_diff_markdown(diff(), "data/tickets.jsonl", LIMITS["github"]))


def test_a_plan_that_fails_says_so() -> None:
    text = shown(EXAMPLES["planning_failed"]())
    assert "\nPlanning failed. Nothing will be started.\n---\n" in text
    assert "> **Error:** Waits for its parent for `model.support-bot`." in text


def test_a_training_that_waits_for_its_owner_is_said_to() -> None:
    text = above_the_fold(shown(EXAMPLES["waiting_for_consent"]()))
    assert "No changes. 1 model waits for your consent to be trained again.\n---\n" in text
    assert "`ftplan apply -replace=model.support-bot`" in text


def test_a_life_is_that_of_the_bases_that_are_trained_on() -> None:
    assert "first base model ends in 53 days" in shown(notes_and_gates())


def test_a_span_is_longer_than_any_run_inside() -> None:
    assert code_span("a``b") == "```a``b```"
    assert code_span("`a`") == "`` `a` ``"
    assert code_span("US$") == "` US$ `"
    assert code_fence(["````"]) == "`````"


def test_no_pipe_ends_a_cell() -> None:
    assert cell(code_span("a|b")) == "`a\\|b`"
    assert cell(code_span("a\\|b")) == "`a\\\\u{7c}b`"
