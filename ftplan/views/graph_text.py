"""What depends on what, in the DOT language."""

from __future__ import annotations

from collections.abc import Iterable

from ftplan.views.style import clean


def render_dot(nodes: Iterable[str], edges: Iterable[tuple[str, str]]) -> str:
    """A digraph of addresses, ending in a newline. An edge (a, b) says that a needs b."""
    links = sorted(set(edges))
    known = sorted({*nodes, *(end for link in links for end in link)})
    lines = [f"  {_name(node)} [label={_name(node)}];" for node in known]
    lines += [f"  {_name(start)} -> {_name(end)};" for start, end in links]
    head = ["digraph G {", '  rankdir = "RL";', '  node [shape = rect, fontname = "sans-serif"];']
    return "\n".join([*head, *lines, "}", ""])


def _name(address: str) -> str:
    return '"' + clean(address).replace("\\", "\\\\").replace('"', '\\"') + '"'
