"""The command under a plan makes that plan again, and no other."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import pytest
from example_plans import first_plan

from ftplan.core.plan import Plan
from ftplan.views.apply_command import apply_command


def planned(mode: Any = "normal", **options: Any) -> Plan:
    return replace(first_plan(), mode=mode, options=options)


def test_a_plan_without_options_wants_its_checksum_alone() -> None:
    assert apply_command(planned(), "c0ffee") == "ftplan apply -checksum=c0ffee"


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (planned("destroy"), ["-destroy"]),
        (planned("refresh-only"), ["-refresh-only"]),
        (planned(targets=["model.a", "model.b"]), ["-target=model.a", "-target=model.b"]),
        (planned(replace=["model.a"], excludes=["model.b"]), ["-exclude=model.b", "-replace=model.a"]),
        (planned(allow=["budget.max_total"], refresh=False), ["-allow=budget.max_total", "-refresh=false"]),
        (planned(max_cost="2.50", no_destroy=True), ["-max-cost=2.50", "-no-destroy"]),
        (
            planned(variables={"n": "a b; rm -rf $HOME"}, var_files=["x y"]),
            ["-var-file=x y", "-var=n=a b; rm -rf $HOME"],
        ),
    ],
)
def test_every_option_that_moves_a_step_is_repeated_as_one_word_of_a_shell(plan: Plan, words: list[str]) -> None:
    assert shlex.split(apply_command(plan, "c0ffee")) == ["ftplan", "apply", *words, "-checksum=c0ffee"]


def test_nothing_in_it_moves_a_terminal() -> None:
    assert "\x1b" not in apply_command(planned(variables={"n": "\x1b[2J"}), "c0ffee")
