"""Evaluations and aliases in a document: read, and checked for what a schema cannot say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ftplan.config.halves import Halves, name_at, share_rows
from ftplan.config.safety import is_path
from ftplan.config.tree import Path, Tree
from ftplan.config.wording import listed, near_miss, quoted
from ftplan.core.evaluating import CONFIDENCE, EVAL_PREFIX, EVAL_SEED, AliasSpec, EvalSpec, GraderSpec, Thresholds
from ftplan.core.recipe import canonical
from ftplan.errors import Problem

_GRADER_KEYS = frozenset({"type", "weight"})
# What a question is made of; as a parameter it would be another question.
_OWN_PARAMETERS = frozenset({"model", "messages", "tools", "stream", "n"})
_PLACEHOLDER = "{{answer}}"
_PLACES = ("prompt", "wanted", "answer")
_PLACE = re.compile(r"\{\{([^{}]{1,40})\}\}")
_HOTTEST = 2


def read_evals(tree: Tree) -> dict[str, EvalSpec]:
    """The evaluations that a tree without problems declares."""
    return {name: _eval(tree, name) for name in tree.mapping("evals")}


def read_aliases(tree: Tree) -> dict[str, AliasSpec]:
    """The aliases that a tree without problems declares."""
    aliases = {}
    for name, spec in tree.mapping("aliases").items():
        path: Path = ("aliases", name)
        requires = tuple(text.removeprefix(EVAL_PREFIX) for text in spec.get("requires") or ())
        places = {key: tree.place((*path, key)) for key in spec}
        aliases[name] = AliasSpec(name, spec["model"], requires, tree.key_place(path), places)
    return aliases


def eval_problems(tree: Tree, halves: Halves) -> Iterator[Problem]:
    """What is wrong with evaluations and aliases beyond their shape."""
    for name in tree.mapping("evals"):
        yield from _dataset(tree, name, halves)
        yield from _graders(tree, name)
    for name in tree.mapping("aliases"):
        yield from _alias(tree, name)
        yield from _taught_to_the_test(tree, name, halves)
        yield from _passed_by_all(tree, name)


def _eval(tree: Tree, name: str) -> EvalSpec:
    path: Path = ("evals", name)
    spec = tree.mapping(*path)
    bounds = {key: float(value) for key, value in (spec.get("thresholds") or {}).items()}
    return EvalSpec(
        name=name,
        dataset=name_at(tree, (*path, "dataset")) or "",
        graders=tuple(_grader(tree, at, label) for at, label in _grader_paths(tree, name)),
        limit=None if spec.get("limit") is None else int(spec["limit"]),
        seed=int(spec.get("seed", EVAL_SEED)),
        parameters=canonical(spec.get("parameters") or {}),
        thresholds=Thresholds(**bounds),
        confidence=float(spec.get("confidence", CONFIDENCE)),
        place=tree.key_place(path),
        places={key: tree.place((*path, key)) for key in spec},
    )


def _grader_paths(tree: Tree, name: str) -> list[tuple[Path, str]]:
    """Where the graders of an evaluation stand, with their names; one that has none goes by its type."""
    if tree.get("evals", name, "grader") is not None:
        return [(("evals", name, "grader"), tree.text("evals", name, "grader", "type") or "")]
    return [(("evals", name, "graders", label), label) for label in tree.mapping("evals", name, "graders")]


def _grader(tree: Tree, path: Path, label: str) -> GraderSpec:
    spec = tree.mapping(*path)
    settings: dict[str, Any] = {key: canonical(value) for key, value in spec.items() if key not in _GRADER_KEYS}
    return GraderSpec(label, spec["type"], settings, float(spec.get("weight", 1)), tree.place(path))


def _problem(tree: Tree, path: Path, summary: str, detail: str, advice: str = "") -> Problem:
    where = f"{path[0]}.{path[1]}"
    return Problem(summary, f"{where}: {detail}", tree.place(path), advice=advice)


def _dataset(tree: Tree, name: str, halves: Halves) -> Iterator[Problem]:
    path: Path = ("evals", name, "dataset")
    known, dataset = [*tree.mapping("datasets"), *halves.validation], tree.text(*path)
    if dataset and dataset not in known and not is_path(dataset):
        detail = f"there is no dataset {quoted(dataset)}; declared are {listed(known)}."
        advice = near_miss(dataset, known) or "A path holds a / or ends in .jsonl."
        yield _problem(tree, path, "Unknown dataset", detail, advice)


def _graders(tree: Tree, name: str) -> Iterator[Problem]:
    path: Path = ("evals", name)
    has = [key for key in ("grader", "graders") if tree.get(*path, key) is not None]
    if len(has) != 1 and isinstance(tree.get(*path), dict):
        detail = "both `grader` and `graders` are given." if has else "nothing says how an answer is graded."
        advice = "Keep one of them." if has else "Add `grader: {type: exact}`; its kinds are in `ftplan schema config`."
        yield _problem(tree, (*path, has[0]) if has else path, "One way to grade", detail, advice)
    yield from _parameters(tree, (*path, "parameters"))
    for at, _ in _grader_paths(tree, name):
        if tree.text(*at, "type") == "judge":
            yield from _judge(tree, at)


def _judge(tree: Tree, at: Path) -> Iterator[Problem]:
    provider, known = tree.text(*at, "provider"), tree.mapping("providers")
    if provider is not None and provider not in known:
        detail = f"there is no provider {quoted(provider)}; declared are {listed(known)}."
        yield _problem(tree, (*at, "provider"), "Unknown provider", detail, near_miss(provider, known))
    prompt = tree.text(*at, "prompt")
    if prompt is not None and _PLACEHOLDER not in prompt:
        detail = f"the judge is never told the answer: its prompt holds no {_PLACEHOLDER}."
        yield _problem(tree, (*at, "prompt"), "A judge without an answer", detail, f"Put {_PLACEHOLDER} into it.")
    for odd in dict.fromkeys(_PLACE.findall(prompt or "")):
        if odd.strip() not in _PLACES or odd != odd.strip():
            detail = f"{{{{{odd}}}}} in the prompt of the judge stands for nothing; it is sent as it is written."
            advice = near_miss(odd.strip(), _PLACES) or f"There are {listed(_PLACES)}."
            yield _problem(tree, (*at, "prompt"), "Unknown placeholder", detail, advice)
    yield from _parameters(tree, (*at, "parameters"))


def _passed_by_all(tree: Tree, name: str) -> Iterator[Problem]:
    """An evaluation that everything passes keeps no alias from moving."""
    requires = tree.get("aliases", name, "requires")
    for index, text in enumerate(requires if isinstance(requires, list) else ()):
        wanted = text.removeprefix(EVAL_PREFIX) if isinstance(text, str) else ""
        if isinstance(tree.get("evals", wanted), dict) and not tree.mapping("evals", wanted, "thresholds"):
            detail = f"{quoted(text)} has no thresholds, so that every model passes it."
            advice = "Say in it what is good enough: `thresholds: {score: 0.8, over_base: 0.05}`."
            problem = _problem(tree, ("aliases", name, "requires", index), "Nothing to pass", detail, advice)
            yield replace(problem, severity="warning")


def _parameters(tree: Tree, path: Path) -> Iterator[Problem]:
    for key in tree.mapping(*path):
        if key in _OWN_PARAMETERS:
            detail = f"{key} is no parameter: it is what ftplan asks with."
            yield _problem(tree, (*path, key), "Not a parameter", detail, "Remove it.")
    heat = tree.get(*path, "temperature")
    if isinstance(heat, (int, float)) and not 0 <= heat <= _HOTTEST:
        detail = f"a temperature of {heat} is refused by every service: it goes from 0 to {_HOTTEST}."
        yield _problem(tree, (*path, "temperature"), "Temperature out of range", detail, "")


def _taught_to_the_test(tree: Tree, name: str, halves: Halves) -> Iterator[Problem]:
    """A model that is judged by the very rows it is trained on."""
    model, requires = tree.text("aliases", name, "model"), tree.get("aliases", name, "requires")
    training = halves.file_at(tree, ("models", model, "dataset")) if model is not None else None
    for index, text in enumerate(requires if isinstance(requires, list) else ()):
        wanted = text.removeprefix(EVAL_PREFIX) if isinstance(text, str) else ""
        asked = halves.file_at(tree, ("evals", wanted, "dataset"))
        if training is not None and asked is not None and (asked == training or share_rows(training, asked)):
            detail = f"{quoted(text)} asks the rows that models.{model} is trained on; it would tell nothing."
            at: Path = ("aliases", name, "requires", index)
            yield _problem(tree, at, "Evaluated on training data", detail, "Set rows aside in a file of their own.")


def _alias(tree: Tree, name: str) -> Iterator[Problem]:
    path: Path = ("aliases", name)
    models, evals = tree.mapping("models"), tree.mapping("evals")
    model = tree.text(*path, "model")
    if model is not None and model.removeprefix("model.") not in models:
        detail = f"there is no model {quoted(model)}; declared are {listed(models)}."
        yield _problem(tree, (*path, "model"), "Unknown model", detail, near_miss(model, models))
    elif model is not None and model not in models:
        detail = f"a model is named without its kind: {quoted(model.removeprefix('model.'))}."
        yield _problem(tree, (*path, "model"), "Unknown model", detail, f"Write {model.removeprefix('model.')}.")
    if name in models:
        detail = "a model has this name as well, and applications could not tell the two apart."
        yield _problem(tree, path, "One name for two things", detail, "Give the alias another name.")
    listed_evals = tree.get(*path, "requires")
    for index, text in enumerate(listed_evals if isinstance(listed_evals, list) else ()):
        wanted = text.removeprefix(EVAL_PREFIX) if isinstance(text, str) else None
        if wanted is not None and text.startswith(EVAL_PREFIX) and wanted not in evals:
            detail = f"there is no evaluation {quoted(wanted)}; declared are {listed(evals)}."
            yield _problem(tree, (*path, "requires", index), "Unknown evaluation", detail, near_miss(wanted, evals))
