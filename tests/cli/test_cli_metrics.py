"""`metrics`: the figures of a training as the provider has them, and as they are kept when it has them no more."""

from __future__ import annotations

import csv
import io
import json
import math
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from workbench import Workbench, chats, model

from ftplan.core.keeping.metrics_codec import KeptMetrics
from ftplan.core.metrics import Measured, Metrics, measured, merged
from ftplan.core.spec import Address
from ftplan.sandbox import start
from ftplan.views.metrics_document import metrics_csv, metrics_document
from ftplan.views.metrics_text import TABLE_ROWS, Report, render_metrics, shown_steps
from ftplan.views.style import Style

FOLDER = "ftplan.state.rows"
SETTINGS: dict[str, Any] = {"epochs": 6, "hyperparameters": {"batch_size": 2}}


@pytest.fixture
def trained(bench: Workbench) -> Workbench:
    """A bench whose bot was trained in 30 steps and validated, and whose other model was trained in 5."""
    bench.rows("rows.jsonl")
    bench.write("held.jsonl", "".join(json.dumps(row) + "\n" for row in chats("letter")))
    datasets = {"rows": {"path": "rows.jsonl"}, "held": {"path": "held.jsonl"}}
    bench.declare({"bot": model(validation="held", **SETTINGS), "other": model(epochs=5)}, datasets)
    bench.apply()
    return bench


def figures(bench: Workbench, *words: str) -> dict[str, Any]:
    done = bench.run("metrics", "model.bot", "-json", *words)
    assert done.code == 0, done.said
    (found,) = json.loads(done.out)
    assert isinstance(found, dict)
    return found


def less(found: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key not in keys}


def kept(bench: Workbench) -> list[str]:
    return sorted(path.name for path in (bench.folder / FOLDER).glob("*.metrics"))


def job_of(bench: Workbench, name: str = "bot") -> dict[str, Any]:
    return next(m["job"] for m in bench.state["models"] if m["name"] == name)


def lose_the_results(bench: Workbench) -> None:
    """The service lets go of its results file."""
    (file_id,) = job_of(bench)["result_files"]
    url = f"{bench.sandbox.url}/files/{file_id}"
    request = urllib.request.Request(url, method="DELETE", headers={"Authorization": "Bearer sandbox"})
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer)["deleted"]


def lose_the_job(bench: Workbench, stack: list[Any]) -> None:
    """The service knows nothing of anything any more: another one stands at its address."""
    stack.append(start(bench.folder.parent / "other.sqlite3", speed=0))
    path = bench.folder / "ftplan.yaml"
    path.write_text(path.read_text().replace(bench.sandbox.url, stack[-1].url))


@pytest.fixture
def others() -> Iterator[list[Any]]:
    """Further services; they end with the test."""
    started: list[Any] = []
    yield started
    for one in started:
        one.close()


def test_the_figures_are_those_of_the_events_to_the_digit(trained: Workbench) -> None:
    events = [e["data"] for e in trained.run("logs", "model.bot", "-json").lines() if e["type"] == "metrics"]
    found = figures(trained)
    named = events[0].keys() - {"step", "total_steps"}
    assert len(found["steps"]) == len(events) == 30
    assert [{name: row.get(name) for name in named} for row in found["steps"]] == [
        {name: event.get(name) for name in named} for event in events
    ]
    assert [row["train_accuracy"] for row in found["steps"]] == [e["train_mean_token_accuracy"] for e in events]
    assert [row["step"] for row in found["steps"] if "full_valid_loss" in row] == [20, 25, 30]
    assert found["columns"]["train_loss"]["sources"] == ["results file", "checkpoints", "events"]
    assert found["columns"]["full_valid_loss"]["sources"] == ["checkpoints"]
    assert (found["rehearsal"], found["complete"], found["kept"]) == (True, True, False)


def test_a_person_reads_a_short_table_the_best_the_last_and_what_it_means(trained: Workbench) -> None:
    text = trained.run("metrics", "model.bot").out
    table = [line for line in text.splitlines() if line.split()[:1] and line.split()[0].isdigit()]
    assert len(table) == TABLE_ROWS
    assert [table[0].split()[0], table[-1].split()[0]] == ["1", "30"]
    assert "A rehearsal:" in text
    assert "10 more steps" in text
    found = figures(trained)
    best = found["columns"]["train_loss"]["best"]
    assert f"{best['value']:.6g} at step {best['step']}" in text
    assert all(f"- {one['name']}: {one['sentence']}" in text for one in found["diagnosis"])


