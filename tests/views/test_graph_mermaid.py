"""The graph as Mermaid: readable, stable, and inert whatever an address says."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from example_plans import changed_epochs
from hostile_text import HOSTILE, check_is_harmless

from ftplan.views.graph_mermaid import render_mermaid
from ftplan.views.graph_text import render_dot, step_marks

NODES = ["dataset.holdout", "dataset.tickets", "model.support-bot", "model.support_bot", "model.triage"]
EDGES = [
    ("model.support-bot", "dataset.tickets"),
    ("model.support-bot", "dataset.holdout"),
    ("model.support_bot", "dataset.tickets"),
    ("model.triage", "model.support-bot"),
]
MERMAIDS_OWN = (
    "end",
    '"]; click model_a "javascript:alert(1)"',
    'a"\nclick model_a href "https://evil.example"',
    '%%{init: {"securityLevel": "loose"}}%%',
    "<img src=x onerror=alert(1)>",
    '"`**bold** [a](https://evil.example)`"',
    "#quot;]",
    "\ufb02\u00b034\u00b6\u00df",
    "$$x^2$$",
    "fa:fa-car",
    "x:::marked",
    "x --> y",
    "subgraph x",
    "```\n# out of the fence",
)
LINE = re.compile(
    r"flowchart LR|"
    r'  \w+(\[\("[^"\n]*"\)\]|\["[^"\n]*"\])|'
    r"  \w+ --> \w+|"
    r"  classDef marked stroke-width:3px;|"
    r"  class \w+(,\w+)* marked;"
)
LABEL = re.compile(r'"((?:[A-Za-z0-9 .,/<>-]|[^\W\d_]|#\d+;)*)"')


def test_a_chart_of_datasets_and_models(golden: Callable[[str, str], None]) -> None:
    golden("graph.mmd", render_mermaid(NODES, EDGES, {"model.support-bot": "must be replaced"}))


def test_the_id_of_a_node_depends_on_its_address_alone() -> None:
    few, many = render_mermaid(["model.triage"], []), render_mermaid(NODES, EDGES)
    assert few.splitlines()[1] in many.splitlines()
    ids = re.findall(r"^  (\w+)\[", many, re.MULTILINE)
    assert len(set(ids)) == len(NODES)


@pytest.mark.parametrize("text", [*HOSTILE, *MERMAIDS_OWN])
def test_nothing_that_an_address_says_is_obeyed(text: str) -> None:
    for address in (text, f"model.{text}", f"dataset.{text}"):
        drawn = render_mermaid([address, "model.z"], [("model.z", address)], {address: text})
        check_is_harmless(drawn)
        assert [line for line in drawn.splitlines() if not LINE.fullmatch(line)] == []
        assert drawn.count(" --> ") == 1
        labels = re.findall(r'"[^"\n]*"', drawn)
        assert [label for label in labels if not LABEL.fullmatch(label)] == []
        assert [label for label in labels if re.search(r"<(?!br/>)|>(?<!<br/>)", label)] == []
        # What Mermaid looks for once its escapes are characters again.
        shown = re.sub(r"#(\d+);", lambda found: chr(int(found[1])), drawn)
        assert "$$" not in shown
        assert ":fa-" not in shown
        assert "\ufb02" not in drawn


def test_a_plan_says_what_becomes_of_each_node() -> None:
    marks = step_marks(changed_epochs())
    assert marks == {"model.support-bot": "must be replaced"}
    assert 'label="model.support-bot\\nmust be replaced", penwidth=3' in render_dot(NODES, EDGES, marks)
    assert render_dot(NODES, EDGES, {}) == render_dot(NODES, EDGES)
