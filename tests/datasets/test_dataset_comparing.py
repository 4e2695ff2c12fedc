"""Two contents of a dataset held against each other: every row is accounted for, and is itself wherever it stands."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftplan.core.dataset_diff import LISTED_ROWS, DatasetDiff
from ftplan.datasets import Cache, RowIndex, difference, index_rows, with_texts
from ftplan.datasets.comparing.masking import masked
from ftplan.datasets.comparing.pairing import MOST_COMPARED, paired
from ftplan.datasets.comparing.sketch import EMPTY, SKETCH_BYTES, Sketcher, likeness, unpacked
from ftplan.errors import DatasetError

WORDS = ["the", "parcel", "was", "sent", "to", "hall", "nine", "and", "came", "back", "without", "its", "label", "on"]
Row = dict[str, Any]
LAW = settings(max_examples=60, deadline=None)


def row(question: str, answer: str = "Yes.", **keys: Any) -> Row:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}], **keys}


def file(rows: list[Row], **style: Any) -> io.BytesIO:
    return io.BytesIO("".join(json.dumps(one, **style) + "\n" for one in rows).encode())


def index(rows: list[Row], encoding: str | None = None) -> RowIndex:
    return index_rows(file(rows), "rows.jsonl", encoding)


def compared(old: list[Row], new: list[Row], **asked: Any) -> DatasetDiff:
    return difference(index(old), index(new), old_name="old", new_name="new", **asked)


def counts(diff: DatasetDiff) -> dict[str, int]:
    names = ("unchanged", "moved", "added", "removed", "edited")
    return {name: count for name in names if (count := getattr(diff, name))}


ROWS = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join).map(row), max_size=12)


@given(ROWS, ROWS)
@LAW
def test_every_row_of_both_sides_is_accounted_for(old: list[Row], new: list[Row]) -> None:
    diff = compared(old, new)
    assert diff.before is not None
    assert diff.unchanged + diff.edited + diff.removed == diff.before.rows == len(old)
    assert diff.unchanged + diff.edited + diff.added == diff.after.rows == len(new)
    assert 0 <= diff.moved <= max(0, diff.unchanged - 1)
    assert len(diff.rows) == min(diff.changed, LISTED_ROWS)
    for side, lines in (("old", [r.old_line for r in diff.rows]), ("new", [r.new_line for r in diff.rows])):
        told = [line for line in lines if line is not None]
        assert len(set(told)) == len(told), side


@given(ROWS, ROWS)
@LAW
def test_seen_from_the_other_side_added_is_removed(old: list[Row], new: list[Row]) -> None:
    one, other = compared(old, new), compared(new, old)
    assert (one.unchanged, one.moved) == (other.unchanged, other.moved)
    if one.moved:
        return  # Which of two rows that changed places is the one that stayed, is not told by either.
    assert (one.added, one.removed, one.edited) == (other.removed, other.added, other.edited)
    pairs = {(row.old_line, row.new_line) for row in one.rows}
    assert one.changed > LISTED_ROWS or pairs == {(row.new_line, row.old_line) for row in other.rows}


@given(ROWS, st.randoms(use_true_random=False))
@LAW
def test_rows_in_another_order_are_moved_and_nothing_else(rows: list[Row], random: Any) -> None:
    mixed = rows[:]
    random.shuffle(mixed)
    diff = compared(rows, mixed)
    assert (diff.unchanged, diff.changed) == (len(rows), 0)
    assert compared(rows, rows).moved == 0


@given(ROWS)
@LAW
def test_an_index_comes_back_from_its_file_form(rows: list[Row]) -> None:
    made = index(rows)
    assert RowIndex.decode(made.encode()) == made


def test_a_row_is_itself_however_it_is_spelled() -> None:
    rows = [row("Wo ist das Päckchen?"), row("Where is it?")]
    old = index_rows(file(rows), "a", None)
    new = index_rows(file(rows, ensure_ascii=False, separators=(",", ":"), sort_keys=True), "b", None)
    assert counts(difference(old, new, old_name="a", new_name="b")) == {"unchanged": 2}


TEN = [row(f"{' '.join(WORDS)} {number}", f"It is number {number}.") for number in range(10)]


def test_a_row_of_which_a_word_changed_is_edited() -> None:
    new = [*TEN[:4], row(f"{' '.join(WORDS)} 4", "It is number four."), *TEN[5:]]
    diff = compared(TEN, new)
    assert counts(diff) == {"unchanged": 9, "edited": 1}
    assert (diff.rows[0].old_line, diff.rows[0].new_line) == (5, 5)


def test_a_short_row_is_edited_in_its_place() -> None:
    old, new = [row(name, name) for name in "abcde"], [row(name, name) for name in "abcde"]
    new[2] = row("c", "see")
    assert counts(compared(old, new)) == {"unchanged": 4, "edited": 1}


def test_a_row_that_was_edited_and_moved_is_found_again() -> None:
    moved = row(f"{' '.join(WORDS)} two", "It is number 2.")
    strangers = [row(f"{n} is something quite other than what {n} people write {n * 7}") for n in range(30)]
    diff = compared([*strangers, TEN[2]], [moved, *strangers])
    assert counts(diff) == {"unchanged": 30, "edited": 1}
    assert (diff.rows[0].old_line, diff.rows[0].new_line) == (31, 1)


def test_unlike_rows_are_removed_and_added() -> None:
    old, new = [*TEN, row("Quo vadis, domine?", "Romam vado.")], [*TEN, row("Ποῦ πορεύῃ;", "Ἐγὼ εἰς Ῥώμην.")]
    assert counts(compared(old, new)) == {"unchanged": 10, "removed": 1, "added": 1}


def test_a_row_goes_with_the_likest_of_several() -> None:
    old = [row(" ".join(WORDS[:n])) for n in (6, 9, 12)]
    new = [row(" ".join([*WORDS[:12], "soon"])), row(" ".join([*WORDS[:6], "soon"]))]
    pairs = {(r.old_line, r.new_line) for r in compared(old, new).rows if r.kind == "edited"}
    assert pairs == {(1, 2), (3, 1)}


def test_copies_are_counted_and_each_is_a_row() -> None:
    diff = compared(TEN, [*TEN, TEN[0], TEN[0]])
    assert diff.before is not None
    assert (diff.before.duplicates, diff.after.duplicates) == (0, 2)
    assert counts(diff) == {"unchanged": 10, "added": 2}


def test_tokens_are_those_that_a_plan_counts_and_none_in_another_encoding() -> None:
    one, other = index(TEN, "o200k_base"), index(TEN, "cl100k_base")
    from ftplan.datasets import measure

    facts = measure(file(TEN), "rows.jsonl", ["o200k_base"]).facts
    assert facts is not None
    same = difference(one, one, old_name="a", new_name="b", limit=5).after
    assert (same.tokens, same.longest) == (facts.tokens["o200k_base"].total, facts.tokens["o200k_base"].longest)
    assert same.over_limit == 10
    moved = difference(other, one, old_name="a", new_name="b", limit=5)
    assert moved.before is not None
    assert (moved.before.tokens, moved.before.over_limit, moved.after.tokens) == (None, None, same.tokens)


def test_rows_that_stand_in_the_partner_are_counted_on_both_sides() -> None:
    diff = compared(TEN, TEN, shared_with=(index(TEN[:3]), index(TEN[:5])))
    assert diff.before is not None
    assert (diff.before.shared, diff.after.shared) == (3, 5)
    assert compared(TEN, TEN).after.shared is None


TOOL = {"type": "function", "function": {"name": "track", "parameters": {"type": "object", "properties": {}}}}


def test_roles_and_tools_are_told_with_what_they_are_defined_as() -> None:
    other = {"type": "function", "function": {**TOOL["function"], "description": "Finds a parcel."}}  # type: ignore[dict-item]
    old, new = index([row("a", tools=[TOOL])]), index([row("a", tools=[other])])
    assert old.roles == {"user": 1, "assistant": 1}
    assert list(old.tools) == ["track"]
    assert old.tools != new.tools
    assert index([row("a", tools=[TOOL]), row("b", tools=[TOOL])]).tools == old.tools


def test_without_the_rows_before_only_those_now_are_told() -> None:
    diff = difference(None, index(TEN), old_name="a", new_name="b")
    assert diff.before is None
    assert (diff.after.rows, diff.changed, diff.rows) == (10, 0, ())


@pytest.mark.parametrize("line", [b"{", b"[]", b"\xff", b'{"a": 1, "a": 2}'])
def test_a_line_that_is_no_row_is_told_with_its_line(line: bytes) -> None:
    with pytest.raises(DatasetError) as error:
        index_rows(io.BytesIO(file(TEN).getvalue() + line), "rows.jsonl", None)
    (problem,) = error.value.problems
    assert problem.place is not None
    assert (problem.place.path, problem.place.line) == ("rows.jsonl", 11)


def test_a_row_of_no_known_format_is_compared_all_the_same() -> None:
    odd: list[Row] = [{"messages": 7}, {"text": WORDS}, {"messages": [{"role": []}]}, {}]
    assert counts(compared(odd, odd[:3])) == {"unchanged": 3, "removed": 1}


def test_an_index_that_is_damaged_or_claims_too_much_is_none() -> None:
    data = index(TEN).encode()
    for at in range(len(data)):
        assert RowIndex.decode(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]) is None
        assert RowIndex.decode(data[:at]) is None
    assert len(data) < 32 * len(TEN) + 200


HEAD = {"rows": 0, "encoding": "", "roles": {}, "tools": {}}


@pytest.mark.parametrize(
    "spelled",
    [
        *(json.dumps({**HEAD, "rows": rows}) for rows in (2**30, -1, 10**30, 1.5, "0", None, [])),
        *(json.dumps({**HEAD, key: 7}) for key in ("encoding", "roles", "tools", "another")),
        json.dumps({"rows": 0}),
        "[" * 100_000,
        '{"rows": ' + "9" * 5000 + "}",
        "",
        "null",
    ],
    ids=lambda spelled: spelled[:60],
)
def test_an_index_with_a_right_seal_is_no_more_believed_than_its_size(spelled: str) -> None:
    assert RowIndex.decode(sealed(json.dumps(HEAD))) == RowIndex()
    assert RowIndex.decode(sealed(spelled)) is None
    assert RowIndex.decode(sealed(json.dumps(HEAD), 2**32 - 1)) is None


def sealed(spelled: str, length: int | None = None) -> bytes:
    body = (len(spelled) if length is None else length).to_bytes(4, "little") + spelled.encode()
    return b"ftplan rows 1\n" + hashlib.sha256(body).digest() + body


def test_an_index_holds_no_word_of_a_row() -> None:
    data = index([row("Zanzibar", "Ouagadougou")]).encode()
    assert b"Zanzibar" not in data
    assert b"Ouagadougou" not in data


def test_a_cache_gives_the_same_index_and_reads_it_once(tmp_path: Any) -> None:
    cache, path = Cache(tmp_path / "c.sqlite3", now=lambda: 4e9), tmp_path / "rows.jsonl"
    path.write_bytes(file(TEN).getvalue())
    with open(path, "rb") as opened:
        first = index_rows(opened, "rows.jsonl", "o200k_base", cache=cache)
        opened.seek(0)
        # Nothing could be read of it any more: what comes back was kept.
        assert index_rows(opened, "rows.jsonl", "o200k_base", cache=cache) == first == index(TEN, "o200k_base")


def test_what_rows_say_is_cut_around_the_difference_and_masked() -> None:
    long = " ".join(WORDS * 30)
    old, new = [row("a", long)], [row("a", f"{long} Write to jane@corp.io or +49 170 1234567.")]
    (change,) = with_texts(compared(old, new), 5, file(old), file(new)).rows
    (text,) = change.texts
    assert text.where == "messages[1].content (assistant)"
    assert text.before is not None
    assert text.after is not None
    assert text.before.startswith("…")
    assert "Write to [masked] or [masked]." in text.after
    assert len(text.after) < 400


def test_the_keys_of_a_row_are_cut_and_masked_as_its_texts_are() -> None:
    keys = {"sk-" + "a1B2" * 8: "a key", "x" * 5000: "another"}
    old, new = [row("a")], [{"messages": [{"role": "jane@corp.io", "content": "a", **keys}]}]
    (change, *_) = with_texts(difference(index(old), index(new), old_name="", new_name=""), 1, None, file(new)).rows
    said = "".join(text.where for text in change.texts)
    assert "a1B2" not in said
    assert "corp.io" not in said
    assert max(len(text.where) for text in change.texts) < 120


@pytest.mark.parametrize(
    "secret",
    [
        "sk-" + "a1B2" * 8,
        "AKIA" + "ABCDEFGH12345678",
        "jane.doe@corp.io",
        "+49 170 1234567",
        "4111 1111 1111 1111",
        "DE89 3704 0044 0532 0130 00",
        "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu\n",
    ],
)
def test_what_is_masked_leaves_nothing_to_be_used(secret: str) -> None:
    for text in (secret, f"x {secret}", f"Zażółć {secret} y", f'"{secret}"'):
        shown = masked(text)
        assert "[masked]" in shown
        assert not any(part in shown for part in secret.split() if len(part) > 4)


def test_sketches_agree_about_as_far_as_their_words_do() -> None:
    sketcher = Sketcher()

    def like(one: str, other: str) -> float:
        return likeness(unpacked(sketcher.sketch([one]))[0], unpacked(sketcher.sketch([other]))[0])

    text = " ".join(f"word{n}" for n in range(200))
    assert like(text, text) == 1.0
    assert like(text, text.replace("word7 ", "other ")) > 0.8
    assert like(text, " ".join(f"other{n}" for n in range(200))) < 0.2
    assert like("", "") == 1.0
    assert len(sketcher.sketch([])) == SKETCH_BYTES
    assert set(unpacked(sketcher.sketch([]))[0]) == {EMPTY}


def test_no_word_can_be_told_from_the_sketch_of_a_row() -> None:
    sketcher, sharing = Sketcher(), Counter[bytes]()
    for number in range(20_000):
        sharing[sketcher.sketch([f"word{number}"])] += 1
    # Also a rare word is one of many that all look the same: of a language's 200,000 words, ten times as many.
    assert min(sharing.values()) > 15


def test_text_without_blanks_is_no_single_word() -> None:
    sketcher = Sketcher()
    one, other = "包裹在哪里请问" * 20, "包裹在哪里请问" * 19 + "包裹在仓库"
    assert likeness(unpacked(sketcher.sketch([one]))[0], unpacked(sketcher.sketch([other]))[0]) > 0.5


def test_of_very_many_rows_only_those_in_one_place_are_held_against_each_other() -> None:
    sketch = unpacked(Sketcher().sketch(WORDS))[0]
    many = dict.fromkeys(range(MOST_COMPARED + 1), sketch)
    assert paired(many, {0: sketch}, [([5], [0])]) == {5: 0}
    assert paired(many, {0: sketch}, []) == {}
