"""Figures of trainings drawn: the terminal, a picture and a page show what the events said, to the digit."""

from __future__ import annotations

import json
import os
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from browser import DESKTOP, PHONE, Look, visit
from playwright.sync_api import Browser
from workbench import Workbench, model

from ftplan.core.keeping.metrics_codec import KeptMetrics
from ftplan.core.metrics import Metrics
from ftplan.core.spec import Address
from ftplan.views.metrics_chart import render_charts
from ftplan.views.metrics_lines import charts
from ftplan.views.metrics_page import render_metrics_page
from ftplan.views.metrics_png import render_metrics_png
from ftplan.views.metrics_text import Report
from ftplan.views.style import Style

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def trained(bench: Workbench, real_data: Path) -> Workbench:
    """500 rows of word problems and the drone's tool calls, trained at the sandbox."""
    rows = (real_data / "gsm8k_train.jsonl").read_text().splitlines(keepends=True)
    bench.write("train.jsonl", "".join(rows[:500]))
    bench.write("held.jsonl", "".join(rows[500:540]))
    os.symlink(real_data / "drone_training.jsonl", bench.folder / "drone.jsonl")
    datasets = {"train": {"path": "train.jsonl"}, "held": {"path": "held.jsonl"}, "drone": {"path": "drone.jsonl"}}
    batches = {"batch_size": 8}
    bench.declare(
        {
            "solver": model(dataset="train", validation="held", epochs=2, hyperparameters=batches),
            "drone": model(dataset="drone", epochs=1, hyperparameters=batches),
        },
        datasets,
    )
    bench.apply("-allow-outside")
    return bench


