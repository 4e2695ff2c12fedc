"""Figures of a training: what is taken for one, which source counts, and what they say of the training."""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftplan.core.diagnosis import Finding, diagnosis
from ftplan.core.keeping.metrics_codec import (
    MOST_PACKED_STEPS,
    KeptMetrics,
    decode_metrics,
    encode_metrics,
    kept_name,
    pack_metrics,
    unpack_metrics,
)
from ftplan.core.metrics import (
    LARGEST_FIGURE,
    LONGEST_NAME,
    MOST_COLUMNS,
    MOST_STEPS,
    Measured,
    Metrics,
    best_step,
    measured,
    merged,
    read_step,
)

ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), st.just({}), st.just(10**400)
)
COLUMNS = st.dictionaries(
    st.sampled_from(["train_loss", "valid_loss", "x"]),
    st.dictionaries(st.integers(0, 9), st.floats(-LARGEST_FIGURE, LARGEST_FIGURE), min_size=1),
)
SOURCES = st.builds(Measured, COLUMNS)


def told(**columns: Sequence[float] | dict[int, float]) -> Metrics:
    """Metrics whose columns are given by step, or from step 1 on."""
    by_step = {
        name: values if isinstance(values, dict) else dict(enumerate(values, 1)) for name, values in columns.items()
    }
    return Metrics(by_step, dict.fromkeys(by_step, ("events",)))


def names(metrics: Metrics) -> list[str]:
    return [finding.name for finding in diagnosis(metrics)]


def only(metrics: Metrics, name: str) -> Finding:
    (found,) = (finding for finding in diagnosis(metrics) if finding.name == name)
    return found


@given(st.lists(st.tuples(ANYTHING, ANYTHING, ANYTHING)))
def test_whatever_is_told_only_finite_figures_at_real_steps_are_kept(points: list[Any]) -> None:
    found = measured(points)
    for name, series in found.columns.items():
        assert 0 < len(name) <= LONGEST_NAME
        assert list(series) == sorted(series)
        assert all(type(step) is int and 0 <= step <= MOST_STEPS for step in series)
        assert all(math.isfinite(value) for value in series.values())
    assert found.not_finite.keys() <= found.columns.keys()


def test_of_one_step_the_last_figure_counts_and_steps_are_in_order() -> None:
    found = measured([(2, "a", 5), (1, "a", 1.5), (2, "a", 4), (-1, "a", 9), (True, "a", 9), (3, "step", 3)])
    assert list(found.columns["a"].items()) == [(1, 1.5), (2, 4.0)]
    assert list(found.columns) == ["a"]


def test_no_more_columns_are_kept_than_anybody_reads() -> None:
    found = measured((1, f"c{number}", 1.0) for number in range(MOST_COLUMNS + 1))
    assert (len(found.columns), found.cut) == (MOST_COLUMNS, True)


def test_the_first_step_without_a_number_is_remembered() -> None:
    found = measured([(4, "train_loss", math.nan), (3, "train_loss", math.inf), (1, "train_loss", 1.0)])
    assert (found.columns["train_loss"], found.not_finite) == ({1: 1.0}, {"train_loss": 3})


@given(SOURCES, SOURCES, SOURCES)
def test_the_results_file_counts_before_checkpoints_and_these_before_events(
    results: Measured, checkpoints: Measured, events: Measured
) -> None:
    ranked = (results, checkpoints, events)
    metrics = merged(*ranked)
    assert set(metrics.columns) == {name for source in ranked for name in source.columns}
    for name, series in metrics.columns.items():
        known = [source.columns.get(name, {}) for source in ranked]
        assert set(series) == {step for column in known for step in column}
        assert all(value == next(column[step] for column in known if step in column) for step, value in series.items())
        assert len(metrics.sources[name]) == sum(map(bool, known))


def test_a_figure_of_a_stronger_source_counts_before_what_was_no_number_in_a_weaker_one() -> None:
    file, events = measured([(7, "train_loss", 0.5)]), measured([(7, "train_loss", math.nan)])
    assert merged(file, Measured(), events).not_finite == {}
    assert merged(events, Measured(), file).not_finite == {"train_loss": 7}


@given(SOURCES, SOURCES, SOURCES, st.booleans())
def test_what_is_kept_is_read_back_to_the_digit(a: Measured, b: Measured, c: Measured, rehearsal: bool) -> None:
    kept = KeptMetrics("ftjob-A", "openai", merged(a, b, c), rehearsal)
    assert decode_metrics(encode_metrics(kept), "ftjob-A") == kept
    assert unpack_metrics(pack_metrics(kept), "ftjob-A") == kept


