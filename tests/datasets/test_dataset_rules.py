"""Each rule has a name, a source, a case that breaks it, and a row in the README."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rule_cases import CASES, GOOD, OF_TWO_FILES, TOOL, Case, calling, chat, lines, tooled

from ftplan.datasets.rows.rules import BY_NAME, WARNINGS
from ftplan.datasets.scanning.findings import levelled
from ftplan.errors import Problem

SCHEMA = Path(__file__).parents[2] / "schemas" / "config.schema.json"


def broken(measured, case: Case) -> dict[str, Problem]:
    return {p.rule: p for p in measured(case.bytes, "o200k_base", method=case.method, **dict(case.more)).problems}


@pytest.mark.parametrize("name", sorted(BY_NAME.keys() - OF_TWO_FILES))
def test_each_rule_is_told_by_its_name_where_it_is_broken(measured, name: str) -> None:
    found = broken(measured, CASES[name])
    assert name in found, found
    rule = BY_NAME[name]
    assert (found[name].summary, found[name].severity) == (rule.summary, rule.level)
    assert rule.says.endswith(".")
    assert rule.source
    if rule.level == "error":
        assert measured(CASES[name].bytes, "o200k_base", method=CASES[name].method, **dict(CASES[name].more)).errors


def test_a_good_row_breaks_no_rule(measured) -> None:
    good = [chat({"role": "user", "content": f"q{n}"}, {"role": "assistant", "content": "a"}) for n in range(60)]
    assert measured(lines(*good), "o200k_base", method="supervised", min_rows=10).problems == ()
    assert broken(measured, Case(lines(tooled(calling())))) == {}


def test_the_names_in_the_published_schema_are_the_warnings() -> None:
    levels = json.loads(SCHEMA.read_text())["$defs"]["rule_levels"]
    assert sorted(levels["propertyNames"]["enum"]) == sorted(WARNINGS)


def test_a_warning_can_be_raised_or_silenced_and_an_error_cannot() -> None:
    warning, error = BY_NAME["duplicate-rows"].problem("d"), BY_NAME["role"].problem("d")
    assert levelled([warning], {"duplicate-rows": "off"}) == []
    assert [p.severity for p in levelled([warning], {"duplicate-rows": "error"})] == ["error"]
    assert levelled([warning, error], {"role": "off"}) == [warning, error]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("{}", "'x' is missing"),
        ('{"x": "s3cret"}', "messages[1].tool_calls[0].function.arguments.x: it has the wrong type"),
        ('{"x": 1.5}', "wrong type"),
    ],
)
def test_misfitting_arguments_are_told_by_place_and_never_by_value(measured, arguments: str, words: str) -> None:
    (problem,) = measured(lines(tooled(calling(arguments)))).problems
    assert words in problem.detail
    assert "s3cret" not in problem.detail


def test_a_schema_that_reaches_outside_is_not_fetched_and_refuses_nothing(measured) -> None:
    parameters = {"$ref": "http://127.0.0.1:9/schema.json"}
    tool = {"type": "function", "function": {**TOOL["function"], "parameters": parameters}}
    row = {**tooled(calling()), "tools": [tool]}
    assert set(broken(measured, Case(lines(row)))) == {"tool-schema"}


def test_a_pattern_that_would_run_for_ever_is_given_up(measured) -> None:
    parameters = {"type": "object", "properties": {"x": {"type": "string", "pattern": "^(a+)+$"}}}
    tool = {"type": "function", "function": {**TOOL["function"], "parameters": parameters}}
    row = {**tooled(calling(json.dumps({"x": "a" * 5000 + "!"}))), "tools": [tool]}
    assert set(broken(measured, Case(lines(row)))) <= {"tool-arguments-fit"}


def test_what_is_remarked_on_is_told_once_with_its_first_lines(measured) -> None:
    rows = [GOOD] * 9
    problem = broken(measured, Case(lines(*rows)))["duplicate-rows"]
    assert problem.detail.startswith("Lines 2, 3, 4, 5, 6 and 3 more of train.jsonl")
    assert (problem.place.path, problem.place.line) == ("train.jsonl", 2)
    assert "fix" not in problem.detail


@pytest.mark.parametrize(
    "text",
    [
        "ghp_" + "a1" * 18,
        "AK" + "IAIOSFODNN7EXAMPLE",
        "-----BEGIN RSA PRIV" + "ATE KEY-----\nMIIEpAIBAAKCAQEA7bq",
        "ey" + "JhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.ey" + "JzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
        "xo" + "xb-123456789012-abcdefghijkl",
    ],
)
def test_what_looks_like_a_secret_is_named_by_kind_and_never_shown(measured, text: str) -> None:
    problem = broken(measured, Case(lines(chat({"role": "user", "content": text}, GOOD["messages"][1]))))["secret"]
    assert text[:12] not in problem.detail
    assert "what looks like a" in problem.detail


@pytest.mark.parametrize("before", ["", "\n", "\t", "see:", "x\n\n", '"'])
@pytest.mark.parametrize("text", ["ghp_" + "a1" * 18, "+49 171 1234567", "jane@acme.io", "4111 1111 1111 1111"])
def test_it_is_seen_whatever_stands_before_it_in_the_line(measured, before: str, text: str) -> None:
    row = chat({"role": "user", "content": f"{before}{text}\nand more"}, GOOD["messages"][1])
    assert set(broken(measured, Case(lines(row)))) <= {"secret", "personal-data"}
    assert broken(measured, Case(lines(row)))


@pytest.mark.parametrize(
    "text", ["+49 171 1234567", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "078-05-1120"]
)
def test_what_looks_like_somebodys_number_is_personal_data(measured, text: str) -> None:
    found = broken(measured, Case(lines(chat({"role": "user", "content": f"call {text}."}, GOOD["messages"][1]))))
    assert set(found) == {"personal-data"}


@pytest.mark.parametrize(
    "text", ["a@example.com", "order 1234567890123456", "2026-11-22 10:11:12", "3.14159265358979", "1,234,567,890"]
)
def test_what_is_nobodys_is_no_personal_data(measured, text: str) -> None:
    assert broken(measured, Case(lines(chat({"role": "user", "content": text}, GOOD["messages"][1])))) == {}


def test_privacy_can_be_switched_off(measured) -> None:
    data = CASES["secret"].bytes + CASES["personal-data"].bytes
    assert measured(data, privacy=False).problems == ()
