"""Evaluations and aliases: what is read of them, and what is wrong with them, all of it at once."""

# ruff: noqa: E501  (a message is easier to read in one line)
from __future__ import annotations

from typing import Any

import pytest

from ftplan.core.evaluating import AliasSpec, EvalSpec, GraderSpec, Thresholds
from ftplan.core.spec import DatasetSpec

HEAD = """version: 1
providers: {openai: {}}
datasets: {rows: {path: rows.jsonl}, holdout: {path: holdout.jsonl}}
models: {bot: {base_model: m, dataset: rows}}
"""
EVAL = "evals:\n  accuracy:\n    dataset: holdout\n    grader: {type: exact}\n"
JUDGE = "evals:\n  accuracy:\n    dataset: holdout\n    grader: {type: judge, model: j, "


def lines(loaded: Any, severity: str = "error") -> list[str]:
    told = [problem for problem in loaded.problems if problem.severity == severity]
    return [f"{p.place.line}:{p.place.column} {p.summary} | {p.detail} | {p.advice}" for p in told]


def test_what_is_declared_is_read_with_its_defaults(load: Any) -> None:
    project = load(HEAD + EVAL + "aliases: {prod: {model: bot, requires: [eval.accuracy]}}\n").project
    assert project.evals == {"accuracy": EvalSpec("accuracy", "holdout", (GraderSpec("exact", "exact"),))}
    assert project.aliases == {"prod": AliasSpec("prod", "bot", ("accuracy",))}
    assert (project.evals["accuracy"].seed, project.evals["accuracy"].confidence) == (7, 0.95)


def test_all_that_can_be_said_is_read(load: Any) -> None:
    said = """evals:
  style:
    dataset: data/asked.jsonl
    limit: 20
    seed: 3
    graders:
      words: {type: similarity, measure: words, at_least: 0.9, weight: 2}
      sums: {type: numeric, tolerance: 0.5}
    parameters: {temperature: 0, max_completion_tokens: 64}
    thresholds: {score: 0.8, over_base: 0.05, over_current: -0.02}
    confidence: 0.9
"""
    project = load(HEAD + said).project
    spec = project.evals["style"]
    assert spec.graders == (
        GraderSpec("words", "similarity", {"measure": "words", "at_least": 0.9}, 2.0),
        GraderSpec("sums", "numeric", {"tolerance": 0.5}),
    )
    assert (spec.limit, spec.seed, spec.confidence) == (20, 3, 0.9)
    assert spec.thresholds == Thresholds(0.8, 0.05, -0.02)
    assert spec.parameters == {"temperature": 0, "max_completion_tokens": 64}
    assert isinstance(project.datasets["data/asked.jsonl"], DatasetSpec)


