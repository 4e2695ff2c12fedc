"""The laws of planning: apply, then plan, is empty; nothing is paid for twice; nothing is touched."""

from __future__ import annotations

from collections import Counter

from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from worlds import NAMES, Scene, declared_models, frozen, planned, project, resolved, scenes, with_rules

from ftplan.core.facts import Observation, Phase
from ftplan.core.keeping.codec import decode_plan, decode_state, encode_plan, encode_state, steps_digest
from ftplan.core.planner import Policy
from ftplan.core.records import State
from ftplan.core.spec import Address, ModelSpec
from ftplan.core.steps import Adopt, Await, Cancel, Delete, Forget, Train

LAW = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ADDRESSES = st.frozensets(st.sampled_from([Address("model", name) for name in NAMES]), max_size=2)


@given(scenes())
@LAW
def test_after_an_apply_the_plan_is_empty(scene: Scene) -> None:
    world, state, models = scene
    declared = project(models)
    plan = planned(declared, state, world.observe(resolved(declared, state), state))
    assume(not plan.errors)
    state = with_rules(world.apply(state, plan), declared)
    again = planned(declared, state, world.observe(resolved(declared, state), state))
    event(f"{len(plan.steps)} steps")
    assert again.steps == ()
    # What needs its owner's word is told until it is given.
    assert {note.summary for note in again.notes} <= {"Model is gone", "Failed job", "Waits for its parent"}
    assert not again.errors


@given(scenes(), ADDRESSES)
@LAW
def test_no_fingerprint_is_trained_twice_by_one_plan(scene: Scene, replaced: frozenset[Address]) -> None:
    world, state, models = scene
    declared, policy = project(models), Policy(replace=replaced)
    seen = world.observe(resolved(declared, state, replaced), state)
    trained = Counter(
        step.fingerprint for step in planned(declared, state, seen, policy).steps if isinstance(step, Train)
    )
    assert all(count == 1 for count in trained.values())


@given(scenes())
@LAW
def test_what_is_paid_for_and_good_is_never_paid_for_again(scene: Scene) -> None:
    world, state, models = scene
    declared = project(models)
    good = {
        world.fingerprints[id]
        for id, job in world.jobs.items()
        if not job.phase.settled or job.fine_tuned_model in world.models
    }
    plan = planned(declared, state, world.observe(resolved(declared, state), state))
    remembered = {step.address for step in plan.steps if isinstance(step, Train) and step.fingerprint in good}
    # The one exception: a model whose own job failed is not looked up again; its launch does that.
    assert all(state.models[a.name].job.phase is not Phase.SUCCEEDED for a in remembered if a.name in state.models)
    assert all(a.name in state.models for a in remembered)


@given(scenes(), ADDRESSES)
@LAW
def test_no_key_is_used_for_two_paid_calls(scene: Scene, replaced: frozenset[Address]) -> None:
    world, state, models = scene
    declared, policy = project(models), Policy(replace=replaced)
    seen = world.observe(resolved(declared, state, replaced), state)
    plan = planned(declared, state, seen, policy)
    keys = [step.key for step in plan.steps if isinstance(step, Train)]
    lost = {job.metadata["ftplan_key"] for job in world.jobs.values()} - {r.key for r in state.models.values()}
    assert len(set(keys)) == len(keys)
    assert not set(keys) & {record.key for record in state.models.values()}
    assert not set(keys) & lost or replaced


@given(scenes(), ADDRESSES)
@LAW
def test_what_one_model_uses_is_not_taken_away_by_another(scene: Scene, replaced: frozenset[Address]) -> None:
    world, state, models = scene
    declared, policy = project(models), Policy(replace=replaced)
    seen = world.observe(resolved(declared, state, replaced), state)
    plan = planned(declared, state, seen, policy)
    ended = {step.job_id for step in plan.steps if isinstance(step, (Cancel, Delete)) and step.job_id}
    left = {step.address.name for step in plan.steps if isinstance(step, (Train, Adopt, Forget, Delete))}
    used = {record.job.id for name, record in state.models.items() if name not in left}
    used |= {step.job_id for step in plan.steps if isinstance(step, (Adopt, Await)) and step.job_id}
    assert not ended & used


@given(scenes(), ADDRESSES, ADDRESSES)
@LAW
def test_what_is_left_out_gets_no_step(scene: Scene, targets: frozenset[Address], excludes: frozenset[Address]) -> None:
    world, state, models = scene
    declared = project(models)
    seen = world.observe(resolved(declared, state), state)
    plan = planned(declared, state, seen, Policy(targets=targets, excludes=excludes))
    assert not {step.address for step in plan.steps} & excludes
    assert not {item.address for item in plan.unchanged} & excludes


@given(scenes(), st.sampled_from(("normal", "destroy", "refresh-only")))
@LAW
def test_planning_gives_the_same_plan_and_touches_nothing(scene: Scene, mode: str) -> None:
    world, state, models = scene
    declared, policy = project(models), Policy(mode=mode)  # type: ignore[arg-type]
    seen = world.observe(resolved(declared, state), state)
    before = frozen((declared, state, seen, policy))
    plan = planned(declared, state, seen, policy)
    assert planned(declared, state, seen, policy) == plan
    assert frozen((declared, state, seen, policy)) == before
    assert decode_plan(encode_plan(plan), "p") == plan
    assert decode_state(encode_state(state), "s") == state


@given(scenes(), st.randoms(use_true_random=False))
@LAW
def test_the_order_of_the_file_and_of_the_state_never_matters(scene: Scene, random: object) -> None:
    world, state, models = scene
    seen = world.observe(resolved(project(models), state), state)
    mixed = list(models.items())
    random.shuffle(mixed)  # type: ignore[attr-defined]
    turned = State(**{**_fields(state), "models": dict(reversed(list(state.models.items())))})
    turned = State(**{**_fields(turned), "files": dict(reversed(list(state.files.items())))})
    plan, other = planned(project(models), state, seen), planned(project(dict(mixed)), turned, seen)
    assert other == plan
    assert steps_digest(other) == steps_digest(plan)


@given(scenes())
@LAW
def test_after_a_destroy_nothing_is_left(scene: Scene) -> None:
    world, state, _ = scene
    declared = project({})
    plan = planned(declared, state, world.observe(resolved(declared, state), state), Policy(mode="destroy"))
    assert world.apply(state, plan).empty
    assert {step.address for step in plan.steps if isinstance(step, Delete) and step.job_id} == {
        Address("model", name) for name in state.models
    }


@given(declared_models())
@LAW
def test_a_plan_without_any_answer_trains_what_is_not_remembered(models: dict[str, ModelSpec]) -> None:
    plan = planned(project(models), State("p", ""), Observation())
    recipes = {model.fingerprint for model in resolved(project(models), State("p", "")).models}
    assert {step.fingerprint for step in plan.steps if isinstance(step, Train)} == recipes
    assert plan.totals()[0] == len(models) + plan.summary()["upload"]


def _fields(state: State) -> dict[str, object]:
    return {name: getattr(state, name) for name in State.__dataclass_fields__}
