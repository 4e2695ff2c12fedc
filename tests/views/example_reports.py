"""Plans that fill the pictures of a report: a whole project, and one with more models than anybody looks at."""

from __future__ import annotations

from decimal import Decimal

from example_diffs import ROLES, diff, sample
from example_plans import (
    BASE,
    TUNED,
    dataset,
    declared,
    digest,
    estimate,
    plan,
    recipe,
    remembered,
    train,
    upload,
)

from ftplan.core.dataset_diff import DatasetDiff, DiffSide, RowChange
from ftplan.core.plan import BaseLife, Note, Plan, Unchanged
from ftplan.core.recipe import FieldChange
from ftplan.core.spec import Address
from ftplan.core.steps import Await, Forget, Reason, Step

NANO, LLAMA = "gpt-4.1-nano-2025-04-14", "meta-llama/Meta-Llama-3.1-8B-Instruct-Reference"


def model(name: str) -> Address:
    return Address("model", name)


def data(name: str) -> Address:
    return Address("dataset", name)


def project() -> Plan:
    """One of everything: datasets new and changed, models new, again, on top of others, found, followed, forgotten."""
    old = {"dataset.tickets": {"id": "file-0001", **dataset(content_sha256=digest("old"), sha256=digest("old bytes"))}}
    moved = FieldChange("dataset", digest("old"), digest("tickets"))
    parent = FieldChange("base_model", f"recipe:{digest('a')}", f"recipe:{digest('b')}")
    steps: tuple[Step, ...] = (
        upload(reason=Reason.CHANGED, replaces=digest("old"), rows=501),
        upload(address=data("tone"), path="data/tone.jsonl", rows=220, content_sha256=digest("tone"), bytes=80_000),
        train(
            model("support-bot"),
            reason=Reason.CHANGED,
            changes=(moved, FieldChange("epochs", 3, 4)),
            replaces_model=TUNED,
            recipe=recipe(n_epochs=4),
            estimate=estimate("4.28", tokens=1_712_000),
        ),
        train(
            model("polite-bot"),
            reason=Reason.CHANGED,
            changes=(parent,),
            parent=model("support-bot"),
            replaces_model="ft:polite",
            estimate=estimate("0.80", "2.40", tokens=640_000, exact_epochs=False, epochs=None),
        ),
        train(model("triage"), recipe=recipe(base_model=NANO), estimate=estimate("1.07", tokens=428_000)),
        train(model("llama-bot"), provider="foundry", recipe=recipe(base_model=LLAMA), estimate=estimate(None)),
        Await(model("router"), "openai", "ftjob-0042", detail="running"),
        Forget(model("old-bot"), Reason.UNDECLARED, "ft:old", "trained in March"),
    )
    after = {
        "dataset.tickets": dataset(rows=501),
        "dataset.tone": dataset(path="data/tone.jsonl", rows=220, content_sha256=digest("tone")),
        "dataset.holdout": dataset(path="data/holdout.jsonl", rows=60, content_sha256=digest("holdout")),
        "model.support-bot": declared(epochs=4, validation="holdout", fingerprint=digest("new")),
        "model.polite-bot": declared(base_model="model.support-bot", dataset="tone", suffix="polite"),
        "model.triage": declared(base_model=NANO, suffix="triage"),
        "model.llama-bot": declared(base_model=LLAMA, provider="foundry", suffix="llama"),
        "model.router": declared(dataset="holdout", suffix="router"),
        "model.greeter": declared(dataset="tone", suffix="greeter"),
    }
    before = {**old, "model.support-bot": remembered(), "model.old-bot": remembered(training=digest("old"))}
    costs = {"model.support-bot": Decimal("0.0808"), "model.polite-bot": Decimal("0.0302")}
    lives = (
        BaseLife("openai", BASE, "2027-01-14", 53, "2027-01-06", 45, costs),
        BaseLife("openai", NANO, "2027-06-30", 220, "2027-05-01", 160, {"model.triage": Decimal("0.0049")}),
        BaseLife("foundry", LLAMA, None, None),
        BaseLife("openai", "gpt-3.5-turbo-0125", "2026-10-01", -52, "2026-09-01", -82),
    )
    notes = (
        Note(
            "warning",
            "Short life",
            f"{BASE} and every model tuned on it are switched off on 2027-01-14, 53 days from now; new jobs are taken "
            "until 2027-01-06.",
            address=model("support-bot"),
            advice="Keep the dataset and the YAML: another provider can train the same recipe.",
        ),
        Note("warning", "Row over the limit", "tickets: 1 row is longer than 65,536 tokens; its end is cut off."),
        Note("info", "Formatting changed", "The file's bytes changed, its rows did not.", address=data("holdout")),
    )
    return plan(
        *steps,
        before=before,
        after=after,
        lives=lives,
        notes=notes,
        drift=(
            Note("info", "has changed", "job ftjob-0001 was running and is succeeded", address=model("support-bot")),
        ),
        unchanged=(
            Unchanged(data("holdout"), "openai"),
            Unchanged(model("greeter"), "openai", "ft:gpt-4.1-mini-2025-04-14:acme:greeter:Xyz789"),
        ),
        variables={"epochs": 4, "team": "support"},
        dataset_diffs={"tickets": quoted()},
    )


