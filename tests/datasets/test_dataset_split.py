"""A dataset is parted by what its rows say: the same halves each time, like rows on one side, the share exact."""

from __future__ import annotations

import io
import json
import random
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftplan.datasets.preparing.halves import Wish, split, value_at, write_halves
from ftplan.datasets.preparing.nearness import ALIKE, Sketcher, near_groups, similarity
from ftplan.datasets.preparing.prompts import spoken
from ftplan.datasets.preparing.splitting import Group, shares, validation_groups
from ftplan.errors import DatasetError

WORDS = [f"word{letter}" for letter in "abcdefghijklmnop"]
GROUPS = st.lists(st.integers(1, 9), min_size=2, max_size=60)
SHARE = st.fractions(Fraction(1, 100), Fraction(99, 100))
PROMPTS = st.lists(st.sampled_from([f"{a} {b} {c}" for a in WORDS[:4] for b in WORDS[4:7] for c in "xyz"]), min_size=2)


def row(prompt: str, answer: str = "Yes.", **keys: object) -> dict:
    messages = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
    return {"messages": messages, **keys}


def graded(prompt: str, **keys: object) -> dict:
    return {"messages": [{"role": "user", "content": prompt}], "answer": "7", **keys}


def halves(lines: list[bytes], **wish: object) -> tuple[list[bytes], list[bytes]]:
    """The lines of both halves."""
    file, training, validation = io.BytesIO(b"".join(line + b"\n" for line in lines)), io.BytesIO(), io.BytesIO()
    found, sides, sha256 = split(file, "rows.jsonl", Wish(**wish))
    write_halves(file, sides, sha256, training, validation)
    made = training.getvalue().splitlines(), validation.getvalue().splitlines()
    assert (found.training, found.validation) == (len(made[0]), len(made[1]))
    return made


def encoded(rows: list[dict], **style: object) -> list[bytes]:
    return [json.dumps(r, **style).encode() for r in rows]


def meanings(lines: list[bytes]) -> Counter[str]:
    return Counter(json.dumps(json.loads(line), sort_keys=True) for line in lines)


def different(count: int) -> list[dict]:
    """Rows whose prompts have nothing in common."""
    return [row(" ".join(f"w{n}x{k}" for k in range(6))) for n in range(count)]


@settings(max_examples=60, deadline=None)
@given(PROMPTS, st.integers(0, 99), st.randoms())
def test_neither_order_nor_spelling_moves_a_row(prompts: list[str], seed: int, chance: random.Random) -> None:
    rows = [row(prompt, f"Answer {n % 3}.") for n, prompt in enumerate([*prompts, "quite another one"])]
    if len(set(prompts)) == 1:
        rows.append(row("and a third"))
    before = halves(encoded(rows), seed=seed)
    chance.shuffle(rows)
    after = halves([json.dumps(r, indent=None, separators=(" , ", " : ")).encode() for r in rows], seed=seed)
    assert [meanings(half) for half in before] == [meanings(half) for half in after]


@settings(max_examples=60, deadline=None)
@given(PROMPTS, SHARE)
def test_both_halves_together_are_the_file_and_keep_its_order(prompts: list[str], share: Fraction) -> None:
    lines = [b"  " + line for line in encoded([row(p, f"n{n}") for n, p in enumerate([*prompts, "one more"])])]
    training, validation = halves(lines, share=share, together="identical")
    assert Counter(training + validation) == Counter(lines)
    assert training == [line for line in lines if line in set(training)]
    assert validation == [line for line in lines if line in set(validation)]
    assert training
    assert validation


@settings(max_examples=60, deadline=None)
@given(PROMPTS, SHARE, st.integers(0, 9))
def test_a_prompt_never_stands_on_both_sides(prompts: list[str], share: Fraction, seed: int) -> None:
    spelled = [f"{p.upper()}  ?!" if n % 2 else p for n, p in enumerate([*prompts, "one more", "two more"])]
    training, validation = halves(encoded([row(p, f"n{n}") for n, p in enumerate(spelled)]), share=share, seed=seed)
    sides = [
        {" ".join(spoken(json.loads(line)["messages"][0]["content"])) for line in side}
        for side in (training, validation)
    ]
    assert not sides[0] & sides[1]