ONE = {
    "no way to grade": (
        "evals: {accuracy: {dataset: holdout}}\n",
        "5:9 One way to grade | evals.accuracy: nothing says how an answer is graded. | Add `grader: {type: exact}`; its kinds are in `ftplan schema config`.",
    ),
    "two ways to grade": (
        EVAL + "    graders: {a: {type: exact}}\n",
        "8:5 One way to grade | evals.accuracy: both `grader` and `graders` are given. | Keep one of them.",
    ),
    "unknown dataset": (
        "evals: {accuracy: {dataset: holdot, grader: {type: exact}}}\n",
        '5:29 Unknown dataset | evals.accuracy: there is no dataset "holdot"; declared are rows, holdout. | Did you mean "holdout"?',
    ),
    "a path that leads out": (
        "evals: {accuracy: {dataset: ../x.jsonl, grader: {type: exact}}}\n",
        "5:29 Path not allowed | evals.accuracy.dataset: the path holds `..`. | Paths are relative to this file and stay in its folder; -allow-outside lifts that.",
    ),
    "a threshold beyond all": (
        EVAL + "    thresholds: {score: 80}\n",
        "9:25 Invalid value | evals.accuracy.thresholds.score is the number 80; expected a number from 0 to 1. | ",
    ),
    "a key of another grader": (
        "evals: {accuracy: {dataset: holdout, grader: {type: exact, pattern: x}}}\n",
        '5:60 Unknown key | evals.accuracy.grader has no key "pattern". | Keys that may stand here: type, weight, normalise.',
    ),
    "an own parameter": (
        EVAL + "    parameters: {model: x}\n",
        "9:25 Not a parameter | evals.accuracy: model is no parameter: it is what ftplan asks with. | Remove it.",
    ),
    "a judge that is told nothing": (
        JUDGE + "prompt: fine?}\n",
        "8:45 A judge without an answer | evals.accuracy: the judge is never told the answer: its prompt holds no {{answer}}. | Put {{answer}} into it.",
    ),
    "a judge of another provider": (
        JUDGE + 'provider: opnai, prompt: "{{answer}}"}\n',
        '8:47 Unknown provider | evals.accuracy: there is no provider "opnai"; declared are openai. | Did you mean "openai"?',
    ),
    "no function": (
        "evals: {accuracy: {dataset: holdout, grader: {type: python, function: os.system}}}\n",
        '5:71 Invalid value | evals.accuracy.grader.function is the text "os.system"; expected a function, written package.module:name. | ',
    ),
    "unknown model": (
        "aliases: {prod: {model: bott}}\n",
        '5:25 Unknown model | aliases.prod: there is no model "bott"; declared are bot. | Did you mean "bot"?',
    ),
    "a model by its address": (
        "aliases: {prod: {model: model.bot}}\n",
        '5:25 Unknown model | aliases.prod: a model is named without its kind: "bot". | Write bot.',
    ),
    "unknown evaluation": (
        EVAL + "aliases: {prod: {model: bot, requires: [eval.acuracy]}}\n",
        '9:41 Unknown evaluation | aliases.prod: there is no evaluation "acuracy"; declared are accuracy. | Did you mean "accuracy"?',
    ),
    "no evaluation": (
        "aliases: {prod: {model: bot, requires: [accuracy]}}\n",
        '5:41 Invalid value | aliases.prod.requires[0] is the text "accuracy"; expected an evaluation, written eval.NAME. | ',
    ),
    "one name": (
        "aliases: {bot: {model: bot}}\n",
        "5:11 One name for two things | aliases.bot: a model has this name as well, and applications could not tell the two apart. | Give the alias another name.",
    ),
    "the training data": (
        "evals: {accuracy: {dataset: rows, grader: {type: exact}}}\naliases: {prod: {model: bot, requires: [eval.accuracy]}}\n",
        '6:41 Evaluated on training data | aliases.prod: "eval.accuracy" asks the rows that models.bot is trained on; it would tell nothing. | Set rows aside in a file of their own.',
    ),
}


@pytest.mark.parametrize("what", ONE)
def test_what_is_wrong_is_told_with_its_place(load: Any, what: str) -> None:
    said, told = ONE[what]
    assert lines(load(HEAD + said)) == [told]


def test_an_alias_that_any_model_passes_for_is_a_warning(load: Any) -> None:
    loaded = load(HEAD + EVAL + "aliases: {prod: {model: bot, requires: [eval.accuracy]}}\n")
    (line,) = lines(loaded, "warning")
    assert line.startswith('9:41 Nothing to pass | aliases.prod: "eval.accuracy" has no thresholds')
    assert loaded.project is not None


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (EVAL + "    parameters: {temperature: 9}\n", "Temperature out of range"),
        (JUDGE + "prompt: 'Rate {{answer}} vs {{wnted}}'}\n", 'Did you mean "wanted"?'),
        (JUDGE + "prompt: 'Rate {{ answer }} {{answer}}'}\n", "Unknown placeholder"),
    ],
)
def test_what_no_service_takes_is_told_before_anything_is_trained(load: Any, said: str, told: str) -> None:
    (line,) = lines(load(HEAD + said))
    assert told in line


def test_everything_that_is_wrong_is_told_at_once(load: Any) -> None:
    said = "evals: {a: {dataset: nowhere, parameters: {n: 2}}}\naliases: {bot: {model: nobody, requires: [eval.b]}}\n"
    found = {line.split(" | ")[0].split(" ", 1)[1] for line in lines(load(HEAD + said))}
    assert found == {
        "Unknown dataset",
        "One way to grade",
        "Not a parameter",
        "Unknown model",
        "One name for two things",
        "Unknown evaluation",
    }
