"""What a plan says of its evaluations is what an apply carries out: rows, code, models, and what they cost."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest
from judged import evaluated, now, questions
from openai import OpenAI
from workbench import BASE, Workbench, model

from ftplan.sandbox import start

LIFELIKE = 1.2  # a job takes a little more than two seconds
GRADER = "def grade(row, answer):\n    return {}\n"


def other_rows(bench: Workbench) -> None:
    bench.rows("asked.jsonl", topic="easy", count=10)


def other_code(bench: Workbench) -> None:
    bench.write("mine_to_hold.py", GRADER.format("True"))


@pytest.fixture
def graded(bench: Workbench) -> Workbench:
    bench.write("mine_to_hold.py", GRADER.format("'hall' in answer['text']"))
    evaluated(bench, grader={"type": "python", "function": "mine_to_hold:grade"})
    return bench


def checksum_of(bench: Workbench) -> str:
    (summary,) = [line for line in bench.plan("-json").lines() if line["type"] == "change_summary"]
    return str(summary["checksum"])


WAYS = [
    (other_rows, "dataset.asked has changed", "a dataset"),
    (other_code, "the code that grades eval.accuracy", "code"),
]


@pytest.mark.parametrize(("change", "said", "_"), WAYS)
def test_a_saved_plan_is_stale_once_its_model_would_be_judged_otherwise(
    graded: Workbench, change: Any, said: str, _: str
) -> None:
    graded.plan("-out=p.plan")
    change(graded)
    done = graded.run("apply", "-auto-approve", "-allow-function=mine_to_hold:grade", "p.plan")
    assert (done.code, said in done.said, graded.bought(), questions(graded)) == (1, True, (0, 0), 0), done.said


@pytest.mark.parametrize(("change", "_", "said"), WAYS)
def test_a_checksum_holds_what_a_model_is_judged_by(graded: Workbench, change: Any, _: str, said: str) -> None:
    checksum = checksum_of(graded)
    words = ("apply", "-auto-approve", "-allow-function=mine_to_hold:grade", f"-checksum={checksum}")
    change(graded)
    done = graded.run(*words)
    assert (done.code, said in done.said, graded.bought(), questions(graded)) == (1, True, (0, 0), 0), done.said


def test_an_evaluation_declared_otherwise_is_another_plan(bench: Workbench) -> None:
    evaluated(bench, 0.6)
    checksum = checksum_of(bench)
    evaluated(bench, 0.1)
    done = bench.run("apply", "-auto-approve", f"-checksum={checksum}")
    assert (done.code, "the configuration" in done.said) == (1, True), done.said
    evaluated(bench, 0.6)
    bench.apply(f"-checksum={checksum}")
    assert now(bench) == bench.model_id()


def test_rows_that_change_while_a_model_trains_do_not_judge_it(bench: Workbench) -> None:
    bench.pace = LIFELIKE
    evaluated(bench)
    running = bench.start("apply", "-auto-approve")
    running.until_it_says(r"Still creating.* running")
    bench.write("asked.jsonl", "")
    assert running.end().code == 0
    (kept,) = bench.state["evaluations"]
    assert (kept["rows"], kept["passed"]) == (10, True)


def on_another_base(bench: Workbench, base: str) -> None:
    bounds = {"over_current": 0, "over_base": 0}
    bench.declare(
        {"bot": model(base_model=base, provider="trainer")},
        {"rows": {"path": "rows.jsonl"}, "asked": {"path": "asked.jsonl"}},
        evals={
            "accuracy": {
                "dataset": "asked",
                "grader": {"type": "exact"},
                "thresholds": bounds,
            }
        },
        aliases={"prod": {"model": "bot", "requires": ["eval.accuracy"]}},
    )


def test_a_plan_counts_what_the_model_in_use_costs_by_its_own_base(bench: Workbench) -> None:
    evaluated(bench)
    bench.apply()
    on_another_base(bench, "gpt-4.1-nano-2025-04-14")
    told = bench.plan()
    assert "20 answers of gpt-4.1-nano-2025-04-14" in told.out
    assert "10 answers of gpt-4.1-mini-2025-04-14" in told.out


def test_where_the_model_in_use_is_gone_nothing_is_held_against_it_and_nobody_waits(bench: Workbench) -> None:
    evaluated(bench)
    bench.apply()
    in_use = bench.model_id()
    on_another_base(bench, "gpt-4.1-nano-2025-04-14")
    with OpenAI(base_url=bench.sandbox.url, api_key="sandbox") as client:
        client.models.delete(in_use)
    assert "10 answers of gpt-4.1-mini-2025-04-14" not in bench.plan().out
    before = questions(bench)
    done = bench.apply()
    assert (
        f"trainer has {in_use} no more: nothing is held against it" in done.said or "Model in use is gone" in done.said
    )
    assert (now(bench), questions(bench) - before) == (bench.model_id(), 20)
    assert "nothing is in use that it could be held against" in done.said


@pytest.mark.parametrize("words", [("plan",), ("promote", "prod", "-auto-approve"), ("apply", "-auto-approve")])
def test_a_model_in_use_at_a_provider_that_is_declared_no_more_is_told_before_anything_is_paid(
    bench: Workbench, words: tuple[str, ...]
) -> None:
    evaluated(bench)
    bench.apply()
    bench.declare(
        {"bot": model(provider="other", seed=5)},
        {"rows": {"path": "rows.jsonl"}, "asked": {"path": "asked.jsonl"}},
        providers={"other": bench.trainer},
        evals={"accuracy": {"dataset": "asked", "grader": {"type": "exact"}, "thresholds": {"over_current": 0}}},
        aliases={"prod": {"model": "bot", "requires": ["eval.accuracy"]}},
    )
    if words[0] == "promote":
        bench.apply("-target=model.bot")
    before = (bench.bought(), questions(bench))
    done = bench.run(*words)
    assert done.code == 1
    assert "eval.accuracy asks a model at trainer, which is declared no more" in done.said
    assert (bench.bought(), questions(bench)) == before


FREE = {"sandbox": {"models": {BASE: {"input_per_million": 0, "output_per_million": 0}}}}


@pytest.mark.parametrize(
    "words",
    [
        ("apply", "-auto-approve"),
        ("promote", "prod", "-auto-approve"),
        ("compare", "model.bot", "-dataset=asked", "-with=base"),
    ],
)
def test_no_price_of_the_project_gets_answers_past_a_bound(bench: Workbench, words: tuple[str, ...]) -> None:
    evaluated(bench)
    bench.apply("-target=model.bot")
    evaluated(bench, catalog=FREE)
    held = bench.run(*words, "-max-cost=0.000001")
    assert (held.code, questions(bench)) == (10, 0), held.said
    assert "t prices that the project does not set itself" in held.said
    assert bench.run(*words, "-max-cost=1").code == 0


def test_more_rows_than_models_are_asked_want_a_limit(bench: Workbench) -> None:
    many = '{"messages": [{"role": "user", "content": "?"}]}\n' * 100_001
    for limit, code in ((None, 1), (10, 0)):
        evaluated(bench, **({"limit": limit} if limit else {}))
        bench.write("asked.jsonl", many)
        done = bench.run("plan")
        assert (done.code, "Too many rows to ask" in done.said) == (code, limit is None), done.said


def test_what_was_approved_is_gone_on_with_where_nothing_more_may_be_spent(bench: Workbench) -> None:
    evaluated(bench)
    bench.apply("-no-wait")
    assert (now(bench), [one["alias"] for one in bench.state["approvals"]]) == (None, ["prod"])
    bench.apply("-no-spend", "-no-destroy")
    assert (now(bench), bench.state["approvals"]) == (bench.model_id(), [])
    assert bench.bought() == (1, 1)


def test_what_was_not_approved_is_not_gone_on_with(bench: Workbench) -> None:
    evaluated(bench)
    bench.apply("-no-wait")
    other_rows(bench)
    done = bench.run("apply", "-auto-approve", "-no-spend")
    assert (done.code, "asks for answers of models" in done.said, questions(bench)) == (10, True, 0), done.said


def test_an_apply_that_was_killed_leaves_what_it_was_approved_for(bench: Workbench) -> None:
    bench.pace = LIFELIKE
    evaluated(bench)
    running = bench.start("apply", "-auto-approve")
    running.until_it_says(r"Still creating.* running")
    running.send(signal.SIGKILL)
    running.process.wait(10)
    bench.apply("-no-spend", "-lock-timeout=10s")
    assert now(bench) == bench.model_id()


def test_a_refusal_ends_what_was_approved(bench: Workbench) -> None:
    evaluated(bench, 1, grader={"type": "regex", "pattern": "nothing says this"})
    assert bench.run("apply", "-auto-approve").code == 10
    assert bench.state["approvals"] == []


def test_a_plan_says_which_functions_are_to_be_allowed_and_how(graded: Workbench) -> None:
    told = graded.plan()
    assert "A function is to be allowed" in told.said
    assert "-allow-function=mine_to_hold:grade" in told.said
    command = "ftplan apply -allow-function=mine_to_hold:grade "
    allowed = graded.plan("-allow-function=mine_to_hold:grade")
    assert ("A function is to be allowed" in allowed.said, f"{command}-checksum=" in allowed.out) == (False, True)
    assert f"{command}p.plan" in graded.plan("-allow-function=mine_to_hold:grade", "-out=p.plan").out
    done = graded.run("apply", "-auto-approve", "p.plan")
    assert (done.code, graded.bought()) == (10, (0, 0)), "the plan of somebody else allows nothing"
    assert graded.run("apply", "-allow-function=mine_to_hold:grade", "p.plan").code == 0


def test_code_that_changes_while_a_model_trains_does_not_judge_it(bench: Workbench) -> None:
    bench.pace = LIFELIKE
    bench.write("mine_by_half.py", "RIGHT = False\n")
    bench.write("mine_in_part.py", "from mine_by_half import RIGHT\ndef grade(row, answer):\n    return RIGHT\n")
    evaluated(bench, grader={"type": "python", "function": "mine_in_part:grade"})
    running = bench.start("apply", "-auto-approve", "-allow-function=mine_in_part:grade")
    running.until_it_says(r"Still creating.* running")
    bench.write("mine_by_half.py", "RIGHT = True\n")
    done = running.end()
    assert (done.code, now(bench), questions(bench)) == (1, None, 0)
    assert "The code of a grader has changed" in done.said


def test_answers_and_verdicts_of_another_address_are_not_taken_for_those_of_this_one(bench: Workbench) -> None:
    bench.environ(OPENAI_API_KEY="k", OPENAI_BASE_URL=bench.sandbox.url)
    evaluated(bench, providers={"trainer": {"type": "openai"}}, thresholds={"over_base": -1.0})
    bench.apply()
    assert questions(bench) == 20
    with start(bench.folder.parent / "real.sqlite3", speed=0) as real:
        bench.environ(OPENAI_BASE_URL=real.url)
        for path in bench.folder.glob("ftplan.state*"):
            path.unlink() if path.is_file() else None
        done = bench.apply()
        assert "20 of 20 questions answered" in done.said
        assert "of them before" not in done.said


def test_a_plan_tells_of_rows_that_say_nothing_and_of_thresholds_out_of_reach(bench: Workbench) -> None:
    evaluated(bench, 0.9)
    path = bench.folder / "asked.jsonl"
    path.write_text(path.read_text() + '{}\n{"messages": [{"role": "user", "content": "And now?"}]}\n')
    said = bench.plan().said
    assert "eval.accuracy: 1 of its lines holds no conversation that asks anything." in said
    assert "1 row ends without the assistant's answer, and exact gives 0" in said
    assert "A threshold out of reach" in said
    assert "asked.jsonl:11" in said
    assert "that are all right reach it" in said


def test_a_bill_counts_what_a_judge_is_asked_and_what_it_may_read(bench: Workbench) -> None:
    judge = {"type": "judge", "model": BASE, "prompt": "{{prompt}} {{wanted}} {{answer}}"}
    evaluated(bench, grader=judge)
    short = bill(bench)
    evaluated(bench, grader={**judge, "prompt": judge["prompt"] + " Mind the rules of the house." * 200})
    assert bill(bench) > 1.3 * short
    evaluated(bench, grader=judge, parameters={"max_completion_tokens": 10_000})
    long = bill(bench)
    evaluated(
        bench, grader={**judge, "prompt": judge["prompt"] + "{{answer}}"}, parameters={"max_completion_tokens": 10_000}
    )
    assert bill(bench) > 1.1 * long


def bill(bench: Workbench) -> float:
    """The upper end of what a plan costs."""
    bench.plan("-out=bill.plan")
    estimate = json.loads(bench.run("show", "-json", "bill.plan").out)["cost_estimate"]["by_address"]["alias.prod"]
    return float(estimate["high"])
