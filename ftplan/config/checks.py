"""What a schema cannot say: names that must exist, settings that belong to a method.

Looks at documents that may be wrong elsewhere, so that every problem is told at once: what has the wrong shape is
passed over here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ftplan.config.evals import eval_problems
from ftplan.config.halves import Halves, half_problems, share_rows
from ftplan.config.labels import label_problems
from ftplan.config.overrides import override_problems
from ftplan.config.pins import pin_problems
from ftplan.config.safety import is_path
from ftplan.config.tree import Path, Tree
from ftplan.config.wording import listed, near_miss, quoted
from ftplan.core.spec import PARENT_PREFIX
from ftplan.errors import Problem

MAX_REPORTED = 200

# Hyperparameters that only some methods have; the others belong to all.
_METHODS_OF = {
    "beta": "dpo",
    "reasoning_effort": "reinforcement",
    "compute_multiplier": "reinforcement",
    "eval_interval": "reinforcement",
    "eval_samples": "reinforcement",
}


def reference_problems(tree: Tree) -> list[Problem]:
    return list(islice(_all_problems(tree), MAX_REPORTED))


def provider_of(tree: Tree, model: str) -> str | None:
    """The name of the provider that trains `model`: the one written, else the only one, else None."""
    path: Path = ("models", model, "provider")
    if tree.get(*path) is not None:
        return tree.text(*path)
    providers = list(tree.mapping("providers"))
    return providers[0] if len(providers) == 1 else None


def _all_problems(tree: Tree) -> Iterator[Problem]:
    halves = Halves.of(tree)
    yield from half_problems(tree, halves)
    yield from pin_problems(tree)
    yield from label_problems(tree)
    yield from override_problems(tree)
    yield from eval_problems(tree, halves)
    for name in tree.mapping("models"):
        if isinstance(tree.get("models", name), dict):
            yield from _provider(tree, name)
            yield from _parent(tree, name)
            yield from _datasets(tree, name, halves)
            yield from _method(tree, name)


def _problem(tree: Tree, path: Path, summary: str, detail: str, advice: str = "") -> Problem:
    model = str(path[1])
    where = f"{path[0]}.{model}"
    place = tree.place(path)
    return Problem(summary, f"{where}: {detail}", place, advice=advice, address=f"model.{model}")


def _provider(tree: Tree, model: str) -> Iterator[Problem]:
    path: Path = ("models", model, "provider")
    written, known = tree.get(*path), tree.mapping("providers")
    if written is None and len(known) != 1:
        advice = f"Add `provider:` with one of {listed(known)}." if known else "Add `providers: {openai: {}}`."
        detail = "no provider is named, and " + ("there are several." if known else "none is declared.")
        yield _problem(tree, path[:2], "Provider missing", detail, advice)
    elif (name := tree.text(*path)) is not None and name not in known:
        detail = f"there is no provider {quoted(name)}; declared are {listed(known)}."
        yield _problem(tree, path, "Unknown provider", detail, near_miss(name, known))


def _parent(tree: Tree, model: str) -> Iterator[Problem]:
    path: Path = ("models", model, "base_model")
    base, models = tree.text(*path), tree.mapping("models")
    if base is None or not base.startswith(PARENT_PREFIX):
        return
    parent = base.removeprefix(PARENT_PREFIX)
    if parent not in models:
        others = [name for name in models if name != model]
        close = near_miss(parent, others).replace('"', f'"{PARENT_PREFIX}', 1)
        detail = f"there is no model {quoted(parent)} to train on top of; declared beside it: {listed(others)}."
        yield _problem(tree, path, "Unknown model", detail, close)
        return
    mine, theirs = provider_of(tree, model), provider_of(tree, parent)
    if mine is not None and theirs is not None and mine != theirs:
        detail = f"it is trained by {quoted(mine)}, but {base} by {quoted(theirs)}; a model does not move."
        yield _problem(tree, path, "Parent at another provider", detail, "Give both the same provider.")


def _datasets(tree: Tree, model: str, halves: Halves) -> Iterator[Problem]:
    known = [*tree.mapping("datasets"), *halves.validation]
    for key in ("dataset", "validation"):
        path: Path = ("models", model, key)
        name = tree.text(*path)
        if name and name not in known and not is_path(name):
            detail = f"there is no dataset {quoted(name)}; declared are {listed(known)}."
            advice = near_miss(name, known) or "A path holds a / or ends in .jsonl."
            yield _problem(tree, path, "Unknown dataset", detail, advice)
    training, validation = (halves.file_at(tree, ("models", model, key)) for key in ("dataset", "validation"))
    if training is not None and validation is not None and share_rows(training, validation):
        detail = f"validation is the training data itself ({quoted(training[0])}); it would tell nothing."
        advice = "Set rows aside in a file of their own."
        yield _problem(tree, ("models", model, "validation"), "Validation is the training data", detail, advice)


def _method(tree: Tree, model: str) -> Iterator[Problem]:
    path: Path = ("models", model, "method")
    method = tree.get(*path) or "supervised"
    if path in tree.unresolved or method not in ("supervised", "dpo", "reinforcement"):
        return
    for key in tree.mapping("models", model, "hyperparameters"):
        needed = _METHODS_OF.get(key)
        if needed is not None and needed != method:
            where: Path = ("models", model, "hyperparameters", key)
            detail = f"{key} is a setting of the method {needed}; this model's method is {method}."
            advice = f"Remove it, or write `method: {needed}`."
            yield _problem(tree, where, "Setting of another method", detail, advice)
    has_grader = tree.get("models", model, "grader") is not None
    if method == "reinforcement" and not has_grader:
        detail = "the method reinforcement needs a grader, which scores the answers."
        yield _problem(tree, path, "Grader missing", detail, "Add `grader:`; its kinds are in `ftplan schema config`.")
    if method != "reinforcement" and has_grader:
        detail = f"a grader has no part in the method {method}."
        advice = "Remove it, or write `method: reinforcement`."
        yield _problem(tree, ("models", model, "grader"), "Setting of another method", detail, advice)