def test_of_very_many_steps_so_many_are_packed_as_a_state_can_carry() -> None:
    points = [(step, "train_loss", 9.0 if step == 7_777 else 0.1 if step == 31 else 1.0) for step in range(10_001)]
    whole = KeptMetrics("j", "p", merged(measured([*points, (5, "rare", 2.0)]), Measured(), Measured()))
    packed = pack_metrics(whole)
    assert len(packed) < 50_000
    found = unpack_metrics(packed, "j")
    assert found is not None
    assert found.of_steps == 10_001
    assert MOST_PACKED_STEPS // 2 < len(found.metrics.steps) <= MOST_PACKED_STEPS + 5
    assert {0, 5, 31, 7_777, 10_000} <= set(found.metrics.steps)
    whole_loss = whole.metrics.columns["train_loss"]
    assert all(whole_loss[step] == figure for step, figure in found.metrics.columns["train_loss"].items())


@pytest.mark.parametrize("text", ["", "%", "eJw=", "e30=", "ä", base64.b64encode(zlib.compress(b"[]")).decode()])
def test_what_was_not_packed_is_nothing(text: str) -> None:
    assert unpack_metrics(text, "j") is None


def test_a_column_that_never_was_a_number_is_kept_as_that() -> None:
    broken = measured([(7, "train_loss", math.nan)])
    kept = KeptMetrics("j", "p", merged(broken, Measured(), Measured()))
    assert decode_metrics(encode_metrics(kept), "j") == kept
    assert names(kept.metrics) == ["diverged"]


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"[]", b"{}", b"[" * 100_000, b'{"version":1,"job_id":"J"}', b'{"version":2,"job_id":"j"}']
)
def test_what_is_damaged_or_anothers_is_nothing(data: bytes) -> None:
    assert decode_metrics(data, "j") is None


@given(st.recursive(ANYTHING, lambda inner: st.dictionaries(st.text(max_size=3), inner)))
def test_whatever_is_kept_under_the_name_raises_nothing(value: Any) -> None:
    document = {"version": 1, "job_id": "j", "columns": value, "sources": value, "not_finite": value}
    assert decode_metrics(json.dumps(document).encode(), "j") is not None


@pytest.mark.parametrize("job_id", ["ftjob-AbC.1", "../../etc", "", "ä" * 9, "a" * 93, "-x", "\ud800", "x\n"])
def test_every_id_makes_a_name_that_leads_nowhere_else(job_id: str) -> None:
    name = kept_name(job_id)
    assert name.endswith(".metrics")
    assert len(name) <= 100
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    assert name[0] not in ".-"
    assert kept_name("ftjob-AbC.1") == "ftjob-abc.1.metrics"


@pytest.mark.parametrize(
    ("text", "step"),
    [("7", 7), (" 7 ", 7), ("7.0", 7), ("-7", None), ("7.5", None), ("", None), ("٣", None), ("9" * 5000, None)],
)
def test_a_step_is_a_whole_number_that_is_not_below_zero(text: str, step: int | None) -> None:
    assert read_step(text) == step


def test_the_best_loss_is_the_lowest_and_the_best_accuracy_the_highest() -> None:
    series = {1: 3.0, 2: 1.0, 3: 3.0}
    found = [best_step(name, series) for name in ("valid_loss", "train_accuracy", "x_reward", "tokens")]
    assert found == [2, 1, 1, None]
    assert best_step("train_loss", {}) is None


FALLING = [4.0, 2.0, 1.5, 1.2, 1.0, 0.9, 0.85, 0.84, 0.83, 0.83, 0.83, 0.83]
RISING = [3.0, 2.0, 1.5, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0, 2.1, 2.2]


def test_a_valid_loss_that_rises_while_the_train_loss_falls_is_overfit_from_its_best_step_on() -> None:
    found = only(told(train_loss=FALLING, valid_loss=RISING), "overfit")
    assert found.step == 4
    assert (found.figures["lowest"], found.figures["last"]) == (1.4, 2.2)
    assert all(word in found.sentence for word in ("step 4", "1.4", "2.2", "step 12"))


@pytest.mark.parametrize(
    "valid",
    [
        pytest.param([*RISING[:4], 1.5, 1.6], id="two worse evaluations are chance"),
        pytest.param([*RISING[:9], 1.41], id="it came back"),
        pytest.param([3.0, 2.0, 1.5, 1.4, 1.41, 1.42, 1.425], id="within the noise"),
        pytest.param(FALLING, id="it falls, too"),
        pytest.param([], id="nothing was validated"),
    ],
)
def test_what_does_not_rise_for_good_is_no_overfit(valid: list[float]) -> None:
    assert "overfit" not in names(told(train_loss=FALLING, valid_loss=valid))


def test_where_both_losses_rise_nothing_was_learned_by_heart() -> None:
    assert "overfit" not in names(told(train_loss=RISING, valid_loss=RISING))


