"""What is refused before anything is asked."""

from __future__ import annotations

from typing import Any

import pytest

from ftplan.core.checkpoints import CheckpointWish
from ftplan.core.desired import DesiredModel
from ftplan.core.facts import DatasetFacts
from ftplan.core.ports import ProviderReader
from ftplan.core.spec import Address, Method, ModelSpec, ProviderSpec
from ftplan.errors import Place, Problem
from ftplan.providers import load_catalog, open_provider
from ftplan.providers.catalog import Limits
from ftplan.providers.openai_rules import problems_of

CATALOG = load_catalog("openai")
FACTS = DatasetFacts("a" * 64, "b" * 64, 100, 10, "chat")
PICTURES = DatasetFacts("a" * 64, "b" * 64, 100, 10, "chat", rows_with_images=3)
GRADER = {"type": "string_check", "name": "g", "input": "{{item.a}}", "reference": "x", "operation": "eq"}
RFT = {"base_model": "o4-mini", "method": Method("reinforcement", grader=GRADER), "validation": "v"}


def wanted(training: DatasetFacts = FACTS, parent: str | None = None, **fields: Any) -> DesiredModel:
    plain: dict[str, Any] = {"name": "bot", "provider": "openai", "base_model": "gpt-4.1-mini", "dataset": "d"}
    spec = ModelSpec(**{**plain, **fields}, places={name: Place("ftplan.yaml", 7) for name in ("base_model", "suffix")})
    base_model = CATALOG.canonical(spec.base_model)
    return DesiredModel(
        spec=spec,
        base_model=base_model,
        base=CATALOG.base(base_model),
        recipe={},
        fingerprint="f",
        training=training,
        validation=FACTS if spec.validation else None,
        parent=Address("model", parent) if parent else None,
    )


def problems(model: DesiredModel, **environ: str) -> list[Problem]:
    provider: ProviderReader = open_provider(ProviderSpec("openai", "openai"), environ=environ)
    return list(provider.validate(model))


def summaries(model: DesiredModel) -> list[str]:
    return [problem.summary for problem in problems(model)]


@pytest.mark.parametrize(
    "base_model",
    ["gpt-4.1-mini", "gpt-4.1-mini-2025-04-14", "gpt-4o", "ft:gpt-4o-mini-2024-07-18:org::abc", "ft:gpt-4.1:o:s:1"],
)
def test_a_known_base_an_alias_and_an_ft_id_are_fine(base_model: str) -> None:
    assert problems(wanted(base_model=base_model)) == []


@pytest.mark.parametrize("base_model", ["gpt-4.1-mimi", "ft:gpt-4.1-mimi:org::1"])
def test_an_unknown_base_is_answered_with_its_place_the_nearest_and_all_known_ones(base_model: str) -> None:
    (problem,) = problems(wanted(base_model=base_model))
    assert problem.summary == "Unknown base model"
    assert problem.severity == "error"
    assert problem.address == "model.bot"
    assert str(problem.place) == "ftplan.yaml:7"
    assert "gpt-4.1-mini" in problem.advice
    assert all(name in problem.detail for name in CATALOG.models)


def test_another_service_may_have_models_of_its_own() -> None:
    (problem,) = problems(wanted(base_model="llama-9"), OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    assert problem.severity == "warning"


def test_a_childs_base_is_its_parent_and_is_not_looked_up() -> None:
    assert problems(wanted(base_model="model.other", parent="other")) == []


@pytest.mark.parametrize(
    ("base_model", "method"),
    [("o4-mini", Method("supervised")), ("gpt-4.1", Method("reinforcement", grader=GRADER)),
     ("gpt-3.5-turbo", Method("dpo"))],
)  # fmt: skip
def test_a_method_that_the_base_does_not_offer_is_a_problem(base_model: str, method: Method) -> None:
    model = wanted(base_model=base_model, method=method, validation="v")
    assert summaries(model) == ["Method not offered"]


def test_preference_training_takes_no_images() -> None:
    model = wanted(PICTURES, base_model="gpt-4o", method=Method("dpo"))
    assert summaries(model) == ["Images in a text-only method"]


def test_a_grader_belongs_to_reinforcement_and_reinforcement_to_a_grader() -> None:
    assert problems(wanted(**RFT)) == []
    assert summaries(wanted(**{**RFT, "method": Method("reinforcement")})) == ["Grader missing"]
    assert summaries(wanted(method=Method("supervised", grader=GRADER))) == ["Grader not used"]


@pytest.mark.parametrize("column", ["valid_loss", "full_valid_mean_token_accuracy", "valid_reward_mean"])
def test_the_best_on_validation_needs_a_validation_dataset(column: str) -> None:
    assert summaries(wanted(checkpoint=CheckpointWish(best=column))) == ["No validation dataset"]
    assert summaries(wanted(checkpoint=CheckpointWish(best=column), validation="v")) == []
    assert summaries(wanted(checkpoint=CheckpointWish(best="train_loss"))) == []


def test_reinforcement_without_validation_is_a_warning() -> None:
    (problem,) = problems(wanted(**{**RFT, "validation": None}))
    assert (problem.summary, problem.severity) == ("No validation dataset", "warning")


def test_metadata_is_refused_where_jobs_carry_none() -> None:
    limits = Limits(metadata_pairs=0)
    assert [p.summary for p in problems_of(wanted(metadata={"a": "b"}), CATALOG, limits, is_own_host=True)] == [
        "No metadata taken"
    ]
    assert not problems_of(wanted(), CATALOG, limits, is_own_host=True)


@pytest.mark.parametrize(("length", "expected"), [(1, []), (64, []), (0, ["Suffix empty"]), (65, ["Suffix too long"])])
def test_a_suffix_has_1_to_64_characters(length: int, expected: list[str]) -> None:
    assert summaries(wanted(suffix="s" * length)) == expected


def test_metadata_leaves_room_for_our_own() -> None:
    assert problems(wanted(metadata={str(n): "v" for n in range(12)})) == []
    assert summaries(wanted(metadata={str(n): "v" for n in range(13)})) == ["Too much metadata"]


@pytest.mark.parametrize("pair", [{"k" * 65: "v"}, {"k": "v" * 513}])
def test_metadata_has_the_services_sizes(pair: dict[str, str]) -> None:
    assert problems(wanted(metadata={"k" * 64: "v" * 512})) == []
    assert summaries(wanted(metadata=pair)) == ["Metadata too long"]


def test_everything_wrong_is_said_at_once() -> None:
    model = wanted(PICTURES, method=Method("dpo", grader=GRADER), suffix="", metadata={"k" * 65: "v"})
    assert len(problems(model)) == 4
