"""README lists every rule for datasets, as the code has them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from installed import ROOT

from ftplan.datasets.rows.rules import BY_NAME

FILE = ROOT / "README.md"
PLACE = re.compile(r"(<!-- rules: [^>]*-->\n).*?(<!-- /rules -->)", re.DOTALL)


def table() -> str:
    head = ["| rule | level | says | source |", "|---|---|---|---|"]
    return "\n".join([*head, *(f"| `{r.name}` | {r.level} | {r.says} | {r.source} |" for r in BY_NAME.values())])


def test_each_rule_has_a_row_in_readme(request: pytest.FixtureRequest) -> None:
    text = FILE.read_text(encoding="utf-8")
    wanted = PLACE.sub(lambda found: f"{found[1]}\n{table()}\n\n{found[2]}", text)
    assert wanted.count("| `") > len(BY_NAME)
    if request.config.getoption("--accept"):
        Path(FILE).write_text(wanted, encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == wanted, "run pytest --accept, and read the difference"
