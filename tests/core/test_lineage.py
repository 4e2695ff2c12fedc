"""Where a model comes from: a tree that always ends."""

from __future__ import annotations

from dataclasses import replace

from values import evaluation, full_state, job, target

from ftplan.core.handover import AliasRecord
from ftplan.core.lineage import lineage, told_recipe
from ftplan.core.records import FormerJob


def test_a_ring_of_parents_ends_where_it_began() -> None:
    state = full_state()
    bot = state.models["bot"]
    ring = {name: replace(bot, name=name, parent=f"model.{above}") for name, above in ("ab", "bc", "ca")}
    found = lineage(replace(state, models=ring), "a")
    names = []
    while found is not None:
        names.append(found.name)
        found = found.parent
    assert names == ["a", "b", "c"]


def test_each_checkpoint_is_told_by_its_own_id_with_what_was_judged_of_it() -> None:
    state = full_state()
    last, step = "ft:job-1", "ft:job-1:ckpt-step-80"
    of_step = replace(evaluation(), model_id=step)
    state = replace(state, evaluations={**state.evaluations, of_step.key: of_step})
    told = {id: lineage(state, id) for id in (last, step, "job-1", "bot", "ft:job-1:ckpt-step-40")}
    assert {id: found.model_id for id, found in told.items() if found} == {
        last: last,
        step: step,
        "job-1": step,
        "bot": step,
        "ft:job-1:ckpt-step-40": "ft:job-1:ckpt-step-40",
    }
    assert {id: [one.model_id for one in found.evaluations] for id, found in told.items() if found} == {
        last: [last],
        step: [step],
        "job-1": [step],
        "bot": [step],
        "ft:job-1:ckpt-step-40": [],
    }
    assert [id for id, found in told.items() if found and found.checkpoint] == [step, "job-1", "bot"]
    assert all(not found.retired for found in told.values() if found)


def test_a_checkpoint_of_a_former_job_is_told_by_its_own_id() -> None:
    state = full_state()
    bot = replace(state.models["bot"], former=(FormerJob("f0", job("job-0")),))
    found = lineage(replace(state, models={"bot": bot}), "ft:job-0:ckpt-step-7")
    assert found is not None
    assert (found.model_id, found.job.id, found.retired, found.checkpoint) == (
        "ft:job-0:ckpt-step-7",
        "job-0",
        True,
        None,
    )


def test_what_an_alias_stands_for_is_known_although_its_model_is_managed_no_more() -> None:
    gone = replace(target("job-77"), model="gone")
    state = replace(full_state(), aliases={"prod": AliasRecord("prod", gone)})
    for asked in ("prod", "alias.prod", "ft:job-77", "job-77"):
        found = lineage(state, asked)
        assert found is not None, asked
        assert (found.name, found.model_id, found.job.id, found.retired) == ("gone", "ft:job-77", "job-77", True)
        assert [standing.alias for standing in found.standings] == ["prod"]


def test_what_may_be_shown_of_a_recipe_holds_no_host_and_no_grader() -> None:
    state = full_state()
    bot = state.models["bot"]
    secret = {"account": "openai https://ft.internal", "grader": {"prompt": "ours"}, "seed": 1}
    found = lineage(replace(state, models={"bot": replace(bot, recipe=secret)}), "bot")
    assert found is not None
    assert told_recipe(found) == {"seed": 1}