class Cells(HTMLParser):
    """The tables of a page, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data.strip()


def test_page_json_csv_and_events_hold_the_same_figures_to_the_digit(trained: Workbench) -> None:
    done = trained.run("metrics", "model.solver", "-json", "-html=m.html", "-png=m.png")
    assert done.code == 0, done.said
    (found,) = json.loads(done.out)
    events = [json.loads(line) for line in trained.run("logs", "model.solver", "-json").out.splitlines()]
    told = {event["data"]["step"]: event["data"] for event in events if event["type"] == "metrics"}
    assert len(found["steps"]) == len(told) == 126
    for step in found["steps"]:
        for name in ("train_loss", "valid_loss"):
            assert step[name] == told[step["step"]][name]
    rows = trained.run("metrics", "model.solver", "-csv").out.splitlines()
    assert len(rows) == 127
    page = Cells()
    page.feed((trained.folder / "m.html").read_text())
    columns = [name for name in found["columns"] if found["columns"][name]["last"]]
    for step, cells in zip(found["steps"], page.rows[1:], strict=True):
        assert cells == [f"{step['step']:,}", *(repr(step[name]) if name in step else "" for name in columns)]
    assert (trained.folder / "m.png").read_bytes().startswith(PNG)


def test_several_models_share_a_chart_and_the_text_goes_on_below(trained: Workbench) -> None:
    text = trained.run("metrics", "model.solver", "model.drone", "-chart").out
    assert text.count("\nAccuracy and reward\n") == 1
    for label in ("a model.solver train loss, best", "model.drone train loss, best"):
        assert label in text
    assert "\x1b" not in text
    plain = trained.run("metrics", "model.solver", "model.drone").out
    assert text.endswith(plain)
    assert trained.run("metrics", "model.solver", "model.drone", "-chart", "-no-color").out == text


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("look", ["light", "dark"])
def test_the_page_is_readable_everywhere_and_fetches_nothing(
    tmp_path: Path, browser: Browser, size: tuple[int, int], look: Look
) -> None:
    file = tmp_path / "m.html"
    file.write_text(render_metrics_page([report("bot"), report("other")]))
    with visit(browser, file, size, look) as seen:
        for summary in seen.page.query_selector_all("summary"):
            summary.click()
        assert (seen.said, seen.fetched) == ([], [file.as_uri()])
        assert [text for text, ratio in seen.text_contrasts() if ratio < 4.5] == []
        assert [name for name, ratio in seen.stroke_contrasts() if ratio < 3 and name != "grid"] == []
        assert seen.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def report(name: str, **columns: dict[int, float]) -> Report:
    series = columns or {
        "train_loss": {step: 3.0 / step for step in range(1, 301)},
        "valid_loss": {100: 1.25, 200: 1.125, 300: 1.5},
        "valid_mean_token_accuracy": {100: 0.5},
    }
    metrics = Metrics(series, dict.fromkeys(series, ("events",)))
    return Report(Address("model", name), KeptMetrics("ftjob-1", "openai", metrics, False), kept=False)


def test_a_long_line_is_drawn_to_its_end() -> None:
    """A page once drew the first points of a line alone, since an attribute holds so much text and no more."""
    page = render_metrics_page([report("bot", train_loss={step: float(step % 7) for step in range(1, 1001)})])
    ways = re.findall(r'<path d="M([^"]*)"', page)
    points = [point for way in ways for point in way.split(" L")]
    assert {f"{(step - 1) / 0.999:.2f}" for step in range(1, 1001)} == {point.partition(",")[0] for point in points}
    # The trend over it ends where it does.
    assert points[-1].startswith("1000.00,")


def test_of_many_figures_the_trend_is_drawn_and_one_wild_one_spoils_no_other() -> None:
    (chart,) = charts([report("bot", train_loss={step: 1e100 if step == 7 else step % 2 for step in range(1, 1001)})])
    (line,) = chart.lines
    assert line.around == 20
    assert line.trend[501] == pytest.approx(0.5, abs=0.03)
    assert max(line.trend) == 1000
    (chart,) = charts([report("bot", train_loss=dict.fromkeys(range(200), 1.0))])
    assert chart.lines[0].trend == {}


def test_where_a_model_begins_to_learn_by_heart_is_marked_in_every_chart() -> None:
    losses = {step: 2.0 - step / 300 for step in range(1, 301)}
    valid = {step: abs(step - 100) / 100 + 1 for step in range(5, 301, 5)}
    told = [report("bot", train_loss=losses, valid_loss=valid)]
    (mark,) = charts(told)[0].marks
    assert mark.label == f"overfit from step {mark.step}"
    assert 80 <= mark.step <= 120
    for unicode in (True, False):
        assert mark.label in render_charts(told, Style(True), 100, unicode=unicode)
    assert mark.label in render_metrics_page(told)
    assert render_metrics_png(told) != render_metrics_png([report("bot", train_loss=losses)])


@pytest.mark.parametrize("series", [{5: 0.25}, {1: 0.0, 2: 0.0}, {1: -1e300, 2: 1e300}, {1: 1e-300, 9: 2e-300}])
def test_odd_figures_are_drawn_too(series: dict[int, float]) -> None:
    told = [report("bot", train_loss=series)]
    assert "train loss, best" in render_charts(told, Style(False), 80)
    assert "<path" in render_metrics_page(told)
    assert render_metrics_png(told).startswith(PNG)


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        (1, 1500, ["0", "200", "400", "600", "800", "1000", "1200", "1400"]),
        (1, 1, ["1", "2", "3", "4", "5", "6", "7", "8"]),
        (990, 1003, ["990", "992", "994", "996", "998", "1000", "1002", "1004"]),
    ],
)
def test_the_labels_below_a_chart_are_whole_steps_and_reach_around_all(
    first: int, last: int, labels: list[str]
) -> None:
    text = render_charts([report("bot", train_loss={first: 2.0, last: 1.0})], Style(False), 100)
    (below,) = [line for line in text.splitlines() if re.fullmatch(r" +\|( \d+)+", re.sub(" +", " ", line), re.A)]
    assert below.split()[1:] == labels


def test_a_chart_without_unicode_is_ascii_and_with_colour_has_lines() -> None:
    told = [report("bot")]
    assert render_charts(told, Style(False), 100, unicode=False).isascii()
    assert "\x1b[" in render_charts(told, Style(True), 100)
    assert render_charts(told, Style(True), 100, unicode=False).count("a") > 20


def test_any_number_of_lines_has_colours() -> None:
    losses = {f"loss_{number}_loss": {1: 1.0, 2: float(number)} for number in range(8)}
    text = render_charts([report("bot", **losses)], Style(True), 100)
    assert all(f"loss_{number}_loss" in text for number in range(8))


@pytest.mark.parametrize("columns", [40, 60, 100, 300])
def test_a_chart_fits_its_terminal(columns: int) -> None:
    lines = render_charts([report("bot")], Style(False), columns).splitlines()
    assert max(len(line) for line in lines if "best" not in line) <= columns


def test_names_from_elsewhere_can_do_nothing() -> None:
    told = [report("bot", **{"x_loss\x1b[31m</script>$x$": {1: 0.5, 2: 0.25}})]
    assert "\x1b" not in render_charts(told, Style(False), 80)
    page = render_metrics_page(told)
    assert "</script>" not in page
    assert render_metrics_png(told).startswith(PNG)


def test_the_same_figures_give_the_same_picture() -> None:
    assert render_metrics_png([report("bot")]) == render_metrics_png([report("bot")])


def test_a_picture_that_cannot_be_drawn_or_written_is_told(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.bot()
    bench.apply()
    done = bench.run("metrics", "model.bot", "-png=nowhere/m.png")
    assert (done.code, "its folder does not exist" in done.said) == (1, True)
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    hidden: Any = None
    monkeypatch.setitem(sys.modules, "matplotlib", hidden)
    done = bench.run("metrics", "model.bot", "-png=m.png")
    assert (done.code, "pip install 'ftplan[png]'" in done.said) == (1, True)