def test_several_models_stand_one_below_the_other(trained: Workbench) -> None:
    both = ("metrics", "model.bot", "model.other", "model.bot")
    text = trained.run(*both).out
    assert text.index("model.bot: job") < text.index("model.other: job")
    assert [one["address"] for one in json.loads(trained.run(*both, "-json").out)] == ["model.bot", "model.other"]
    rows = list(csv.DictReader(io.StringIO(trained.run(*both, "-csv").out)))
    assert [row["address"] for row in rows] == 30 * ["model.bot"] + 50 * ["model.other"]
    assert [float(row["train_loss"]) for row in rows[:30]] == [r["train_loss"] for r in figures(trained)["steps"]]
    assert {row["valid_loss"] for row in rows[30:]} == {""}


@pytest.mark.parametrize("offline", [(), ("-offline",)])
def test_when_the_job_is_gone_its_figures_are_still_there(
    trained: Workbench, others: list[Any], offline: tuple[str, ...]
) -> None:
    before = figures(trained)
    lose_the_job(trained, others)
    assert less(figures(trained, *offline), "kept") == less(before, "kept")
    done = trained.run("metrics", "model.bot", *offline)
    assert "as kept beside the state" in done.out
    assert ("this is what was kept" in done.err) == (not offline)


def test_when_the_results_file_is_gone_what_was_kept_of_it_counts(trained: Workbench) -> None:
    before = figures(trained)
    lose_the_results(trained)
    found = trained.run("metrics", "model.bot", "-json")
    assert less(json.loads(found.out)[0], "kept") == less(before, "kept")
    assert all(words in found.err for words in ("is not there any more", "this is what was kept of them"))
    (trained.folder / FOLDER / f"{job_of(trained)['id'].lower()}.metrics").unlink()
    rest = figures(trained)
    assert (rest["kept"], rest["columns"]["train_loss"]["sources"]) == (False, ["checkpoints", "events"])


def test_when_nobody_answers_what_was_kept_is_shown_with_a_warning(trained: Workbench) -> None:
    path = trained.folder / "ftplan.yaml"
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "providers": {"trainer": {"type": "openai"}}}))
    done = trained.run("metrics", "model.other", "-json")
    assert (done.code, json.loads(done.out)[0]["kept"]) == (0, True)
    assert "Warning: No API key" in done.err
    path.write_text(json.dumps({**document, "providers": {"another": {"type": "sandbox"}}}))
    assert "Warning: Provider is not declared" in trained.run("metrics", "model.other").err
    asked = trained.run("metrics", "model.other", "-offline")
    assert (asked.code, asked.err) == (0, "")


def test_offline_nothing_is_asked(trained: Workbench) -> None:
    before = len(trained.requests())
    figures(trained, "-offline")
    assert len(trained.requests()) == before


def test_looking_keeps_nothing_and_the_next_apply_does(trained: Workbench) -> None:
    names = kept(trained)
    assert names == sorted(f"{job_of(trained, name)['id'].lower()}.metrics" for name in ("bot", "other"))
    for name in names:
        (trained.folder / FOLDER / name).unlink()
    figures(trained)
    trained.plan()
    assert kept(trained) == []
    trained.apply()
    assert kept(trained) == names


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff" * 9, b'{"version":1,"job_id":"another"}', None])
def test_offline_what_is_not_kept_or_damaged_is_told(trained: Workbench, damage: bytes | None) -> None:
    path = trained.folder / FOLDER / f"{job_of(trained)['id'].lower()}.metrics"
    path.unlink() if damage is None else path.write_bytes(damage)
    done = trained.run("metrics", "model.bot", "-offline", "-json")
    assert (done.code, done.out) == (1, "")
    assert all(words in done.said for words in ("No metrics", "nothing is kept of it", "without -offline"))
    assert figures(trained)["kept"] is False