def test_the_loss_over_all_validation_rows_is_judged_by_where_there_is_enough_of_it() -> None:
    full = {3: 1.5, 6: 1.4, 9: 1.3, 12: 1.2}
    assert "overfit" not in names(told(train_loss=FALLING, valid_loss=RISING, full_valid_loss=full))
    few = {6: 1.4, 12: 1.2}
    assert "overfit" in names(told(train_loss=FALLING, valid_loss=RISING, full_valid_loss=few))


def test_many_evaluations_are_judged_by_their_means() -> None:
    noise = [0.3 * (-1) ** step for step in range(200)]
    train = [3 * 0.98**step + 0.5 for step in range(200)]
    flat = [1 + value for value in noise]
    rising = [1 + abs(step - 100) / 100 + value for step, value in enumerate(noise)]
    assert "overfit" not in names(told(train_loss=train, valid_loss=flat))
    found = only(told(train_loss=train, valid_loss=rising), "overfit")
    assert found.step is not None
    assert 90 <= found.step <= 120
    assert "the mean of about 10 evaluations" in found.sentence


def test_a_train_loss_that_still_falls_at_the_end_is_not_converged() -> None:
    steady = [5.0 - step * 0.2 for step in range(20)]
    found = only(told(train_loss=steady, valid_loss=steady), "not-converged")
    assert (found.step, round(found.figures["fall"], 3)) == (17, 0.348)
    assert "34.8%" in found.sentence


@pytest.mark.parametrize("train", [FALLING, [5.0, 4.0, 3.0, 2.0, 1.0], [0.0] * 20, [-1.0 * n for n in range(20)]])
def test_a_flat_end_and_too_few_steps_are_not_told_as_unconverged(train: list[float]) -> None:
    assert "not-converged" not in names(told(train_loss=train, valid_loss=train))


@pytest.mark.parametrize("column", ["valid_loss", "full_valid_loss", "valid_mean_reward"])
def test_a_training_that_was_validated_in_no_way_is_told(column: str) -> None:
    assert "no-validation" in names(told(train_loss=FALLING))
    assert "no-validation" not in names(told(train_loss=FALLING, **{column: [1.0]}))


def test_a_jump_of_the_train_loss_is_told_with_its_step() -> None:
    flat = [0.83] * 30
    found = only(told(train_loss=[*FALLING, *flat, 2.0, *flat, 9.0, *flat]), "unstable-loss")
    assert (found.step, found.figures["spikes"], found.figures["value"]) == (43, 2, 9.0)
    assert "2 times, first at step 43; at step 74 it is 9 where it had been about 0.83" in found.sentence


@pytest.mark.parametrize(
    "train",
    [
        pytest.param(FALLING, id="smooth"),
        pytest.param([9.0, 1.0, 5.0, 1.0, 4.0, 1.0], id="before there is anything to compare with"),
        pytest.param([0.001] * 10 + [0.05], id="next to nothing"),
        pytest.param([0.4, 1.6, 0.5, 2.0, 0.3] * 8, id="as noisy as ever"),
        pytest.param([-0.5] * 10 + [-0.45], id="below zero"),
    ],
)
def test_what_is_no_jump_is_not_told(train: list[float]) -> None:
    assert "unstable-loss" not in names(told(train_loss=train))


def test_a_loss_that_is_no_number_any_more_is_told_first() -> None:
    metrics = merged(
        measured([(step, "train_loss", math.nan if step > 8 else 1.0) for step in range(1, 20)]), Measured(), Measured()
    )
    assert (diagnosis(metrics)[0].name, diagnosis(metrics)[0].step) == ("diverged", 9)


def test_of_a_training_that_goes_on_only_what_cannot_change_is_told() -> None:
    whole = told(train_loss=[5.0 - step * 0.2 for step in range(20)])
    assert names(whole) == ["not-converged", "no-validation"]
    assert names(Metrics(whole.columns, whole.sources, complete=False)) == []


def test_a_figure_too_large_to_be_summed_up_is_none() -> None:
    found = measured([(1, "train_loss", 1e300), (2, "train_loss", 10**400), (3, "train_loss", LARGEST_FIGURE)])
    assert (found.columns, found.not_finite) == ({"train_loss": {3: LARGEST_FIGURE}}, {"train_loss": 1})


@given(COLUMNS)
def test_every_finding_has_a_sentence_and_is_about_a_step_there_is(columns: Any) -> None:
    for finding in diagnosis(merged(Measured(columns), Measured(), Measured())):
        assert finding.sentence.endswith(".")
        assert all(map(math.isfinite, finding.figures.values()))
        assert finding.step is None or any(finding.step in series for series in columns.values())


@pytest.mark.parametrize("times", [lambda value: value * 3.0, lambda value: value / 7.0])
def test_the_unit_of_a_loss_changes_no_overfit(times: Callable[[float], float]) -> None:
    scaled = told(train_loss=list(map(times, FALLING)), valid_loss=list(map(times, RISING)))
    assert only(scaled, "overfit").step == 4
