"""`dataset split`, `sample` and `convert` as they are typed: what they write, what they refuse, and what they say."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from workbench import Workbench

FEATURES = ("split", "sample", "convert")


def names(bench: Workbench) -> set[str]:
    return {path.name for path in bench.folder.iterdir()}


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def pairs(count: int = 12, **keys: Any) -> str:
    return "".join(json.dumps({"prompt": f"q{n}", "completion": "a", **keys}) + "\n" for n in range(count))


def test_a_split_writes_two_files_beside_the_one_it_reads(bench: Workbench) -> None:
    rows = bench.rows("data/rows.jsonl", count=40)
    done = bench.run("dataset", "split", "data/rows.jsonl", "-validation=0.25")
    assert (done.code, done.err) == (0, "")
    halves = [lines(rows.with_name(f"rows.{half}.jsonl")) for half in ("train", "validation")]
    assert [len(half) for half in halves] == [30, 10]
    assert sorted(halves[0] + halves[1]) == sorted(lines(rows))
    assert "data/rows.train.jsonl 30 rows 75.0 % data/rows.validation.jsonl 10 rows 25.0 %" in done.said
    assert {path.name for path in rows.parent.iterdir()} == {"rows.jsonl", "rows.train.jsonl", "rows.validation.jsonl"}


def test_the_lines_a_split_says_to_declare_can_be_declared(bench: Workbench) -> None:
    bench.rows("it's # data.jsonl", count=40)
    said = bench.run("dataset", "split", "it's # data.jsonl", "-validation=0.3").out
    bench.declare({"bot": {"base_model": "gpt-4.1-mini-2025-04-14", "dataset": "training", "validation": "holdout"}})
    head = "version: 1\nproject: bench\nproviders: {sandbox: {}}\n"
    block = said[said.index("  datasets:") :].replace("NAME", "bot")
    block = block.replace("...", "base_model: gpt-4.1-mini-2025-04-14, provider: sandbox, epochs: 1, seed: 7")
    bench.write("ftplan.yaml", head + "\n".join(line[2:] for line in block.splitlines()) + "\n")
    checked = bench.run("validate")
    assert checked.code == 0, checked.said


def test_the_answer_of_a_split_in_json_is_one_object(bench: Workbench) -> None:
    bench.write("r.jsonl", "".join(json.dumps(reasoned(n)) + "\n" for n in range(40)))
    done = bench.run("dataset", "split", "r.jsonl", "-json", "-stratify=topic", "-seed=3")
    document = json.loads(done.out)
    assert (document["rows"], document["validation"]) == (40, {"path": "r.validation.jsonl", "rows": 4, "share": 0.1})
    assert document["strata"] == [
        {"value": "a", "training": 18, "validation": 2},
        {"value": "b", "training": 18, "validation": 2},
    ]


def reasoned(number: int) -> dict[str, Any]:
    messages = [{"role": "user", "content": f"Where is number {number}?"}]
    return {"messages": messages, "answer": 7, "topic": "ab"[number % 2]}


def test_a_table_of_strata_stands_in_the_answer(bench: Workbench) -> None:
    bench.write("r.jsonl", "".join(json.dumps(reasoned(n)) + "\n" for n in range(40)))
    done = bench.run("dataset", "split", "r.jsonl", "--stratify", "topic")
    assert "topic training validation share a 18 2 10.0 % b 18 2 10.0 %" in done.said


def test_a_half_too_small_for_a_job_and_values_on_one_side_are_warned_of(bench: Workbench) -> None:
    bench.write("r.jsonl", "".join(json.dumps({**reasoned(n), "own": n}) + "\n" for n in range(20)))
    done = bench.run("dataset", "split", "r.jsonl", "-stratify=own")
    assert done.code == 0
    assert "Warning: A half has few rows" in done.err
    assert "It has 2 rows; a job needs at least 10." in done.said
    assert "20 values have too few rows" in done.said


def test_a_share_that_groups_do_not_allow_is_warned_of(bench: Workbench) -> None:
    rows = [{"prompt": "x y" if n < 60 else "z", "completion": f"a{n}"} for n in range(100)]
    bench.write("r.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    done = bench.run("dataset", "split", "r.jsonl")
    assert done.code == 0
    assert "The share is not what was asked for" in done.err
    assert "Kept together: 2 groups of rows that ask alike (100 rows, the largest 60)." in done.said
    done = bench.run("dataset", "split", "r.jsonl", "-together=identical", "-force")
    assert done.err == ""


@pytest.mark.parametrize("share", ["0", "1", "-0.1", "1.5", "much", "nan", "1/0"])
def test_a_share_that_is_none_is_refused(bench: Workbench, share: str) -> None:
    bench.rows("r.jsonl")
    done = bench.run("dataset", "split", "r.jsonl", f"-validation={share}")
    assert (done.code, "Invalid -validation" in done.err) == (1, True)


def test_broken_rows_are_named_and_nothing_is_written(bench: Workbench) -> None:
    path = bench.rows("r.jsonl", count=20)
    path.write_bytes(path.read_bytes() + b"{\n")
    done = bench.run("dataset", "split", "r.jsonl")
    assert (done.code, done.out) == (1, "")
    assert "r.jsonl:21" in done.err
    assert names(bench) == {"r.jsonl"}


def test_a_file_that_is_there_is_left_alone_without_force(bench: Workbench) -> None:
    bench.rows("r.jsonl", count=40)
    taken = bench.write("r.validation.jsonl", "mine")
    refused = bench.run("dataset", "split", "r.jsonl")
    assert (refused.code, "r.validation.jsonl exists" in refused.said) == (1, True)
    assert (taken.read_text(), names(bench)) == ("mine", {"r.jsonl", "r.validation.jsonl"})
    assert bench.run("dataset", "split", "r.jsonl", "-force").code == 0
    assert len(lines(taken)) == 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-train-out=r.jsonl", "-force"], "is the file that is read"),
        (["-train-out=link.jsonl", "-force"], "is the file that is read"),
        (["-train-out=same.jsonl", "-validation-out=./same.jsonl"], "Both would be written to"),
        (["-train-out=folder", "-force"], "is a folder"),
        (["-train-out=/dev/null", "-force"], "a device"),
        (["-train-out=nowhere/x.jsonl"], "No such file or directory"),
    ],
)
def test_a_name_that_must_not_be_written_is_refused(bench: Workbench, words: list[str], said: str) -> None:
    path = bench.rows("r.jsonl", count=40)
    before = path.read_bytes()
    (bench.folder / "folder").mkdir()
    (bench.folder / "link.jsonl").symlink_to("r.jsonl")
    done = bench.run("dataset", "split", "r.jsonl", *words)
    assert (done.code, said in done.said) == (1, True), done.said
    assert path.read_bytes() == before
    assert names(bench) == {"r.jsonl", "folder", "link.jsonl"}


def test_what_is_written_is_as_private_as_what_was_read(bench: Workbench) -> None:
    path = bench.rows("r.jsonl", count=40)
    for mode in (0o600, 0o640, 0o644):
        path.chmod(mode)
        assert bench.run("dataset", "split", "r.jsonl", "-force").code == 0
        assert stat.S_IMODE((bench.folder / "r.train.jsonl").stat().st_mode) == mode


@pytest.mark.parametrize("command", FEATURES)
def test_a_path_that_is_no_file_to_read_is_refused_in_words(bench: Workbench, command: str) -> None:
    os.mkfifo(bench.folder / "pipe")
    for path, said in ((".", "is a folder"), ("none.jsonl", "No such file"), ("pipe", "a pipe")):
        done = bench.run("dataset", command, path)
        assert (done.code, said in done.said, "defect" in done.said) == (1, True, False), done.said


def test_a_path_may_lie_anywhere(bench: Workbench, tmp_path: Path) -> None:
    outside = tmp_path / "C:odd name.jsonl"
    outside.write_bytes(bench.rows("r.jsonl").read_bytes())
    assert bench.run("dataset", "sample", "../C:odd name.jsonl", "-n=1").code == 0
    assert bench.run("dataset", "sample", str(outside)).code == 0


def test_a_sample_shows_texts_only_when_asked(bench: Workbench) -> None:
    bench.rows("r.jsonl", topic="stamp")
    plain, shown = (bench.run("dataset", "sample", "r.jsonl", "-n", "2", *words) for words in ([], ["-show"]))
    assert plain.code == shown.code == 0
    assert "stamp" not in plain.said
    assert "Where is stamp" in shown.said
    assert bench.run("dataset", "sample", "r.jsonl", "-n=2", "-show=false").out == plain.out
    assert "2 rows of 10 in r.jsonl" in plain.said


def test_a_sample_in_json_is_one_object(bench: Workbench) -> None:
    bench.rows("r.jsonl", topic="stamp")
    plain, shown = (bench.run("dataset", "sample", "r.jsonl", "-n=1", "-json", *words) for words in ([], ["-show"]))
    assert "stamp" not in plain.out
    row = json.loads(shown.out)["sample"][0]
    assert row["row"] == json.loads(lines(bench.folder / "r.jsonl")[row["line"] - 1])


def test_sampled_rows_are_written_unchanged(bench: Workbench) -> None:
    path = bench.rows("r.jsonl", separators=(" ,", " : "))
    assert bench.run("dataset", "sample", "r.jsonl", "-n=4", "-out=few.jsonl").code == 0
    few = lines(bench.folder / "few.jsonl")
    assert len(few) == 4
    assert set(few) <= set(lines(path))
    assert bench.run("dataset", "sample", "r.jsonl", "-out=few.jsonl").code == 1


def test_a_sample_of_a_file_with_broken_lines_says_so(bench: Workbench) -> None:
    path = bench.rows("r.jsonl")
    path.write_bytes(b"{\n" + path.read_bytes())
    done = bench.run("dataset", "sample", "r.jsonl")
    assert (done.code, "Lines were passed over" in done.err) == (0, True)
    bench.write("none.jsonl", "no row\n")
    assert bench.run("dataset", "sample", "none.jsonl").code == 1


def test_a_converted_file_can_be_trained_on(bench: Workbench) -> None:
    bench.write("rows.csv", "question;answer;id\n" + "".join(f'"q\n{n}";a{n};{n}\n' for n in range(12)))
    done = bench.run("dataset", "convert", "rows.csv", "-columns=prompt=question,completion=answer", "-out=rows.jsonl")
    assert (done.code, done.err) == (0, "")
    assert "rows.csv is CSV with semicolons and holds prompts with completions." in done.said
    assert "Left behind, since rows have no place for it: id." in done.said
    bench.bot()
    assert bench.run("validate").code == 0


def test_broken_records_are_all_named_and_nothing_is_written(bench: Workbench) -> None:
    bench.write("rows.jsonl", pairs(2) + '{"prompt": "a"}\n{\n')
    done = bench.run("dataset", "convert", "rows.jsonl")
    assert (done.code, done.out) == (1, "")
    assert "rows.jsonl:3" in done.err
    assert "rows.jsonl:4" in done.err
    assert names(bench) == {"rows.jsonl"}
    done = bench.run("dataset", "convert", "rows.jsonl", "-skip-broken", "-json")
    assert done.code == 0
    assert (json.loads(done.out)["rows"], json.loads(done.out)["skipped"]) == (2, 2)
    assert "2 records were left out, this one first" in done.said


def test_a_column_that_is_not_there_is_named_with_the_nearest(bench: Workbench) -> None:
    bench.write("rows.csv", "question,answer\na,b\n")
    done = bench.run("dataset", "convert", "rows.csv", "-columns=prompt=quesion,completion=answer")
    assert (done.code, "Did you mean 'question'?" in done.said) == (1, True)


@pytest.mark.parametrize("columns", ["prompt", "prompt=", "nonsense=a", "prompt=a,prompt=b", "prompt=a,completion=a"])
def test_columns_that_make_no_sense_are_refused(bench: Workbench, columns: str) -> None:
    bench.write("rows.csv", "a,b\na,b\n")
    done = bench.run("dataset", "convert", "rows.csv", f"-columns={columns}")
    assert (done.code, "Invalid -columns" in done.err) == (1, True)


def test_preference_pairs_are_made_of_what_was_chosen_and_rejected(bench: Workbench) -> None:
    bench.write("rows.jsonl", '{"prompt": "q", "good": "a", "bad": "b"}\n')
    words = ("-to=preference", "-columns=chosen=good", "-columns=rejected=bad", "-system=Be kind.")
    assert bench.run("dataset", "convert", "rows.jsonl", *words).code == 0
    assert json.loads((bench.folder / "rows.preference.jsonl").read_text()) == {
        "input": {"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "q"}]},
        "preferred_output": [{"role": "assistant", "content": "a"}],
        "non_preferred_output": [{"role": "assistant", "content": "b"}],
    }


@pytest.mark.parametrize("command", FEATURES)
def test_a_hostile_name_can_do_nothing_to_a_terminal(bench: Workbench, command: str) -> None:
    name = "\x1b[2J\x07rows.jsonl"
    bench.write(name, pairs(40))
    done = bench.run("dataset", command, name)
    assert done.code == 0
    assert not {"\x1b", "\x07"} & set(done.out + done.err)


def test_help_names_each_command(bench: Workbench) -> None:
    said = bench.run("dataset", "-help").out
    assert all(f"  {command} " in said for command in FEATURES)
    assert all(bench.run("dataset", command, "-help").code == 0 for command in FEATURES)