def quoted() -> DatasetDiff:
    """A diff whose first rows are quoted: edited, edited in several lines, added, removed."""
    long = "Hello Ann,\n\nyour parcel left our house on Monday.\nPlease allow three days.\n\nKind regards"
    rows = (
        RowChange(
            "edited",
            12,
            12,
            88,
            91,
            (
                sample(),
                sample(
                    "messages[2].content (assistant)",
                    before=long,
                    after=long.replace("three days", "five working days").replace(
                        "Kind regards", "Best wishes\nThe team"
                    ),
                ),
            ),
        ),
        RowChange("edited", 40, 40, 102, 102),
        RowChange(
            "edited", 77, 76, 230, 180, (sample("messages[0].content (system)", before=None, after="Be brief."),)
        ),
        RowChange("added", None, 501, None, 65_600, (sample("messages[0].content (user)", before=None, after="Hi!"),)),
        RowChange("removed", 76, None, 64, None, (sample("messages[0].content (user)", after=None),)),
    )
    before = DiffSide(500, 128_000, 812, 0, 2, 0, ROLES, {"find_order": digest("a"), "refund": digest("b")})
    return diff(before=before, rows=rows, removed=1)


def many(models: int = 200) -> Plan:
    """So many models with prices of their own, of which a third is trained again."""
    names = [model(f"bot-{number:03}") for number in range(models)]
    steps = [
        train(
            name,
            reason=Reason.CHANGED,
            changes=(FieldChange("epochs", 3, 4),),
            replaces_model="ft:x",
            estimate=estimate(str(Decimal(number * 37 % 101) / 4 + 1), tokens=1000 * number),
        )
        for number, name in enumerate(names)
        if number % 3 == 0
    ]
    after = {
        **{f"dataset.set-{number}": dataset(rows=number) for number in range(9)},
        **{str(name): declared(dataset=f"set-{number % 9}") for number, name in enumerate(names)},
    }
    return plan(*steps, after=after, before={str(name): remembered() for name in names})


def wide_range() -> Plan:
    """Names and figures as long as they get."""
    names = [model("a-model-with-the-longest-name-that-anybody-would-give-to-one-64"), model("日本語のモデル名" * 4)]
    steps = [train(name, estimate=estimate("123456.78", "1234567.89", tokens=10**12)) for name in names]
    texts = (sample("z" * 90, before="w" * 300, after="v" * 300),)
    longest = diff(
        before=DiffSide(10**9, 10**12, 65_536, 10**9, 10**9, 10**9, {"x" * 64: 10**9}),
        after=DiffSide(10**9, 2 * 10**12, 65_537, 0, 0, 0, {"x" * 64: 1}, {"y" * 64: digest("y")}),
        rows=(RowChange("edited", 10**9, 10**9, 10**6, 10**7, texts),),
    )
    lives = (
        BaseLife("openai", "b" * 90, "2036-01-14", 3333, "2035-01-14", 2967, {str(names[0]): Decimal("98765.43")}),
    )
    after = {"dataset.tickets": dataset(), **{str(name): declared() for name in names}}
    return plan(upload(rows=10**9), *steps, after=after, lives=lives, dataset_diffs={"tickets": longest})