def test_figures_are_kept_of_former_jobs_and_let_go_of_with_the_model(trained: Workbench) -> None:
    former = job_of(trained)["id"].lower()
    trained.bot(epochs=2)
    trained.apply()
    now = job_of(trained)["id"].lower()
    # The other model is declared no more, and so is forgotten: the next apply finds nobody who had its job.
    trained.apply()
    assert kept(trained) == sorted((f"{former}.metrics", f"{now}.metrics"))
    trained.declare({}, {})
    trained.apply()
    trained.apply()
    assert kept(trained) == []


def test_an_apply_goes_well_where_figures_cannot_be_kept(bench: Workbench) -> None:
    bench.write(FOLDER, b"somebody's file")
    bench.bot()
    done = bench.apply()
    assert "Warning: Metrics are not kept" in done.said
    assert "Apply complete" in done.out
    assert figures(bench)["kept"] is False


def test_a_job_that_goes_on_shows_what_there_is(bench: Workbench) -> None:
    bench.order({"job_stuck_in": "running"})
    bench.bot()
    bench.apply("-no-wait")
    assert "Nothing was measured yet." in bench.run("metrics", "model.bot").out
    assert (figures(bench)["complete"], kept(bench)) == (False, [])


def test_everything_that_is_wrong_is_told_at_once_and_nothing_else(trained: Workbench) -> None:
    done = trained.run("metrics", "model.bot", "model.none", "dataset.rows", "-csv")
    assert (done.code, done.out) == (1, "")
    assert "model.none has no job" in done.said
    assert "dataset.rows has no job" in done.said
    assert "exclude each other" in trained.run("metrics", "model.bot", "-json", "-csv").said
    assert trained.run("metrics").code == 1


def test_a_log_tells_how_much_was_told_and_no_figure(trained: Workbench) -> None:
    trained.environ(FTPLAN_LOG="debug")
    log = trained.run("metrics", "model.bot").err
    assert "columns in the results file" in log
    assert str(figures(trained)["columns"]["train_loss"]["best"]["value"]) not in log


def report(metrics: Metrics) -> Report:
    return Report(Address("model", "bot"), KeptMetrics("ftjob-\x1b[2J", "p\n", metrics), kept=True)


def test_what_a_service_calls_its_columns_commands_no_terminal_and_no_spreadsheet() -> None:
    names = ["\x1b[2J::error::x", "=cmd|' /C calc'!A0", "a\nb", "::set-output name=x::y"]
    told = report(merged(measured((1, name, 0.5) for name in names), Measured(), Measured()))
    text = render_metrics(told, Style())
    assert all(line.isprintable() for line in text.splitlines())
    assert " ::" not in text
    rows = list(csv.reader(io.StringIO(metrics_csv([told]))))
    assert [len(row) for row in rows] == [6, 6]
    assert not any(cell.startswith("=") for cell in rows[0])
    assert set(metrics_document(told)["columns"]) == set(names)


@pytest.mark.parametrize("steps", [1, 2, 19, 20, 21, 500, 100_000])
@pytest.mark.parametrize("evaluations", [0, 1, 5, 12, 100])
def test_a_table_has_its_ends_and_few_evaluations_and_never_many_rows(steps: int, evaluations: int) -> None:
    every = list(range(1, steps + 1))
    validated = every[:: max(1, steps // evaluations)][:evaluations] if evaluations else []
    metrics = Metrics({"train_loss": dict.fromkeys(every, 1.0), "valid_loss": dict.fromkeys(validated, 1.0)})
    shown = shown_steps(metrics, metrics.columns)
    assert (shown[0], shown[-1]) == (1, steps)
    assert len(shown) == len(set(shown)) <= TABLE_ROWS
    assert len(shown) >= min(steps, TABLE_ROWS - len(validated))
    assert evaluations > 5 or set(validated) <= set(shown)


def test_more_columns_than_fit_are_named() -> None:
    points = [(1, f"c{number:02}", 1.0) for number in range(20)] + [(1, "train_loss", math.nan)]
    text = render_metrics(report(merged(measured(points), Measured(), Measured())), Style())
    assert "the columns c08, c09, c10, 9 others" in text
    assert "- diverged: train_loss is no finite number at step 1" in text
