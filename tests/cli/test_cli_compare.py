"""`compare`: the same questions to several models, each paid for once, and their answers side by side in four forms."""

from __future__ import annotations

import json
import signal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from browser import DESKTOP, PHONE, Look, visit
from openai import OpenAI
from playwright.sync_api import Browser
from workbench import Workbench, chats, control, model

CHAT = "/v1/chat/completions"
HOSTILE = "\x1b[31mred\x1b]8;;http://x\x07 \u202egnp </details></td><script>alert(1)</script> @everyone | `x` [a](b)"


@pytest.fixture
def tuned(bench: Workbench) -> Workbench:
    """A project with a trained model, and rows that it was not trained on."""
    bench.environ(FTPLAN_CACHE_DIR=str(bench.folder.parent / "cache"))
    bench.rows("rows.jsonl")
    asked = chats(count=60)
    for row in asked:
        row["messages"][0]["content"] = "Please: " + row["messages"][0]["content"]
    bench.write("asked.jsonl", "".join(json.dumps(row) + "\n" for row in asked))
    datasets = {"rows": {"path": "rows.jsonl"}, "asked": {"path": "asked.jsonl"}}
    evals = {"accuracy": {"dataset": "asked", "grader": {"type": "exact"}}}
    bench.declare({"bot": model()}, datasets, evals=evals)
    bench.apply()
    return bench


def questions(bench: Workbench) -> int:
    return len(bench.requests("POST", CHAT))


def document(bench: Workbench, *words: str) -> dict[str, Any]:
    done = bench.run("compare", "model.bot", "-json", "-dataset=asked", *words)
    assert done.code == 0, done.said
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_fifty_prompts_twice_and_the_second_time_nobody_is_asked(tuned: Workbench) -> None:
    first = document(tuned)
    assert (len(first["rows"]), questions(tuned)) == (50, 100)
    second = document(tuned)
    assert questions(tuned) == 100
    assert [side.pop("answered_before") for side in first["sides"]] == [0, 0]
    assert [side.pop("answered_before") for side in second["sides"]] == [50, 50]
    assert first == second


def test_an_interrupted_comparison_goes_on_where_it_stopped(tuned: Workbench) -> None:
    tuned.order({"action": "delay", "seconds": 0.1, "method": "POST", "path": CHAT, "times": 100})
    asking = tuned.start("compare", "model.bot", "-dataset=asked")
    asking.until_it_says(r"[1-9]\d of 100 questions answered")
    asking.send(signal.SIGINT)
    done = asking.end()
    assert (done.code, "the answers are kept" in " ".join(done.said.split())) == (130, True), done.said
    before = questions(tuned)
    assert 0 < before < 100
    control(tuned.sandbox.control_url, "DELETE", "faults")
    document(tuned)
    assert questions(tuned) == 100


def test_a_killed_comparison_has_lost_nothing_that_was_answered(tuned: Workbench) -> None:
    tuned.order({"action": "delay", "seconds": 0.1, "method": "POST", "path": CHAT, "times": 100})
    asking = tuned.start("compare", "model.bot", "-dataset=asked", "-concurrency=2")
    asking.until_it_says(r"[1-9]\d of 100 questions answered")
    asking.send(signal.SIGKILL)
    asking.process.wait(10)
    control(tuned.sandbox.control_url, "DELETE", "faults")
    document(tuned)
    assert questions(tuned) <= 102  # what was under way when it was killed is asked again


def test_answers_stand_beside_what_was_wanted_and_are_counted(tuned: Workbench) -> None:
    found = document(tuned, "-limit=10")
    bot, base = found["sides"]
    assert (bot["label"], bot["model"], base["label"]) == ("model.bot", tuned.model_id(), "base")
    assert (base["as_wanted"], base["graded"], found["rehearsal"]) == (0, 10, True)
    right = [row["answers"][0]["as_wanted"] for row in found["rows"]]
    assert bot["as_wanted"] == right.count(True) > 0
    for row in found["rows"]:
        assert len(row["answers"]) == 2
        assert row["answers"][0]["text"].startswith("[rehearsal] ")
    tokens = [row["answers"][0]["prompt_tokens"] for row in found["rows"]]
    assert bot["mean_prompt_tokens"] == sum(tokens) / len(tokens)


