"""What depends on what, in the DOT language; as Mermaid it is drawn by `graph_mermaid`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ftplan.core.plan import Plan
from ftplan.views.plan_words import is_part_of_another, step_words
from ftplan.views.style import clean


def step_marks(plan: Plan) -> dict[str, str]:
    """What a plan does with each address, in the words that text and Markdown have for it."""
    told = (step for step in plan.steps if not is_part_of_another(step, plan))
    return {str(step.address): step_words(step, plan).verdict for step in told}


def render_dot(nodes: Iterable[str], edges: Iterable[tuple[str, str]], marks: Mapping[str, str] | None = None) -> str:
    """A digraph of addresses, ending in a newline. An edge (a, b) says that a needs b. `marks` are words about some of
    the addresses."""
    links, marks = sorted(set(edges)), marks or {}
    known = sorted({*nodes, *(end for link in links for end in link)})
    lines = [f"  {_name(node)} [{_look(node, marks.get(node, ''))}];" for node in known]
    lines += [f"  {_name(start)} -> {_name(end)};" for start, end in links]
    head = ["digraph G {", '  rankdir = "RL";', '  node [shape = rect, fontname = "sans-serif"];']
    return "\n".join([*head, *lines, "}", ""])


def _look(node: str, mark: str) -> str:
    label = _name(node)
    return f"label={label[:-1]}\\n{_name(mark)[1:]}, penwidth=3" if mark else f"label={label}"


def _name(address: str) -> str:
    return '"' + clean(address).replace("\\", "\\\\").replace('"', '\\"') + '"'
