"""What other programs show beside the code."""

from __future__ import annotations

import pytest

from ftplan.errors import Place, Problem
from ftplan.views.annotations import RuleText, github_annotation, sarif_document

ROLE = Problem(
    "A message has an unusable role", "messages[0].role is 'x'.", Place("data/a b.jsonl", 7, 3), "Fix it.", rule="role"
)


def test_an_annotation_names_file_line_and_rule_on_one_line() -> None:
    assert github_annotation(ROLE) == (
        "::error file=data/a b.jsonl,line=7,col=3,title=A message has an unusable role"
        "::A message has an unusable role [role]%0Amessages[0].role is 'x'.%0AFix it."
    )


@pytest.mark.parametrize("text", ["a\n::error::x", "%0A::add-mask::x", "a,line=9", "b\r\n##[command]x", "\x1b[2J"])
def test_a_hostile_text_stays_inside_its_annotation(text: str) -> None:
    line = github_annotation(Problem(text, text, Place(text, 1), text))
    assert "\n" not in line
    assert "\r" not in line
    assert "\x1b" not in line
    properties = line.removeprefix("::error ").partition("::")[0]
    assert [part.partition("=")[0] for part in properties.split(",")] == ["file", "line", "title"]


def test_a_sarif_document_lists_the_rules_and_points_at_the_places() -> None:
    rules = [RuleText("role", "A message has an unusable role", "Every role is known.", "error")]
    document = sarif_document([ROLE, Problem("No place")], rules)
    (run,) = document["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["role"]
    first, second = run["results"]
    assert (first["ruleId"], first["level"]) == ("role", "error")
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "data/a%20b.jsonl"
    assert place["region"] == {"startLine": 7, "startColumn": 3}
    assert "locations" not in second
