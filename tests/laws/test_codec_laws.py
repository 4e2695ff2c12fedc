"""Encode, then decode, is the identity; a damaged file is refused and never taken for an empty one."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from published import check
from worlds import scenes

from ftplan.core.catalog import BaseModel, Catalog
from ftplan.core.facts import Phase
from ftplan.core.keeping.codec import decode_plan, decode_state, encode_plan, encode_state
from ftplan.core.keeping.integrity import integrity_faults
from ftplan.core.keeping.plain import from_plain, to_plain
from ftplan.core.plan import BaseLife, Bill, Note, Plan, Unchanged
from ftplan.core.recipe import FieldChange
from ftplan.core.records import FileRecord, FormerJob, Intent, JobRecord, ModelRecord, State
from ftplan.core.spec import Address, Lifecycle
from ftplan.core.steps import Adopt, Await, Cancel, Delete, Estimate, Forget, Train, Upload
from ftplan.errors import Place, PlanStale, StateError

LAW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
text = st.text(max_size=6)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(text, inner, max_size=2),
    max_leaves=4,
)
words = st.text(min_size=1, max_size=6)
recipes = st.dictionaries(text, plain, max_size=3)
money = st.decimals(0, 1000, places=4)
addresses = st.builds(Address, st.sampled_from(("model", "dataset")), st.text(min_size=1, max_size=4))
lifecycles = st.builds(Lifecycle)
jobs = st.builds(JobRecord, id=words, phase=st.sampled_from(Phase), error_message=st.none() | text)
models = st.builds(
    ModelRecord,
    recipe=recipes,
    job=jobs,
    lifecycle=lifecycles,
    former=st.lists(st.builds(FormerJob, text, jobs), max_size=2).map(tuple),
    attempt=st.integers(1),
    **dict.fromkeys(("name", "provider", "fingerprint", "key"), words),
)
intents = st.builds(
    Intent, recipe=recipes, attempt=st.integers(1), **dict.fromkeys(("name", "provider", "key", "fingerprint"), words)
)


@st.composite
def states(draw: st.DrawFn) -> State:
    """A state that may have come about: what cannot be true is refused on its way in."""
    state = State(draw(text), draw(words), draw(st.integers(0)), draw(text), used_plans=tuple(draw(st.lists(text))))
    whole = state.holding(
        draw(st.lists(st.builds(FileRecord), max_size=2, unique_by=lambda r: r.key)),
        draw(st.lists(models, max_size=2, unique_by=lambda r: r.name)),
        draw(st.lists(intents, max_size=2, unique_by=lambda r: r.name)),
    )
    assume(not integrity_faults(whole))
    return whole


estimates = st.builds(Estimate, low=st.none() | money, high=st.none() | money)
changes = st.lists(st.builds(FieldChange, text, plain, plain), max_size=2).map(tuple)
notes = st.builds(Note, address=st.none() | addresses, place=st.none() | st.builds(Place, text))
steps = st.one_of(
    st.builds(Upload, address=addresses),
    st.builds(Train, address=addresses, recipe=recipes, estimate=estimates, changes=changes),
    st.builds(Adopt, address=addresses, recipe=recipes, changes=changes),
    st.builds(Await, address=addresses),
    st.builds(Cancel, address=addresses),
    st.builds(Forget, address=addresses),
    st.builds(Delete, address=addresses),
)
plans = st.builds(
    Plan,
    steps=st.lists(steps, max_size=3).map(tuple),
    unchanged=st.lists(st.builds(Unchanged, address=addresses), max_size=1).map(tuple),
    notes=st.lists(notes, max_size=2).map(tuple),
    bill=st.none() | st.builds(Bill, low=money, high=money, by_address=st.dictionaries(text, estimates, max_size=1)),
    lives=st.lists(st.builds(BaseLife), max_size=1).map(tuple),
    variables=recipes,
    before=st.dictionaries(text, recipes, max_size=1),
    dataset_digests=st.dictionaries(text, text, max_size=1),
)


@given(states())
@LAW
def test_a_state_comes_back_as_it_was(state: State) -> None:
    assert decode_state(encode_state(state), "s") == state


@given(states() | scenes().map(lambda scene: scene[1]))
@LAW
def test_a_state_is_stored_as_its_schema_says(state: State) -> None:
    check(json.loads(encode_state(state)), "state")


@given(states())
@LAW
def test_the_same_state_has_the_same_bytes(state: State) -> None:
    turned = State(
        state.project,
        state.lineage,
        state.serial,
        state.workspace,
        dict(reversed(list(state.files.items()))),
        dict(reversed(list(state.models.items()))),
        dict(reversed(list(state.intents.items()))),
        state.used_plans,
    )
    assert encode_state(turned) == encode_state(state) == encode_state(decode_state(encode_state(state), "s"))


@given(states(), st.data())
@LAW
def test_a_truncated_state_is_refused(state: State, data: st.DataObject) -> None:
    encoded = encode_state(state).rstrip()
    with pytest.raises(StateError):
        decode_state(encoded[: data.draw(st.integers(0, len(encoded) - 1))], "s")


@given(st.binary(max_size=60) | plain.map(lambda value: json.dumps(value).encode()))
@LAW
def test_foreign_bytes_are_refused_with_our_own_errors(data: bytes) -> None:
    with pytest.raises(StateError):
        decode_state(data, "s")
    with pytest.raises(PlanStale):
        decode_plan(data, "p")


@given(plans)
@LAW
def test_a_plan_comes_back_as_it_was(plan: Plan) -> None:
    assert decode_plan(encode_plan(plan), "p") == plan


@given(plans, st.data())
@LAW
def test_a_plan_with_any_flipped_field_is_refused(plan: Plan, data: st.DataObject) -> None:
    document = json.loads(encode_plan(plan))
    holder, key = data.draw(st.sampled_from(list(_places(document))))
    holder[key] = _flipped(holder[key])
    with pytest.raises(PlanStale):
        decode_plan(json.dumps(document).encode(), "p")


@given(plans, st.data())
@LAW
def test_a_plan_with_a_missing_or_unknown_key_is_refused(plan: Plan, data: st.DataObject) -> None:
    document = json.loads(encode_plan(plan))
    holder = data.draw(st.sampled_from([document, document["plan"]]))
    if data.draw(st.booleans()):
        del holder[data.draw(st.sampled_from(sorted(holder)))]
    else:
        holder["surprise"] = None
    with pytest.raises(PlanStale):
        decode_plan(json.dumps(document).encode(), "p")


@given(st.builds(Catalog, models=st.dictionaries(text, st.builds(BaseModel, text, st.just(("dpo",))), max_size=2)))
@LAW
def test_any_value_of_core_comes_back_from_plain_data(catalog: Catalog) -> None:
    assert from_plain(Catalog, json.loads(json.dumps(to_plain(catalog)))) == catalog


@pytest.mark.parametrize("value", [Decimal("0.10"), date(2026, 11, 1), Phase.RUNNING, Address("model", "a.b")])
def test_what_json_lacks_is_written_as_text(value: Any) -> None:
    assert to_plain(value) == (value.value if isinstance(value, Phase) else str(value))


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every place of a JSON document that holds a single value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for key, item in items:
        found += _places(item) if isinstance(item, (dict, list)) else [(value, key)]
    return found


def _flipped(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return str(value)
    return value + "x" if isinstance(value, str) else "x"
