"""The policies of examples/policy, run by a real Rego engine on plans that the command made: each lets good plans
through and stops bad ones."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from installed import ROOT, ftplan, ftplan_here, served_sandbox

regopy = pytest.importorskip("regopy", reason="no Rego engine is installed: it comes with the extra `test`")

EXAMPLE = ROOT / "examples" / "policy"
POLICIES = sorted((EXAMPLE / "policy").glob("*.rego"))
LABELS = "labels: {license: CC-BY-4.0, residency: eu}"
TRAINER = "trainer: {type: sandbox}"
MODEL = "  library-bot:\n"
OPENAI = (TRAINER, "trainer: {type: openai}")
EU, US = "https://eu.api.openai.com/v1", "https://us.api.openai.com/v1"
MINI, FULL = "gpt-4.1-mini-2025-04-14", "gpt-4.1-2025-04-14"
ELSEWHERE = "which is not on the list"
AT = "residency: model.library-bot sends dataset.letters (eu) to the provider trainer at"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the policies say of one document, in the order of the words."""

    denied: list[str]
    warned: list[str]


@dataclass(frozen=True, slots=True)
class Case:
    """The example with some of its text replaced, planned with some `words` in an environment; what is denied."""

    edits: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()


def another(name: str, **fields: str) -> tuple[str, str]:
    """A further model, in front of the one there is."""
    known = {"base_model": MINI, "dataset": "letters", "epochs": "3", **fields}
    return MODEL, f"  {name}:\n" + "".join(f"    {key}: {value}\n" for key, value in known.items()) + MODEL


def dataset(text: str) -> tuple[str, str]:
    """A further dataset, behind the one there is."""
    return "\nmodels:", f"  {text}\n\nmodels:"


AT_OPENAI = ("-offline",)
OPENAI_EU = (TRAINER, f'trainer: {{type: openai, base_url: "{EU}"}}')
PASSED = {
    "the example": Case(),
    "no price to pay": Case(words=("-destroy",)),
    "a model and a plan below their ceilings": Case((("epochs: 3", "epochs: 39"), another("second"))),
    "a short name of a base model on the list": Case(((MINI, "gpt-4.1-mini"),)),
    "a fine-tuned model of a base on the list": Case(((MINI, f"ft:{MINI}:acme:x:Abc12345"),), AT_OPENAI),
    "a model on top of one of a base on the list": Case((another("second", base_model="model.library-bot"),)),
    "another license": Case((("CC-BY-4.0", "LicenseRef-ours"),)),
    "rows that may go anywhere": Case((OPENAI, ("residency: eu", "residency: any")), AT_OPENAI),
    "rows of no residency": Case((OPENAI, (", residency: eu", "")), AT_OPENAI),
    "the host of their residency": Case((OPENAI_EU,), AT_OPENAI),
    "the host of their residency, by the environment": Case((OPENAI,), AT_OPENAI, env=(("OPENAI_BASE_URL", EU),)),
}
DENIED = {
    "a dear model": Case(
        (("epochs: 3", "epochs: 50"),), denied=("cost: model.library-bot may cost 0.254 USD, and 0.2 are allowed for",)
    ),
    "models that are dear together": Case(
        (("epochs: 3", "epochs: 39"), another("second", epochs="38"), another("third", epochs="37")),
        denied=("cost: the plan may cost 0.579",),
    ),
    "a model that may become dear": Case(
        ((MINI, FULL), ("epochs: 3", "epochs: auto")),
        denied=(f"base model: model.library-bot is trained on {FULL}, {ELSEWHERE}", "cost: model.library-bot may cost"),
    ),
    "a price that nobody knows": Case(
        (
            (TRAINER, 'trainer: {type: openai, base_url: "https://gateway.example/v1"}'),
            (", residency: eu", ""),
            (MINI, "our-own"),
        ),
        AT_OPENAI,
        ("base model: model.library-bot is trained on our-own", "cost: nobody knows the price of model.library-bot"),
        (("FTPLAN_ALLOWED_HOSTS", "gateway.example"),),
    ),
    "a base model that is not on the list": Case(
        ((MINI, FULL),), denied=(f"base model: model.library-bot is trained on {FULL}, {ELSEWHERE}",)
    ),
    "a fine-tuned model of a base that is not": Case(
        ((MINI, f"ft:{FULL}:acme:x:Abc12345"),), AT_OPENAI, (f"base model: model.library-bot is trained on {FULL}",)
    ),
    "a parent of a base that is not": Case(
        ((MINI, "model.first"), another("first", base_model=FULL)),
        denied=(f"base model: model.first is trained on {FULL}",),
    ),
    "no license": Case((("license: CC-BY-4.0, ", ""),), denied=("license: dataset.letters has no label `license`",)),
    "no labels": Case(((LABELS, ""),), denied=("license: dataset.letters has no label `license`",)),
    "no license of the same rows by another name": Case(
        (dataset("spare: {path: data/letters.jsonl}"), another("second", dataset="spare", epochs="4")),
        denied=("license: dataset.spare has",),
    ),
    "no license of a dataset given where it is used": Case(
        (("dataset: letters", "dataset: ./data/letters.jsonl"),),
        denied=("license: dataset../data/letters.jsonl has",),
    ),
    "another host": Case((OPENAI,), AT_OPENAI, (f"{AT} api.openai.com, {ELSEWHERE}",)),
    "another region": Case((OPENAI,), AT_OPENAI, (f"{AT} us.api.openai.com",), (("OPENAI_BASE_URL", US),)),
    "a residency of another spelling": Case(
        (("residency: eu", "residency: EU"),), denied=("residency: model.library-bot sends dataset.letters (EU)",)
    ),
    "rows to validate with, elsewhere": Case(
        (
            OPENAI_EU,
            dataset("spare: {path: data/spare.jsonl, labels: {license: MIT, residency: us}}"),
            ("dataset: letters", "dataset: letters\n    validation: spare"),
        ),
        AT_OPENAI,
        ("residency: model.library-bot sends dataset.spare (us) to the provider trainer at eu.api.openai.com",),
    ),
    "one of two providers": Case(
        (
            (TRAINER, f"{TRAINER}\n  abroad: {{type: openai}}"),
            ("    epochs: 3", "    provider: trainer\n    epochs: 3"),
            another("second", provider="abroad"),
        ),
        AT_OPENAI,
        ("residency: model.second sends dataset.letters (eu) to the provider abroad at api.openai.com",),
    ),
}