def test_others_are_asked_by_address_and_by_id_and_each_once(tuned: Workbench) -> None:
    id = tuned.model_id()
    found = document(tuned, "-limit=3", "-with=base", "-with=gpt-4.1-mini-2025-04-14", f"-with={id}")
    assert [side["label"] for side in found["sides"]] == ["model.bot", "base"]


def test_the_text_says_the_same(tuned: Workbench) -> None:
    found = document(tuned, "-limit=3")
    text = tuned.run("compare", "model.bot", "-dataset=asked", "-limit=3").out
    assert "asked: 2 models, 3 of 60 rows, a rehearsal" in text
    for row in found["rows"]:
        assert f"── line {row['line']} " in text
    assert text.count("≠ base") == 3


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("look", ["light", "dark"])
def test_a_page_and_a_comment_are_written_beside_it(
    tuned: Workbench, browser: Browser, size: tuple[int, int], look: Look
) -> None:
    done = tuned.run("compare", "model.bot", "-dataset=asked", "-limit=3", "-html=c.html", "-markdown=c.md")
    assert done.code == 0, done.said
    page, comment = ((tuned.folder / name).read_text() for name in ("c.html", "c.md"))
    assert page.count('class="answer') >= 6
    assert comment.count("<details>") == comment.count("</details>") == 3
    with visit(browser, tuned.folder / "c.html", size, look) as shown:
        assert (shown.said, len(shown.fetched)) == ([], 1)
        assert [text for text, ratio in shown.text_contrasts() if ratio < 4.5] == []
        assert shown.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert [node.name for node in shown.nodes() if node.level == 1] == ["asked"]


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html"])
def test_what_models_and_rows_say_can_do_nothing_to_its_reader(tuned: Workbench, form: str) -> None:
    row = {"messages": [{"role": "user", "content": HOSTILE}, {"role": "assistant", "content": HOSTILE}]}
    tuned.write("hostile.jsonl", json.dumps(row) + "\n")
    words = {"text": (), "json": ("-json",), "markdown": ("-markdown=-",), "html": ("-html=c.html",)}[form]
    done = tuned.run("compare", "model.bot", "-dataset=hostile.jsonl", *words)
    assert done.code == 0, done.said
    said = (tuned.folder / "c.html").read_text() if form == "html" else done.out
    assert not {"\x1b", "\x07", "\u202e"} & set(said)
    if form == "html":
        assert "<script" not in said
        assert Tags.of(said)["details"] == 0
    if form == "markdown":
        outside = _outside_fences(said)
        assert outside.count("</details>") == 1
        assert "@everyone" not in outside


