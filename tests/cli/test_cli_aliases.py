"""Names that applications use: they move to what has passed, stay where nothing has, and go back at once."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

import pytest
from judged import CHAT, evaluated, now, questions
from openai import OpenAI
from published import check
from workbench import STATE, Workbench, chats, control, model


def test_what_passes_is_promoted_in_the_same_apply(bench: Workbench) -> None:
    evaluated(bench)
    done = bench.apply()
    assert "eval.accuracy passed (a rehearsal): 1.00 [0.70, 1.00] of 10 rows reaches 0.5" in done.said
    assert (now(bench), questions(bench)) == (bench.model_id(), 10)
    assert "No changes." in bench.plan().out
    (kept,) = bench.state["evaluations"]
    assert (kept["score"], kept["passed"], kept["rehearsal"]) == (1.0, True, True)


def test_a_killed_evaluation_has_entered_what_it_paid_for_part_by_part(bench: Workbench) -> None:
    evaluated(bench, rows=400)
    bench.run("apply", "-auto-approve", "-target=model.bot")
    bench.order({"action": "delay", "seconds": 0.1, "method": "POST", "path": CHAT, "times": 400})
    asking = bench.start("apply", "-auto-approve")
    asking.until_it_says("240 of 400 questions answered")
    asking.send(signal.SIGKILL)
    asking.end()
    lines = json.loads(bench.run("cost", "-json").out)["lines"]
    assert [line["answers"] for line in lines if line["address"] == "eval.accuracy"] == [200]
    control(bench.sandbox.control_url, "DELETE", "faults")
    bench.apply()
    assert now(bench) == bench.model_id()
    assert questions(bench) <= 400 + 8  # what was under way when it was killed is asked again


def test_answers_of_an_evaluation_that_cannot_be_kept_are_told(bench: Workbench) -> None:
    evaluated(bench)
    (bench.folder.parent / "cache" / "answers.sqlite3").mkdir(parents=True)
    done = bench.apply()
    assert "Answers cannot be kept" in done.said
    assert "10 could not be written" in done.said
    assert now(bench) == bench.model_id()


def test_a_promotion_says_what_it_costs_and_is_held_to_bounds_before_anybody_is_asked(bench: Workbench) -> None:
    evaluated(bench)
    bench.run("apply", "-auto-approve", "-target=model.bot")
    words = ("promote", "prod", "-auto-approve")
    refused = bench.run(*words, "-max-cost=0.000001")
    assert (refused.code, questions(bench), now(bench)) == (10, 0, None), refused.said
    assert "-max-cost" in refused.said
    asked = bench.run("promote", "prod", "-input=false")
    assert (asked.code, questions(bench)) == (1, 0)
    assert bench.run(*words, "-max-cost=1").code == 0
    # What is known is not paid for: it needs no bound.
    assert bench.run("rollback", "prod", "-auto-approve").code == 1


def test_a_promotion_is_held_to_the_budget_of_the_project(bench: Workbench) -> None:
    evaluated(bench)
    bench.run("apply", "-auto-approve", "-target=model.bot")
    evaluated(bench, budget={"max_total": 0.000001})
    assert bench.run("promote", "prod", "-auto-approve").code == 10
    assert questions(bench) == 0


def test_a_judge_of_a_rehearsal_is_asked_and_says_a_half(bench: Workbench) -> None:
    grader = {"type": "judge", "model": "gpt-4.1-2025-04-14", "prompt": "Is {{answer}} as good as {{wanted}}?"}
    evaluated(bench, 0.2, grader=grader)
    done = bench.apply()
    assert "eval.accuracy passed (a rehearsal): 0.50 [" in done.said
    assert questions(bench) == 20
    lines = json.loads(bench.run("cost", "-json").out)["lines"]
    assert [line["answers"] for line in lines if line["address"] == "eval.accuracy"] == [20]


def test_what_was_paid_for_answers_is_entered_once(bench: Workbench) -> None:
    evaluated(bench, parameters={"seed": 3}, thresholds={"score": 0.95, "over_base": 0})
    bench.run("apply", "-auto-approve")
    evaluated(bench, parameters={"seed": 3}, thresholds={"score": 0.5, "over_base": 0})
    bench.apply()
    lines = [line for line in json.loads(bench.run("cost", "-json").out)["lines"] if line["address"] == "eval.accuracy"]
    assert [(line["answers"], line["jobs"], line["rehearsal"]) for line in lines] == [(20, 0, True)]
    assert lines[0]["billed"] > 0


def test_what_fails_is_trained_and_kept_and_not_promoted_with_exit_10(bench: Workbench) -> None:
    evaluated(bench, 0.95)
    done = bench.run("apply", "-auto-approve")
    assert done.code == 10
    assert "reaches 0.95 with its mean alone" in done.said
    assert (now(bench), bench.bought()) == (None, (1, 1))
    assert bench.model_id() in done.said


def test_what_was_refused_is_refused_again_and_nobody_is_asked(bench: Workbench) -> None:
    evaluated(bench, 0.95)
    bench.run("apply", "-auto-approve")
    asked, state = questions(bench), (bench.folder / STATE).read_bytes()
    plan = bench.plan()
    assert "An evaluation said no" in plan.said
    assert "answers to evaluations" not in plan.out
    assert bench.run("promote", "prod", "-auto-approve").code == 10
    assert bench.run("apply", "-auto-approve").code == 10
    assert (questions(bench), (bench.folder / STATE).read_bytes()) == (asked, state)


def test_the_answers_of_an_evaluation_are_looked_at_without_asking_again(bench: Workbench) -> None:
    evaluated(bench, thresholds={"score": 0.95, "over_base": 0}, parameters={"seed": 3}, limit=7)
    refused = bench.run("apply", "-auto-approve")
    words = ("compare", "model.bot", "-eval=accuracy")
    assert f"ftplan {' '.join(words)}" in refused.said
    asked = questions(bench)
    found = json.loads(bench.run(*words, "-json").out)
    assert (len(found["rows"]), found["parameters"], questions(bench)) == (7, {"seed": 3}, asked)


def test_another_threshold_is_judged_by_the_answers_there_are(bench: Workbench) -> None:
    evaluated(bench, 0.95)
    bench.run("apply", "-auto-approve")
    asked = questions(bench)
    evaluated(bench, 0.6)
    assert "An evaluation said no" not in bench.plan().said
    assert bench.run("promote", "prod", "-auto-approve").code == 0
    assert (now(bench), questions(bench)) == (bench.model_id(), asked)


def test_the_next_model_takes_over_and_a_rollback_is_at_once_and_stays(bench: Workbench) -> None:
    evaluated(bench)
    bench.apply()
    first = now(bench)
    evaluated(bench, epochs=2)
    bench.apply()
    second, asked = now(bench), questions(bench)
    assert second not in (None, first)
    requests = len(bench.requests())
    done = bench.run("rollback", "prod", "-auto-approve")
    assert (done.code, len(bench.requests())) == (0, requests), done.said
    assert f"alias.prod stands for {first} now; {second} is kept." in done.out
    assert "Alias was rolled back" in bench.plan().said
    bench.apply()
    assert (now(bench), questions(bench)) == (first, asked)
    assert bench.run("promote", "alias.prod", "-auto-approve").code == 0
    assert now(bench) == second


def test_a_model_is_held_against_its_base_and_the_one_in_use(bench: Workbench) -> None:
    bounds = {"over_base": 0.3, "over_current": -0.7}
    evaluated(bench, thresholds=bounds)
    done = bench.apply()
    assert "+1.00 [+0.40, +1.00] beside the base (0.00) reaches +0.3" in done.said
    assert "nothing is in use that it could be held against" in done.said
    assert questions(bench) == 20
    evaluated(bench, thresholds=bounds, epochs=2)
    done = bench.apply()
    assert "beside the model in use (1.00) reaches -0.7" in done.said
    assert questions(bench) == 30


def test_the_file_for_applications_says_what_is_in_use(bench: Workbench) -> None:
    evaluated(bench)
    bench.apply()
    told = json.loads((bench.folder / "ftplan.aliases.json").read_text())
    check(told, "aliases")
    assert told["aliases"]["prod"]["id"] == bench.model_id()
    assert told["models"]["bot"] == {"provider": "trainer", "id": bench.model_id()}
    evaluated(bench, epochs=2)
    bench.apply()
    bench.run("rollback", "prod", "-auto-approve")
    assert json.loads((bench.folder / "ftplan.aliases.json").read_text())["aliases"]["prod"]["id"] == now(bench)


def test_the_file_for_applications_follows_whatever_writes_the_state(bench: Workbench) -> None:
    evaluated(bench)
    bench.run("apply", "-auto-approve", "-no-wait")
    path = bench.folder / "ftplan.aliases.json"
    assert not path.exists() or json.loads(path.read_text())["models"] == {}
    assert bench.run("watch").code == 0
    bench.apply()
    before = json.loads(path.read_text())
    assert before["models"]["bot"]["id"] == bench.model_id()
    evaluated(bench, epochs=2)
    assert bench.run("apply", "-auto-approve", "-no-wait").code == 0
    assert json.loads(path.read_text())["models"] == {}
    assert bench.run("watch").code == 0
    assert json.loads(path.read_text())["models"]["bot"]["id"] == bench.model_id() != before["models"]["bot"]["id"]


def test_where_the_file_for_applications_is_something_else_that_is_told_and_nobody_waits(bench: Workbench) -> None:
    evaluated(bench)
    os.mkfifo(bench.folder / "ftplan.aliases.json")
    done = bench.apply()
    assert "Aliases file not written" in done.said
    assert "ftplan.aliases.json: it is no file." in done.said


def test_where_no_alias_is_declared_no_file_is_written(bench: Workbench) -> None:
    bench.bot()
    bench.apply()
    assert not (bench.folder / "ftplan.aliases.json").exists()


def test_an_interrupted_evaluation_goes_on_where_it_stopped(bench: Workbench) -> None:
    evaluated(bench, rows=40)
    bench.apply("-target=model.bot")
    bench.order({"action": "delay", "seconds": 0.2, "method": "POST", "path": CHAT, "times": 40})
    moving = bench.start("promote", "prod", "-auto-approve")
    moving.until_it_says(r"[1-9]\d? of 40 questions answered")
    moving.send(signal.SIGINT)
    assert moving.end().code == 130
    assert 0 < questions(bench) < 40
    assert bench.run("promote", "prod", "-auto-approve").code == 0
    assert (now(bench), questions(bench)) == (bench.model_id(), 40)


def test_a_busy_service_is_waited_for(bench: Workbench) -> None:
    evaluated(bench)
    busy = {"action": "status", "status": 429, "headers": {"Retry-After": "0"}, "code": "rate_limit_exceeded"}
    bench.order({**busy, "message": "slower", "method": "POST", "path": CHAT, "times": 2})
    bench.apply()
    assert now(bench) == bench.model_id()


def test_a_function_of_the_project_runs_only_where_it_is_allowed(bench: Workbench) -> None:
    bench.write("mine_to_grade.py", "def grade(row, answer):\n    return 'hall' in answer['text']\n")
    evaluated(bench, grader={"type": "python", "function": "mine_to_grade:grade"})
    done = bench.run("apply", "-auto-approve")
    assert (done.code, "-allow-function=mine_to_grade:grade" in done.said) == (10, True)
    assert (bench.bought(), questions(bench)) == ((0, 0), 0)
    bench.apply("-allow-function=mine_to_grade:grade")
    assert now(bench) == bench.model_id()


def test_what_the_answers_cost_is_in_the_bill_and_bounded_by_it(bench: Workbench) -> None:
    evaluated(bench)
    assert "10 answers to evaluations" in bench.plan().out
    held = bench.run("apply", "-auto-approve", "-max-cost=0.0001")
    assert (held.code, bench.bought(), questions(bench)) == (10, (0, 0), 0)


def test_a_model_that_is_about_to_change_is_evaluated_anew_and_that_is_in_the_bill(bench: Workbench) -> None:
    evaluated(bench, epochs=2)
    bench.apply()
    assert "10 answers to evaluations" in bench.plan("-replace=model.bot").out
    evaluated(bench, epochs=2, checkpoint={"best": "train_loss"})
    asked = questions(bench)
    assert "10 answers to evaluations" in bench.plan().out
    held = bench.run("apply", "-auto-approve", "-max-cost=0.0000001")
    assert (held.code, questions(bench)) == (10, asked), held.said


def test_a_verdict_is_of_those_who_gave_it_and_of_no_others(bench: Workbench) -> None:
    """The same names with other code or another service behind them say nothing about what was said before."""
    allowed = "-allow-function=graded_here:grade"
    bench.write("graded_here.py", "def grade(row, answer):\n    return 0\n")
    evaluated(bench, grader={"type": "python", "function": "graded_here:grade"})
    assert bench.run("apply", "-auto-approve", allowed).code == 10
    asked = questions(bench)
    bench.write("graded_here.py", "def grade(row, answer):\n    return 1  # by now\n")
    sys.modules.pop("graded_here")
    assert bench.run("promote", "prod", "-auto-approve", allowed).code == 0
    assert questions(bench) == asked


def test_a_judge_who_is_paid_makes_no_rehearsal_of_it(bench: Workbench) -> None:
    bench.environ(JUDGE_KEY="sk-rehearsed-0123456789abcdef")
    judge = {"type": "openai", "base_url": bench.sandbox.url, "api_key_env": "JUDGE_KEY"}
    grader = {"type": "judge", "provider": "judges", "model": "gpt-4.1-2025-04-14", "prompt": "{{answer}}?"}
    evaluated(bench, grader=grader, providers={"trainer": bench.trainer, "judges": judge})
    assert "nothing is billed" not in bench.plan().out


def test_rows_of_any_shape_are_passed_over_and_told(bench: Workbench) -> None:
    evaluated(bench)
    row = chats(count=1)[0]["messages"]
    odd: list[dict[str, Any]] = [
        {"messages": row, "tools": 5},
        {"messages": [row[0], {"role": "assistant", "tool_calls": 5}]},
        {"messages": [{"role": "user", "content": [1, {"text": 5}]}, row[1]]},
        {"messages": [{"role": 3, "content": {}}, row[1]]},
    ]
    bench.write("asked.jsonl", "".join(json.dumps(one) + "\n" for one in odd))
    assert bench.run("plan").code in (0, 1)
    assert "defect" not in bench.run("plan").said
    assert "defect" not in bench.run("compare", "model.bot", "-dataset=asked").said


def test_a_plan_asks_nobody(bench: Workbench) -> None:
    evaluated(bench)
    bench.apply("-target=model.bot")
    bench.plan()
    assert questions(bench) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("promote", "porod"), "Did you mean prod?"),
        (("promote", "prod"), "Train it:"),
        (("rollback", "prod"), "has never stood for a model"),
    ],
)
def test_what_cannot_be_moved_is_told(bench: Workbench, words: tuple[str, ...], said: str) -> None:
    evaluated(bench)
    done = bench.run(*words, "-auto-approve")
    assert (done.code, said in done.said) == (1, True), done.said


def test_one_model_only_is_nothing_to_go_back_to(bench: Workbench) -> None:
    evaluated(bench)
    bench.apply()
    assert "Nothing to go back to" in bench.run("rollback", "prod", "-auto-approve").said
    assert "already. Nothing was changed." in bench.run("promote", "prod", "-auto-approve").out


def test_a_pattern_that_is_none_is_told_before_anything_is_spent(bench: Workbench) -> None:
    evaluated(bench, grader={"type": "regex", "pattern": "(a"})
    for command in ("validate", "plan"):
        done = bench.run(command)
        assert (done.code, "Invalid pattern" in done.said) == (1, True), done.said


def test_a_model_in_use_that_was_deleted_by_somebody_is_told_by_every_plan(bench: Workbench) -> None:
    evaluated(bench)
    bench.apply()
    in_use = bench.model_id()
    evaluated(bench, threshold=1, epochs=2)
    assert bench.run("apply", "-auto-approve").code == 10
    assert now(bench) == in_use
    assert "Model in use is gone" not in bench.plan().said
    with OpenAI(base_url=bench.sandbox.url, api_key="sandbox") as client:
        client.models.delete(in_use)
    told = bench.plan().said
    assert f"alias.prod stands for {in_use}, which trainer no longer has." in told
    assert "Nothing is there yet that could take its place." in told
    evaluated(bench, threshold=0.5, epochs=2)
    assert "ftplan promote prod" in bench.plan().said


def declared(bench: Workbench, name: str, seed: int, *, epochs: int = 1, requires: bool = False) -> None:
    """One model that is deleted when it goes, and an alias of it."""
    evaluated(bench, threshold=1)
    spec = model(seed=seed, epochs=epochs, provider="trainer", lifecycle={"on_removed": "delete"})
    bench.declare(
        {name: spec},
        {"rows": {"path": "rows.jsonl"}, "asked": {"path": "asked.jsonl"}},
        evals={"accuracy": {"dataset": "asked", "grader": {"type": "exact"}, "thresholds": {"score": 1}}},
        aliases={"prod": {"model": name, "requires": ["eval.accuracy"] if requires else []}},
    )


@pytest.mark.parametrize(("words", "requires", "code"), [(("-no-wait",), False, 0), ((), True, 10)])
def test_a_model_is_not_deleted_before_the_alias_that_stands_for_it_has_left_it(
    bench: Workbench, words: tuple[str, ...], requires: bool, code: int
) -> None:
    declared(bench, "old", 1)
    bench.apply()
    in_use = bench.model_id("old")
    declared(bench, "new", 2, requires=requires)
    done = bench.run("apply", "-auto-approve", *words)
    assert (done.code, now(bench)) == (code, in_use), done.said
    assert bench.requests("DELETE", f"/v1/models/{in_use}") == []
    declared(bench, "new", 2)
    bench.apply()
    assert now(bench) == bench.model_id("new")
    assert len(bench.requests("DELETE", f"/v1/models/{in_use}")) == 1
    assert "No changes." in bench.plan().out


def test_no_apply_takes_back_what_two_rollbacks_left(bench: Workbench) -> None:
    ids = []
    for seed in (1, 2, 3):
        declared(bench, "bot", seed)
        bench.apply()
        ids.append(bench.model_id())
    for back in (ids[1], ids[0]):
        assert bench.run("rollback", "prod", "-auto-approve").code == 0
        assert now(bench) == back
    assert "No changes." in bench.plan().out
    bench.apply()
    assert now(bench) == ids[0]
    declared(bench, "bot", 4)
    bench.apply()
    assert now(bench) == bench.model_id()


def test_an_alias_whose_model_goes_by_another_name_has_nothing_to_go_back_to(bench: Workbench) -> None:
    declared(bench, "old", 1)
    bench.apply()
    declared(bench, "renamed", 1)
    bench.apply()
    assert now(bench) == bench.model_id("renamed")
    done = bench.run("rollback", "prod", "-auto-approve")
    assert (done.code, "Nothing to go back to" in done.said) == (1, True)


def test_what_was_deleted_at_its_provider_is_not_gone_back_to(bench: Workbench) -> None:
    declared(bench, "old", 1)
    bench.apply()
    declared(bench, "new", 2)
    assert "a rollback of alias.prod cannot go back to it any more" in bench.plan().said
    bench.apply()
    done = bench.run("rollback", "prod", "-auto-approve")
    assert (done.code, "Nothing to go back to" in done.said) == (1, True), done.said
    assert now(bench) == bench.model_id("new")