Made = Callable[..., Path]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A copy of the example with some of its text replaced."""

    def make(*edits: tuple[str, str]) -> Path:
        folder = shutil.copytree(EXAMPLE, tmp_path / "policy", ignore=shutil.ignore_patterns("*.json", "*.plan"))
        text = (folder / "ftplan.yaml").read_text(encoding="utf-8")
        for old, new in edits:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        (folder / "ftplan.yaml").write_text(text, encoding="utf-8")
        rows = (folder / "data" / "letters.jsonl").read_text(encoding="utf-8")
        (folder / "data" / "spare.jsonl").write_text(rows.replace("library", "museum"), encoding="utf-8")
        return folder

    return make


def planned(folder: Path, *words: str, **env: str) -> dict[str, Any]:
    """The document of the plan that the command makes and saves."""
    done = ftplan_here(folder, "plan", "-out=next.plan", *words, **env)
    assert done.returncode == 0, done.stderr
    shown: dict[str, Any] = json.loads(ftplan_here(folder, "show", "-json", "next.plan").stdout)
    return shown


def judged(document: dict[str, Any]) -> Verdict:
    engine = regopy.Interpreter()
    for path in POLICIES:
        engine.add_module(path.name, path.read_text(encoding="utf-8"))
    engine.set_input(document)
    found = engine.query("deny = data.main.deny; warn = data.main.warn")
    denied, warned = (json.loads(found.binding(name).json()) for name in ("deny", "warn"))
    return Verdict(sorted(denied), sorted(warned))


@pytest.mark.parametrize("name", PASSED)
def test_the_policies_let_a_plan_pass_with(name: str, made: Made) -> None:
    case = PASSED[name]
    assert judged(planned(made(*case.edits), *case.words, **dict(case.env))) == Verdict([], [])


@pytest.mark.parametrize("name", DENIED)
def test_the_policies_deny_a_plan_with(name: str, made: Made) -> None:
    case = DENIED[name]
    denied = judged(planned(made(*case.edits), *case.words, **dict(case.env))).denied
    assert len(denied) == len(case.denied), denied
    assert [said for said, start in zip(denied, case.denied, strict=True) if not said.startswith(start)] == []


def test_every_policy_is_seen_to_deny() -> None:
    said = {message.partition(":")[0] for case in DENIED.values() for message in case.denied}
    spoken = {kind for path in POLICIES for kind in re.findall(r'"([a-z ]+): ', path.read_text(encoding="utf-8"))}
    assert said | {"document"} == spoken


def test_a_sandbox_at_an_address_is_not_the_one_within_ftplan(made: Made) -> None:
    folder = made()
    with served_sandbox(folder) as url:
        text = (folder / "ftplan.yaml").read_text(encoding="utf-8")
        (folder / "ftplan.yaml").write_text(text.replace("sandbox}", f'sandbox, base_url: "{url}"}}'), encoding="utf-8")
        document = planned(folder)
    assert judged(document).denied == [f"{AT} 127.0.0.1, {ELSEWHERE}"]


def test_what_was_trained_before_a_rule_does_not_stop_what_changes_nothing(made: Made) -> None:
    folder = made((MINI, FULL))
    assert ftplan(folder, "apply", "-auto-approve").returncode == 0
    assert judged(planned(folder)) == Verdict([], [])


def test_a_range_of_costs_is_a_warning(made: Made) -> None:
    verdict = judged(planned(made(("epochs: 3", "epochs: auto"))))
    assert [said.partition(" leaves")[0] for said in verdict.warned] == ["cost: model.library-bot"]


def test_what_is_no_plan_document_is_denied(made: Made) -> None:
    folder = made()
    said = ["document: this is not what `ftplan show -json PLANFILE` prints"]
    assert judged(json.loads(ftplan(folder, "show", "-json").stdout)).denied == said
    stream = ftplan(folder, "plan", "-json").stdout.splitlines()
    assert [judged(json.loads(line)).denied for line in stream] == [said] * len(stream)
