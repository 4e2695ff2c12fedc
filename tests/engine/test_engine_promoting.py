"""A name moves when everything that it requires is shown to hold, and to nothing else; what was paid for is kept."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from world import SimulatedCrash, World, model

from ftplan.core.entries import Answered
from ftplan.core.evaluating import AliasSpec
from ftplan.core.facts import Phase
from ftplan.core.handover import EvalRecord, Origin, Target
from ftplan.core.money.spending import spent_in
from ftplan.core.notices import JobFollowed, StepDone, StepFailed, Told
from ftplan.core.planner import Policy
from ftplan.core.records import ModelRecord, State
from ftplan.core.spec import Address
from ftplan.errors import FtplanError, Interrupted, JobsFailed, NotPromoted, Problem

ORIGIN = Origin("ann@laptop", "c0ffee")


@dataclass
class Jury:
    """Says what it is told to say of a model, and counts how often it is asked."""

    says: dict[str, bool] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    error: Exception | None = None
    price: Decimal | None = None
    paid: list[Answered] = field(default_factory=list)

    def bought(self) -> Sequence[Answered]:
        entries, self.paid = tuple(self.paid), []
        return entries

    def __call__(self, name: str, record: ModelRecord, current: Target | None, state: State) -> EvalRecord | None:
        self.asked.append(f"{name} {record.output}" + (f" beside {current.model_id}" if current else ""))
        if self.price is not None:
            key = f"{name} {len(self.asked)}"
            self.paid.append(Answered(key, name, record.name, "openai", "2026-11-02T00:00:00+00:00", 10, self.price))
        if self.error is not None:
            raise self.error
        passed, id = self.says.get(name, True), record.output or ""
        return EvalRecord(name, record.name, id, "d", 10, 0.5, 0.4, 0.6, passed, said=(f"{name}: 0.50 of 10 rows",))


def world(*requires: str, **fields: Any) -> World:
    return World([model("bot", **fields)], aliases=[AliasSpec("prod", "bot", requires)])


def options(jury: Jury) -> dict[str, Any]:
    return {"judge": jury, "origin": ORIGIN}


def test_a_name_moves_to_what_was_trained_in_the_same_run() -> None:
    there, jury = world("accuracy"), Jury()
    outcome = there.apply(**options(jury))
    assert [type(step).__name__ for step in outcome.done] == ["Upload", "Train", "Promote"]
    now = there.state.aliases["prod"].now
    assert (now.model_id, now.job_id, now.model, now.who) == ("ft:job-1", "job-1", "bot", "ann@laptop")
    assert jury.asked == ["accuracy ft:job-1"]
    assert there.heard(StepDone)[-1].verb == "Promoting"
    assert there.plan().changes_nothing


def test_a_model_that_fails_is_trained_and_kept_and_not_promoted() -> None:
    there = world("accuracy", "style")
    outcome = there.apply(**options(Jury({"style": False})))
    ((step, error),) = outcome.failed
    assert (str(step.address), type(error), error.exit_code) == ("alias.prod", NotPromoted, 10)
    assert "style: 0.50 of 10 rows" in error.problems[0].detail
    assert there.model_id("bot") == "ft:job-1"
    assert not there.state.aliases
    assert {name: one.passed for (name, _), one in there.state.evaluations.items()} == {
        "accuracy": True,
        "style": False,
    }
    assert [type(step).__name__ for step in there.plan().steps] == ["Promote"]


def test_a_name_stays_where_it_is_while_the_next_model_is_not_good_enough() -> None:
    there = world("accuracy")
    there.apply(**options(Jury()))
    there.declare(model("bot", epochs=5))
    there.apply(**options(Jury({"accuracy": False})))
    assert there.state.aliases["prod"].now.model_id == "ft:job-1"
    assert there.model_id("bot") == "ft:job-2"
    jury = Jury()
    there.apply(**options(jury))
    assert jury.asked == ["accuracy ft:job-2 beside ft:job-1"]
    alias = there.state.aliases["prod"]
    assert (alias.now.model_id, [old.model_id for old in alias.former]) == ("ft:job-2", ["ft:job-1"])


@pytest.mark.parametrize("error", [None, NotPromoted(Problem("x")), Interrupted(Problem("Interrupted"))])
def test_what_was_paid_for_answers_is_in_the_ledger_also_where_nothing_came_of_it(error: FtplanError | None) -> None:
    there = world("accuracy")
    there.apply(Policy(targets=frozenset({Address("model", "bot")})))
    before = spent_in(there.state, "2026-11")
    with contextlib.suppress(FtplanError):
        there.apply(**options(Jury(error=error, price=Decimal(1))))
    assert spent_in(there.state, "2026-11") == before + 1


@dataclass
class Slow(Jury):
    """Is asked in `parts` of ten seconds. `watched` notes what was entered by then, and how often jobs were seen."""

    watched: list[Any] = field(default_factory=list)
    there: World | None = None
    parts: int = 3

    def __call__(self, name: str, record: ModelRecord, current: Target | None, state: State) -> EvalRecord | None:
        assert self.there is not None
        self.watched.append((spent_in(state, "2026-11"), len(self.there.heard(JobFollowed))))
        self.there.wait(10)
        verdict = super().__call__(name, record, current, state)
        return verdict if len(self.watched) == self.parts else None


def test_what_an_evaluation_pays_for_is_entered_part_by_part() -> None:
    there = world("accuracy")
    there.apply(Policy(targets=frozenset({Address("model", "bot")})))
    before, jury = spent_in(there.state, "2026-11"), Slow(price=Decimal(1), there=there)
    there.apply(**options(jury))
    assert [spent - before for spent, _ in jury.watched] == [0, 1, 2]
    assert spent_in(there.state, "2026-11") == before + 3
    assert there.state.aliases["prod"].now.model_id == "ft:job-1"


def test_other_jobs_are_followed_while_models_are_asked() -> None:
    there = world("accuracy")
    there.apply(Policy(targets=frozenset({Address("model", "bot")})))
    there.declare(model("bot"), model("other", epochs=5))
    jury = Slow(there=there, parts=9)
    there.apply(**options(jury))
    followed = [looks for _, looks in jury.watched]
    assert followed[-1] > followed[0]


def test_a_verdict_is_saved_before_the_next_one_is_asked_for() -> None:
    there, jury = world("accuracy", "style"), Jury()
    there.apply(Policy(targets=frozenset({Address("model", "bot")})), **options(jury))
    seen: list[set[str]] = []

    class Watching(Jury):
        def __call__(self, name: str, record: ModelRecord, current: Target | None, state: State) -> EvalRecord | None:
            seen.append({known for known, _ in there.state.evaluations})
            return jury(name, record, current, state)

    there.apply(**options(Watching()))
    assert seen == [set(), {"accuracy"}]


def test_a_verdict_that_is_known_is_not_written_again() -> None:
    there, jury = world("accuracy"), Jury({"accuracy": False})
    there.apply(**options(jury))
    saves = there.backend.asked
    there.apply(**options(jury))
    assert there.backend.asked == saves


def test_a_failed_job_takes_its_name_nowhere() -> None:
    there, jury = world("accuracy"), Jury()
    there.service.endings["model.bot"] = Phase.FAILED
    outcome = there.apply(**options(jury))
    assert [type(error) for _, error in outcome.failed] == [JobsFailed]
    assert [str(step.address) for step in outcome.skipped] == ["alias.prod"]
    assert jury.asked == []


def test_without_waiting_the_name_is_left_to_the_next_run() -> None:
    there, jury = world("accuracy"), Jury()
    there.apply(wait=False, **options(jury))
    assert jury.asked == []
    assert any("alias.prod" in event.detail for event in there.heard(Told))
    there.apply(**options(jury))
    assert there.state.aliases["prod"].now.model_id == "ft:job-1"


def test_a_signal_while_models_are_asked_leaves_the_name_and_fails_nothing() -> None:
    there = world("accuracy")
    jury = Jury(error=Interrupted(Problem("Interrupted")))
    there.apply(**options(jury))
    assert there.heard(StepFailed) == []
    assert not there.state.aliases
    there.apply(**options(Jury()))
    assert there.state.aliases["prod"].now.model_id == "ft:job-1"


def test_an_alias_that_is_declared_no_more_is_forgotten_and_nothing_is_asked_of_the_service() -> None:
    there = world()
    there.apply(**options(Jury()))
    writes = there.service.writes
    there.aliases = []
    there.apply()
    assert (there.state.aliases, there.service.writes) == ({}, writes)
    assert there.model_id("bot") == "ft:job-1"


@pytest.mark.parametrize("boundary", range(1, 40))
def test_killed_at_any_point_and_run_again_the_name_has_moved_and_the_job_was_paid_for_once(boundary: int) -> None:
    there = world("accuracy")
    there.crash_at = boundary
    with contextlib.suppress(SimulatedCrash):
        there.apply(**options(Jury()))
    there.crash_at = None
    there.wait(3600)
    there.apply(**options(Jury()))
    assert there.state.aliases["prod"].now.model_id == there.model_id("bot")
    assert len(there.service.requests) == 1
    assert there.plan().changes_nothing
