"""Interrupted, killed, cut off: nothing is paid for twice, and whoever comes next is told what to do."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from openai import OpenAI
from workbench import FILES, JOBS, Running, Workbench, control, until

APPLY = ("apply", "-auto-approve")
STUCK = {"job_stuck_in": "running"}
LIFELIKE = 1.2  # a job takes a little more than two seconds
LOCK = ".ftplan.state.json.lock"


def running_job(bench: Workbench, running: Running) -> str:
    running.until_it_says(r"Still creating.* running")
    job: str = bench.state["models"][0]["job"]["id"]
    return job


def test_an_interrupted_run_leaves_its_job_to_the_next_one(bench: Workbench) -> None:
    bench.pace = LIFELIKE
    bench.bot()
    running = bench.start(*APPLY, "-json-into=told.jsonl")
    job = running_job(bench, running)
    running.send(signal.SIGINT)
    done = running.end()
    assert done.code == 130
    assert f"Jobs that go on: model.bot ({job})" in done.said
    last = json.loads((bench.folder / "told.jsonl").read_text().splitlines()[-1])
    assert (last["type"], last["diagnostic"]["summary"]) == ("diagnostic", "Interrupted")
    assert job in last["diagnostic"]["detail"]
    assert "Traceback" not in done.said
    assert "Nobody holds" in bench.run("force-unlock", "-force", "x").err
    bench.apply()
    assert bench.bought() == (1, 1)
    assert bench.state["models"][0]["job"]["id"] == job
    assert "No changes." in bench.plan().out


def test_a_run_that_is_asked_to_end_ends_with_143(bench: Workbench) -> None:
    bench.bot()
    bench.order(STUCK)
    running = bench.start(*APPLY)
    job = running_job(bench, running)
    running.send(signal.SIGTERM)
    done = running.end()
    assert done.code == 143
    assert job in done.said.split("Interrupted")[1]
    assert (bench.folder / LOCK).read_text() == ""
    assert "# model.bot will be followed" in bench.plan("-detailed-exitcode").out
    assert bench.bought() == (1, 1)


def test_a_signal_while_planning_leaves_everything_as_it_was(bench: Workbench) -> None:
    bench.bot()
    bench.order({"action": "delay", "seconds": 20, "method": "GET", "path": "/v1/models"})
    running = bench.start(*APPLY)
    until(lambda: (bench.folder / LOCK).exists() and (bench.folder / LOCK).read_text(), "no lock was taken")
    running.send(signal.SIGINT)
    done = running.end()
    assert done.code == 130
    assert "Interrupted" in done.said
    assert "Traceback" not in done.said
    assert bench.bought() == (0, 0)
    assert (bench.folder / LOCK).read_text() == ""


def test_a_run_killed_while_its_paid_call_is_unanswered_pays_once(bench: Workbench) -> None:
    """The job exists, is not listed yet, and nobody has its id: the next run looks until it is found."""
    bench.bot()
    bench.order({"action": "lost_answer", "method": "POST", "path": JOBS}, {"list_lag_seconds": 0.5})
    running = bench.start(*APPLY)
    running.until_it_says("the answer to a paid call is missing")
    running.send(signal.SIGKILL)
    running.process.wait(10)
    assert bench.state["models"] == []
    assert [intent["name"] for intent in bench.state["intents"]] == ["bot"]
    with OpenAI(base_url=bench.sandbox.url, api_key="sandbox") as client:
        until(lambda: client.fine_tuning.jobs.list().data, "the job was never listed")
    done = bench.apply()
    assert "Took over the lock of a dead run" in done.said
    assert "Found the job of an earlier run" in done.said
    assert bench.bought() == (1, 1)
    assert bench.state["models"][0]["adopted"] is True
    assert bench.state["intents"] == []
    assert "No changes." in bench.plan().out


LOST = {
    "no answer": {"action": "lost_answer"},
    "500 after it was done": {"action": "status", "status": 500, "before": False},
    "a proxy's page after it was done": {
        "action": "status",
        "status": 502,
        "before": False,
        "body": "<html>Bad</html>",
    },
}


@pytest.mark.parametrize("what", LOST)
def test_a_job_whose_answer_is_lost_is_found_and_not_started_again(bench: Workbench, what: str) -> None:
    bench.bot()
    bench.order({**LOST[what], "method": "POST", "path": JOBS})
    bench.apply()
    assert bench.bought() == (1, 1)
    with OpenAI(base_url=bench.sandbox.url, api_key="sandbox") as client:
        jobs = client.fine_tuning.jobs.list().data
    assert [job.id for job in jobs] == [bench.state["models"][0]["job"]["id"]]
    assert "No changes." in bench.plan().out


def test_an_upload_whose_answer_is_lost_is_found_again(bench: Workbench) -> None:
    bench.bot()
    bench.order({"action": "lost_answer", "method": "POST", "path": FILES})
    bench.apply()
    assert bench.bought() == (1, 1)


def test_a_call_that_may_have_failed_is_not_repeated_before_it_is_certain(bench: Workbench) -> None:
    bench.bot()
    bench.order({"action": "status", "status": 500, "method": "POST", "path": JOBS})
    running = bench.start(*APPLY)
    running.until_it_says("the answer to a paid call is missing")
    running.send(signal.SIGINT)
    done = running.end()
    assert done.code == 130
    assert "Traceback" not in done.said
    assert len(bench.requests("POST", JOBS)) == 1
    assert [intent["name"] for intent in bench.state["intents"]] == ["bot"]
    assert "Whether a job was started is still to be found out for: model.bot." in done.said
    assert "No job is running" not in done.said
    assert "An earlier paid call is in doubt" in bench.plan().said


def test_reads_that_fail_while_a_job_runs_do_not_end_the_run(bench: Workbench) -> None:
    bench.bot()
    bench.order({"action": "drop", "method": "GET", "path": f"{JOBS}/ftjob.*", "times": 2})
    bench.apply()
    assert bench.bought() == (1, 1)


def test_a_state_that_cannot_be_written_is_kept_elsewhere(bench: Workbench, tmp_path: Path) -> None:
    """The job is paid for; its id must be somewhere."""
    bench.bot(state={"backend": "local", "path": "kept/state.json"})
    (bench.folder / "kept").mkdir()
    bench.order({"action": "delay", "seconds": 1, "method": "POST", "path": JOBS})
    running = bench.start(*APPLY)
    until(lambda: not control(bench.sandbox.control_url, "GET", "faults")["data"], "nothing was sent")
    (bench.folder / "kept").rename(bench.folder / "gone")
    done = running.end()
    assert done.code == 1
    assert "State not saved" in done.said
    copies = list(tmp_path.glob("state.json.emergency-*"))
    assert len(copies) == 1
    assert copies[0].name in re.sub(r"\s", "", done.said)
    job = json.loads(copies[0].read_text())["models"][0]["job"]["id"]
    (bench.folder / "gone").rename(bench.folder / "kept")
    bench.apply()
    assert len(bench.requests("POST", JOBS)) == 1
    kept = json.loads((bench.folder / "kept" / "state.json").read_text())
    assert kept["models"][0]["job"]["id"] == job


def test_a_reader_that_goes_away_is_no_defect(bench: Workbench) -> None:
    bench.bot()
    read, write = os.pipe()
    os.close(read)
    with subprocess.Popen(
        [sys.executable, "-m", "ftplan", "plan"], cwd=bench.folder, stdout=write, stderr=subprocess.PIPE
    ) as process:
        os.close(write)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert b"Traceback" not in err
    assert b"defect" not in err


def test_a_job_let_in_in_spite_of_a_full_queue_is_paid_for_once(bench: Workbench) -> None:
    bench.bot()
    full = {"code": "rate_limit_exceeded", "message": "too many active jobs", "headers": {"Retry-After": "0"}}
    bench.order({"action": "status", "status": 429, "before": False, "method": "POST", "path": JOBS, **full})
    bench.apply()
    assert bench.bought() == (1, 1)
    assert "No changes." in bench.plan().out


def test_a_run_whose_lock_is_broken_writes_nothing_more_and_the_next_one_follows_its_job(bench: Workbench) -> None:
    bench.pace = LIFELIKE
    bench.bot()
    running = bench.start(*APPLY)
    job = running_job(bench, running)
    claim = json.loads((bench.folder / LOCK).read_text())["id"]
    assert bench.run("force-unlock", "-force", claim).code == 0
    before = bench.state["serial"]
    done = running.end()
    assert done.code == 1
    assert "Somebody broke the lock" in done.said
    assert bench.state["serial"] == before
    bench.apply()
    assert bench.bought() == (1, 1)
    assert bench.state["models"][0]["job"]["id"] == job