@settings(max_examples=200, deadline=None)
@given(GROUPS, SHARE)
def test_the_share_is_exact_to_less_than_a_group(sizes: list[int], share: Fraction) -> None:
    groups = [Group(b"%d" % n, b"%d" % (n * 7919 % 1000), size, "") for n, size in enumerate(sizes)]
    chosen = validation_groups(groups, share, 7)
    taken = sum(group.size for group in groups if group.key in chosen)
    assert 0 < len(chosen) < len(groups)
    assert abs(taken - sum(sizes) * share) <= max(sizes)


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 300), SHARE)
def test_the_share_of_single_rows_is_exact_to_a_row(count: int, share: Fraction) -> None:
    groups = [Group(b"%d" % n, b"%d" % n, 1, "") for n in range(count)]
    wanted = min(max(int(count * share + Fraction(1, 2)), 1), count - 1)
    assert len(validation_groups(groups, share, 7)) == wanted


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(max_size=3), st.integers(1, 50), min_size=1), SHARE, st.integers(0, 9))
def test_each_stratum_has_its_share_to_a_row_and_all_together_too(sizes: dict, share: Fraction, seed: int) -> None:
    if sum(sizes.values()) < 2:
        return
    quotas = shares(sizes, share, seed)
    assert all(abs(quotas[name] - size * share) < 1 or sum(quotas.values()) == 1 for name, size in sizes.items())
    assert abs(sum(quotas.values()) - sum(sizes.values()) * share) <= 1


@settings(max_examples=40, deadline=None)
@given(st.integers(20, 80), st.integers(1, 10))
def test_rows_that_are_added_move_no_more_rows_than_they_are(count: int, added: int) -> None:
    lines = encoded(different(count + added))
    before, after = set(halves(lines[:count])[1]), set(halves(lines)[1])
    assert len(before ^ (after & set(lines[:count]))) <= added


def test_a_corrected_answer_does_not_move_its_row() -> None:
    rows = different(50)
    before = halves(encoded(rows))[1]
    for one in rows:
        one["messages"][1]["content"] = "No, quite the opposite."
    prompts = [[json.loads(line)["messages"][0] for line in half] for half in (before, halves(encoded(rows))[1])]
    assert prompts[0] == prompts[1]


def test_another_seed_gives_other_halves() -> None:
    lines = encoded(different(100))
    assert halves(lines, seed=1)[1] != halves(lines, seed=2)[1]


def test_nearly_the_same_prompts_stay_together() -> None:
    long = "my parcel with the number on the slip was left at hall seven and when I came back it was not there any more"
    lines = encoded([row(long), row(f"{long} today"), *different(18)])
    for seed in range(20):
        sides = [sum(b"parcel" in line for line in half) for half in halves(lines, seed=seed, share=Fraction(1, 2))]
        assert sorted(sides) == [0, 2]


def test_identical_rows_stay_together_even_where_prompts_need_not() -> None:
    lines = encoded([row("Go on.", "a"), row("Go on.", "a"), *(row("Go on.", f"b{n}") for n in range(8))])
    training, validation = halves(lines, together="identical", share=Fraction(1, 2))
    assert not set(training) & set(validation)
    with pytest.raises(DatasetError) as refused:
        halves(lines, together="same")
    assert "All its 10 rows ask the same" in refused.value.problems[0].detail


def test_one_question_about_two_pictures_is_two_questions() -> None:
    def seen(url: str) -> dict:
        made = row("What is this?")
        made["messages"][0]["content"] = [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": url}},
        ]
        return made

    training, validation = halves(encoded([seen(f"https://example.com/{n}.png") for n in range(10)]))
    assert (len(training), len(validation)) == (9, 1)


@pytest.mark.parametrize("key", ["topic", "meta.topic", "meta.list.1"])
def test_every_stratum_is_split_alike(key: str) -> None:
    rows = []
    for n in range(100):
        value = "rare" if n % 5 == 0 else "common"
        rows.append(graded(f"w{n} a{n} b{n}", topic=value, meta={"topic": value, "list": [0, value]}))
    found, _, _ = split(io.BytesIO(b"\n".join(encoded(rows))), "r", Wish(stratify=key))
    assert [(s.name, s.training, s.validation) for s in found.strata] == [('"common"', 72, 8), ('"rare"', 18, 2)]


def test_rows_without_the_key_are_a_stratum_of_their_own() -> None:
    rows = [graded(f"w{n} a{n}", **({"topic": 1} if n < 20 else {})) for n in range(40)]
    found, _, _ = split(io.BytesIO(b"\n".join(encoded(rows))), "r", Wish(stratify="topic"))
    assert [(s.name, s.training, s.validation) for s in found.strata] == [("1", 18, 2), (None, 18, 2)]


