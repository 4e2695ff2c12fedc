"""One run at a time: a dead one's lock is taken over, a living one's never, and of many runs one does the work."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI
from workbench import FILES, JOBS, STATE, Done, Running, Workbench, model

APPLY = ("apply", "-auto-approve")
STUCK = {"job_stuck_in": "running"}
LIFELIKE = 1.2  # a job takes a little more than two seconds
LOCK = ".ftplan.state.json.lock"
CROWD = Path(__file__).with_name("crowd.py")
MANY = 20
MANY_SECONDS = 300.0
WHO = """
import json, os
from ftplan.backends.presence import presence
print(json.dumps([os.getpid(), presence()]))
"""


def running_job(bench: Workbench, running: Running) -> str:
    running.until_it_says(r"Still creating.* running")
    job: str = bench.state["models"][0]["job"]["id"]
    return job


def kill(running: Running) -> None:
    running.send(signal.SIGKILL)
    running.process.wait(10)


def claim(bench: Workbench) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((bench.folder / LOCK).read_text())
    return found


def left_by_a_dead_run(bench: Workbench, **changes: Any) -> dict[str, Any]:
    """A claim in the lock of `bench`, made by a process that has ended, but for the `changes`."""
    pid, info = json.loads(subprocess.run([sys.executable, "-c", WHO], capture_output=True, check=True).stdout)
    made = {
        "id": "1f0c",
        "operation": "destroy",
        "who": "ann",
        "host": socket.gethostname(),
        "pid": pid,
        "created": "2026-01-02T03:04:05+00:00",
        "version": "0.1.0",
        **changes,
        "info": {**info, **changes.get("info", {})},
    }
    bench.write(LOCK, json.dumps(made))
    return made


# A holder that died.


def test_a_killed_run_leaves_its_lock_and_its_work_to_the_next(bench: Workbench) -> None:
    bench.pace = LIFELIKE
    bench.bot()
    running = bench.start(*APPLY)
    job = running_job(bench, running)
    kill(running)
    held = claim(bench)
    assert bench.plan().code == 0
    done = bench.apply()
    assert "Warning: Took over the lock of a dead run" in done.err
    assert f"on {socket.gethostname()} (pid {running.process.pid}), doing apply since 20" in done.said
    assert re.search(r"\(for \d+s\)", done.said)
    assert held["id"] in done.said
    assert "is settled by this one" in done.said
    assert bench.bought() == (1, 1)
    assert bench.state["models"][0]["job"]["id"] == job
    assert (bench.folder / LOCK).read_text() == ""
    assert "No changes." in bench.plan().out


def test_taking_over_is_told_once_and_in_json_too(bench: Workbench) -> None:
    bench.bot()
    left_by_a_dead_run(bench)
    told = [line for line in bench.apply("-json").lines() if line["type"] == "diagnostic"]
    assert [line["diagnostic"]["severity"] for line in told] == ["warning"]
    assert "ann" in told[0]["diagnostic"]["detail"]
    assert "Took over" not in bench.apply().said


def test_a_pid_that_was_given_to_another_process_does_not_keep_the_lock(bench: Workbench) -> None:
    bench.bot()
    left_by_a_dead_run(bench, pid=os.getpid())
    assert "Took over the lock of a dead run" in bench.apply().said


# A holder that lives, or that nobody here can know of.


def test_a_stopped_run_keeps_its_lock(bench: Workbench) -> None:
    bench.bot()
    bench.order(STUCK)
    running = bench.start(*APPLY)
    job = running_job(bench, running)
    running.send(signal.SIGSTOP)
    os.waitid(os.P_PID, running.process.pid, os.WSTOPPED)
    for _ in range(2):
        done = bench.run(*APPLY)
        assert done.code == 1
        assert "State is locked" in done.said
        assert f"(pid {running.process.pid})" in done.said
    running.send(signal.SIGCONT)
    running.send(signal.SIGINT)
    assert running.end().code == 130
    assert bench.state["models"][0]["job"]["id"] == job
    assert bench.bought() == (1, 1)


UNKNOWN: dict[str, dict[str, Any]] = {
    "on another host": {"host": "elsewhere"},
    "of another boot": {"info": {"boot": "8f1c"}},
    "in another namespace of pids": {"info": {"namespaces": "pid:[1]"}},
    "that says no start": {"info": {"started": ""}},
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_a_holder_is_named_and_left_to_force_unlock_when_it_is(bench: Workbench, what: str) -> None:
    bench.bot()
    changes = UNKNOWN[what]
    link = {"ci": "https://ci.example/run/7"}
    held = left_by_a_dead_run(bench, **{**changes, "info": {**link, **changes.get("info", {})}})
    done = bench.run(*APPLY)
    assert done.code == 1
    assert "State is locked" in done.said
    assert f"Held by ann on {held['host']} (pid {held['pid']}), doing destroy since 2026-01-02T03:04:05" in done.said
    assert re.search(r"\(for \d+d \d+h\)", done.said)
    assert "https://ci.example/run/7" in done.said
    assert "ftplan force-unlock 1f0c" in done.said
    assert ("was started anew since then" in done.said) == (what == "of another boot")
    assert bench.run("plan").code == 0
    wrong = bench.run("force-unlock", "-force", "wrong-id")
    assert wrong.code == 1
    assert "1f0c" in wrong.said
    assert claim(bench) == held
    assert bench.run("force-unlock", "-force", "1f0c").code == 0
    assert "Took over" not in bench.apply().said


def test_the_second_of_two_applies_is_refused_or_waits_and_says_for_whom(bench: Workbench) -> None:
    bench.pace = LIFELIKE
    bench.bot()
    first = bench.start(*APPLY)
    running_job(bench, first)
    refused = bench.run(*APPLY)
    assert refused.code == 1
    assert "State is locked" in refused.said
    assert f"(pid {first.process.pid})" in refused.said
    assert "-lock-timeout" in refused.said
    waited = bench.apply("-lock-timeout=20s")
    assert waited.err.count("Waiting for the lock") == 1
    assert f"(pid {first.process.pid})" in waited.said
    assert "Waiting up to 20s" in waited.said
    assert "Took over" not in waited.said
    assert first.end().code == 0
    assert bench.bought() == (1, 1)


def test_waiting_ends_and_names_the_holder_again(bench: Workbench) -> None:
    bench.bot()
    left_by_a_dead_run(bench, host="elsewhere")
    done = bench.run(*APPLY, "-lock-timeout=1s")
    assert done.code == 1
    assert done.err.count("Waiting for the lock") == 1
    assert done.err.count("State is locked") == 1
    assert bench.bought() == (0, 0)


def test_a_run_whose_lock_was_broken_writes_nothing_over_its_successor(bench: Workbench) -> None:
    bench.bot()
    bench.order(STUCK)
    first = bench.start(*APPLY)
    job = running_job(bench, first)
    assert bench.run("force-unlock", "-force", claim(bench)["id"]).code == 0
    bench.declare({"bot": model(), "two": model(suffix="two")})
    bench.apply("-no-wait")
    kept = {path.name: path.read_bytes() for path in bench.folder.glob(f"*{STATE}*")}
    with OpenAI(base_url=bench.sandbox.url, api_key="sandbox") as client:
        client.fine_tuning.jobs.cancel(job)
    done = first.end()
    assert done.code == 1
    assert "State not saved" in done.said
    assert "Another run has written the state" in done.said
    assert {name: (bench.folder / name).read_bytes() for name in kept} == kept
    copies = list(bench.folder.glob(f"{STATE}.emergency-*"))
    assert len(copies) == 1
    assert copies[0].name in re.sub(r"\s", "", done.said)
    assert json.loads(copies[0].read_text())["models"][0]["job"]["id"] == job
    assert bench.bought() == (1, 2)


# Twenty at once.


def of_many(bench: Workbench, *words: str, patient: int = MANY) -> list[Done]:
    """What becomes of many processes that run the same command at once, the first `patient` of which wait."""
    said = bench.folder.parent / "said"
    said.mkdir()
    options = [["-lock-timeout=300s"] if number < patient else [] for number in range(MANY)]
    crowd = subprocess.run(
        [sys.executable, CROWD, said, *words],
        cwd=bench.folder,
        input=json.dumps(options),
        stdout=subprocess.PIPE,
        text=True,
        timeout=MANY_SECONDS,
        check=True,
    )
    codes = json.loads(crowd.stdout)
    outs, errs = ([(said / f"{n}{kind}").read_text() for n in range(MANY)] for kind in (".out", ".err"))
    done = [Done(*each) for each in zip(codes, outs, errs, strict=True)]
    assert not any("Traceback" in each.said for each in done)
    return done


def two_models(bench: Workbench) -> None:
    bench.rows("rows.jsonl")
    bench.declare({"one": model(suffix="one"), "two": model(suffix="two")})


def test_of_twenty_applies_at_once_one_buys_and_the_others_find_it_done(bench: Workbench) -> None:
    two_models(bench)
    done = of_many(bench, *APPLY)
    assert [each.code for each in done] == [0] * MANY, [each.said for each in done if each.code]
    assert sum("Resources: 3 added" in each.said for each in done) == 1
    assert sum("No changes." in each.said for each in done) == MANY - 1
    assert [request["status"] for request in bench.requests("POST", FILES)] == [200]
    assert [request["status"] for request in bench.requests("POST", JOBS)] == [200, 200]
    assert (bench.folder / LOCK).read_text() == ""
    assert "No changes." in bench.plan().out


def test_of_twenty_applies_of_one_saved_plan_one_uses_it_up(bench: Workbench) -> None:
    two_models(bench)
    bench.plan("-out=p")
    done = of_many(bench, "apply", "p", patient=MANY // 2)
    winners = [each for each in done if each.code == 0]
    assert len(winners) == 1
    assert "Resources: 3 added" in winners[0].said
    others = [each for each in done if each.code != 0]
    assert {each.code for each in others} == {1}
    for each in others:
        assert "it was applied already" in each.said or "State is locked" in each.said, each.said
    assert sum("it was applied already" in each.said for each in others) >= MANY // 2 - 1
    assert bench.bought() == (1, 2)
    assert (bench.folder / LOCK).read_text() == ""
    assert "No changes." in bench.plan().out


def test_the_lock_and_the_state_say_nothing_to_other_users(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    for path in (*bench.folder.glob(f"{STATE}*"), Path(bench.folder / LOCK)):
        assert path.stat().st_mode & 0o077 == 0
