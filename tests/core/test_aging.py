"""Which models end with their base, who says so, and where their data could be trained instead."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from values import job, record, target

from ftplan.core.bases import root_of
from ftplan.core.catalog import BaseModel, Catalog
from ftplan.core.facts import Phase, RemoteModel
from ftplan.core.gates.aging import Aging, aging, live_models, service_of, successors
from ftplan.core.handover import AliasRecord
from ftplan.core.records import FormerJob, State
from ftplan.core.spec import Project, ProviderSpec

TODAY = date(2026, 11, 22)
ENDS = date(2027, 1, 14)
OLD = BaseModel("old-1", ("supervised", "dpo"), train_per_million=Decimal(5), shutdown=ENDS)
CATALOG = Catalog("openai", "OpenAI", {"old-1": OLD}, {"old": "old-1"}, jobs_end=date(2027, 1, 6))


def base(name: str, price: str | None = "1", methods: tuple[Any, ...] = ("supervised",), **known: Any) -> BaseModel:
    return BaseModel(name, methods, train_per_million=None if price is None else Decimal(price), **known)


def offer(*bases: BaseModel, **known: Any) -> Catalog:
    return Catalog("other", known.pop("title", "Other"), {one.id: one for one in bases}, **known)


def state_of(*records: Any) -> State:
    return State("support", "l").holding([], records, [])


def tuned(name: str = "bot", base_model: str = "old-1", **fields: Any) -> Any:
    done = {"job": job(trained_tokens=2_000_000), **fields}
    return record(name, recipe={"account": "openai", "base_model": base_model, "method": "supervised"}, **done)


def ending(**changes: Any) -> Aging:
    (live,) = live_models(state_of(tuned()))
    found = aging(live, CATALOG, (), TODAY)
    assert found is not None
    return replace(found, **changes)


def test_only_models_that_something_may_depend_on_can_end() -> None:
    failed, cancelled = job(phase=Phase.FAILED), job(phase=Phase.CANCELLED)
    running = job("job-9", phase=Phase.RUNNING)
    known = live_models(state_of(tuned(), tuned("f", job=failed), tuned("c", job=cancelled), tuned("r", job=running)))
    assert [(live.address.name, live.model_id) for live in known] == [("bot", "ft:job-1"), ("r", "")]


def test_what_an_alias_stands_for_is_live_although_another_job_took_its_place() -> None:
    old = FormerJob("f0", job("job-0", base_model="ft:old-1:org:s:Abc", trained_tokens=500))
    bot = tuned(base_model="new-1", job=job("job-1", base_model="new-1"), former=(old,))
    now, before = target("job-1"), target("job-0")
    state = replace(state_of(bot), aliases={"a": AliasRecord("a", now), "b": AliasRecord("b", before)})
    first, second = live_models(state)
    assert (str(first.address), first.model_id, first.base) == ("model.bot", "ft:job-1", "new-1")
    assert (str(second.address), second.model_id, second.base, second.tokens) == ("alias.b", "ft:job-0", "old-1", 500)
    assert second.account == "openai"


def test_a_model_in_use_is_live_also_where_what_was_to_replace_it_has_failed_or_is_gone() -> None:
    stands = {"a": AliasRecord("a", replace(target("job-0"), model_id="ft:old-1:org:s:Abc"))}
    failed = tuned(job=job("job-1", Phase.FAILED), former=(FormerJob("f0", job("job-0", base_model="old-1")),))
    for records in ((failed,), ()):
        (live,) = live_models(replace(state_of(*records), aliases=stands))
        assert (str(live.address), live.base) == ("alias.a", "old-1")


def test_two_aliases_of_one_former_model_are_one_live_model() -> None:
    both = {name: AliasRecord(name, target("job-0")) for name in ("a", "b")}
    assert [str(live.address) for live in live_models(replace(state_of(), aliases=both))] == ["alias.a"]


def test_a_tuned_model_ends_with_the_base_at_the_root_of_its_chain() -> None:
    child = record("child", parent="model.bot", recipe={"base_model": "recipe:f1"}, job=job("job-2"))
    grandchild = record("grand", parent="model.child", recipe={"base_model": "recipe:f2"}, job=job("job-3"))
    state = state_of(tuned(), child, grandchild)
    assert root_of(state.models["grand"], state) == "old-1"


@pytest.mark.parametrize("parent", [None, "model.gone", "model.orphan"])
def test_where_the_parent_is_not_remembered_the_job_says_what_it_was_trained_on(parent: str | None) -> None:
    orphan = record(
        "orphan", parent=parent, recipe={"base_model": "recipe:f1"}, job=job(base_model="ft:old-1:org:s:Abc")
    )
    state = state_of(orphan)
    assert root_of(orphan, state) == "old-1"


def test_a_ring_of_parents_is_left_again() -> None:
    one = record("one", parent="model.two", recipe={"base_model": "recipe:f1"}, job=job(base_model="old-1"))
    two = record("two", parent="model.one", recipe={"base_model": "recipe:f2"}, job=job("j2", base_model="old-1"))
    state = state_of(one, two)
    assert root_of(one, state) == "old-1"


def test_the_catalog_tells_the_days_that_are_left_for_answers_and_for_jobs() -> None:
    found = ending()
    assert (found.shutdown, found.days, found.told_by) == (ENDS, 53, "catalog")
    assert (found.jobs_end, found.days_to_train) == (date(2027, 1, 6), 45)
    assert (found.title, found.base_model, found.tokens) == ("OpenAI", "old-1", 2_000_000)


def test_the_provider_s_own_word_wins_and_the_earliest_of_its_words_counts() -> None:
    (live,) = live_models(state_of(tuned(base_model="old")))
    answers = (None, RemoteModel("ft:job-1", date(2027, 3, 1)), RemoteModel("old-1", date(2027, 2, 1)))
    found = aging(live, CATALOG, answers, TODAY)
    assert found is not None
    assert (found.shutdown, found.told_by) == (date(2027, 2, 1), "provider")


def test_what_nobody_knows_the_end_of_does_not_end() -> None:
    (live,) = live_models(state_of(tuned(base_model="elsewhere")))
    assert aging(live, CATALOG, (RemoteModel("elsewhere"),), TODAY) is None
    assert aging(live, None, (), TODAY) is None


def test_a_model_is_of_the_service_it_was_trained_at_whatever_its_provider_s_name_means_now() -> None:
    project = Project("p", "/p", "/p/ftplan.yaml", "d", providers={"openai": ProviderSpec("openai", "sandbox")})

    def service(trained: Any) -> str:
        (live,) = live_models(state_of(trained))
        return service_of(live, project)

    assert service(tuned()) == "openai"
    assert service(record(recipe={"account": "openai https://eu.api.openai.com/v1"})) == "openai"
    assert service(record(recipe={})) == "sandbox"
    assert service(record(recipe={}, provider="gone")) == ""


def test_successors_come_cheapest_first_and_those_without_a_price_last() -> None:
    offers = [offer(base("dear", "9"), base("dark", None), base("cheap", "0.5"), title="A"), CATALOG]
    found = successors(ending(), offers, TODAY, 90)
    assert [(one.base_model, one.cost) for one in found] == [
        ("cheap", Decimal(1)),
        ("dear", Decimal(18)),
        ("dark", None),
    ]


@pytest.mark.parametrize(
    "offered",
    [
        offer(base("x", methods=("dpo",))),
        offer(base("x", shutdown=date(2027, 4, 14))),
        offer(base("x", jobs_end=TODAY)),
        offer(base("x"), jobs_end=TODAY),
        offer(base("x"), rehearsal=True),
    ],
    ids=["other method", "gone soon after", "takes no jobs", "its service takes none", "an emulator"],
)
def test_what_cannot_take_over_is_not_proposed(offered: Catalog) -> None:
    assert successors(ending(), [offered], TODAY, 90) == ()


def test_a_base_that_is_gone_already_is_followed_by_what_lasts_from_today() -> None:
    gone = ending(shutdown=date(2026, 10, 23))
    assert successors(gone, [offer(base("x", shutdown=date(2027, 2, 20)))], TODAY, 90) == ()
    assert len(successors(gone, [offer(base("x", shutdown=date(2027, 2, 21)))], TODAY, 90)) == 1


def test_the_price_is_for_the_same_data_and_exact_only_for_the_same_model() -> None:
    same, other = successors(ending(), [offer(base("old-1", "1"), base("x", "2"))], TODAY, 90)
    assert (same.cost, same.exact) == (Decimal(2), True)
    assert (other.cost, other.exact) == (Decimal(4), False)
    (unknown,) = successors(ending(tokens=None), [offer(base("x"))], TODAY, 90)
    assert unknown.cost is None
