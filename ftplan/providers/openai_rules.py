"""What the service would refuse in a model, found without asking it: before anything is uploaded."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from ftplan.core.catalog import Catalog
from ftplan.core.desired import DesiredModel
from ftplan.core.recipe import MARK_ADDRESS, MARK_FINGERPRINT, MARK_KEY, MARK_PROJECT
from ftplan.errors import Problem, Severity
from ftplan.providers.catalog import Limits

_ON_VALIDATION = ("valid_", "full_valid_")
OUR_MARKS = (MARK_PROJECT, MARK_ADDRESS, MARK_KEY, MARK_FINGERPRINT)


def problems_of(model: DesiredModel, catalog: Catalog, limits: Limits, *, is_own_host: bool) -> tuple[Problem, ...]:
    """Everything wrong with `model`, all at once. Behind a host that is not the service's own there may be models the
    catalog has never heard of, so there an unknown base is a warning."""
    return (
        *_base(model, catalog, is_own_host),
        *_method(model, catalog),
        *_completions(model, catalog),
        *_images(model),
        *_grader(model),
        *_sizes(model, limits),
        *_checkpoint(model),
    )


def _base(model: DesiredModel, catalog: Catalog, is_own_host: bool) -> Iterator[Problem]:
    if model.parent is not None or model.base is not None:
        return
    known = (*catalog.models, *catalog.aliases)
    word = model.base_model
    root = word.split(":")[1] if word.startswith("ft:") and ":" in word[3:] else word
    near = get_close_matches(root, known, n=1, cutoff=0.5)
    yield _problem(
        model,
        "base_model",
        "Unknown base model",
        f"{catalog.title} has no base model {word!r} that can be trained, as far as ftplan knows. It knows "
        f"{', '.join(sorted(catalog.models))}; the short names {', '.join(sorted(catalog.aliases))}; and fine-tuned "
        "models (ft:...) made from these.",
        f"Did you mean {near[0]!r}?" if near else "",
        "error" if is_own_host else "warning",
    )


def _method(model: DesiredModel, catalog: Catalog) -> Iterator[Problem]:
    kind = model.spec.method.kind
    if model.base is None or kind in model.base.methods:
        return
    others = sorted(base.id for base in catalog.models.values() if kind in base.methods)
    yield _problem(
        model,
        "method",
        "Method not offered",
        f"{model.base.id} is trained by {' or '.join(model.base.methods)}, not by {kind}.",
        f"By {kind} these can be trained: {', '.join(others)}." if others else f"No model is trained by {kind} here.",
    )


def _completions(model: DesiredModel, catalog: Catalog) -> Iterator[Problem]:
    if model.training.format == "completion":
        detail = f"Its dataset holds prompt and completion pairs, and {catalog.title} trains chat models alone."
        yield _problem(model, "dataset", "Rows of a retired format", detail, 'Write each pair as {"messages": [...]}.')


def _images(model: DesiredModel) -> Iterator[Problem]:
    facts = (model.training, model.validation)
    rows = sum(dataset.rows_with_images for dataset in facts if dataset is not None)
    if rows and model.spec.method.kind == "dpo":
        count = f"{rows} row{'s' if rows > 1 else ''} of its datasets hold{'' if rows > 1 else 's'} images"
        detail = f"{count}, and preference training (dpo) takes text alone."
        yield _problem(model, "dataset", "Images in a text-only method", detail, "Use supervised, or leave them out.")


def _grader(model: DesiredModel) -> Iterator[Problem]:
    method = model.spec.method
    if method.kind == "reinforcement" and method.grader is None:
        detail = "Reinforcement training needs a grader: it is what tells a good answer from a bad one."
        yield _problem(model, "grader", "Grader missing", detail, "Add a grader to the model.")
    if method.kind == "reinforcement" and model.spec.validation is None:
        detail = "Reinforcement training expects a validation dataset: its checkpoints are chosen by it."
        yield _problem(model, "validation", "No validation dataset", detail, "Add one.", "warning")
    if method.kind != "reinforcement" and method.grader is not None:
        detail = f"A grader is used by reinforcement training alone; {method.kind} training would refuse it."
        yield _problem(model, "grader", "Grader not used", detail, "Remove the grader, or change the method.")


def _sizes(model: DesiredModel, limits: Limits) -> Iterator[Problem]:
    suffix, pairs = model.spec.suffix, model.spec.metadata
    if suffix is not None and not 1 <= len(suffix) <= limits.suffix_length:
        detail = f"It has {len(suffix)} characters; 1 to {limits.suffix_length} are allowed."
        yield _problem(model, "suffix", "Suffix too long" if suffix else "Suffix empty", detail)
    room = limits.metadata_pairs - len(OUR_MARKS)
    if pairs and limits.metadata_pairs == 0:
        yield _problem(model, "metadata", "No metadata taken", "Jobs of this service carry no metadata.", "Remove it.")
    elif len(pairs) > max(room, 0):
        detail = f"It has {len(pairs)} pairs; {room} are left beside the {len(OUR_MARKS)} that ftplan adds."
        yield _problem(model, "metadata", "Too much metadata", detail)
    for key, value in pairs.items():
        if len(key) > limits.metadata_key_length or len(value) > limits.metadata_value_length:
            detail = (
                f"The pair {key[:40]!r} is {len(key)} + {len(value)} characters; a key may have "
                f"{limits.metadata_key_length}, a value {limits.metadata_value_length}."
            )
            yield _problem(model, "metadata", "Metadata too long", detail)


def _checkpoint(model: DesiredModel) -> Iterator[Problem]:
    wish = model.spec.checkpoint
    column = wish.best if wish is not None else None
    if column is not None and column.startswith(_ON_VALIDATION) and model.spec.validation is None:
        detail = f"Its checkpoint is chosen by {column}, which is measured on rows that are not trained on."
        advice = "Declare a validation dataset, or choose by a figure of the training."
        yield _problem(model, "checkpoint", "No validation dataset", detail, advice)


def _problem(
    model: DesiredModel, key: str, summary: str, detail: str, advice: str = "", severity: Severity = "error"
) -> Problem:
    place = model.spec.place_of(key)
    return Problem(summary, detail, place=place, advice=advice, severity=severity, address=str(model.address))
