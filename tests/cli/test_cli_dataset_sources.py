"""A dataset may be in several files, and compressed: what is shown, sent and remembered is what they make up."""

from __future__ import annotations

import gzip
import json

import pytest
from workbench import FILES, Workbench, chats


def lines(topic: str, count: int) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in chats(topic, count))


@pytest.fixture
def parts(bench: Workbench) -> bytes:
    """Two files of ten rows each, one of them compressed; what they make up."""
    bench.write("data/a.jsonl", lines("parcel", 10).rstrip(b"\n"))
    bench.write("data/b.jsonl.gz", gzip.compress(lines("letter", 10)))
    return lines("parcel", 10) + lines("letter", 10)


def test_what_is_sent_is_expanded_and_in_one_piece(bench: Workbench, parts: bytes) -> None:
    bench.bot(dataset={"path": "data/*.jsonl*"})
    planned = bench.plan("-json").lines()
    assert "data/*.jsonl*" in json.dumps(planned)
    bench.apply()
    (file,) = bench.state["files"]
    assert file["bytes"] == len(parts)
    assert file["filename"].endswith(".jsonl")
    assert len(bench.requests("POST", FILES)) == 1
    assert "No changes." in bench.plan().out


def test_the_files_that_rows_are_in_decide_nothing(bench: Workbench, parts: bytes) -> None:
    bench.write("whole.jsonl", parts)
    bench.bot(dataset={"path": "whole.jsonl"})
    bench.apply()
    for path in ("data/*", "**/[ab].jsonl*"):
        bench.bot(dataset=path)
        assert "No changes." in bench.plan().out


def test_a_broken_row_is_named_by_its_file_and_line(bench: Workbench, parts: bytes) -> None:
    bench.write("data/c.jsonl.gz", gzip.compress(lines("late", 2) + b"{\n"))
    bench.bot(dataset="data/*")
    refused = bench.run("validate")
    assert refused.code == 1
    assert "on data/c.jsonl.gz:3" in refused.err
    assert "dataset.data/*" in bench.run("validate", "-json").out


def test_a_damaged_file_is_no_reason_to_keep_silent_about_the_rest(bench: Workbench) -> None:
    bench.write("cut.jsonl.gz", gzip.compress(lines("parcel", 10))[:-9])
    bench.write("bad.jsonl", b"{\n" * 10)
    bench.bot(dataset="cut.jsonl.gz", validation="bad.jsonl")
    refused = bench.run("plan")
    assert refused.code == 1
    assert "A compressed dataset is cut off" in refused.err
    assert "on bad.jsonl:1" in refused.err


def test_a_pattern_without_files_is_told_at_its_place(bench: Workbench, parts: bytes) -> None:
    bench.bot(dataset="dota/*.jsonl")
    refused = bench.run("plan")
    assert refused.code == 1
    assert "A dataset pattern matches no file" in refused.err
    assert "on ftplan.yaml:" in refused.err


@pytest.mark.parametrize("path", ["../*.jsonl", "/etc/*", ".git/*"])
def test_a_pattern_that_leaves_the_project_is_told_before_it_is_looked_for(bench: Workbench, path: str) -> None:
    bench.bot(dataset=path)
    assert "Path not allowed" in bench.run("plan").err


def test_a_quoted_pattern_is_one_dataset_on_the_command_line(bench: Workbench, parts: bytes) -> None:
    checked = bench.run("dataset", "check", "data/*", "-rule=few-rows=off")
    assert (checked.code, checked.err) == (0, "")
    assert checked.out.startswith("data/*: 20 rows of the chat format, ")
    assert "data/*: 20 chat rows" in bench.run("dataset", "stats", "data/*").out
    bench.write("data/c.jsonl.gz", gzip.compress(b"{\n"))
    assert "on data/c.jsonl.gz:1" in bench.run("dataset", "check", "data/*").err
    assert "on data/c.jsonl.gz:1" in bench.run("dataset", "stats", "data/*").err
    assert bench.run("dataset", "check", "nothing*").code == 1


def test_commands_read_compressed_files_and_name_what_they_write_after_them(bench: Workbench, parts: bytes) -> None:
    assert "data/b.jsonl.gz: 10 rows" in bench.run("dataset", "check", "data/b.jsonl.gz").out
    assert bench.run("dataset", "stats", "data/b.jsonl.gz").code == 0
    assert bench.run("dataset", "sample", "data/b.jsonl.gz", "-n=2", "-out=two.jsonl").code == 0
    assert bench.run("dataset", "split", "data/b.jsonl.gz", "-validation=0.5").code == 0
    halves = [(bench.folder / "data" / f"b.{half}.jsonl").read_bytes() for half in ("train", "validation")]
    assert sorted(b"".join(halves).splitlines()) == sorted(lines("letter", 10).splitlines())
    assert bench.run("dataset", "check", "data/b.jsonl.gz", "-fix").code == 0
    assert (bench.folder / "data" / "b.clean.jsonl").read_bytes() == lines("letter", 10)
    bench.write("faq.csv.gz", gzip.compress(b"prompt;completion\na;b\n"))
    assert "faq.chat.jsonl  1 row" in bench.run("dataset", "convert", "faq.csv.gz").out


def test_a_damaged_file_ends_a_command_with_its_problem(bench: Workbench, parts: bytes) -> None:
    bench.write("cut.jsonl.gz", gzip.compress(lines("parcel", 10))[:-9])
    for command in ("check", "stats", "split", "sample", "convert"):
        done = bench.run("dataset", command, "cut.jsonl.gz")
        assert done.code == 1
        assert "A compressed dataset is cut off" in done.err
        assert "defect" not in done.said
    assert sorted(path.name for path in bench.folder.iterdir()) == ["cut.jsonl.gz", "data"]


def test_several_files_are_split_where_it_is_said_and_never_over_one_of_them(bench: Workbench, parts: bytes) -> None:
    nameless = bench.run("dataset", "split", "data/*")
    assert nameless.code == 1
    assert "A name is missing" in nameless.err
    over = bench.run("dataset", "split", "data/*", "-train-out=data/a.jsonl", "-validation-out=v.jsonl", "-force")
    assert "A file would be written over itself" in over.err
    assert bench.run("dataset", "split", "data/*", "-train-out=t.jsonl", "-validation-out=v.jsonl").code == 0
    assert "Not one file" in bench.run("dataset", "convert", "data/*", "-out=c.jsonl").err


def test_a_file_that_changes_while_it_is_planned_and_applied_is_not_trained_on(bench: Workbench, parts: bytes) -> None:
    bench.bot(dataset="data/*")
    assert bench.run("plan", "-out=next.plan").code == 0
    bench.write("data/b.jsonl.gz", gzip.compress(lines("letter", 11)))
    stale = bench.run("apply", "next.plan")
    assert stale.code == 1
    assert "dataset.data/* has changed" in stale.said
    assert bench.bought() == (0, 0)


def test_rows_that_two_datasets_share_are_named_by_their_files(bench: Workbench, parts: bytes) -> None:
    bench.write("held/c.jsonl", lines("late", 12))
    bench.write("held/d.jsonl", lines("letter", 2))
    bench.bot(dataset="data/*", validation="held/*")
    bench.environ(FTPLAN_CACHE_DIR=str(bench.folder.parent / "cache"))
    for _ in range(2):  # the second time the answer is remembered, and its lines are still told
        told = bench.plan().said
        assert "2 rows stand in data/* as well as in held/*" in told
        assert "held/d.jsonl:1 (training data/b.jsonl.gz:1), held/d.jsonl:2 (training data/b.jsonl.gz:2)." in told
        assert "on held/d.jsonl:1" in told
