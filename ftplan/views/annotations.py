"""Problems for the programs that show them beside the code: GitHub's workflow commands, and SARIF 2.1.0."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import ftplan
from ftplan.errors import Problem
from ftplan.views.style import clean, clean_lines

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class RuleText:
    """What a list of rules says of one of them."""

    name: str
    summary: str
    says: str
    level: str


def github_annotation(problem: Problem) -> str:
    """One workflow command, on one line. GitHub shows ten errors and ten warnings a step.

    Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
    """
    place = problem.place
    told: dict[str, Any] = {"title": clean(problem.summary)}
    if place is not None:
        told = {"file": clean(place.path, _LIMIT), "line": place.line, "col": place.column, **told}
    said = ",".join(f"{name}={_property(str(value))}" for name, value in told.items() if value is not None)
    return f"::{problem.severity} {said}::{_data(_text(problem))}"


def sarif_document(problems: Iterable[Problem], rules: Sequence[RuleText]) -> dict[str, Any]:
    """What GitHub's code scanning and other viewers read. `rules` are told whether or not they were broken.

    Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/.
    """
    driver = {
        "name": "ftplan",
        "version": ftplan.__version__,
        "rules": [
            {
                "id": rule.name,
                "shortDescription": {"text": rule.summary},
                "fullDescription": {"text": rule.says},
                "defaultConfiguration": {"level": rule.level},
            }
            for rule in rules
        ],
    }
    results = [_result(problem) for problem in problems]
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _result(problem: Problem) -> dict[str, Any]:
    result: dict[str, Any] = {"level": problem.severity, "message": {"text": _text(problem)}}
    if problem.rule:
        result["ruleId"] = problem.rule
    place = problem.place
    if place is not None:
        numbers = {"startLine": place.line, "startColumn": place.column}
        region = {name: number for name, number in numbers.items() if number is not None}
        artifact = {"artifactLocation": {"uri": quote(place.path, errors="replace")}}
        result["locations"] = [{"physicalLocation": {**artifact, **({"region": region} if region else {})}}]
    return result


def _text(problem: Problem) -> str:
    rule = f" [{clean(problem.rule)}]" if problem.rule else ""
    parts = [f"{clean(problem.summary)}{rule}"]
    for text in filter(None, (problem.detail, problem.advice, problem.command)):
        parts += clean_lines(text, _LIMIT)
    return "\n".join(parts)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
