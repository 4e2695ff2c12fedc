"""At a terminal: bars that are redrawn, and a question that takes `yes` and nothing else."""

from __future__ import annotations

import os
import signal

import pytest
from pseudoterminal import Open
from workbench import Workbench


def test_yes_approves_and_the_screen_is_given_back(bench: Workbench, terminal: Open) -> None:
    bench.bot()
    at = terminal("apply")
    at.until_it_says("Only 'yes' will be accepted")
    at.until_it_says("Enter a value: ")
    at.types("yes\n")
    assert at.end() == 0
    assert "\x1b[32m" in at.said, "a terminal is coloured"
    assert "Apply complete! Resources: 2 added, 0 changed, 0 destroyed." in at.said
    assert "Creation complete" in at.said
    assert at.said.count("\x1b[?25h") >= at.said.count("\x1b[?25l"), "the cursor is hidden for good"
    assert bench.bought() == (1, 1)


@pytest.mark.parametrize("answer", ["YES\n", "\x04"], ids=["YES", "end of input"])
def test_nothing_but_yes_approves(bench: Workbench, terminal: Open, answer: str) -> None:
    bench.bot()
    at = terminal("-no-color", "apply")
    at.until_it_says("Enter a value: ")
    at.types(answer)
    assert at.end() == 1
    assert "Apply cancelled" in at.said
    assert "\x1b[3" not in at.said
    assert bench.bought() == (0, 0)


def test_a_job_is_followed_on_one_line_and_ctrl_c_leaves_it_running(bench: Workbench, terminal: Open) -> None:
    bench.bot()
    bench.order({"job_stuck_in": "running"})
    at = terminal("apply", "-auto-approve")
    at.until_it_says(r"model\.bot .*running")
    os.killpg(at.process.pid, signal.SIGINT)
    assert at.end() == 130
    assert "Jobs that go on" in at.said
    assert "Traceback" not in at.said
    assert at.said.count("\x1b[?25h") >= at.said.count("\x1b[?25l"), "the cursor is hidden for good"


def test_ctrl_c_at_the_question_changes_nothing(bench: Workbench, terminal: Open) -> None:
    bench.bot()
    at = terminal("apply")
    at.until_it_says("Enter a value: ")
    os.killpg(at.process.pid, signal.SIGINT)
    assert at.end() == 130
    assert "Traceback" not in at.said
    assert bench.bought() == (0, 0)
    assert not (bench.folder / "ftplan.state.json").exists()
