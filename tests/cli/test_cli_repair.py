"""A state that was lost or damaged is rebuilt from what the provider shows, and nothing is paid for twice meanwhile."""

from __future__ import annotations

import json
import re
from pathlib import Path

from workbench import STATE, Workbench, model

AUTO = ("state", "repair", "-auto-approve")


def trained(bench: Workbench) -> Workbench:
    """Two models, the first of which was trained from another recipe before."""
    bench.rows("rows.jsonl")
    bench.declare({"bot": model(), "other": model(epochs=2)})
    bench.apply()
    bench.declare({"bot": model(epochs=3), "other": model(epochs=2)})
    bench.apply()
    return bench


def lose(bench: Workbench) -> None:
    for path in bench.folder.glob(f"{STATE}*"):
        path.unlink()


def damage(bench: Workbench) -> bytes:
    path = bench.folder / STATE
    path.write_bytes(path.read_bytes()[:-40])
    return path.read_bytes()


def kept_aside(bench: Workbench) -> list[Path]:
    return sorted(bench.folder.glob(f"{STATE}.damaged-*"))


def records(bench: Workbench) -> dict[str, tuple[object, ...]]:
    """All of a record but who has started its jobs, which nothing at a provider tells."""
    return {
        m["name"]: (
            *(m[name] for name in ("provider", "fingerprint", "key", "attempt", "recipe", "job")),
            [{name: value for name, value in former.items() if name != "origin"} for former in m["former"]],
        )
        for m in bench.state["models"]
    }


def test_a_lost_state_is_rebuilt_as_it_was(bench: Workbench) -> None:
    trained(bench)
    listed, before, bought = bench.run("state", "list").out, records(bench), bench.bought()
    files = {file["id"] for file in bench.state["files"]}
    lose(bench)
    done = bench.run(*AUTO)
    assert done.code == 0, done.said
    assert "State repaired: 2 models and 1 files added." in done.said
    assert bench.run("state", "list").out == listed
    assert records(bench) == before
    assert {file["id"] for file in bench.state["files"]} == files
    assert bench.bought() == bought
    assert bench.plan("-detailed-exitcode").code == 0


def test_what_was_found_is_shown_with_what_becomes_of_it(bench: Workbench) -> None:
    trained(bench)
    now, former = bench.state["models"][0]["job"], bench.state["models"][0]["former"][0]["job"]
    bench.declare({"bot": model(epochs=3)})
    lose(bench)
    out = re.sub(" +", " ", bench.run(*AUTO).out)
    assert f"+ model.bot {now['id']} {now['fine_tuned_model']} will be added to the state" in out
    assert f"+ model.bot {former['id']} {former['fine_tuned_model']} will be kept as a former job" in out
    assert "is left out: not declared" in out
    assert [record["name"] for record in bench.state["models"]] == ["bot"]


def test_an_apply_after_a_lost_state_pays_nothing(bench: Workbench) -> None:
    trained(bench)
    before, jobs = bench.run("output", "-json").out, bench.bought()[1]
    lose(bench)
    bench.apply()
    assert bench.bought()[1] == jobs
    assert bench.run("output", "-json").out == before


def test_a_damaged_state_is_refused_with_the_command_that_rebuilds_it(bench: Workbench) -> None:
    trained(bench)
    broken, bought = damage(bench), bench.bought()
    for words in (("apply", "-auto-approve"), ("plan",), ("state", "list")):
        done = bench.run(*words)
        assert done.code == 1
        assert "ftplan state repair" in done.err
    assert (bench.folder / STATE).read_bytes() == broken
    assert bench.bought() == bought


def test_a_damaged_state_is_kept_aside_and_rebuilt(bench: Workbench) -> None:
    trained(bench)
    before, backup = records(bench), (bench.folder / f"{STATE}.backup").read_bytes()
    broken = damage(bench)
    done = bench.run(*AUTO)
    assert done.code == 0, done.said
    (kept,) = kept_aside(bench)
    assert kept.name in done.out
    assert kept.read_bytes() == broken
    assert (bench.folder / f"{STATE}.backup").read_bytes() == backup
    assert records(bench) == before
    assert bench.plan("-detailed-exitcode").code == 0


def test_a_state_that_cannot_be_true_is_damaged(bench: Workbench) -> None:
    trained(bench)
    state = bench.state
    state["models"][1]["job"] = state["models"][0]["job"]
    bench.write(STATE, json.dumps(state)).chmod(0o600)
    done = bench.run("plan")
    assert done.code == 1
    assert "under different recipes" in done.said
    assert bench.run(*AUTO).code == 0
    assert bench.plan("-detailed-exitcode").code == 0


def test_nothing_is_written_without_consent(bench: Workbench) -> None:
    trained(bench)
    broken = damage(bench)
    done = bench.run("state", "repair")
    assert done.code == 1
    assert "Approval needed" in done.err
    assert "will be added to the state" in done.out
    assert (bench.folder / STATE).read_bytes() == broken
    assert not kept_aside(bench)


def test_a_whole_state_is_left_as_it_is(bench: Workbench) -> None:
    trained(bench)
    before = (bench.folder / STATE).read_bytes()
    done = bench.run("state", "repair")
    assert (done.code, (bench.folder / STATE).read_bytes()) == (0, before)
    assert "is whole: nothing is missing in it" in done.out


def test_a_record_that_is_missing_is_added_and_the_others_stay(bench: Workbench) -> None:
    trained(bench)
    before, lineage, serial = records(bench), bench.state["lineage"], bench.state["serial"]
    state = bench.state
    state["models"] = state["models"][1:]
    bench.write(STATE, json.dumps(state)).chmod(0o600)
    assert bench.run(*AUTO).code == 0
    assert records(bench) == before
    assert (bench.state["lineage"], bench.state["serial"]) == (lineage, serial + 1)


def test_a_damaged_state_that_nothing_can_replace_stays(bench: Workbench) -> None:
    bench.bot()
    (bench.folder / STATE).write_bytes(b"{")
    done = bench.run(*AUTO)
    assert done.code == 1
    assert "Nothing to rebuild from" in done.err
    assert (bench.folder / STATE).read_bytes() == b"{"


def test_without_anything_to_find_no_state_is_made(bench: Workbench) -> None:
    bench.bot()
    assert bench.run(*AUTO).code == 0
    assert not (bench.folder / STATE).exists()


def test_a_newer_state_is_not_taken_for_a_damaged_one(bench: Workbench) -> None:
    trained(bench)
    bench.write(STATE, json.dumps({**bench.state, "version": 99})).chmod(0o600)
    done = bench.run(*AUTO)
    assert done.code == 1
    assert "State of a newer ftplan" in done.err
    assert not kept_aside(bench)


def test_an_open_paid_call_is_left_to_the_next_apply(bench: Workbench) -> None:
    trained(bench)
    state = bench.state
    record = state["models"].pop(0)
    state["intents"] = [
        {
            **{name: record[name] for name in ("name", "provider", "key", "fingerprint", "attempt", "recipe")},
            "created_at": "2026-11-01T00:00:00+00:00",
            "training_file": "",
            "lifecycle": record["lifecycle"],
            "parent": None,
            "settled_seconds": 1.0,
        }
    ]
    bench.write(STATE, json.dumps(state)).chmod(0o600)
    done = bench.run(*AUTO)
    assert done.code == 0
    assert "settles an open paid call first" in done.said
    assert [intent["name"] for intent in bench.state["intents"]] == ["bot"]