def test_a_key_to_tell_rows_apart_by_is_no_fault_of_theirs_but_others_are() -> None:
    rows = [row(f"w{n} a{n}", metadata={"topic": n % 2}) for n in range(40)]
    found, _, _ = split(io.BytesIO(b"\n".join(encoded(rows))), "r", Wish(stratify="metadata.topic"))
    assert [(s.name, s.training, s.validation) for s in found.strata] == [("0", 18, 2), ("1", 18, 2)]
    assert found.key_to_remove == "metadata"
    for wish in (Wish(), Wish(stratify="topic"), Wish(stratify="messages.0.content")):
        with pytest.raises(DatasetError) as refused:
            split(io.BytesIO(b"\n".join(encoded(rows))), "r", wish)
        assert "20 more lines are wrong" in refused.value.problems[-1].detail


def test_a_key_that_no_row_has_is_refused() -> None:
    with pytest.raises(DatasetError) as refused:
        halves(encoded(different(20)), stratify="metadata.topc")
    assert "'metadata.topc' leads nowhere in any of the 20 rows" in refused.value.problems[0].detail


def test_a_path_leads_through_objects_and_lists_and_a_whole_key_goes_first() -> None:
    assert value_at({"a.b": 1, "a": {"b": 2}}, "a.b") == 1
    assert value_at({"a": [{"b": 2}]}, "a.0.b") == 2
    assert value_at({"a": [1]}, "a.1") is None
    assert value_at({"a": 1}, "a.b") is None


def test_broken_rows_are_all_named_and_nothing_is_parted() -> None:
    lines = [*encoded(different(10)), b"{", b'{"messages": []}']
    with pytest.raises(DatasetError) as refused:
        halves(lines)
    assert {problem.place.line for problem in refused.value.problems if problem.place} == {11, 12}


def test_a_file_that_changes_between_two_readings_is_refused() -> None:
    lines = encoded(different(10))
    _, sides, sha256 = split(io.BytesIO(b"\n".join(lines)), "r", Wish())
    with pytest.raises(DatasetError):
        write_halves(io.BytesIO(b"\n".join(lines[::-1])), sides, sha256, io.BytesIO(), io.BytesIO())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Where is it?", "where  IS it"),
        ("don't", "don t"),
        ("ＡＢＣ", "abc"),
        ("Straße", "STRASSE"),
        ("caf\u00e9", "cafe\u0301"),
    ],
)
def test_case_blanks_and_punctuation_do_not_make_another_prompt(one: str, other: str) -> None:
    assert spoken(one) == spoken(other)


def test_signs_and_characters_of_unspaced_scripts_are_words() -> None:
    assert spoken("2 < 3") != spoken("2 > 3")
    assert spoken("你好吗") == ["你", "好", "吗"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=6, max_size=60), st.lists(st.sampled_from(WORDS), max_size=60))
def test_the_similarity_of_short_prompts_is_exact(one: list[str], other: list[str]) -> None:
    sketcher = Sketcher()
    sketches = sketcher.sketch(one), sketcher.sketch(other)
    if None in sketches:
        return
    first, second = ({tuple(words[n : n + 3]) for n in range(len(words) - 2)} for words in (one, other))
    assert similarity(*sketches) == pytest.approx(len(first & second) / len(first | second))


def test_of_prompts_that_are_alike_hardly_a_pair_is_missed_and_no_other_is_joined() -> None:
    chance, sketcher, sketches, pairs = random.Random(1), Sketcher(), {}, []
    for n in range(400):
        words = [chance.choice(WORDS) + str(chance.randrange(200)) for _ in range(chance.randrange(20, 90))]
        other = [*words[:-2], "changed", words[-1]]
        pair = (b"%d a" % n, b"%d b" % n)
        for key, text in zip(pair, (words, other), strict=True):
            sketches[key] = sketcher.sketch(text)
        pairs += [pair] if similarity(sketches[pair[0]], sketches[pair[1]]) >= ALIKE else []
    groups = near_groups(sketches)
    assert len(pairs) > 300
    assert sum(groups[a] != groups[b] for a, b in pairs) <= len(pairs) // 50
    assert all(len({key.split()[0] for key in groups if groups[key] == name}) == 1 for name in set(groups.values()))


def test_a_template_that_all_prompts_share_does_not_join_them() -> None:
    chance, sketcher = random.Random(2), Sketcher()
    template = [f"t{n}" for n in range(40)]
    sketches = {b"%d" % n: sketcher.sketch([*template, *(str(chance.random()) for _ in range(20))]) for n in range(300)}
    assert len(set(near_groups(sketches).values())) == 300
