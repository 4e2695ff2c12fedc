"""What the rules of the house look at: modules of ftplan, modules of its tests, and every file a commit would carry."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file: its path from the project's root, its text, and that text parsed."""

    path: str
    text: str = field(repr=False)
    tree: ast.Module = field(repr=False)

    def at(self, node: ast.AST) -> str:
        """Where `node` stands, as editors and terminals link it."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}"


def modules(folder: str) -> list[Module]:
    """Every Python file below `folder`, sorted by path."""
    found = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        found.append(Module(path.relative_to(ROOT).as_posix(), text, ast.parse(text)))
    return found


def files() -> list[Path]:
    """Every file below the root that .gitignore does not name. Asked of the disk: an unpacked sdist has no git."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = [".git", *(line.rstrip("/") for line in lines if line and not line.startswith("#"))]
    return sorted(_walk(ROOT, ignored))


def _walk(folder: Path, ignored: list[str]) -> Iterator[Path]:
    for path in folder.iterdir():
        if any(fnmatch(path.name, pattern) for pattern in ignored):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path, ignored)
        elif path.is_file():
            yield path
