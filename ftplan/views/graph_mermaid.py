"""What depends on what, as a Mermaid flowchart: GitHub and GitLab draw it where it stands in Markdown."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

from ftplan.views.style import clean

LONGEST_ID = 120
# Whatever Mermaid, Markdown or HTML makes more of than what it is, is written by its number: Mermaid's own escape.
_PLAIN = re.compile(r"[A-Za-z0-9 .,/-]")
_PART = re.compile(r"[A-Za-z0-9]")
# Mermaid makes a formula and an icon of these after it has read its own escapes.
_DRAWN = re.compile(r"\$(?=\$)|:(?=fa-)")
_MARK = "  classDef marked stroke-width:3px;"


def render_mermaid(
    nodes: Iterable[str], edges: Iterable[tuple[str, str]], marks: Mapping[str, str] | None = None
) -> str:
    """A flowchart of addresses, ending in a newline. An edge (a, b) says that a needs b; its arrow goes from b to a, as
    rows go into a model. A dataset is a cylinder and a model a box. `marks` are words about some of the addresses.

    The id of a node depends on its address alone, so a diff of two charts shows what has changed.
    """
    links, marks = sorted(set(edges)), marks or {}
    known = sorted({*nodes, *(end for link in links for end in link)})
    lines = ["flowchart LR", *(_node(address, marks.get(address, "")) for address in known)]
    lines += [f"  {_id(needed)} --> {_id(address)}" for address, needed in links]
    marked = [_id(address) for address in known if address in marks]
    lines += [_MARK, f"  class {','.join(marked)} marked;"] if marked else []
    return "\n".join([*lines, ""])


def _node(address: str, mark: str) -> str:
    opening, closing = ("[(", ")]") if address.startswith("dataset.") else ("[", "]")
    label = f"{_text(address)}<br/>{_text(mark)}" if mark else _text(address)
    return f'  {_id(address)}{opening}"{label}"{closing}'


def _id(address: str) -> str:
    """A word that no other address has, and that is none of Mermaid's own, such as `end`."""
    kind, _, name = address.partition(".")
    kind, name = (kind, name) if kind in ("dataset", "model") else ("node", address)
    word = "".join(c if _PART.fullmatch(c) else f"_{ord(c):x}_" for c in name)
    if len(word) > LONGEST_ID:
        word = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()
    return f"{kind}_{word}"


def _text(text: str) -> str:
    """`text` as it may stand in a label: nothing in it ends the label, links, formats or draws anything."""
    shown = _DRAWN.sub(lambda found: f"\\u{{{ord(found.group()):x}}}", clean(text))
    return "".join(c if _is_plain(c) else f"#{ord(c)};" for c in shown)


def _is_plain(character: str) -> bool:
    # The ligature begins what Mermaid puts in the place of an escape while it parses.
    return bool(_PLAIN.fullmatch(character)) or (character.isalpha() and character > "\x7f" and character != "\ufb02")
