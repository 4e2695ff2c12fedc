"""Dataset files are checked without a project and without a key, for people and for pipelines."""

from __future__ import annotations

import json

import pytest
from workbench import Workbench

GOOD = [
    {"messages": [{"role": "user", "content": f"question {n}"}, {"role": "assistant", "content": f"answer {n}"}]}
    for n in range(60)
]


def write(bench: Workbench, name: str, *rows: object) -> None:
    bench.write(name, "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))


def test_a_good_file_is_told_in_one_line(bench: Workbench) -> None:
    write(bench, "good.jsonl", *GOOD)
    done = bench.run("dataset", "check", "good.jsonl", "-method=supervised")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("good.jsonl: 60 rows of the chat format, ")
    assert done.out.endswith(": no problems\n")


def test_each_problem_names_its_file_line_and_rule(bench: Workbench) -> None:
    write(bench, "bad.jsonl", *GOOD, '{"messages": [', {"messages": [{"role": "robot", "content": "x"}]})
    write(bench, "good.jsonl", *GOOD)
    done = bench.run("dataset", "check", "bad.jsonl", "good.jsonl")
    assert done.code == 1
    assert "on bad.jsonl:61" in done.err
    assert "Error: A message has an unusable role [role]" in done.err
    assert "good.jsonl: 60 rows" in done.out
    assert "Traceback" not in done.said


def test_a_warning_is_raised_or_silenced_on_the_command_line(bench: Workbench) -> None:
    write(bench, "twice.jsonl", *GOOD, GOOD[0])
    told = bench.run("dataset", "check", "twice.jsonl")
    assert (told.code, "[duplicate-rows]" in told.err) == (0, True)
    assert bench.run("dataset", "check", "twice.jsonl", "-rule=duplicate-rows=off").err == ""
    raised = bench.run("dataset", "check", "twice.jsonl", "-rule=duplicate-rows=error")
    assert raised.code == 1
    assert "Error: Rows stand in the file more than once" in raised.err


@pytest.mark.parametrize("word", ["role=off", "nonsense=off", "secret=loud", "secret"])
def test_a_level_that_cannot_be_is_refused_with_what_can(bench: Workbench, word: str) -> None:
    write(bench, "good.jsonl", *GOOD)
    done = bench.run("dataset", "check", "good.jsonl", f"-rule={word}")
    assert done.code == 1
    assert "Unusable -rule" in done.err


def test_the_levels_of_a_project_rule_its_plans(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    text = (bench.folder / "rows.jsonl").read_text()
    (bench.folder / "rows.jsonl").write_text(text + text.splitlines(keepends=True)[0])
    bench.bot()
    assert "[duplicate-rows]" in bench.plan().said
    bench.bot(dataset={"path": "rows.jsonl", "rules": {"duplicate-rows": "off"}})
    assert "duplicate-rows" not in bench.plan().said
    bench.bot(dataset={"path": "rows.jsonl", "rules": {"duplicate-rows": "error"}})
    refused = bench.run("plan")
    assert refused.code == 1
    assert "Error: Rows stand in the file more than once [duplicate-rows]" in refused.said
    assert not bench.requests("POST")
    bench.bot(dataset={"path": "rows.jsonl", "rules": {"role": "off"}})
    assert bench.run("validate").code == 1


def test_privacy_is_looked_after_unless_told_otherwise(bench: Workbench) -> None:
    key = "sk-" + "a" * 24
    write(bench, "leak.jsonl", *GOOD, {"messages": [{"role": "user", "content": key}, GOOD[0]["messages"][1]]})
    told = bench.run("dataset", "check", "leak.jsonl")
    assert "[secret]" in told.err
    assert key not in told.said
    assert bench.run("dataset", "check", "leak.jsonl", "-privacy=false").err == ""


def test_the_json_answer_has_facts_and_diagnostics(bench: Workbench) -> None:
    write(bench, "twice.jsonl", *GOOD, GOOD[0])
    document = json.loads(bench.run("dataset", "check", "twice.jsonl", "-json").out)
    assert (document["valid"], document["warning_count"]) == (True, 1)
    assert document["diagnostics"][0]["rule"] == "duplicate-rows"
    (file,) = document["datasets"]
    assert (file["path"], file["facts"]["rows"]) == ("twice.jsonl", 61)
    assert file["facts"]["tokens"]["o200k_base"]["trained"] > 0


def test_pipelines_get_sarif_and_annotations(bench: Workbench) -> None:
    write(bench, "bad.jsonl", {"messages": [{"role": "robot", "content": "x"}, GOOD[0]["messages"][1]]})
    sarif = bench.run("dataset", "check", "bad.jsonl", "-format=sarif")
    assert sarif.code == 1
    (run,) = json.loads(sarif.out)["runs"]
    assert run["results"][0]["ruleId"] == "role"
    assert {"role", "secret"} <= {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    lines = bench.run("dataset", "check", "bad.jsonl", "-format=github").out.splitlines()
    assert lines[0].startswith("::error file=bad.jsonl,line=1,title=A message has an unusable role::")


def test_a_clean_copy_is_written_beside_the_file_and_never_over_one(bench: Workbench) -> None:
    rows = "".join(json.dumps(row) + "\r\n" for row in [*GOOD, GOOD[0]])
    (bench.folder / "odd.jsonl").write_bytes(b"\xef\xbb\xbf" + rows.encode() + b"\r\n")
    assert bench.run("dataset", "check", "odd.jsonl").code == 1
    done = bench.run("dataset", "check", "odd.jsonl", "-fix")
    assert (done.code, done.err) == (0, "")
    assert "written to odd.clean.jsonl: byte-order-mark (1)" in done.out
    clean = (bench.folder / "odd.clean.jsonl").read_bytes()
    assert clean == "".join(json.dumps(row) + "\n" for row in GOOD).encode()
    again = bench.run("dataset", "check", "odd.jsonl", "-fix")
    assert again.code == 1
    assert "-force" in again.err
    assert bench.run("dataset", "check", "odd.jsonl", "-fix", "-out=other.jsonl").code == 0


@pytest.mark.parametrize("name", ["gone.jsonl", ".", "/dev/null"])
def test_what_cannot_be_read_is_a_problem(bench: Workbench, name: str) -> None:
    done = bench.run("dataset", "check", name)
    assert done.code == 1
    assert "Traceback" not in done.said


def test_a_base_model_brings_its_tokens_and_its_limit(bench: Workbench) -> None:
    long = {"messages": [GOOD[0]["messages"][0], {"role": "assistant", "content": "word " * 70_000}]}
    write(bench, "long.jsonl", *GOOD, long)
    known = bench.run("dataset", "check", "long.jsonl", "-base-model=gpt-4o-2024-08-06", "-rule=unbalanced-lengths=off")
    assert known.code == 1
    assert "[cut-answer]" in known.err
    presumed = bench.run("dataset", "check", "long.jsonl", "-base-model=gpt-4.1-mini")
    assert presumed.code == 0
    assert "[cut-row]" in presumed.err
    wrong = bench.run("dataset", "check", "long.jsonl", "-base-model=gpt-4.1-mnii")
    assert "Did you mean gpt-4.1-mini" in wrong.err


def test_stats_show_what_a_dataset_looks_like(bench: Workbench) -> None:
    write(bench, "good.jsonl", *GOOD)
    done = bench.run("dataset", "stats", "good.jsonl")
    assert done.code == 0
    for words in ("60 chat rows", "Tokens a row", "median", "assistant", "Messages a row", "Longest rows"):
        assert words in done.out
    document = json.loads(bench.run("dataset", "stats", "good.jsonl", "-json").out)
    assert (document["rows"], document["turns"]) == (60, {"2": 60})
    assert bench.run("dataset", "stats", "gone.jsonl").code == 1