class Tags(HTMLParser):
    """How often each tag stands in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen[tag] = self.seen.get(tag, 0) + 1

    @staticmethod
    def of(page: str) -> dict[str, int]:
        parser = Tags()
        parser.feed(page)
        return {"details": 0, **parser.seen}


def _outside_fences(markdown: str) -> str:
    inside, kept = "", []
    for line in markdown.splitlines():
        fence = line[: len(line) - len(line.lstrip("`"))]
        if inside:
            inside = "" if line == inside else inside
        elif len(fence) >= 3:
            inside = fence
        else:
            kept.append(line)
    return "\n".join(kept)


def test_what_a_short_prompt_saves_is_measured_by_the_answers_own_counts(tuned: Workbench) -> None:
    tuned.write("long.txt", "You are patient. " * 40)
    found = document(tuned, "-limit=5", "-prompt-savings", "-long-prompt=long.txt")
    saved, (bot, base) = found["savings"], found["sides"]
    assert saved["prompt_tokens"] == {"before": base["mean_prompt_tokens"], "now": bot["mean_prompt_tokens"]}
    assert saved["shorter"] == pytest.approx(1 - bot["mean_prompt_tokens"] / base["mean_prompt_tokens"])
    assert (
        base["mean_prompt_tokens"] - bot["mean_prompt_tokens"] == 160
    )  # words stand for tokens there, and a full stop is one
    each = {name: saved["cost_of_thousand"][name] for name in ("before", "now")}
    assert each["before"] == pytest.approx(base["cost"] * 1000 / 5)
    gain = each["before"] - each["now"]
    assert saved["break_even_requests"] == pytest.approx(saved["training"] * 1000 / gain, abs=1)
    assert "earned after" in tuned.run(
        "compare", "model.bot", "-dataset=asked", "-limit=5", "-prompt-savings", "-long-prompt=long.txt"
    ).out  # fmt: skip


def test_rows_that_were_trained_on_are_told(tuned: Workbench) -> None:
    done = tuned.run("compare", "model.bot", "-dataset=rows", "-limit=3")
    assert "10 rows stand in rows as well as in rows" in done.said


def test_what_costs_money_is_told_bounded_and_approved_before_anybody_is_asked(tuned: Workbench) -> None:
    datasets = {"rows": {"path": "rows.jsonl"}, "asked": {"path": "asked.jsonl"}}
    paid = {"type": "openai", "base_url": tuned.sandbox.url, "api_key_env": "A_KEY"}
    tuned.environ(A_KEY="sk-rehearsed-0123456789abcdef")
    tuned.declare({"bot": model()}, datasets, providers={"trainer": paid})
    words = ("compare", "model.bot", "-dataset=asked", "-limit=5")
    assert "Approval needed" in tuned.run(*words).said
    held = tuned.run(*words, "-auto-approve", "-max-cost=0.0001")
    assert (held.code, "This passes: -max-cost=" in held.said, questions(tuned)) == (10, True, 0)
    assert tuned.run(*words, "-auto-approve").code == 0
    assert questions(tuned) == 10
    # What is kept costs nothing, and needs nobody's word.
    assert tuned.run(*words, "-max-cost=0.0001").code == 0


def test_a_file_that_cannot_be_written_is_told_before_anybody_is_asked(tuned: Workbench) -> None:
    for option in ("-markdown=nowhere/x.md", "-html=nowhere/x.html", "-html=."):
        done = tuned.run("compare", "model.bot", "-dataset=asked", option)
        assert (done.code, "Nothing was done" in done.said, questions(tuned)) == (1, True, 0)
    for options in (("-json", "-markdown=-"), ("-json", "-html=-"), ("-markdown=-", "-html=-")):
        done = tuned.run("compare", "model.bot", "-dataset=asked", *options)
        assert (done.code, "stdout" in done.said, questions(tuned)) == (1, True, 0)
    page = tuned.run("compare", "model.bot", "-dataset=asked", "-limit=1", "-html=-").out
    assert page.rstrip().endswith("</html>")


def test_rows_that_are_passed_over_are_told(tuned: Workbench) -> None:
    row = json.dumps(chats(count=1)[0])
    tuned.write("mixed.jsonl", f'{row}\n{{"messages": [\n{row}\n')
    done = tuned.run("compare", "model.bot", "-dataset=mixed.jsonl")
    assert done.code == 0
    assert "on mixed.jsonl:2: 1 of its lines holds no conversation" in done.said


def test_an_answer_is_no_longer_than_its_bound_and_costs_no_more_than_was_said(tuned: Workbench) -> None:
    found = document(tuned, "-limit=3", "-max-tokens=4")
    assert [side["mean_completion_tokens"] for side in found["sides"]] == [4.0, 4.0]


def test_a_rehearsal_is_held_to_a_bound_as_well(tuned: Workbench) -> None:
    held = tuned.run("compare", "model.bot", "-dataset=asked", "-limit=1", "-max-cost=0")
    assert (held.code, questions(tuned)) == (10, 0)


def test_without_the_cache_everybody_is_asked_anew(tuned: Workbench) -> None:
    for _ in range(2):
        document(tuned, "-limit=2", "-cache=false")
    assert questions(tuned) == 8


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("model.bot",), "-dataset=NAME, -dataset=PATH or -eval=NAME"),
        (("model.bot", "-eval=acuracy"), "Did you mean accuracy?"),
        (("model.bot", "-eval=accuracy", "-limit=3"), "without it -limit would"),
        (("model.bot", "-dataset=askd"), "Did you mean asked?"),
        (("model.bot", "-dataset=../x.jsonl"), "leads out"),
        (("model.bot", "-dataset=asked", "-with=model.bott"), "Did you mean model.bot?"),
        (("model.bot", "-dataset=asked", "-with=gpt-9"), "knows no model gpt-9"),
        (("model.bott", "-dataset=asked"), "Nothing to compare"),
        (("model.bot", "-dataset=asked", "-prompt-savings"), "-long-prompt=FILE"),
        (("model.bot", "-dataset=asked", "-prompt-savings", "-long-prompt=nowhere"), "Prompt cannot be read"),
    ],
)
def test_what_cannot_be_compared_is_told(tuned: Workbench, words: tuple[str, ...], said: str) -> None:
    done = tuned.run("compare", *words)
    assert (done.code, said in done.said, questions(tuned)) == (1, True, 0), done.said


def test_answers_are_readable_by_their_owner_alone(tuned: Workbench) -> None:
    document(tuned, "-limit=1")
    kept = Path(tuned.folder.parent / "cache" / "answers.sqlite3")
    assert kept.stat().st_mode & 0o777 == 0o600


def test_answers_that_were_damaged_are_told_put_aside_and_asked_once_more(tuned: Workbench) -> None:
    document(tuned, "-limit=2")
    kept = Path(tuned.folder.parent / "cache" / "answers.sqlite3")
    kept.write_bytes(b"no database")
    done = tuned.run("compare", "model.bot", "-dataset=asked", "-limit=2")
    assert "Warning: Kept answers are damaged" in done.err
    assert done.err.count("Kept answers are damaged") == 1
    assert questions(tuned) == 8
    assert "damaged" not in tuned.run("compare", "model.bot", "-dataset=asked", "-limit=2").err
    assert questions(tuned) == 8


def test_before_anything_is_paid_that_cannot_be_kept_that_is_said(tuned: Workbench) -> None:
    (tuned.folder.parent / "cache" / "answers.sqlite3").mkdir(parents=True)
    done = tuned.run("compare", "model.bot", "-dataset=asked", "-limit=2", "-max-cost=0")
    assert (done.code, "Warning: Answers cannot be kept" in done.err, questions(tuned)) == (10, True, 0)


def test_two_comparisons_at_once_pay_for_each_answer_once(tuned: Workbench) -> None:
    tuned.order({"action": "delay", "seconds": 0.05, "method": "POST", "path": CHAT, "times": 200})
    words = ("compare", "model.bot", "-dataset=asked", "-json")
    both = [tuned.start(*words), tuned.start(*words, "-concurrency=3")]
    first, second = (json.loads(one.end().out) for one in both)
    assert questions(tuned) == 100
    assert [row["answers"] for row in first["rows"]] == [row["answers"] for row in second["rows"]]


def test_where_nothing_can_be_kept_that_is_said_unless_it_was_wished(tuned: Workbench) -> None:
    tuned.environ(FTPLAN_CACHE_DIR="")
    words = ("compare", "model.bot", "-dataset=asked", "-limit=1")
    said = tuned.run(*words).said
    assert "Answers cannot be kept" in said
    assert "FTPLAN_CACHE_DIR is empty" in said
    assert "cannot be kept" not in tuned.run(*words, "-cache=false").said


def test_a_model_that_is_gone_is_not_asked_but_what_it_answered_is_shown(tuned: Workbench) -> None:
    document(tuned, "-limit=3")
    with OpenAI(base_url=tuned.sandbox.url, api_key="sandbox") as client:
        client.models.delete(tuned.model_id())
    before = questions(tuned)
    assert len(document(tuned, "-limit=3")["rows"]) == 3
    done = tuned.run("compare", "model.bot", "-dataset=asked", "-limit=9")
    assert (done.code, questions(tuned)) == (1, before)
    assert f"trainer has no {tuned.model_id()}, which model.bot stands for. Nobody was asked." in done.said
