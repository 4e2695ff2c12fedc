"""What a dataset looks like is said in the counts that a plan is priced with."""

from __future__ import annotations

import io

import pytest
from rule_cases import GOOD, calling, chat, lines, pair, tooled

from ftplan.datasets.preparing.profile import FRAMING, Profile, profiled
from ftplan.errors import DatasetError


def profile(data: bytes) -> Profile:
    return profiled(io.BytesIO(data), "p.jsonl", "o200k_base")


@pytest.mark.parametrize("name", ["drone_training", "gsm8k_train", "gsm8k_preference"])
def test_the_sums_are_those_of_the_pass_that_a_plan_makes(name: str, real_data, measured) -> None:
    data = real_data(f"{name}.jsonl").read_bytes()
    found, facts = profile(data), measured(data, "o200k_base").facts
    assert (found.rows, found.bytes, found.tokens) == (facts.rows, facts.bytes, facts.tokens["o200k_base"].total)
    assert sum(found.by_role.values()) == found.tokens
    assert found.longest[0] == (facts.tokens["o200k_base"].longest, facts.tokens["o200k_base"].longest_line)
    assert found.rows_with_tools == facts.rows_with_tools


def test_turns_roles_and_calls_are_counted() -> None:
    found = profile(lines(GOOD, tooled(calling())))
    assert found.turns == {2: 1, 4: 1}
    assert found.messages == {"user": 2, "assistant": 3, "tool": 1}
    assert found.tools == {"f": 1}
    assert set(found.by_role) == {"user", "assistant", "tool", FRAMING}


def test_both_outputs_of_a_pair_are_the_assistants() -> None:
    assert profile(lines(pair())).messages == {"user": 1, "assistant": 2}


def test_completions_speak_as_prompt_and_completion() -> None:
    found = profile(lines({"prompt": "one two", "completion": "three"}))
    assert found.by_role == {"prompt": 2, "completion": 1, FRAMING: 0}


def test_percentiles_are_lengths_that_occur() -> None:
    found = profile(lines(*(chat(*[*GOOD["messages"]] * n) for n in range(1, 11))))
    ranked = sorted(found.lengths)
    assert found.percentiles((0, 10, 50, 99, 100)) == {
        0: ranked[0], 10: ranked[0], 50: ranked[4], 99: ranked[9], 100: ranked[9],
    }  # fmt: skip
    assert found.share_of_longest(0.01) == ranked[9] / sum(ranked)
    assert Profile("o200k_base").percentiles((50,)) == {}


def test_a_broken_row_stops_it_with_its_place() -> None:
    with pytest.raises(DatasetError) as caught:
        profile(lines(GOOD, b"17"))
    (problem,) = caught.value.problems
    assert (str(problem.place), problem.rule) == ("p.jsonl:2", "not-an-object")
