"""What is said of a dataset in a terminal."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ftplan.views.dataset_text import WIDTH, DatasetFigures, histogram, render_figures
from ftplan.views.style import Style

FIGURES = DatasetFigures(
    path="data/train.jsonl",
    format="chat",
    encoding="o200k_base",
    bytes=5_469_712,
    rows=4,
    tokens=1_000,
    lengths=[100, 200, 200, 500],
    percentiles={0: 100, 50: 200, 100: 500},
    by_role={"user": (4, 300), "assistant": (4, 650), "framing and tools": (0, 50)},
    turns={2: 3, 4: 1},
    tools={"look_up": 2},
    longest=[(500, 4), (200, 2)],
)


def test_the_figures_of_a_dataset(golden) -> None:
    golden("dataset_figures.txt", render_figures(FIGURES, Style()))


def test_an_empty_dataset_has_no_pictures() -> None:
    empty = replace(FIGURES, rows=0, tokens=0, lengths=[], percentiles={}, by_role={}, turns={}, tools={}, longest=[])
    assert render_figures(empty, Style()).count("\n") == 1


def test_hostile_names_do_nothing_to_a_terminal() -> None:
    hostile = "::error::\x1b[2J\u202e"
    text = render_figures(replace(FIGURES, path=hostile, tools={hostile: 1}, by_role={hostile: (1, 1)}), Style())
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "::error::" not in text


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=200))
def test_every_row_is_in_one_bar_and_no_bar_is_wider_than_its_place(lengths: list[int]) -> None:
    rows = [line.split() for line in histogram(lengths).split("\n")]
    assert sum(int(row[-1].replace(",", "")) for row in rows) == len(lengths)
    assert all(len(row[1]) <= WIDTH for row in rows)
    first, last = rows[0][0].split("-")[0], rows[-1][0].split("-")[-1]
    assert (int(first.replace(",", "")), int(last.replace(",", ""))) == (min(lengths), max(lengths))
