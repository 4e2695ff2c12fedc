"""Reviewed means applied: an apply with the checksum of the reviewed plan does exactly that, or says what moved."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Callable

import pytest
from workbench import Workbench, model


@pytest.fixture
def checksum(bench: Workbench) -> str:
    """The checksum of the plan of a bench with one new model."""
    bench.bot()
    return printed(bench)


def printed(bench: Workbench, *words: str) -> str:
    found = re.search(r"checksum of this plan is: ([0-9a-f]{64})$", bench.plan(*words).out, re.MULTILINE)
    assert found is not None
    return found[1]


def approved(bench: Workbench, checksum: str) -> tuple[int, str]:
    done = bench.run("apply", "-auto-approve", f"-checksum={checksum}")
    return done.code, done.said


def test_the_plan_with_the_reviewed_checksum_is_applied(bench: Workbench, checksum: str) -> None:
    assert approved(bench, checksum)[0] == 0
    assert bench.bought() == (1, 1)


def test_text_json_and_saved_plan_say_one_checksum(bench: Workbench, checksum: str) -> None:
    (summary,) = [line for line in bench.plan("-json").lines() if line["type"] == "change_summary"]
    assert summary["checksum"] == checksum
    assert f"Its checksum is: {checksum}" in bench.plan("-out=p").out
    assert json.loads(bench.run("show", "-json", "p").out)["checksum"] == checksum
    assert printed(bench, "-refresh=false") == checksum


def test_a_comment_in_the_configuration_moves_no_checksum(bench: Workbench, checksum: str) -> None:
    path = bench.folder / "ftplan.yaml"
    path.write_text(f"# for the support team\n{path.read_text()}")
    assert approved(bench, checksum)[0] == 0


MOVES: dict[str, tuple[Callable[[Workbench], object], str]] = {
    "configuration": (lambda bench: bench.bot(epochs=2), "the configuration or a variable"),
    "dataset": (lambda bench: bench.rows("rows.jsonl", "letter"), "a dataset"),
    "state": (lambda bench: bench.apply(), "the state"),
}


@pytest.mark.parametrize("what", MOVES)
def test_another_plan_than_the_reviewed_one_is_refused_and_told_what_moved(
    bench: Workbench, checksum: str, what: str
) -> None:
    move, told = MOVES[what]
    move(bench)
    before = bench.bought()
    code, said = approved(bench, checksum)
    assert code == 1
    assert f"What moved since it was reviewed: {told}. It is now: " in said
    assert "Nothing was done." in said
    assert bench.bought() == before


def test_a_plan_at_another_address_is_refused(bench: Workbench, checksum: str) -> None:
    bench.bot(providers={"trainer": {**bench.trainer, "base_url": f"{bench.sandbox.url}/"}})
    code, said = approved(bench, checksum)
    assert code == 1
    assert "the address of a provider" in said
    assert bench.bought() == (0, 0)


def test_what_is_found_at_the_provider_meanwhile_is_told(bench: Workbench, checksum: str) -> None:
    bench.apply()
    (bench.folder / "ftplan.state.json").unlink()
    code, said = approved(bench, checksum)
    assert code == 1
    assert "What moved since it was reviewed: what is at the provider, or a price." in said
    assert bench.bought() == (1, 1)


@pytest.mark.parametrize("text", ["latest", "0" * 63, ""])
def test_what_is_no_checksum_is_refused_before_anything_is_read(bench: Workbench, text: str) -> None:
    done = bench.run("apply", "-auto-approve", f"-checksum={text}")
    assert done.code == 1
    assert "Invalid -checksum" in done.said


def test_a_plan_that_is_refused_has_no_checksum(bench: Workbench) -> None:
    bench.bot()
    done = bench.run("plan", "-no-spend", "-json")
    assert done.code == 10
    (summary,) = [line for line in done.lines() if line["type"] == "change_summary"]
    assert summary["checksum"] == ""


def test_a_plan_made_on_one_machine_is_applied_on_another(bench: Workbench) -> None:
    bench.write("data/rows.jsonl", bench.rows("rows.jsonl").read_bytes())
    bench.declare({"bot": model()}, {"rows": {"path": "data/rows.jsonl"}})
    bench.plan("-out=p")
    assert str(bench.folder) not in (bench.folder / "p").read_text()
    first, bench.folder = bench.folder, bench.folder.parent / "elsewhere"
    shutil.copytree(first, bench.folder)
    assert bench.run("apply", "p").code == 0
    assert bench.bought() == (1, 1)


@pytest.mark.parametrize("words", [("-destroy",), ("-replace=model.bot",), ("-target=model.bot", "-max-cost=5")])
def test_the_command_under_a_plan_carries_out_just_that(bench: Workbench, words: tuple[str, ...]) -> None:
    bench.bot()
    bench.apply()
    if words[0].startswith("-target"):
        bench.bot(epochs=2)
    found = re.search(r"^ +ftplan (apply .*)$", bench.plan(*words).out, re.MULTILINE)
    assert found is not None
    done = bench.run(*shlex.split(found[1]), "-auto-approve")
    assert done.code == 0, done.said
    assert "No changes." not in done.out
