"""What is written becomes what is declared."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal

import pytest

from ftplan.config import find_config, load_project
from ftplan.core.integrations import WandbReport
from ftplan.core.spec import Lifecycle, Method, StateSpec
from ftplan.errors import Problem

FULL = """\
# a comment
version: 1
project: support
variables:
  epochs: {type: integer, default: 3}
providers:
  openai: {}
  foundry: {type: azure, base_url: "https://R.openai.azure.com/openai/v1/", api_key_env: AZURE_OPENAI_API_KEY}
  rehearsal: {type: sandbox}
state: {backend: local, path: ftplan.state.json}
datasets:
  tickets: {path: data/tickets.jsonl}
  holdout: {path: data/holdout.jsonl}
models:
  support-bot:
    provider: openai
    base_model: gpt-4.1-mini-2025-04-14
    dataset: tickets
    validation: holdout
    method: supervised
    epochs: ${var.epochs}
    suffix: support-bot
    seed: 7
    hyperparameters: {batch_size: auto, learning_rate_multiplier: 1.8}
    metadata: {team: support}
    lifecycle: {prevent_destroy: false, on_removed: forget, retry_failed: true, ignore_changes: [suffix]}
budget: {max_total: 50, max_per_model: 20}
"""
HEAD = "version: 1\nproviders: {openai: {}}\n"


def test_a_full_configuration_is_decoded(load):
    loaded = load(FULL)
    assert loaded.problems == []
    project = loaded.project
    assert project.name == "support"
    assert project.named
    assert list(project.providers) == ["openai", "foundry", "rehearsal"]
    assert project.providers["openai"].type == "openai"
    assert project.providers["foundry"].base_url == "https://R.openai.azure.com/openai/v1/"
    assert project.providers["foundry"].api_key_env == "AZURE_OPENAI_API_KEY"
    assert project.datasets["tickets"].path == "data/tickets.jsonl"
    assert project.state == StateSpec("local", {"path": "ftplan.state.json"})
    assert (project.budget.max_total, project.budget.max_per_model) == (Decimal(50), Decimal(20))
    assert project.variables == {"epochs": 3}
    bot = project.models["support-bot"]
    assert (bot.provider, bot.base_model, bot.dataset, bot.validation, bot.suffix, bot.seed) == (
        "openai",
        "gpt-4.1-mini-2025-04-14",
        "tickets",
        "holdout",
        "support-bot",
        7,
    )
    assert bot.method == Method("supervised", 3, {"batch_size": "auto", "learning_rate_multiplier": 1.8})
    assert bot.metadata == {"team": "support"}
    assert bot.lifecycle == Lifecycle(retry_failed=True, ignore_changes=("suffix",))


def test_every_key_of_a_model_has_its_place(load):
    bot = load(FULL).project.models["support-bot"]
    assert {key: (place.line, place.column) for key, place in bot.places.items()} == {
        "provider": (16, 15),
        "base_model": (17, 17),
        "dataset": (18, 14),
        "validation": (19, 17),
        "method": (20, 13),
        "epochs": (21, 13),
        "suffix": (22, 13),
        "seed": (23, 11),
        "hyperparameters": (24, 5),
        "hyperparameters.batch_size": (24, 35),
        "hyperparameters.learning_rate_multiplier": (24, 67),
        "metadata": (25, 5),
        "metadata.team": (25, 22),
        "lifecycle": (26, 5),
        "lifecycle.prevent_destroy": (26, 34),
        "lifecycle.on_removed": (26, 53),
        "lifecycle.retry_failed": (26, 75),
        "lifecycle.ignore_changes": (26, 81),
    }
    assert bot.place_of("seed").excerpt == "    seed: 7"
    assert bot.place.line == 15


def test_a_run_to_report_to_is_decoded(load):
    text = HEAD + "models: {bot: {base_model: m, dataset: a/b, integrations: {wandb: {project: p, tags: [x]}}}}\n"
    assert load(text).project.models["bot"].wandb == WandbReport("p", tags=("x",))


def test_defaults_fill_what_is_not_written(load):
    project = load(HEAD + "models: {bot: {base_model: m, dataset: a/b}}\n").project
    bot = project.models["bot"]
    assert (bot.provider, bot.validation, bot.suffix, bot.seed) == ("openai", None, None, None)
    assert (bot.checkpoint, bot.wandb) == (None, None)
    assert bot.method == Method("supervised", "auto", {}, None)
    assert bot.lifecycle == Lifecycle(False, "forget", False, False, ())
    assert project.state == StateSpec("local", {})
    assert (project.budget.max_total, project.budget.max_per_model) == (None, None)


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("support", "support"),
        ("my project!", "my-project"),
        ("2026", "_2026"),
        ("...é", "project"),
        ("a" * 90, "a" * 64),
    ],
)
def test_a_project_without_a_name_is_called_after_its_folder(tmp_path, folder, name):
    (tmp_path / folder).mkdir()
    path = tmp_path / folder / "ftplan.yaml"
    path.write_text("version: 1\n")
    project = load_project(path).project
    assert project.name == name
    assert not project.named
    assert project.root == str(tmp_path / folder)


@pytest.mark.parametrize("spelling", ["data/x.jsonl", "x.jsonl", "{path: data/x}", "data/x"])
def test_a_dataset_may_be_given_by_its_path(load, spelling):
    project = load(HEAD + f"models: {{bot: {{base_model: m, dataset: {spelling}}}}}\n").project
    name = project.models["bot"].dataset
    assert project.datasets[name].path == name
    assert project.datasets[name].place.line == 3


def test_empty_sections_declare_nothing(load):
    assert load("version: 1\nproviders:\n  openai:\nmodels:\ndatasets:\nvariables:\n").project.models == {}


def test_amounts_are_exact(load):
    assert load("version: 1\nbudget: {max_total: 0.1, max_per_model: 1e-4}\n").project.budget.max_total == Decimal(
        "0.1"
    )


def test_whole_numbers_may_be_written_as_fractions(load):
    text = (
        HEAD
        + "models: {bot: {base_model: m, dataset: a/b, epochs: 3.0, seed: 7.0, hyperparameters: {batch_size: 4.0}}}\n"
    )
    bot = load(text).project.models["bot"]
    assert [type(value) for value in (bot.seed, bot.method.n_epochs, bot.method.hyperparameters["batch_size"])] == [
        int
    ] * 3


def test_anchors_and_merge_keys_share_what_models_have_in_common(load):
    text = HEAD + (
        "models:\n  a: &a\n    base_model: m\n    dataset: x/y\n    epochs: 2\n"
        "  b:\n    <<: *a\n    epochs: 5\n  c: *a\n"
    )
    models = load(text).project.models
    assert [model.method.n_epochs for model in models.values()] == [2, 5, 2]
    assert models["b"].places["base_model"].line == 5
    assert models["b"].places["epochs"].line == 10


def test_the_digest_is_that_of_the_document_with_its_variables_set(load):
    text = "version: 1\nvariables: {n: {default: x, description: hm}}\nbudget: {max_total: 2.0}\nproject: p-${var.n}\n"
    meaning = json.dumps({"budget": {"max_total": 2}, "project": "p-x", "version": 1}, separators=(",", ":"))
    assert load(text).project.digest == hashlib.sha256(meaning.encode()).hexdigest()


def test_the_digest_moves_with_a_variable_that_is_used(load):
    one, two = (load(FULL, variables={"epochs": count}).project for count in "34")
    assert one.digest == load(FULL).project.digest != two.digest


@pytest.mark.parametrize("name", ["ftplan.yaml", "ftplan.yml"])
def test_the_configuration_is_found_under_both_names(tmp_path, name):
    (tmp_path / name).touch()
    assert find_config(tmp_path) == tmp_path / name


def test_two_configurations_are_a_problem(tmp_path):
    for name in ("ftplan.yaml", "ftplan.yml"):
        (tmp_path / name).touch()
    problem = find_config(tmp_path)
    assert isinstance(problem, Problem)
    assert problem.summary == "Two configurations"


def test_a_missing_configuration_leads_to_init(tmp_path):
    problem = find_config(tmp_path)
    assert isinstance(problem, Problem)
    assert (problem.summary, problem.command) == ("No configuration", "ftplan init")


@pytest.mark.parametrize("what", ["missing", "folder"])
def test_what_cannot_be_read_is_a_problem(tmp_path, what):
    path = tmp_path / "ftplan.yaml"
    if what == "folder":
        path.mkdir()
    loaded = load_project(path)
    assert loaded.project is None
    assert [problem.place.path for problem in loaded.problems] == [str(path)]


def test_importing_the_room_loads_neither_parser_nor_validator():
    import subprocess
    import sys

    code = "import sys, ftplan.config; sys.exit(any(m in sys.modules for m in ('yaml', 'jsonschema', 'deepdiff')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
