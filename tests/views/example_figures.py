"""A dataset to be shown: far longer rows among many, several roles and tools, and one with names that mean harm."""

from __future__ import annotations

from dataclasses import replace

from ftplan.views.dataset_text import DatasetFigures

LENGTHS = [*range(100, 300, 2), *range(140, 220), *range(150, 190), 640, 2_400]
RANKED = sorted(LENGTHS)
FIGURES = DatasetFigures(
    path="data/train.jsonl",
    format="chat",
    encoding="o200k_base",
    bytes=5_469_712,
    rows=len(LENGTHS),
    tokens=sum(LENGTHS),
    lengths=LENGTHS,
    percentiles={0: 100, 50: RANKED[len(RANKED) // 2 - 1], 95: RANKED[210], 100: 2_400},
    by_role={"user": (230, 9_000), "assistant": (230, sum(LENGTHS) - 12_000), "framing and tools": (0, 3_000)},
    turns={2: 200, 4: 21, 3: 1},
    tools={"look_up": 12, "send_mail": 3},
    longest=[(2_400, 222), (640, 221), (298, 100)],
    rows_with_tools=15,
    rows_with_images=7,
)
EMPTY = replace(
    FIGURES, rows=0, tokens=0, bytes=0, lengths=[], percentiles={}, by_role={}, turns={}, tools={}, longest=[],
    rows_with_tools=0, rows_with_images=0,
)  # fmt: skip
ONE_ROW = replace(
    FIGURES, rows=1, lengths=[17], percentiles={0: 17, 50: 17, 95: 17, 100: 17}, turns={2: 1}, longest=[(17, 1)]
)
MANY_TOOLS = {f"a_tool_with_a_name_that_is_quite_as_long_as_they_may_be_{n:06}": n + 1 for n in range(60)}


def named(name: str) -> DatasetFigures:
    """The figures with `name` wherever a name can come from outside."""
    return replace(
        FIGURES, path=f"data/{name}", format=name, encoding=name, by_role={name: (1, 1)}, tools={name: 1, "other": 2}
    )
